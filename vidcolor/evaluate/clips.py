"""Clips against their truth: every row of every clip of a list, and the means over clips.

The plain way to judge a colouring from a script:

    results = evaluate_clips(find(folder, may_be_film), each({"mine": whole(function)}))
    print(plain(cells(clip_table("clips", results))))

with `clip_table` of the module of that name, `cells` and `plain` of `table`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import tee
from pathlib import Path
from typing import TypeVar

from vidcolor.color.srgb import Picture, to_planes
from vidcolor.evaluate.coloring import ClipColorings, Luma, enlarge, grey
from vidcolor.evaluate.costs import Costs
from vidcolor.evaluate.flow import Estimated, MotionSource
from vidcolor.evaluate.names import GREY, PER_FRAME
from vidcolor.evaluate.read import read_clip
from vidcolor.evaluate.series import ClipScore
from vidcolor.evaluate.temporal import score_clip
from vidcolor.evaluate.wear import Wear, wear_of

Frame = TypeVar("Frame")


@dataclass(frozen=True)
class ClipResult:
    """All rows of one clip; `scores` holds "grey" and "truth" besides the rows asked for.

    `category` is the folder it lies in, "" where there is none.
    """

    name: str
    scores: dict[str, ClipScore]
    category: str = ""


def evaluate_clips(
    paths: Sequence[Path],
    colorings: ClipColorings,
    limit: int | None = None,
    costs: Costs | None = None,
    jobs: int = 1,
    degrade: float = 0.0,
) -> list[ClipResult]:
    """Score all rows of `colourings`, grey and the truth on every clip.

    Args:
        paths: the colour clips.
        colourings: gives the rows; `colouring.each` makes one from colourings by name.
        limit: frames of each clip at most.
        costs: takes the seconds each metric took.
        jobs: threads.
        degrade: strength of the damage to what the rows see, 0..1; the same for every clip of a
            name in every run.

    Raises:
        InputError: a clip cannot be read.
    """
    results = []
    for path in paths:
        wear = wear_of(path, degrade)
        scores = score_rows(read_clip(path, limit), colorings, None, costs, jobs, wear)
        results.append(ClipResult(path.stem, scores))
    return results


def read_shown(path: Path, limit: int | None, degrade: float) -> Iterator[tuple[Picture, Luma]]:
    """A clip's true frames and their luma as the rows see it; arguments as in `evaluate_clips`."""
    return _shown(read_clip(path, limit), wear_of(path, degrade))


def _shown(frames: Iterator[Picture], wear: Wear | None) -> Iterator[tuple[Picture, Luma]]:
    return wear(frames) if wear else ((p, to_planes(p).luma_bytes) for p in frames)


def score_rows(
    frames: Iterator[Picture],
    colorings: ClipColorings,
    motion: MotionSource | None = None,
    costs: Costs | None = None,
    jobs: int = 1,
    wear: Wear | None = None,
) -> dict[str, ClipScore]:
    """Score all rows of `colourings`, grey and the truth on one clip's frames (evaluation size).

    With `wear` the rows see worn luma; baselines that warp then find their motion on it, as any
    tool has to, and the referee its own on the clean luma.
    """
    costs = costs or Costs()
    clean, seen = tee(_shown(frames, wear))
    colorless, given, guides = tee((luma for _, luma in seen), 3)
    referee = motion or Estimated()
    colored = {GREY: grey(colorless), **colorings(given, Estimated() if wear else referee)}
    streams = zip(colored.items(), tee(guides, len(colored)), strict=True)
    rows = {name: _timed(map(enlarge, chroma, guide), costs) for (name, chroma), guide in streams}
    truth = _timed((picture for picture, _ in clean), costs)
    return score_clip(truth, rows, referee, costs, jobs)


def _timed(items: Iterator[Frame], costs: Costs) -> Iterator[Frame]:
    while True:
        with costs("decoding, colouring, smoothing"):
            item = next(items, None)
        if item is None:
            return
        yield item


def per_frame_row(row: str) -> str:
    """The per-frame row of a row's model: rows are called "per frame" or "MODEL: per frame"."""
    model, colon, _ = row.rpartition(": ")
    return model + colon + PER_FRAME
