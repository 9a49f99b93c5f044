"""Dissolves: a stretch in which one picture turns into another without a step anywhere.

Inside a dissolve every frame is a blend of the pictures at its ends. A pan or a walk also ends
in another picture, but its middle is no blend of the ends.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]

# Lengths in frames that are tried: from half a second to two seconds of film.
SPANS = (12, 20, 32, 48)
# The pictures at the ends correlate less than this ...
OTHER_PLACE = 0.5
# ... differ by at least this much (root mean square, of 255) ...
LEAST_CHANGE = 12.0
# ... and what is between is their blend but for this share of that difference.
BLEND_ERROR = 0.2
# The share of the second picture in the frames at a quarter, half and three quarters.
QUARTERS = ((0.25, 0.02, 0.5), (0.5, 0.25, 0.75), (0.75, 0.5, 0.98))


def find_dissolves(thumbs: NDArray[np.uint8], cuts: Sequence[int]) -> list[int]:
    """Frame indexes of the middles of dissolves, rising.

    Args:
        thumbs: uint8 (frames, h, w), small pictures of all frames.
        cuts: hard cuts found before; a dissolve does not touch one.
    """
    flat = thumbs.reshape(len(thumbs), -1).astype(np.float32)
    found: list[tuple[float, int, int]] = []
    for span in SPANS:
        for start in range(0, len(flat) - span):
            if any(start < cut <= start + span for cut in cuts):
                continue
            error = _blend_error(flat, start, span)
            if error < BLEND_ERROR:
                found.append((error, start, span))
    return _apart(found)


def _blend_error(flat: FloatArray, start: int, span: int) -> float:
    """How far a stretch is from a dissolve: 0 is a perfect one, 1 or more is none."""
    first, last = flat[start], flat[start + span]
    change = last - first
    size = float(np.sqrt((change**2).mean()))
    if size < LEAST_CHANGE or _correlation(first, last) > OTHER_PLACE:
        return 1.0
    worst = 0.0
    for place, low, high in QUARTERS:
        here = flat[start + round(place * span)] - first
        share = float(here @ change / (change @ change))
        if not low <= share <= high:
            return 1.0
        rest = here - share * change
        worst = max(worst, float(np.sqrt((rest**2).mean())) / size)
    return worst


def _correlation(first: FloatArray, second: FloatArray) -> float:
    a, b = first - first.mean(), second - second.mean()
    length = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b) / length if length > 0 else 1.0


def _apart(found: Sequence[tuple[float, int, int]]) -> list[int]:
    """Middles of the best stretches that do not overlap better ones."""
    taken: list[tuple[int, int]] = []
    for _, start, span in sorted(found):
        if all(start + span <= a or start >= a + b for a, b in taken):
            taken.append((start, span))
    return sorted(start + (span + 1) // 2 for start, span in taken)
