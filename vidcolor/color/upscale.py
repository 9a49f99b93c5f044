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
    BLUE_SCALE,
    NEUTRAL,
    RED_SCALE,
    SampleSpec,
    full_range_luma,
    gamut_excess,
    write_chroma,
)
from vidcolor.color.sited import cell_means, luma_at_chroma

WINDOW = 3
SMOOTHNESS = 500.0
"""Variance of luma, in units of 255 squared, below which chroma follows luma only weakly."""

COLUMNS = 192
"""Of a chroma plane that are made at once: what that takes stays in a core's caches."""

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
    gain, offset = _coefficients(chroma - np.float32(NEUTRAL), _shrunk(guide, chroma))
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
    gain, offset = _coefficients(chroma - np.float32(NEUTRAL), _shrunk(guide, chroma))

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
    height, width = shape
    top = siting == "topleft" and height < luma.shape[0]
    left = siting in ("left", "topleft") and width < luma.shape[1]
    guide = luma_at_chroma(luma, shape, top, left)
    scale, black = spec.luma_scale
    small = cell_means(guide, chroma.shape[1:]) * np.float32(scale) + np.float32(black)
    lines = np.stack(_coefficients(chroma - np.float32(NEUTRAL), small))
    lines *= np.array([[[BLUE_SCALE]], [[RED_SCALE]]], np.float32)
    # Samples that share a luma sample's place are every second one of luma's size.
    tall, step = (luma.shape[0], 2) if top else (height, 1)
    wide = _widened(lines, *((luma.shape[1], 2) if left else (width, 1)))
    darkest, lightest = (round((light - black) / scale) for light in (0, 255))
    guide = np.clip(guide, darkest, lightest)
    made = np.empty(shape, luma.dtype), np.empty(shape, luma.dtype)
    for start in range(0, width, COLUMNS):
        part = slice(start, start + COLUMNS)
        codes = guide[:, part]
        light = cv2.addWeighted(codes, scale, codes, 0, black, dtype=cv2.CV_32F)
        gains, (blue, red) = (
            [_heightened(plane[:, part], tall, step) for plane in planes] for planes in wide
        )
        for gain, color in zip(gains, (blue, red), strict=True):
            cv2.accumulateProduct(gain, light, color)
        excess = gamut_excess(blue, red, light, spec.matrix)
        for color in (blue, red):
            cv2.divide(color, excess, color)
        write_chroma(blue, red, spec, (made[0][:, part], made[1][:, part]))
    return made


def _coefficients(chroma: FloatArray, small: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Gain and offset of chroma as a function of luma, each (2, h, w), of luma at that size."""
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


def _widened(planes: FloatArray, width: int, step: int) -> FloatArray:
    """Planes (..., height, small width) made so wide, and every `step`th column of that."""
    lines = planes.reshape(-1, planes.shape[-1])
    wide = _resized(lines, len(lines), width)[:, ::step]
    return np.ascontiguousarray(wide).reshape(*planes.shape[:-1], -1)


def _heightened(plane: FloatArray, height: int, step: int) -> FloatArray:
    """A plane made so high, and every `step`th row of that."""
    return np.ascontiguousarray(_resized(plane, height, plane.shape[1])[::step])


def _shrunk(guide: FloatArray, chroma: FloatArray) -> FloatArray:
    """Means over small chroma's cells; a photograph's sums in float64 would be twice its size."""
    size = chroma.shape[2], chroma.shape[1]
    return np.asarray(cv2.resize(guide, size, interpolation=cv2.INTER_AREA), np.float32)


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
