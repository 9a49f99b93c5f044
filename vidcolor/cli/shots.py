"""`vidcolor shots`: list the shots of a film."""

from __future__ import annotations

import itertools
import json
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vidcolor.cli.colorize import colorize
from vidcolor.cli.options import ANY_PATH, grouped, options_of

if TYPE_CHECKING:
    from vidcolor.media.clip import ClipInfo

SHORT_SIDE = 192


@click.command(cls=grouped)
@click.argument("clip", type=ANY_PATH)
@options_of(colorize, ("stream", "frame_rate", "resize"))
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="[Words] Print one JSON object.",
)
def shots(
    clip: Path, stream: int | None, frame_rate: str | None, resize: str | None, as_json: bool
) -> None:
    """List the shots of CLIP: first frame, number of frames, start and duration."""
    from vidcolor.media.frames import Reading, clip_of
    from vidcolor.media.sequence import check_rate
    from vidcolor.run.changes import check_changes
    from vidcolor.run.look import View, clock
    from vidcolor.run.segment import small_luma
    from vidcolor.run.settings import RESIZE_FIRST
    from vidcolor.steady.shots import find_cuts

    check_rate(clip, frame_rate)
    rate = Fraction(frame_rate) if frame_rate else None
    info = clip_of(clip, Reading(rate, stream, resize == RESIZE_FIRST))
    check_changes(info, 0, info.frame_count)
    found = _listed(info, find_cuts(small_luma(View(info, SHORT_SIDE, 0, info.frame_count), 0)))
    if as_json:
        listed = [asdict(shot) for shot in found]
        click.echo(json.dumps({"clip": str(clip), "frames": info.frame_count, "shots": listed}))
        return
    click.echo(f"{'shot':>5} {'first':>7} {'frames':>7} {'start':>12} {'seconds':>9}")
    for number, shot in enumerate(found, start=1):
        click.echo(
            f"{number:>5} {shot.first:>7} {shot.frames:>7}"
            f" {clock(shot.start_s):>12} {shot.duration_s:>9.3f}"
        )


@dataclass(frozen=True)
class Shot:
    """A shot, as `--json` prints it.

    Attributes:
        first: number of its first frame in the film, from 0 on.
        frames: how many it has.
        start_s: seconds from the film's start.
        duration_s: seconds that it is shown.
    """

    first: int
    frames: int
    start_s: float
    duration_s: float


def _listed(info: ClipInfo, cuts: list[int]) -> list[Shot]:
    from vidcolor.run.look import seconds_at

    edges = [0, *cuts, info.frame_count]
    return [
        Shot(
            first,
            after - first,
            round(seconds_at(info, first), 6),
            round(float((info.frame_end(after - 1) - int(info.pts[first])) * info.time_base), 6),
        )
        for first, after in itertools.pairwise(edges)
    ]
