"""Results made elsewhere beside their truth: any other colorizer can be scored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import tee
from pathlib import Path

from vidcolor.color.srgb import Floats, Picture, to_planes
from vidcolor.errors import InputError
from vidcolor.evaluate.baselines import baselines
from vidcolor.evaluate.clips import ClipResult
from vidcolor.evaluate.coloring import grey
from vidcolor.evaluate.costs import Costs
from vidcolor.evaluate.names import GREY, TRUTH
from vidcolor.evaluate.pictures import Bench, PictureScores, evaluate_pictures
from vidcolor.evaluate.read import (
    Found,
    Kind,
    clip_shape,
    read_clip,
    read_picture,
    search,
)
from vidcolor.evaluate.samples import Preparation, Sample, load
from vidcolor.evaluate.series import ClipScore
from vidcolor.evaluate.temporal import score_clip
from vidcolor.media.suffixes import may_be_film, may_be_picture

RESULT = "result"


@dataclass(frozen=True)
class Pairs:
    """Files that belong together, by their paths without suffix within their folders.

    Attributes:
        pairs: (result, truth).
        missing: what has no partner, in words.
    """

    pairs: tuple[tuple[Path, Path], ...]
    missing: tuple[str, ...]


@dataclass(frozen=True)
class Matched:
    """Pairs of pictures and of clips, and what was passed over, in words."""

    pictures: Pairs
    clips: Pairs
    notes: tuple[str, ...]


def match(results: Found, truths: Found, kind: Kind, roots: Sequence[Path]) -> Pairs:
    """Find partners in two folders, or take two files for a pair."""
    if all(root.is_file() for root in roots):
        pair = results.of(kind), truths.of(kind)
        return Pairs(((pair[0][0], pair[1][0]),) if all(pair) else (), ())
    found, wanted = (
        {p.relative_to(root).with_suffix("").as_posix(): p for p in side.of(kind)}
        for side, root in zip((results, truths), roots, strict=True)
    )
    missing = [f"{found[n]} has no truth." for n in sorted(found.keys() - wanted.keys())]
    missing += [f"{wanted[n]} has no result." for n in sorted(wanted.keys() - found.keys())]
    both = sorted(found.keys() & wanted.keys())
    return Pairs(tuple((found[name], wanted[name]) for name in both), tuple(missing))


def match_all(results: Path, truths: Path) -> Matched:
    """Pairs of pictures and of clips.

    Raises:
        InputError: there is no pair at all.
    """
    found, wanted = search(results), search(truths)
    roots = results, truths
    pictures, clips = (match(found, wanted, kind, roots) for kind in (may_be_picture, may_be_film))
    if not pictures.pairs and not clips.pairs:
        raise InputError(
            f"No file of {results} has a partner in {truths}.",
            "Results and truths belong together by their names without suffix.",
        )
    return Matched(pictures, clips, (*found.notes(), *wanted.notes()))


def load_pairs(
    pairs: Sequence[tuple[Path, Path]], root: Path
) -> tuple[list[Sample], list[Picture], list[str]]:
    """Truths and results of the same sizes, and why others could not be used."""
    samples, results, failed = [], [], []
    for result, truth in pairs:
        try:
            sample, picture = load(truth, root, Preparation()), read_picture(result)
        except InputError as error:
            failed.append(error.sentence)
            continue
        if picture.shape != sample.truth.shape:
            sizes = [f"{p.shape[1]} x {p.shape[0]}" for p in (picture, sample.truth)]
            failed.append(f"{result} is {sizes[0]}, its truth is {sizes[1]}.")
            continue
        samples.append(sample)
        results.append(picture)
    return samples, results, failed


def score_pairs(bench: Bench, results: list[Picture], side: int) -> list[PictureScores]:
    """The baselines, the results and the truth, as rows."""
    *others, truth = evaluate_pictures(bench, baselines(side))
    return [*others, bench.score_results(RESULT, results), truth]


def score_clip_pair(
    result: Path, truth: Path, limit: int | None, costs: Costs, jobs: int = 1
) -> tuple[ClipResult, tuple[str, ...]]:
    """Grey, the result and the truth, over the common part; and what is to be said.

    Raises:
        InputError: one of them cannot be read, or they differ in size.
    """
    shapes = clip_shape(result), clip_shape(truth)
    if shapes[0] != shapes[1]:
        sizes = [f"{width} x {height}" for height, width in shapes]
        raise InputError(f"{result} is {sizes[0]}, its truth is {sizes[1]}.", "Give equal sizes.")
    frames = _Counted(read_clip(truth, limit)), _Counted(read_clip(result, limit))
    scores = _score(*frames, costs, jobs)
    counts = [frame.exhaust() for frame in frames]
    notes: tuple[str, ...] = ()
    if counts[0] != counts[1]:
        used = scores[TRUTH].frames
        notes = (
            f"{result} has {counts[1]} frames, its truth {counts[0]}: the first {used} compared.",
        )
    return ClipResult(truth.stem, scores), notes


def _score(
    truth: Iterator[Picture], result: Iterator[Picture], costs: Costs, jobs: int
) -> dict[str, ClipScore]:
    frames, source = tee(truth)
    luma = (to_planes(picture).luma_bytes for picture in source)
    rows: dict[str, Iterator[Floats | Picture]] = {GREY: grey(luma), RESULT: result}
    return score_clip(frames, rows, costs=costs, jobs=jobs)


class _Counted:
    """Frames, counted as they are taken."""

    def __init__(self, frames: Iterator[Picture]) -> None:
        self._frames = frames
        self._count = 0

    def __iter__(self) -> Iterator[Picture]:
        return self

    def __next__(self) -> Picture:
        picture = next(self._frames)
        self._count += 1
        return picture

    def exhaust(self) -> int:
        """Take what is left; the number of all frames."""
        for _ in self:
            pass
        return self._count
