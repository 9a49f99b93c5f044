"""The committed tables of quality.md and temporal.md, each made anew by the command above it.

python benchmarks/tables.py            lists the sections, their files, and how long each takes
python benchmarks/tables.py odd worn   makes these anew and leaves the rest of the files alone
python benchmarks/tables.py all        all of them

Run it in the repository, with the second judge's weights in TORCH_HOME.
"""

from __future__ import annotations

import argparse
import shlex
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

NEWLINE = "\n"
HERE = Path(__file__).parent
TITLES = {
    "quality.md": "# Quality of single pictures\n\nFigures and rows: docs/evaluation.md.",
    "temporal.md": "# How still colour is\n\nFigures and rows: docs/evaluation.md.",
}


@dataclass(frozen=True)
class Section:
    """A section of a file: one command's tables.

    Attributes:
        name: for the command line.
        file: where it stands.
        title: its heading.
        command: of `vidcolor`, or a program of this folder; {data} and {model} are filled in.
        minutes: on two idle cores, about.
        categories: whether tables of the categories are kept.
    """

    name: str
    file: str
    title: str
    command: str
    minutes: float
    categories: bool = False

    def arguments(self, data: str, model: str, quick: bool) -> list[str]:
        """The command's words, all but the file that takes the table."""
        short = "--count 1 --frames 4" if self.command.startswith("python") else "--limit 4"
        frames = " --frames 4" if self.file == "temporal.md" and short == "--limit 4" else ""
        filled = self.command.format(data=data, model=model)
        return shlex.split(f"{filled} {short}{frames}" if quick else filled)


SECTIONS = (
    Section("odd", "quality.md", "Odd half: for reporting",
            "vidcolor evaluate --data {data}/eval --split odd --model {model}", 1.5, True),
    Section("even", "quality.md", "Even half: for choosing",
            "vidcolor evaluate --data {data}/eval --split even --model {model}", 1.5, True),
    Section("hints", "quality.md", "Dots of true colour",
            "vidcolor evaluate --data {data}/eval --split odd --hints 0,1,10,100 --model {model}",
            4),
    Section("worn", "quality.md", "Worn luma",
            "vidcolor evaluate --data {data}/eval --split odd --degrade 0.5 --model {model}", 1.5),
    Section("clips", "temporal.md", "Clips",
            "vidcolor evaluate --data {data}/clips --skip 'bw_*' --frames 40 --model {model}", 5),
    Section("worn-clips", "temporal.md", "Worn clips",
            "vidcolor evaluate --data {data}/clips --skip 'bw_*' --frames 40 --degrade 0.5"
            " --model {model}", 6),
    Section("motion", "temporal.md", "Known motion",
            "python benchmarks/known_motion.py {data}/eval --model {model}", 3),
)  # fmt: skip


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sections", nargs="*", help="or all")
    parser.add_argument("--data", default="../shared/data", help="holds eval and clips")
    parser.add_argument("--model", default="vidcolor-base")
    parser.add_argument("--out", type=Path, default=HERE, help="folder of the tables")
    parser.add_argument("--quick", action="store_true", help="four pictures or clips, to try it")
    return parser.parse_args()


def listing() -> str:
    """The sections in words."""
    lines = [f"{s.name:12}{s.file:14}{s.minutes:5g} min   {s.title}" for s in SECTIONS]
    return "\n".join(lines)


def chosen(names: list[str]) -> list[Section]:
    """Sections by name, in the files' order."""
    known = {section.name for section in SECTIONS}
    if unknown := set(names) - known - {"all"}:
        sys.exit(f"error: there is no section {', '.join(sorted(unknown))}.\n{listing()}")
    return [section for section in SECTIONS if "all" in names or section.name in names]


def made(words: list[str]) -> str:
    """Run a command; the Markdown that it writes."""
    program = [sys.executable, *(["-m", *words] if words[0] == "vidcolor" else words[1:])]
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "table.md"
        subprocess.run([*program, "--markdown", str(target)], check=True, stdout=sys.stderr)
        return target.read_text(encoding="utf-8")


def section_text(section: Section, words: list[str], report: str) -> str:
    """A report as a section: its own command above it, headings one level down."""
    _, *tables = report.split("\n## ")
    facts = [line for line in report.split("\n## ")[0].splitlines() if line.strip()]
    facts = [line for line in facts if not line.startswith("    ")]
    git = ["git", "-C", str(HERE), "rev-parse", "--short=12", "HEAD"]
    commit = subprocess.run(git, capture_output=True, text=True, check=True).stdout.strip()
    kept = tables if section.categories else tables[:1]
    parts = [f"    {shlex.join(words)}", *facts, f"Commit {commit}."]
    parts += [f"### {table.strip()}" for table in kept]
    return "\n\n".join(parts)


def put(text: str, section: Section, content: str) -> str:
    """A file's text with one section made anew, in the order of `SECTIONS`."""
    _, *old = text.split("\n## ")
    stored = dict(part.split("\n", 1) for part in old)
    stored[section.title] = f"\n{content}\n"
    order = [s.title for s in SECTIONS if s.file == section.file]
    kept = [title for title in order if title in stored]
    body = "".join(f"\n\n## {title}\n\n{stored[title].strip(NEWLINE)}" for title in kept)
    return f"{TITLES[section.file]}{body}\n"


def main() -> None:
    options = arguments()
    if not options.sections:
        print(listing())
        return
    for section in chosen(options.sections):
        words = section.arguments(options.data, options.model, options.quick)
        print(f"{section.name}: {shlex.join(words)}", file=sys.stderr)
        content = section_text(section, words, made(words))
        file = options.out / section.file
        text = file.read_text(encoding="utf-8") if file.is_file() else ""
        file.write_text(put(text, section, content), encoding="utf-8")


if __name__ == "__main__":
    main()
