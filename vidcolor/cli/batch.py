"""`vidcolor batch IN... OUT_DIR`: many files to colour, what became of each in a line."""

from __future__ import annotations

import dataclasses
import json
import logging
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vidcolor.cli.colorize import colorize, settings_of
from vidcolor.cli.interrupt import may_be_interrupted
from vidcolor.cli.options import grouped
from vidcolor.cli.talk import PLAIN_EVERY_S, Talk

if TYPE_CHECKING:
    from vidcolor.run.batch import Result
    from vidcolor.run.inputs import Inputs

_OF_ONE_FILE = ("references", "hints", "start_s", "duration_s", "keep_job", "threads")
_SHOWN = 3
Decorated = Callable[..., Any]


def _options_of_colorize(function: Decorated) -> Decorated:
    """All options of `colorize` that make sense for many files."""
    for option in colorize.params:
        if isinstance(option, click.Option) and option.name not in _OF_ONE_FILE:
            function.__dict__.setdefault("__click_params__", []).insert(0, option)
    return function


@click.command(cls=grouped, short_help="Colour folders of films and photographs.")
@click.argument("inputs", nargs=-1, required=True, metavar="IN...")
@click.argument("target", type=click.Path(path_type=Path), metavar="OUT_DIR")
@click.option("--recursive", is_flag=True, help="[What] Take folders in folders too.")
@click.option(
    "--watch",
    is_flag=True,
    help="[What] Wait for more files until Ctrl-C, for a folder that fills.",
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
def batch(inputs: Sequence[str], target: Path, **options: Any) -> None:
    """Colour films and photographs: files, folders and patterns such as 'reels/*.mkv'.

    The tree below a folder is kept in OUT_DIR. What an earlier run did is skipped; a file that
    fails stops nothing else. What became of each file is written to OUT_DIR/report.json.
    """
    from vidcolor.run.batch import Order, counts, run_batch
    from vidcolor.run.directions import Directions
    from vidcolor.run.inputs import Search
    from vidcolor.run.watch import Arrivals

    talk = Talk(options["quiet"], options["verbose"], options["as_json"])
    logging.basicConfig(format="%(message)s", level=logging.ERROR)
    settings = settings_of(options)
    talk.machine(options)
    search = Search(inputs, target, options["recursive"])
    found = search.look() if options["watch"] else search.find()
    wanted = Arrivals(search) if options["watch"] else found
    directions = Directions(options["references"], options["hints"], options["reach"])
    flags = {name: options[name] for name in ("jobs", "overwrite", "restart", "cluster")}
    order = Order(wanted, target, settings, **flags, directions=directions)
    talk.say(_opening(found, settings.model, options))
    expected = None if options["watch"] else len(found.pairs)
    began = time.perf_counter()
    with may_be_interrupted(_left), _Table(expected, talk) as table:
        results = run_batch(order, table)
    _close(results, counts(results), target, time.perf_counter() - began, talk)


def _left() -> str:
    return "what is finished is kept. To go on"


def _opening(found: Inputs, model: str, options: dict[str, Any]) -> str:
    files = len(found.pairs)
    left = f"; {found.others} other files left alone" if found.others else ""
    at_a_time = f", {options['jobs']} at a time" if options["jobs"] > 1 else ""
    more = "; waiting for more, Ctrl-C ends it" if options["watch"] else ""
    return f"{files} file{'s' * (files != 1)} to colour{at_a_time}; model {model}{left}{more}"


def _close(
    results: Sequence[Result], counts: dict[str, int], target: Path, seconds: float, talk: Talk
) -> None:
    from vidcolor.errors import BatchError
    from vidcolor.run.batch import REPORT

    frames = sum(result.frames for result in results)
    talk.say(
        f"{counts['done']} done, {counts['skipped']} skipped, {counts['failed']} failed;"
        f" {frames} frames in {seconds:.1f} s, {frames / seconds:.1f} fps; {target / REPORT}"
    )
    if talk.as_json:
        files = [dataclasses.asdict(result) for result in results]
        click.echo(json.dumps({"counts": counts, "seconds": round(seconds, 3), "files": files}))
    if counts["failed"]:
        raise BatchError(
            f"{counts['failed']} of {len(results)} files failed; the rest is done.",
            f"{target / REPORT} says why; the same command tries them again.",
        )


class _Table:
    """A line for each file that ends; below it, on a terminal, the files at work."""

    def __init__(self, files: int | None, talk: Talk) -> None:
        from tqdm import tqdm

        self._talk = talk
        self._terminal = sys.stderr.isatty()
        self._shares: dict[str, float] = {}
        self._files, self._ended = files, 0
        self._last = time.monotonic()
        self._bar = tqdm(
            total=files,
            disable=talk.quiet or not self._terminal,
            bar_format="{n_fmt}/{total_fmt} files|{bar:20}| {elapsed}{postfix}",
        )

    def __enter__(self) -> _Table:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def note(self, sentence: str) -> None:
        """A line of its own."""
        self._say(f"note: {sentence}")

    def moved(self, source: Path, share: float) -> None:
        """Show what is at work."""
        self._shares[str(source)] = share
        self._refresh()

    def ended(self, result: Result) -> None:
        """A line with what became of the file."""
        self._shares.pop(result.source, None)
        self._ended += 1
        detail = {
            "done": f"{result.output}, {result.frames} frames in {result.seconds:.1f} s",
            "skipped": "done by an earlier run",
            "failed": result.error,
        }[result.status]
        self._say(f"{result.status}: {result.source}: {detail}")
        for sentence in result.notes:
            self.note(f"{result.source}: {sentence}")
        self._bar.update(1)
        self._refresh()

    def _say(self, line: str) -> None:
        if self._terminal and not self._talk.quiet:
            self._bar.write(line, file=sys.stderr)
        else:
            self._talk.say(line)

    def _refresh(self) -> None:
        at_work = [f"{Path(name).name} {share:.0%}" for name, share in self._shares.items()]
        words = ", ".join(at_work[:_SHOWN])
        self._bar.set_postfix_str(words)
        now = time.monotonic()
        if not self._terminal and now - self._last >= PLAIN_EVERY_S:
            self._last = now
            of_all = f" of {self._files}" if self._files else ""
            self._talk.say(f"{self._ended}{of_all} files; at work: {words}")
