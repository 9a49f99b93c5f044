"""Long shots in pieces: windows that overlap, and the walk from one's colour to the next's."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]


@dataclass(frozen=True)
class Window:
    """Frames start..stop (stop not included) that are settled together."""

    start: int
    stop: int


def plan_windows(frames: int, length: int, overlap: int) -> list[Window]:
    """Windows of at most `length` frames that share `overlap` frames with the next one.

    The frames are dealt out evenly, so that no window is a stump.

    Args:
        frames: of the shot, 1 or more.
        length: most frames of a window, at least twice the overlap.
        overlap: frames in common.
    """
    if frames <= length:
        return [Window(0, frames)]
    pieces = -(-(frames - overlap) // (length - overlap))
    edges = np.linspace(0, frames - overlap, pieces + 1).round().astype(int)
    return [Window(int(a), int(b) + overlap) for a, b in itertools.pairwise(edges)]


def crossfade(before: FloatArray, after: FloatArray, done: int = 0) -> FloatArray:
    """From one window's colour to the next one's over the frames they share.

    The weight rises along half a cosine: the slowest start and end, so that nobody sees where it
    begins.

    Args:
        before: float32 (shared, 2, height, width), the earlier window's.
        after: float32 (frames, 2, height, width), the later window's.
        done: which of the shared frames `after` begins with.

    Returns:
        as `after`; its frames behind the shared ones are as they were.
    """
    here = before[done : done + len(after)]
    ramp = (np.arange(done, done + len(here), dtype=np.float32) + 1) / (len(before) + 1)
    weight = (0.5 - 0.5 * np.cos(np.pi * ramp)).astype(np.float32)[:, None, None, None]
    blended = after.copy()
    blended[: len(here)] = here + weight * (after[: len(here)] - here)
    return blended
