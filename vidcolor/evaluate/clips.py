"""Clips against their truth: every row of every clip of a list, and the means over clips.

The plain way to judge a colouring from a script:

    results = evaluate_clips(find(folder, CLIPS), each({"mine": whole(function)}))
    print(plain(cells(clip_table("clips", results))))

with `clip_table` of the module of that name, `cells` and `plain` of `table`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import tee
from pathlib import Path

from vidcolor.evaluate.colour import Floats, Picture, to_planes
from vidcolor.evaluate.colouring import PER_FRAME, Luma, Paint, enlarge, grey
from vidcolor.evaluate.costs import Costs
from vidcolor.evaluate.flow import Estimated, MotionSource
from vidcolor.evaluate.read import read_clip
from vidcolor.evaluate.series import ClipScore
from vidcolor.evaluate.temporal import score_clip

GREY = "grey"


@dataclass(frozen=True)
class ClipResult:
    """All rows of one clip; `scores` holds "grey" and "truth" besides the rows asked for."""

    name: str
    scores: dict[str, ClipScore]


def evaluate_clips(
    paths: Sequence[Path],
    paint: Paint,
    limit: int | None = None,
    costs: Costs | None = None,
    jobs: int = 1,
) -> list[ClipResult]:
    """Score all rows of `paint`, grey and the truth on every clip.

    Args:
        paths: the colour clips.
        paint: gives the rows; `colouring.each` makes one from colourings by name.
        limit: frames of each clip at most.
        costs: takes the seconds each metric took.
        jobs: threads.

    Raises:
        InputError: a clip cannot be read.
    """
    return [
        ClipResult(path.stem, score_rows(read_clip(path, limit), paint, None, costs, jobs))
        for path in paths
    ]


def score_rows(
    frames: Iterator[Picture],
    paint: Paint,
    motion: MotionSource | None = None,
    costs: Costs | None = None,
    jobs: int = 1,
) -> dict[str, ClipScore]:
    """Score all rows of `paint`, grey and the truth on one clip's frames (evaluation size)."""
    truth, source = tee(frames)
    luma = (to_planes(picture).luma_bytes for picture in source)
    colourless, given, guides = tee(luma, 3)
    source_of_motion = motion or Estimated()
    painted = {GREY: grey(colourless), **paint(given, source_of_motion)}
    streams = zip(painted.items(), tee(guides, len(painted)), strict=True)
    rows = {name: _full_size(chroma, guide) for (name, chroma), guide in streams}
    return score_clip(truth, rows, source_of_motion, costs, jobs)


def _full_size(chroma: Iterator[Floats], guide: Iterator[Luma]) -> Iterator[Floats]:
    for planes, luma in zip(chroma, guide, strict=False):
        yield enlarge(planes, luma)


def per_frame_row(row: str) -> str:
    """The per-frame row of a row's model: rows are called "per frame" or "MODEL: per frame"."""
    model, colon, _ = row.rpartition(": ")
    return model + colon + PER_FRAME
