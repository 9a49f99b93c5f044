"""A film's survey in parts that know nothing of each other: frames in blocks, then their cuts.

Blocks are made anywhere, in any order. What is looked at to find cuts is small, and passes through
one hand from the first frame to the last, so that segments are those of a survey in one go.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from vidcolor.run.film import Film, SmallLuma
from vidcolor.run.own import seen_frames, shots_in_color
from vidcolor.run.segment import Cutting, Segment
from vidcolor.run.settled import Surveyed
from vidcolor.run.stages import ahead
from vidcolor.steady.shots import Sketch, sketch

BORDER = 2
"""Frames behind a block that it sees as well; the block that begins with them must see the same."""
FRAMES_AHEAD = 16

Bytes = NDArray[np.uint8]
Seen = tuple[SmallLuma, Bytes | None]


@dataclass(frozen=True)
class Border:
    """What a block saw at its ends.

    Attributes:
        begins: a hash of its first `BORDER` frames.
        follows: the same of the frames behind it.
    """

    begins: str
    follows: str


@dataclass(frozen=True, eq=False)
class Block:
    """Frames in a row that were surveyed together.

    Attributes:
        first: index of the first.
        luma: uint8 (frames, height, width), small.
        chroma: uint8 (frames, 2, height / 4, width / 4), small; None where the film has none.
        sketches: one a frame.
        border: what it saw at its ends.
    """

    first: int
    luma: SmallLuma
    chroma: Bytes | None
    sketches: list[Sketch]
    border: Border


def blocks(view: Film, frames: range, length: int, start: int | None = None) -> Iterator[Block]:
    """Frames of a film in blocks.

    Args:
        view: the film.
        frames: in a row, `BORDER` or more.
        length: of a block; the last one may be shorter.
        start: where decoding begins, at the first of the frames or before; None at the first.
    """
    start = frames.start if start is None else start
    stop = min(frames.stop + BORDER, view.first + view.count)
    with closing(ahead(seen_frames(view, start, stop - start), FRAMES_AHEAD)) as seen:
        coming = itertools.islice(seen, frames.start - start, None)
        held: list[Seen] = []
        for first in range(frames.start, frames.stop, length):
            count = min(length, frames.stop - first)
            held += itertools.islice(coming, count + BORDER - len(held))
            yield _block(first, held[:count], held[count:])
            del held[:count]


def _block(first: int, seen: Sequence[Seen], behind: Sequence[Seen]) -> Block:
    luma = np.stack([small for small, _ in seen])
    chroma = [own for _, own in seen if own is not None]
    border = Border(_digest(seen[:BORDER]), _digest(behind))
    sketches = [sketch(small) for small in luma]
    return Block(first, luma, np.stack(chroma) if chroma else None, sketches, border)


def _digest(seen: Sequence[Seen]) -> str:
    found = hashlib.sha256()
    for luma, _ in seen:
        found.update(luma.tobytes())
    return found.hexdigest()


def cut_on(
    cutting: Cutting, sketches: Sequence[Sketch], ended: bool
) -> tuple[list[Segment], Cutting]:
    """Segments that can be cut with more frames at hand, and what cuts the following ones.

    Args:
        cutting: left as it is.
        sketches: of the next frames.
        ended: whether they are the last.
    """
    on = replace(cutting, waiting=[*cutting.waiting, *sketches])
    return list(iter(lambda: on.next(ended), None)), on


def put_together(
    segment: Segment,
    firsts: Sequence[int],
    lumas: Sequence[SmallLuma],
    chromas: Sequence[Bytes | None],
) -> Surveyed:
    """A segment with what it shows.

    Args:
        segment: without it.
        firsts: the first frames of the blocks that it lies in.
        lumas: those of the blocks.
        chromas: likewise.
    """
    begin = segment.first - segment.lead
    end = begin + len(segment.luma)
    inside = [slice(max(0, begin - first), max(0, end - first)) for first in firsts]
    luma = np.concatenate([one[part] for one, part in zip(lumas, inside, strict=True)])
    whole = replace(segment, luma=luma)
    seen = [one[part] for one, part in zip(chromas, inside, strict=True) if one is not None]
    own = shots_in_color(whole, np.concatenate(seen)) if seen else {}
    return Surveyed(replace(whole, own=tuple(own)), own)
