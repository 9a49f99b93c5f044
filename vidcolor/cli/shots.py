"""`vidcolor shots`: list the shots of a film."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vidcolor.cli.options import ANY_PATH, grouped

if TYPE_CHECKING:
    from vidcolor.media.clip import ClipInfo

SHORT_SIDE = 192


@click.command(cls=grouped)
@click.argument("clip", type=ANY_PATH)
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="[Output] One JSON object: clip, frames, and first, frames, start_s, duration_s per shot.",
)
def shots(clip: Path, as_json: bool) -> None:
    """List the shots of CLIP: first frame, number of frames, start and duration."""
    from vidcolor.media.probe import probe
    from vidcolor.run.look import View, clock
    from vidcolor.run.segment import small_luma
    from vidcolor.steady.shots import find_cuts

    info = probe(clip)
    rows = _rows(info, find_cuts(small_luma(View(info, SHORT_SIDE, 0, info.frame_count), 0)))
    if as_json:
        click.echo(json.dumps({"clip": str(clip), "frames": info.frame_count, "shots": rows}))
        return
    click.echo(f"{'shot':>5} {'first':>7} {'frames':>7} {'start':>12} {'seconds':>9}")
    for number, row in enumerate(rows, start=1):
        click.echo(
            f"{number:>5} {row['first']:>7} {row['frames']:>7}"
            f" {clock(float(row['start_s'])):>12} {row['duration_s']:>9.3f}"
        )


def _rows(info: ClipInfo, cuts: list[int]) -> list[dict[str, float]]:
    """One record a shot, as `--json` prints it."""
    from vidcolor.run.look import seconds_at

    edges = [0, *cuts, info.frame_count]
    return [
        {
            "first": first,
            "frames": after - first,
            "start_s": round(seconds_at(info, first), 6),
            "duration_s": round(
                float((info.frame_end(after - 1) - int(info.pts[first])) * info.time_base), 6
            ),
        }
        for first, after in itertools.pairwise(edges)
    ]
