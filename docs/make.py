"""Write `docs/reference.md` and the man page `vidcolor/vidcolor.1` from the program itself.

python docs/make.py            # writes both
python docs/make.py --check    # exit code 1 if they are not what it would write
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from vidcolor import __version__, errors
from vidcolor.cli.main import COMMANDS, VARIABLES, cli
from vidcolor.cli.options import sections
from vidcolor.errors import as_flags

ROOT = Path(__file__).resolve().parent.parent
RECORDS: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    "colorize": (
        ("vidcolor.run.one:Outcome",),
        {
            "output": "path of what was written",
            "seconds": "on the clock",
            "fps": "frames that this run made, a second",
        },
    ),
    "preview": (("vidcolor.run.preview:Preview",), {"seconds": "on the clock"}),
    "stills": (
        ("vidcolor.run.stills:Taken",),
        {
            "folder": "where the stills are",
            "device": "device, backend and precision",
            "frames": "of the film",
            "stills": "one object each, with the fields below",
            "seconds": "on the clock",
        },
    ),
    "shots": (
        ("vidcolor.run.shots:Shot",),
        {
            "clip": "path of the film",
            "frames": "of the film",
            "shots": "one object each, with the fields below",
        },
    ),
    "batch": (
        ("vidcolor.run.results:Result",),
        {
            "counts": "files that were `done`, `skipped` and `failed`",
            "with_notes": "files that this run tried and that have notes",
            "seconds": "on the clock",
            "files": "one object each, with the fields below",
        },
    ),
    "train": (("vidcolor.train.outcome:Outcome",), {"seconds": "on the clock"}),
    "evaluate": (("vidcolor.evaluate.report:Report",), {}),
}
"""Of each command's JSON object: records whose fields it holds, and what stands beside them."""
LISTED = {"said": "vidcolor.run.said:Said"}
"""Fields that hold a list of records of their own."""


def reference() -> str:
    """The text of `docs/reference.md`."""
    parts = [
        "# Reference",
        "Made from the program by `python docs/make.py`; tests compare both.",
        "## Exit codes",
        _table(("code", "meaning"), [(f"{code}", meaning) for code, meaning in exit_codes()]),
        "## Environment",
        _table(("variable", "meaning"), [(f"`{name}`", text) for name, text in VARIABLES.items()]),
        "## JSON",
        "`--json` prints one object on stdout.",
        *(text for command in RECORDS for text in _fields(command)),
        "## Messages",
        "`error: `, a sentence on the cause, and one on the remedy; the exit code is that of the"
        " heading. What stands in *slanted* letters is filled in.",
        *_messages(),
    ]
    return "\n\n".join(parts) + "\n"


def exit_codes() -> list[tuple[int, str]]:
    """Every exit code of the program with its meaning, rising."""
    kinds = [(kind.exit_code, inspect.getdoc(kind) or "") for kind in _kinds()]
    fixed = [
        (0, "All that was asked for is done."),
        (1, "A defect of vidcolor; a log file is named. Please report it."),
        (130, "Interrupted; what is kept is said, with the command that goes on."),
    ]
    return sorted([*fixed, *kinds])


def _kinds() -> list[type[errors.VidcolorError]]:
    found = [kind for _, kind in inspect.getmembers(errors, inspect.isclass)]
    said = [kind for kind in found if kind.__base__ is errors.VidcolorError]
    return [kind for kind in said if kind is not errors.Cancelled]  # programs alone see it


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def fields_of(name: str) -> dict[str, str]:
    """Fields of a record, "module:Class", with what its docstring says of each."""
    module, record = name.split(":")
    text = inspect.getdoc(getattr(importlib.import_module(module), record)) or ""
    listed = text.partition("Attributes:\n")[2].partition("\n\n")[0]
    found = re.findall(r"^    (\w+): ((?:.|\n {8})+)", listed, re.MULTILINE)
    return {field: re.sub(r"\s+", " ", words).strip() for field, words in found}


def _fields(command: str) -> Iterator[str]:
    records, beside = RECORDS[command]
    yield f"### {command}"
    nested = "fields below" in " ".join(beside.values())
    rows = dict(beside)
    for record in records:
        if not nested:
            rows = fields_of(record) | rows
    yield _table(("field", "meaning"), [(f"`{field}`", words) for field, words in rows.items()])
    for field in rows.keys() & LISTED.keys():
        inner = fields_of(LISTED[field]).items()
        yield _table(("field of each", "meaning"), [(f"`{f}`", words) for f, words in inner])
    if nested:
        for record in records:
            inner = fields_of(record).items()
            yield _table(("field of each", "meaning"), [(f"`{f}`", words) for f, words in inner])


def _messages() -> Iterator[str]:
    said = sorted(set(_raised()))
    for kind in sorted(_kinds(), key=lambda kind: kind.exit_code):
        yield f"### {kind.exit_code}: {(inspect.getdoc(kind) or '').rstrip('.')}"
        own = [(cause, remedy) for name, cause, remedy in said if name == kind.__name__]
        yield "\n".join(f"- {cause} {remedy}" for cause, remedy in own)


def _raised() -> Iterator[tuple[str, str, str]]:
    """Class, cause and remedy of every error that the source raises."""
    names = {kind.__name__ for kind in _kinds()}
    for path in sorted((ROOT / "vidcolor").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(ast.Name(name), [cause, remedy]) if name in names and _is_text(cause):
                    yield name, as_flags(_words(cause)), as_flags(_words(remedy))


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr | ast.Constant)


def _words(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(_words(value) for value in node.values)
    if isinstance(node, ast.FormattedValue):
        return _words(node.value)
    if isinstance(node, ast.Name):
        return f"*{node.id.replace('_', ' ')}*"
    if isinstance(node, ast.Attribute):
        return f"*{node.attr.replace('_', ' ')}*"
    return "*…*"


def manual() -> str:
    """The text of the man page, in roff."""
    lines = [
        f'.TH VIDCOLOR 1 "" "vidcolor {__version__}" "User Commands"',
        ".SH NAME",
        r"vidcolor \- colour black-and-white film and photographs",
        ".SH SYNOPSIS",
        r".B vidcolor",
        r"\fICOMMAND\fR [\fIARGUMENT\fR ...]",
    ]
    lines.append(".SH COMMANDS")
    for name in COMMANDS:
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        lines += _manual_of(name, command)
    lines.append(".SH ENVIRONMENT")
    for variable, text in VARIABLES.items():
        lines += [".TP", rf"\fB{variable}\fR", _roff(text)]
    lines.append(".SH EXIT STATUS")
    for code, text in exit_codes():
        lines += [".TP", rf"\fB{code}\fR", _roff(text)]
    return "\n".join(lines) + "\n"


def _manual_of(name: str, command: click.Command) -> Iterator[str]:
    with click.Context(command, info_name=f"vidcolor {name}") as context:
        usage = " ".join(command.collect_usage_pieces(context))
        yield from (f'.SS "vidcolor {name} {_roff(usage)}"', *_paragraphs(command))
        for title, rows in sections(command, context):
            yield from (".PP", rf"\fI{title}\fR")
            for option, text in rows:
                yield from (".TP", rf"\fB{_roff(option)}\fR", _roff(text))


def _paragraphs(command: click.Command) -> Iterator[str]:
    for paragraph in inspect.cleandoc(command.help or "").split("\n\n"):
        yield ".PP"
        verbatim = paragraph.startswith("\b")
        for line in paragraph.lstrip("\b\n").splitlines():
            yield _roff(line)
            if verbatim:
                yield ".br"


def _roff(text: str) -> str:
    escaped = text.replace("\\", r"\e").replace("-", r"\-").replace('"', r"\(dq")
    return escaped if not escaped.startswith((".", "'")) else r"\&" + escaped


def main() -> int:
    """Write both files, or compare them."""
    made = {"docs/reference.md": reference(), "vidcolor/vidcolor.1": manual()}
    if "--check" in sys.argv[1:]:
        stale = [name for name, text in made.items() if (ROOT / name).read_text() != text]
        print("\n".join(f"{name} is not up to date: python docs/make.py" for name in stale))
        return bool(stale)
    for name, text in made.items():
        (ROOT / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
