"""The shots of a time line; one that is too long to be settled at once is several."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vidcolor.run.stills import Shot as Walked


@dataclass(eq=False)
class Shot:
    """A shot on the time line.

    Attributes:
        first: index of its first frame.
        count: how many frames.
        number: of the shot, from 1 on.
        middle: luma of its middle frame as the network sees it, uint8 (height, width).
        state: "plain" (only guessed frame by frame), "making", "ready" or "stale".
        share: of its making, 0..1.
        made: digest of all that reached it when it was settled last.
        thumb: its picture, and how often that changed.
    """

    first: int
    count: int
    number: int
    middle: NDArray[np.uint8]
    state: str = "plain"
    share: float = 0.0
    made: str = ""
    thumb: tuple[bytes, int] = (b"", 0)

    @property
    def stop(self) -> int:
        """Index of the frame behind its last."""
        return self.first + self.count

    def __contains__(self, frame: int) -> bool:
        return self.first <= frame < self.stop


def parts(walked: Walked, number: int, longest: int) -> Iterator[Shot]:
    """A shot that was walked through, in equal parts of so many frames at most."""
    pieces = -(-walked.count // longest)
    edges = np.linspace(walked.first, walked.first + walked.count, pieces + 1).astype(int)
    for first, stop in itertools.pairwise(edges.tolist()):
        place = ((first + stop) // 2 - walked.first) // walked.stride
        middle = walked.frames[min(place, len(walked.frames) - 1)]
        yield Shot(first, stop - first, number, middle)
