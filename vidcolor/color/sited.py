"""Luma as chroma planes see it: at the places of their samples, and as means over larger cells."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
Plane = NDArray[Any]


def luma_at_chroma(luma: Plane, shape: tuple[int, int], top: bool, left: bool) -> Plane:
    """Luma at the places of the chroma samples: codes (height, width) of the chroma planes.

    Args:
        luma: codes (height, width), along each side as large as `shape` or twice that.
        shape: (height, width) of the chroma planes.
        top: whether a chroma sample lies in the upper of two rows, where luma is filtered by 1 2 1,
            and not between them, where it is the mean of the two.
        left: the same of columns.
    """
    if luma.shape == shape:
        return luma
    height, width = (
        part * -(-whole // part) for part, whole in zip(shape, luma.shape, strict=True)
    )
    below, right = height - luma.shape[0], width - luma.shape[1]
    luma = cv2.copyMakeBorder(luma, int(top), below, int(left), right, cv2.BORDER_REFLECT_101)
    # 1 2 1 is the mean of two neighbouring means; the mean of two is where OpenCV is fastest.
    means = [
        cv2.resize(luma[y : y + height, x : x + width], shape[::-1])
        for y in range(top + 1)
        for x in range(left + 1)
    ]
    while len(means) > 1:
        pairs = zip(means[::2], means[1::2], strict=True)
        means = [cv2.addWeighted(one, 0.5, other, 0.5, 0) for one, other in pairs]
    return np.asarray(means[0])


def cell_means(plane: Plane, shape: tuple[int, ...]) -> FloatArray:
    """Means of a plane over a grid of equal cells, whose edges may cut through samples.

    What OpenCV's INTER_AREA gives, but from sums over rectangles: where cells are no whole number
    of samples large, in a third of the time.

    Args:
        plane: uint8 or uint16 (height, width).
        shape: how many cells, down and across.

    Returns:
        float32 `shape`, on the plane's own scale.
    """
    lines: NDArray[np.float64] = cv2.integral(plane, sdepth=cv2.CV_64F)
    for axis in range(2):
        before, share = _edges(shape[axis], plane.shape[axis])
        sums = lines.take(before, axis)
        following = lines.take(before + 1, axis)
        following -= sums
        following *= share if axis else share[:, None]
        sums += following
        lines = np.diff(sums, axis=axis)
    return np.asarray(lines * (lines.size / plane.size), np.float32)


@lru_cache(maxsize=16)
def _edges(count: int, size: int) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Where equal cells of a line begin and end: samples before that, and the share of the next."""
    place = np.linspace(0, size, count + 1)
    before = np.minimum(place.astype(np.intp), size - 1)
    return before, place - before
