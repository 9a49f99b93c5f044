"""How far motion is trusted: the doubts about it, and what they leave.

All that settles colour or carries people's asks here, so what is allowed is set once. A doubt of 1
leaves a trust of 1 / e.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from vidcolor.steady.warp import beyond, ends, lengths, sampled

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
    """Trust in an estimated flow at a quarter of the working size, float32 (height, width), 0..1.

    Doubt of three kinds, added up as squares: round trip, luma, motion boundary.

    Args:
        luma: of the frame that looks.
        brought: luma of the other, at the ends of the flow.
        there: the flow.
        back: the flow back, at the ends of the flow.
    """
    height, width = luma.shape
    column, row = ends(there)
    inside = (column > -0.5) & (column < width - 0.5) & (row > -0.5) & (row < height - 0.5)
    miss = there + back
    doubt = (miss[..., 0] ** 2 + miss[..., 1] ** 2) / _allowed(there) ** 2
    doubt += (_changed(luma, brought) / LUMA_SCALE) ** 2
    doubt += boundary(there) / BOUNDARY_SCALE**2
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
    return np.asarray(lengths(miss) / _allowed(there), np.float32)


def boundary(flow: FloatArray) -> FloatArray:
    """Squared step of the flow from pixel to pixel, float32 (height, width), in square pixels."""
    across = cv2.Sobel(flow, cv2.CV_32F, 1, 0, ksize=3, scale=0.125)
    down = cv2.Sobel(flow, cv2.CV_32F, 0, 1, ksize=3, scale=0.125)
    steps = across * across + down * down
    return np.asarray(steps[..., 0] + steps[..., 1], np.float32)


def _allowed(flow: FloatArray) -> FloatArray:
    return np.asarray(ROUND_TRIP_PIXELS + ROUND_TRIP_SHARE * lengths(flow), np.float32)


def _changed(luma: FloatArray, brought: FloatArray) -> FloatArray:
    """Difference of luma.

    A change of brightness that the whole picture shares (a lamp, a flash, an old film's flicker)
    is no part of it: the median is taken off.
    """
    difference = brought - luma
    difference -= np.median(difference)
    return difference


def _left(doubt: FloatArray, inside: NDArray[np.bool_]) -> FloatArray:
    return np.where(inside, np.exp(-doubt), 0.0).astype(np.float32)
