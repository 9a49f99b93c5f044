"""How far motion is trusted: the doubts about it, and what they leave.

All that settles colour or carries people's asks here, so what is allowed is set once. A doubt of 1
leaves a trust of 1 / e.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from vidcolor.steady.warp import beyond, lengths, plane_ends, sampled

FloatArray = NDArray[np.float32]

# There and back may miss by this many pixels plus a share of the way before doubt is 1.
ROUND_TRIP_PIXELS = 0.5
ROUND_TRIP_SHARE = 0.05
# A luma difference of this much (of 255) is doubt 1; grain is averaged away at a quarter of the
# working size, and by this blur at half of it.
LUMA_SCALE = 14.0
LUMA_SIGMA = 1.0
# A step of this many pixels in the flow from one pixel to the next is doubt 1.
BOUNDARY_SCALE = 2.0


def link_trust(
    luma: FloatArray, brought: FloatArray, there: FloatArray, back: FloatArray
) -> FloatArray:
    """Trust in estimated flow at a quarter of the working size, float32 (..., height, width), 0..1.

    Doubt of three kinds, added up as squares: round trip, luma, motion boundary.

    Args:
        luma: of the frame that looks, float32 (..., height, width).
        brought: luma of the other, at the ends of the flow.
        there: the flow in planes, float32 (2, ..., height, width).
        back: the flow back, at the ends of the flow, likewise.
    """
    height, width = luma.shape[-2:]
    column, row = plane_ends(there)
    inside = (column > -0.5) & (column < width - 0.5) & (row > -0.5) & (row < height - 0.5)
    miss = there + back
    doubt = _squared(miss) / np.square(_allowed(np.sqrt(_squared(there))))
    doubt += np.square(_changed(luma, brought)) * np.float32(1 / LUMA_SCALE**2)
    doubt += boundary(there) * np.float32(1 / BOUNDARY_SCALE**2)
    return _left(np.asarray(doubt, np.float32), inside)


def path_trust(
    luma: FloatArray, other: FloatArray, there: FloatArray, back: FloatArray
) -> FloatArray:
    """Trust in flows composed of steps, at half the working size, float32 (height, width), 0..1.

    Composing smooths boundaries away, so they are no doubt here.

    Args:
        luma: of the frame that looks.
        other: luma of the other.
        there: flow to it.
        back: flow from it.
    """
    doubt = residual(luma, other, there) / LUMA_SCALE**2
    doubt += round_trip(there, back) ** 2
    return _left(doubt, beyond(there) < 0.5)


def residual(luma: FloatArray, other: FloatArray, flow: FloatArray) -> FloatArray:
    """Squared luma difference along a flow, smoothed."""
    difference = _changed(luma, sampled(other, flow))
    blurred = cv2.GaussianBlur(difference * difference, (0, 0), LUMA_SIGMA)
    return np.asarray(blurred, np.float32)


def round_trip(there: FloatArray, back: FloatArray) -> FloatArray:
    """By how much there and back misses, in units of what is allowed."""
    miss = there + sampled(back, there)
    return np.asarray(lengths(miss) / _allowed(lengths(there)), np.float32)


def boundary(flow: FloatArray) -> FloatArray:
    """Squared step of flow from pixel to pixel, in square pixels.

    Args:
        flow: in planes, float32 (2, ..., height, width).

    Returns:
        float32 (..., height, width).
    """
    steps = np.zeros(flow.shape[1:], np.float32)
    for place in np.ndindex(flow.shape[:-2]):
        for way in ((1, 0), (0, 1)):
            step = cv2.Sobel(flow[place], cv2.CV_32F, *way, ksize=3, scale=0.125)
            steps[place[1:]] += step * step
    return steps


def _squared(flow: FloatArray) -> FloatArray:
    """Squared length of each vector of flow in planes (2, ...)."""
    return np.asarray(flow[0] * flow[0] + flow[1] * flow[1], np.float32)


def _allowed(length: FloatArray) -> FloatArray:
    """By how much there and back may miss where the way there is so long, both in pixels."""
    return np.asarray(ROUND_TRIP_PIXELS + ROUND_TRIP_SHARE * length, np.float32)


def _changed(luma: FloatArray, brought: FloatArray) -> FloatArray:
    """Difference of luma.

    A change of brightness that the whole picture shares (a lamp, a flash, an old film's flicker)
    is no part of it: the median is taken off.
    """
    difference = brought - luma
    flat = difference.reshape(*difference.shape[:-2], -1)
    difference -= np.median(flat, axis=-1)[..., None, None]
    return difference


def _left(doubt: FloatArray, inside: NDArray[np.bool_]) -> FloatArray:
    return np.where(inside, np.exp(-doubt), 0.0).astype(np.float32)
