"""`vidcolor evaluate`: options in, a report out."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vidcolor.cli.colorize import colorize, every_of
from vidcolor.cli.models import Wishes, judged_models
from vidcolor.cli.options import ANY_PATH, grouped, options_of
from vidcolor.errors import BatchError, InputError, OutputError, UsageError
from vidcolor.files import write_text
from vidcolor.needs import TORCH, need

if TYPE_CHECKING:
    from vidcolor.evaluate.exhibits import Exhibits
    from vidcolor.evaluate.models import Model
    from vidcolor.evaluate.report import Report
    from vidcolor.evaluate.settings import Settings


@dataclass(frozen=True)
class Outputs:
    """Where the report goes, besides the terminal."""

    json: Path | None
    csv: Path | None
    html: Path | None
    markdown: Path | None
    against: Path | None


STILL_SIDE = 256
OLD_NAMES = {"hints": "dots", "size": "render_size", "jobs": "threads"}
"""What options were called when the same words meant other things than in other commands."""
FILE = click.Path(dir_okay=False, readable=False, path_type=Path)


@click.command(cls=grouped, short_help="Say with numbers how good and how still colour is.")
@click.option("--data", type=ANY_PATH,
              help="[Data] Folder of colour pictures, colour clips or both.")  # fmt: skip
@click.option("--pairs", nargs=2, type=ANY_PATH, metavar="RESULT TRUTH",
              help="[Data] Score results made elsewhere: two folders, or two files.")  # fmt: skip
@click.option("--split", default="all", show_default=True,
              type=click.Choice(["all", "even", "odd"]),
              help="[Data] Which pictures, by index in sorted order.")  # fmt: skip
@click.option("--limit", type=click.IntRange(1), help="[Data] So many pictures and clips at most.")
@click.option("--skip", multiple=True, metavar="PATTERN",
              help="[Data] Leave out files of such names, as bw_*; repeatable.")  # fmt: skip
@click.option("--frames", type=click.IntRange(1), help="[Data] So many frames of a clip at most.")
@click.option("--crop", type=click.IntRange(16), help="[Data] Resize and cut to a square of N.")
@click.option("--degrade", default=0.0, show_default=True, type=click.FloatRange(0, 1),
              help="[Data] Wear out what is coloured, as age does.")  # fmt: skip
@click.option("--dots", default="0", show_default=True, metavar="N,N,...",
              help="[Data] Numbers of dots of true colour that are given; of clips, on the first"
              " frame.")  # fmt: skip
@click.option("--stills", default="", show_default="none", metavar="first,middle",
              help="[Data] Direct clips by their true first or middle frame.")  # fmt: skip
@click.option("--model", "models", multiple=True, metavar="NAME|PATH|none",
              show_default="vidcolor-base",
              help="[Colour] A model to judge; repeatable. none: baselines alone.")  # fmt: skip
@options_of(colorize, ("saturation", "render_size", "every", "looks"))
@click.option("--curve", is_flag=True, help="[Output] Quality against colourfulness as well.")
@click.option("--json", "json_file", type=FILE, is_flag=False, flag_value="-", metavar="[FILE]",
              help="[Output] The report as one JSON object, on stdout or in a file.")  # fmt: skip
@click.option("--csv", "csv_file", type=FILE, help="[Output] A line per picture or clip and row.")
@click.option("--html", "html_file", type=FILE, help="[Output] One self-contained page.")
@click.option("--markdown", "markdown_file", type=FILE, help="[Output] The tables as Markdown.")
@click.option("--against", type=FILE, help="[Output] A JSON report to set this one beside.")
@options_of(colorize, ("device", "threads"))
@click.option("--verbose", is_flag=True, help="[Words] What each metric cost.")
@click.option("--quiet", is_flag=True, help="[Words] Nothing but results.")
@click.option("--hints", hidden=True)
@click.option("--size", type=int, hidden=True)
@click.option("--jobs", type=click.IntRange(1), hidden=True)
def evaluate(models: tuple[str, ...], **given: Any) -> None:
    """Compare colourings with the truth: models, every baseline, or results made elsewhere."""
    options = _renamed(given)
    _check_together(models, options)
    need("vidcolor evaluate", "evaluate", *TORCH)
    settings = _settings(options)
    places = {key: options[f"{key}_file"] for key in ("json", "csv", "html", "markdown")}
    outputs = Outputs(**places, against=options["against"])
    _check(outputs)
    say = _silent if options["quiet"] else _say
    wishes = _wishes(options)
    from vidcolor.evaluate.session import judge_folder, judge_pairs
    from vidcolor.evaluate.settings import find_data

    if options["pairs"]:
        judged: list[Model] = []
        results, truths = options["pairs"]
        report, page = judge_pairs(results, truths, settings, wishes.device, say)
    else:
        data = find_data(options["data"], settings)
        judged = judged_models(models, wishes)
        _introduce(judged, say)
        report, page = judge_folder(data, judged, settings, wishes.device, say)
    digests = {model.name: model.digest for model in judged}
    own = {"working size": wishes.size, "saturation": wishes.saturation, "every": wishes.every}
    own["looks"] = wishes.looks
    chosen = {key: "own" if value is None else f"{value:g}" for key, value in own.items()}
    about = replace(report.about, models=digests, command=_command())
    about = replace(about, settings={**about.settings, **chosen})
    _deliver(replace(report, about=about), page, outputs, options["verbose"])


def _renamed(options: dict[str, Any]) -> dict[str, Any]:
    """The options by their names of today."""
    kept = {name: value for name, value in options.items() if name not in OLD_NAMES}
    return kept | {new: options[old] for old, new in OLD_NAMES.items() if options[old] is not None}


def _check_together(models: tuple[str, ...], options: dict[str, Any]) -> None:
    if (options["data"] is None) == (options["pairs"] is None):
        raise UsageError("Nothing, or too much, to evaluate.", "Give --data DIR or --pairs A B.")
    unfit = any(options[key] for key in ("crop", "degrade", "curve", "skip", "stills"))
    if options["pairs"] and (models or unfit or options["dots"] != "0"):
        raise UsageError(
            "--pairs compares finished results.",
            "Leave out --model, --crop, --degrade, --dots, --stills, --curve and --skip.",
        )


def _settings(options: dict[str, Any]) -> Settings:
    from vidcolor.evaluate.samples import Preparation
    from vidcolor.evaluate.settings import Settings

    return Settings(
        side=options["render_size"] or STILL_SIDE,
        hints=_numbers(options["dots"]),
        stills=_words(options["stills"]),
        preparation=Preparation(options["crop"], options["degrade"]),
        split=options["split"],
        limit=options["limit"],
        skip=options["skip"],
        frames=options["frames"],
        curve=options["curve"],
        threads=options["threads"],
    )


def _wishes(options: dict[str, Any]) -> Wishes:
    """How models are run; refused as `colorize` would."""
    from vidcolor.run.settings import ColorizeSettings

    wanted = ColorizeSettings(saturation=options["saturation"], render_size=options["render_size"])
    return Wishes(
        options["device"],
        options["threads"],
        every_of(options["every"]),
        options["looks"],
        wanted.render_size,
        wanted.saturation,
    )


def _introduce(judged: Sequence[Model], say: Callable[[str], None]) -> None:
    from vidcolor.evaluate.names import DIGITS

    for one in judged:
        sizes = f"{one.still_side} (pictures), {one.film_side} (clips)"
        whose = f"{one.name} (weights {one.digest[:DIGITS]})"
        say(f"{whose}: {one.predictor.description}, working size {sizes}")


def _numbers(text: str) -> tuple[int, ...]:
    parts = text.split(",")
    if not all(part.strip().isdigit() for part in parts):
        raise UsageError(f"--dots {text} is no list of numbers.", "Write it as 0,1,10,100.")
    return tuple(sorted({int(part) for part in parts}))


def _words(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word.strip() for word in text.split(","))) if text else ()


def _check(outputs: Outputs) -> None:
    for path in (outputs.json, outputs.csv, outputs.html, outputs.markdown):
        if path is not None and str(path) != "-" and not path.absolute().parent.is_dir():
            raise OutputError(f"The folder of {path} is not there.", "Make it first.")
    if outputs.against is not None and not outputs.against.is_file():
        raise InputError(f"{outputs.against} is not there.", "Give a file that --json wrote.")
    if outputs.against is not None:
        from vidcolor.evaluate.report import read_json

        # A file that is no report should be said before the work, not after it.
        read_json(outputs.against)


def _say(line: str) -> None:
    click.echo(line, err=True)


def _silent(line: str) -> None:
    return None


def _command() -> str:
    return shlex.join(["vidcolor", *sys.argv[1:]])


def _deliver(report: Report, page: Exhibits, outputs: Outputs, verbose: bool) -> None:
    """Write and print everything; raises at the end where files had to be left out."""
    from vidcolor.evaluate import against
    from vidcolor.evaluate import report as reports
    from vidcolor.evaluate.page import as_page

    to_stdout = str(outputs.json) == "-"
    if not to_stdout:
        click.echo(reports.as_text(report))
    if outputs.against is not None:
        other = reports.read_json(outputs.against)
        for line in against.words(report, other, outputs.against.name):
            click.echo(line, err=to_stdout)
    if to_stdout:
        click.echo(reports.as_json(report), nl=False)
    elif outputs.json is not None:
        write_text(outputs.json, reports.as_json(report))
    if outputs.markdown is not None:
        write_text(outputs.markdown, reports.as_markdown(report))
    if outputs.csv is not None:
        write_text(outputs.csv, reports.as_csv(report))
    if outputs.html is not None:
        write_text(outputs.html, as_page(report, page))
    if verbose:
        for name, seconds in report.costs.items():
            _say(f"{seconds:8.1f} s  {name}")
    if report.failed:
        listed = " ".join(report.failed)
        raise BatchError(f"{len(report.failed)} left out: {listed}", "The rest is done.")
