"""Clips against their truth: every row of every clip of a list, and the means over clips.

The plain way to judge a colouring from a script:

    results = evaluate_clips(find(folder, CLIPS), each({"mine": whole(function)}))
    print(clip_table(results))
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, tee
from pathlib import Path

import numpy as np

from vidcolor.evaluate.colour import Floats, Picture, to_planes
from vidcolor.evaluate.colouring import PER_FRAME, Luma, Paint, enlarge, grey
from vidcolor.evaluate.costs import Costs
from vidcolor.evaluate.flow import MotionSource, estimated
from vidcolor.evaluate.read import read_clip
from vidcolor.evaluate.series import ClipScore
from vidcolor.evaluate.temporal import DISTANCES, TRUTH, cdc_distance, flicker_share, score_clip

GREY = "grey"


@dataclass(frozen=True)
class ClipResult:
    """All rows of one clip; `scores` holds "grey" and "truth" besides the rows asked for."""

    name: str
    scores: dict[str, ClipScore]


@dataclass(frozen=True)
class ClipSummary:
    """One row's means over clips.

    Attributes:
        flicker, share: residual flicker and flicker share at 1, 8 and 24 frames.
        cdc, cdc_distance: nats; the mean over clips of the distance from the truth's.
        others: as in `ClipScore`.
    """

    row: str
    clips: int
    psnr: float
    delta_e: float
    cf: float
    flicker: tuple[float, ...]
    share: tuple[float, ...]
    visible: tuple[float, ...]
    cdc: float
    cdc_distance: float
    warp_error: float
    uncovered_delta_e: float


def evaluate_clips(
    paths: Sequence[Path],
    paint: Paint,
    limit: int | None = None,
    costs: Costs | None = None,
) -> list[ClipResult]:
    """Score all rows of `paint`, grey and the truth on every clip.

    Args:
        paths: the colour clips.
        paint: gives the rows; `colouring.each` makes one from colourings by name.
        limit: frames of each clip at most.
        costs: takes the seconds each metric took.

    Raises:
        InputError: a clip cannot be read.
    """
    return [
        ClipResult(path.stem, score_rows(read_clip(path, limit), paint, costs=costs))
        for path in paths
    ]


def score_rows(
    frames: Iterator[Picture],
    paint: Paint,
    motion: MotionSource = estimated,
    costs: Costs | None = None,
) -> dict[str, ClipScore]:
    """Score all rows of `paint`, grey and the truth on one clip's frames (evaluation size)."""
    truth, source = tee(frames)
    luma = (to_planes(picture).luma_bytes for picture in source)
    colourless, given, guides = tee(luma, 3)
    painted = {GREY: grey(colourless), **paint(given)}
    streams = zip(painted.items(), tee(guides, len(painted)), strict=True)
    rows = {name: _full_size(chroma, guide) for (name, chroma), guide in streams}
    return score_clip(truth, rows, motion, costs)


def _full_size(chroma: Iterator[Floats], guide: Iterator[Luma]) -> Iterator[Floats]:
    for planes, luma in zip(chroma, guide, strict=False):
        yield enlarge(planes, luma)


def summarise(results: Sequence[ClipResult]) -> list[ClipSummary]:
    """Means over clips of every row that stands in all of them, in the rows' order.

    A row's flicker share is taken between grey and the per-frame row of its own model: rows are
    called "per frame" or "MODEL: per frame".
    """
    names = [n for n in results[0].scores if all(n in r.scores for r in results)] if results else []
    return [_summary(name, results) for name in names]


def _over_clips(values: Sequence[float] | Sequence[tuple[float, ...]]) -> tuple[float, ...]:
    table = np.atleast_2d(np.asarray(values, np.float64).T)
    kept = [column[~np.isnan(column)] for column in table]
    return tuple(float(column.mean()) if column.size else float("nan") for column in kept)


def _flicker(row: str, results: Sequence[ClipResult]) -> tuple[float, ...]:
    if not all(row in result.scores for result in results):
        return (float("nan"),) * len(DISTANCES)
    return _over_clips([result.scores[row].flicker for result in results])


def _summary(row: str, results: Sequence[ClipResult]) -> ClipSummary:
    scores = [result.scores[row] for result in results]
    model, colon, _ = row.rpartition(": ")
    bounds = zip(
        _flicker(row, results),
        _flicker(GREY, results),
        _flicker(model + colon + PER_FRAME, results),
        strict=True,
    )
    return ClipSummary(
        row=row,
        clips=len(results),
        psnr=_over_clips([s.psnr for s in scores])[0],
        delta_e=_over_clips([s.delta_e for s in scores])[0],
        cf=_over_clips([s.cf for s in scores])[0],
        flicker=_flicker(row, results),
        share=tuple(flicker_share(*bound) for bound in bounds),
        visible=_over_clips([s.visible for s in scores]),
        cdc=_over_clips([s.cdc for s in scores])[0],
        cdc_distance=_over_clips([cdc_distance(r.scores, row) for r in results])[0],
        warp_error=_over_clips([s.warp_error for s in scores])[0],
        uncovered_delta_e=_over_clips([s.uncovered_delta_e for s in scores])[0],
    )


def clip_table(results: Sequence[ClipResult]) -> str:
    """The summary as aligned plain text, one row a line."""
    head = ["row", "PSNR", "Delta E", "CF", "CDC distance x 1e3"]
    head += [f"flicker {d}" for d in DISTANCES] + [f"share {d}" for d in DISTANCES]
    head += ["warp error x 1e3", "uncovered Delta E"]
    lines = [head]
    for s in summarise(results):
        cells = [f"{s.psnr:.2f}", f"{s.delta_e:.2f}", f"{s.cf:.1f}", f"{s.cdc_distance * 1e3:.3f}"]
        cells += [f"{value:.3f}" for value in chain(s.flicker, s.share)]
        cells += [f"{s.warp_error * 1e3:.3f}", f"{s.uncovered_delta_e:.2f}"]
        lines.append([s.row, *cells])
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    return "\n".join(
        line[0].ljust(widths[0]) + "".join(f"  {c.rjust(w)}" for c, w in zip(line[1:], widths[1:]))
        for line in lines
    )
