"""Where stills and hints meet the film: placed in it before the work, handed to its shots in it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from vidcolor.color.hint import HALF, Hint
from vidcolor.direct.direction import Direction
from vidcolor.direct.scene import recalled
from vidcolor.run.plan import Plan
from vidcolor.run.segment import Segment
from vidcolor.steady.spreading import stronger

# Colour that was seen of a shot before it was split counts nearly as if a person had said it.
HANDED_ON = 0.9

FloatArray = NDArray[np.float32]
Chroma = NDArray[np.floating[Any]]


def people_of(plan: Plan, segment: Segment, handed: FloatArray | None) -> list[Hint]:
    """What people said about a segment's frames, by their places in its `luma`.

    Args:
        plan: what is to be done.
        segment: which frames.
        handed: colour of the segment's first frames from the segment before, where people's
            colour reached that and the shot goes on: float32 (frames, 2, h, w).
    """
    first, stop = segment.first - segment.lead, segment.first + segment.count + segment.tail
    people: list[Hint] = [hint.moved(-first) for hint in plan.direction.within(first, stop)]
    if handed is not None and len(handed):
        saturation = plan.looking(plan.direction.looks.at(first)).saturation
        people.append(_handed_on(segment, handed, saturation))
    return [*people, *_recalled(segment, people, plan.direction)]


def joined(parts: Sequence[Chroma]) -> Chroma:
    """Chroma of several shots as one, at the size of the largest."""
    largest = max(parts, key=lambda part: part.shape[2])
    return np.concatenate([of_size(part, largest) for part in parts])


def of_size(chroma: Chroma, like: Chroma) -> Chroma:
    """Chroma (frames, 2, h, w) at the size of another's planes."""
    height, width = like.shape[2:]
    if chroma.shape[2:] == (height, width):
        return chroma
    resized = np.empty((*chroma.shape[:2], height, width), like.dtype)
    for there, planes in zip(resized, chroma.astype(np.float32), strict=True):
        for target, plane in zip(there, planes, strict=True):
            target[:] = cv2.resize(plane, (width, height))
    return resized


def _recalled(segment: Segment, people: Sequence[Hint], direction: Direction) -> Iterator[Hint]:
    """What stills of other shots say about shots that have none, each on its middle frame."""
    for start, stop in itertools.pairwise([0, *segment.cuts, len(segment.luma)]):
        if any(start <= said.frame < stop for said in people):
            continue
        middle = (start + stop) // 2
        found = recalled(direction, segment.luma[middle], middle)
        if found is not None:
            yield found


def _handed_on(segment: Segment, handed: FloatArray, saturation: float) -> Hint:
    height, width = segment.luma.shape[1] // HALF, segment.luma.shape[2] // HALF
    confidence = np.full((height, width), HANDED_ON, np.float32)
    seen = handed[0].astype(np.float32)
    return Hint(segment.lead, stronger(seen, saturation), confidence, guides=1.0)
