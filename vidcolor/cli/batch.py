"""`vidcolor batch IN... OUT_DIR`: many files to colour, what became of each in a line."""

from __future__ import annotations

import dataclasses
import json
import logging
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vidcolor.cli.colorize import colorize, settings_of
from vidcolor.cli.interrupt import may_be_interrupted
from vidcolor.cli.options import grouped
from vidcolor.cli.talk import Talk, preparing

if TYPE_CHECKING:
    from vidcolor.run.inputs import Inputs, Search
    from vidcolor.run.results import Result

_OF_ONE_FILE = (
    *(
        "references",
        "hints",
        "strokes",
        "per_shot",
        "start_s",
        "duration_s",
        "shot",
        "page",
        "keep_job",
    ),
    "threads",
)
Decorated = Callable[..., Any]


def _options_of_colorize(function: Decorated) -> Decorated:
    """All options of `colorize` that make sense for many files."""
    for option in colorize.params:
        if isinstance(option, click.Option) and option.name not in _OF_ONE_FILE:
            function.__dict__.setdefault("__click_params__", []).insert(0, option)
    return function


@click.command(cls=grouped, short_help="Colour folders of films and photographs.")
@click.argument("paths", nargs=-1, metavar="IN... OUT_DIR")
@click.option(
    "--sequence",
    is_flag=True,
    help="[What] A folder of numbered pictures is one film, not so many photographs.",
)
@click.option("--recursive", is_flag=True, help="[What] Take folders in folders too.")
@click.option(
    "--watch",
    is_flag=True,
    help="[What] Wait for more files until Ctrl-C, for a folder that fills.",
)
@click.option(
    "--keep-suffix",
    is_flag=True,
    help="[Output] Name what becomes of reel.mpg reel.mpg.mkv, not reel.mkv.",
)
@click.option(
    "--dry-run",
    is_flag=True,
    help="[What] Say what would be done with each file and what it would take; write nothing.",
)
@click.option(
    "--reference",
    "references",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="[Direct] Stills in colour: FOLDER/reel/ holds those of reel.mp4.",
)
@click.option(
    "--hints",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="[Direct] Dots and strokes: FOLDER/reel.json, reel.csv, or overlays in FOLDER/reel/.",
)
@click.option(
    "--jobs",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="[Machine] Files at a time, each in a process of its own.",
)
@click.option(
    "--threads",
    type=click.IntRange(0),
    default=0,
    show_default="the cores shared out among the jobs",
    help="[Machine] CPU threads of each job.",
)
@_options_of_colorize
def batch(paths: Sequence[str], **options: Any) -> None:
    """Colour films and photographs: files, folders and patterns such as 'reels/*.mkv'.

    The tree below a folder is kept in OUT_DIR. What an earlier run did is skipped; a file that
    fails stops nothing else. OUT_DIR/report.json says what became of each file, and
    OUT_DIR/report.html shows each before and after.
    """
    from vidcolor.cli.batch_forecast import say_forecast
    from vidcolor.cli.batch_table import Table
    from vidcolor.run.batch import run_batch
    from vidcolor.run.directions import Directions
    from vidcolor.run.inputs import Search
    from vidcolor.run.order import Order, shared_out
    from vidcolor.run.watch import Arrivals

    talk = Talk(options["quiet"], options["verbose"], options["as_json"])
    logging.basicConfig(format="%(message)s", level=logging.ERROR)
    inputs, target = _parted(paths)
    settings = settings_of(options)
    talk.machine(options)
    flags = options["recursive"], options["keep_suffix"], options["sequence"]
    search = Search(inputs, target, *flags)
    found = _found(search, options)
    wanted = Arrivals(search) if options["watch"] else found
    directions = Directions(options["references"], options["hints"], options["reach"])
    asked = {name: options[name] for name in ("jobs", "overwrite", "restart", "cluster")}
    order = Order(wanted, target, settings, **asked, directions=directions)
    talk.say(_opening(found, settings.model, options))
    for path in found.others:
        talk.detail(f"left alone: {path}")
    for sentence in found.notes:
        talk.say(f"note: {sentence}")
    if options["dry_run"]:
        with may_be_interrupted():
            say_forecast(order, found, talk)
        return
    if not options["cluster"] and (words := preparing(shared_out(settings, options["jobs"]))):
        talk.say(words)
    expected = None if options["watch"] else len(found.pairs)
    began = time.perf_counter()
    with may_be_interrupted(_left), Table(expected, talk) as table:
        results = run_batch(order, table)
    _close(results, target, time.perf_counter() - began, talk)


def _parted(paths: Sequence[str]) -> tuple[Sequence[str], Path]:
    """What is to be coloured, and the output folder."""
    from vidcolor.errors import OutputError, UsageError

    if len(paths) < 2:
        what = f"Only {paths[0]} is given" if paths else "Nothing is given"
        raise UsageError(
            f"{what}: what to colour and the folder for the colour are wanted.",
            "Give both, the folder last: vidcolor batch IN... OUT_DIR",
        )
    *inputs, last = paths
    if os.path.isfile(last):  # noqa: PTH113 - Path's own raises where the name is too long
        raise OutputError(
            f"{last} comes last, where the folder for the colour belongs, and is a file.",
            "Give the folder last: vidcolor batch IN... OUT_DIR",
        )
    return inputs, Path(last)


def _found(search: Search, options: dict[str, Any]) -> Inputs:
    from vidcolor.errors import UsageError

    if not options["watch"]:
        return search.find()
    if options["sequence"]:
        raise UsageError("--watch cannot know when a sequence is whole.", "Leave one of them out.")
    if options["dry_run"]:
        raise UsageError("--dry-run cannot look into what is yet to come.", "Leave --watch out.")
    search.check_given(patterns=False)
    return search.look()


def _left() -> str:
    return "what is finished is kept. To go on"


def _opening(found: Inputs, model: str, options: dict[str, Any]) -> str:
    files = len(found.pairs)
    others = len(found.others)
    left = f"; {others} other file{'s' * (others != 1)} left alone" if others else ""
    at_a_time = f", {options['jobs']} at a time" if options["jobs"] > 1 else ""
    more = "; waiting for more, Ctrl-C ends it" if options["watch"] else ""
    return f"{files} file{'s' * (files != 1)} to colour{at_a_time}; model {model}{left}{more}"


def _close(results: Sequence[Result], target: Path, seconds: float, talk: Talk) -> None:
    from vidcolor.errors import BatchError
    from vidcolor.run.records import PAGE
    from vidcolor.run.results import REPORT, counts, with_notes

    found, noted = counts(results), with_notes(results)
    frames = sum(result.own_frames for result in results)
    notes = f"; {noted} file{'s' * (noted != 1)} with notes" if noted else ""
    rate = f", {frames / seconds:.1f} fps" if frames else ""
    made = f"{frames} frame{'s' * (frames != 1)}"
    talk.say(
        f"{found['done']} done, {found['skipped']} skipped, {found['failed']} failed{notes};"
        f" {made} in {seconds:.1f} s{rate}; {target / PAGE}"
    )
    if talk.as_json:
        files = [dataclasses.asdict(result) for result in results]
        whole = {"counts": found, "with_notes": noted, "seconds": round(seconds, 3)}
        click.echo(json.dumps({**whole, "files": files}))
    if found["failed"]:
        raise BatchError(
            f"{found['failed']} of {len(results)} files failed; the rest is done.",
            f"{target / REPORT} says why; the same command tries them again.",
        )
