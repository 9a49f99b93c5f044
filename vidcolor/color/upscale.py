"""Enlarging the network's chroma along the edges of luma, at a chroma plane's own size and siting.

A guided filter (He, Sun, Tang 2013) whose coefficients are found at the small size and enlarged (He
and Sun 2015): within a window chroma is taken for a linear function of luma, so that it steps where
luma steps.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from vidcolor.color.convert import (
    NEUTRAL,
    SampleSpec,
    full_range_luma,
    limit_to_gamut,
    stream_chroma,
)

WINDOW = 3
SMOOTHNESS = 500.0
"""Variance of luma, in units of 255 squared, below which chroma follows luma only weakly."""

BAND = 1 << 15
"""Samples of a chroma plane that are made at once: what that takes stays in a core's own cache."""

WHOLE_PIXELS = 1 << 24
"""A larger photograph is enlarged some rows at a time; a smaller one as OpenCV rounds it."""

FloatArray = NDArray[np.float32]
Plane = NDArray[Any]


def enlarge(chroma: FloatArray, luma: Plane, spec: SampleSpec | None = None) -> FloatArray:
    """Enlarge small chroma to the size of luma.

    Args:
        chroma: float32 (2, h, w) on 0..255, of a smaller size.
        luma: (height, width), codes as `spec` says; full-range uint8 if it says nothing.

    Returns:
        float32 (2, height, width) on 0..255.
    """
    guide = full_range_luma(luma, spec or SampleSpec())
    height, width = guide.shape
    gain, offset = _coefficients(chroma - np.float32(NEUTRAL), guide)
    return _linear(gain, offset, guide, lambda c: _resized(c, height, width)) + np.float32(NEUTRAL)


def enlarger(chroma: FloatArray, luma: Plane, spec: SampleSpec) -> Callable[[slice], FloatArray]:
    """The same some rows at a time, where all of them at once would take too much memory.

    Args:
        chroma: float32 (2, h, w) on 0..255, of a smaller size.
        luma: (height, width), codes as `spec` says.
        spec: what the codes mean.

    Returns:
        gives float32 (2, rows, width) on 0..255 of a slice of rows.
    """
    height, width = luma.shape
    if height * width <= WHOLE_PIXELS:
        whole = enlarge(chroma, luma, spec)
        return lambda rows: whole[:, rows]
    guide = full_range_luma(luma, spec)
    gain, offset = _coefficients(chroma - np.float32(NEUTRAL), guide)

    def some(rows: slice) -> FloatArray:
        part = full_range_luma(luma[rows], spec)
        wanted = range(rows.start, rows.stop)
        large = _linear(
            gain, offset, part, lambda c: _Between(_resized(c, len(c), width)).at(wanted, height)
        )
        return large + np.float32(NEUTRAL)

    del guide
    return some


def colored_planes(
    chroma: FloatArray, luma: Plane, shape: tuple[int, int], siting: str, spec: SampleSpec
) -> tuple[Plane, Plane]:
    """Cb and Cr planes of a stream for one frame.

    Args:
        chroma: float32 (2, h, w) on 0..255, lying as the stream's planes lie (not upright).
        luma: (height, width) codes of the stream.
        shape: (height, width) of the chroma planes.
        siting: where a chroma sample lies among its luma samples: left, center or topleft.
        spec: what the codes mean.

    Returns:
        two planes of uint8 or uint16 codes, within the gamut.
    """
    full = luma.shape[0], luma.shape[1]
    cosited_x = siting in ("left", "topleft") and shape[1] < full[1]
    cosited_y = siting == "topleft" and shape[0] < full[0]
    guide = full_range_luma(_at_chroma(luma, shape, cosited_y, cosited_x), spec)
    # Samples that share a luma sample's place are every second one of the larger size.
    width, every = (full[1], 2) if cosited_x else (shape[1], 1)
    gain, offset = _coefficients(chroma - np.float32(NEUTRAL), guide)
    wide = [_resized(plane, len(plane), width)[:, ::every] for plane in (*gain, *offset)]
    between = _Between(np.concatenate(wide, axis=1))
    height, step = (full[0], 2) if cosited_y else (shape[0], 1)
    made = [np.empty(shape, luma.dtype) for _ in range(2)]
    for start in range(0, shape[0], rows := max(1, BAND // shape[1])):
        stop = min(start + rows, shape[0])
        lines = range(step * start, step * stop, step)
        coefficients = between.at(lines, height).reshape(stop - start, 2, 2, -1)
        part = guide[start:stop]
        large = np.empty((2, *part.shape), np.float32)
        for plane in range(2):
            np.multiply(coefficients[:, 0, plane], part, out=large[plane])
            large[plane] += coefficients[:, 1, plane]
        codes = stream_chroma(limit_to_gamut(large, part, spec.matrix), spec)
        for plane in range(2):
            made[plane][start:stop] = codes[plane]
    return made[0], made[1]


def _at_chroma(luma: Plane, shape: tuple[int, int], cosited_y: bool, cosited_x: bool) -> Plane:
    """Luma at the places of the chroma samples, filtered by 1 2 1 where they share a place."""
    height, width = luma.shape
    size = (width if cosited_x else shape[1], height if cosited_y else shape[0])
    if size != (width, height):
        luma = cv2.resize(luma, size, interpolation=cv2.INTER_AREA)
    tent = np.array([0.25, 0.5, 0.25], np.float32)
    one = np.ones(1, np.float32)
    if cosited_x or cosited_y:
        luma = cv2.sepFilter2D(luma, -1, tent if cosited_x else one, tent if cosited_y else one)
    return luma[:: 2 if cosited_y else 1, :: 2 if cosited_x else 1]


def _coefficients(chroma: FloatArray, guide: FloatArray) -> tuple[FloatArray, FloatArray]:
    _, height, width = chroma.shape
    small = cv2.resize(guide, (width, height), interpolation=cv2.INTER_AREA)
    mean = _box(small)
    variance = _box(small * small) - mean * mean
    gains, offsets = np.empty_like(chroma), np.empty_like(chroma)
    for plane, gain, offset in zip(chroma, gains, offsets, strict=True):
        average = _box(plane)
        covariance = _box(plane * small) - average * mean
        slope = np.asarray(covariance / (variance + np.float32(SMOOTHNESS)), np.float32)
        gain[:] = _box(slope)
        # What the linear model leaves over stays: a smooth remainder, enlarged as it is.
        offset[:] = plane - gain * small
    return gains, offsets


def _box(plane: FloatArray) -> FloatArray:
    return np.asarray(cv2.blur(plane, (WINDOW, WINDOW)), np.float32)


def _linear(
    gain: FloatArray, offset: FloatArray, guide: FloatArray, resize: Callable[[FloatArray], Any]
) -> FloatArray:
    """Chroma as the linear function of luma that its enlarged coefficients say."""
    large = np.empty((2, *guide.shape), np.float32)
    for plane in range(2):
        cv2.multiply(resize(gain[plane]), guide, large[plane])
        cv2.add(large[plane], resize(offset[plane]), large[plane])
    return large


class _Between:
    """Rows of a larger height, interpolated linearly between the lines of a plane.

    Args:
        plane: float32 (lines, width).
    """

    def __init__(self, plane: FloatArray) -> None:
        self._count = len(plane)
        self._lines = np.concatenate([plane[:1], plane, plane[-1:]])
        self._steps = np.diff(self._lines, axis=0)

    def at(self, rows: range, height: int) -> FloatArray:
        """Some rows, of that many in all: float32 (rows, width)."""
        place = (np.array(rows) + 0.5) * (self._count / height) + 0.5
        above = np.floor(place).astype(np.intp)
        share = (place - above).astype(np.float32)[:, None]
        made = np.empty((len(rows), self._lines.shape[1]), np.float32)
        edges = [0, *(np.flatnonzero(np.diff(above)) + 1).tolist(), len(rows)]
        for start, stop in itertools.pairwise(edges):
            line = above[start]
            np.multiply(share[start:stop], self._steps[line], out=made[start:stop])
            made[start:stop] += self._lines[line]
        return made


def _resized(plane: FloatArray, height: int, width: int) -> FloatArray:
    return np.asarray(cv2.resize(plane, (width, height), interpolation=cv2.INTER_LINEAR))
