"""Motion between frames of one shot: where a pixel of one is seen in another, and how surely.

Luma of two frames comes in; a link each way goes out, at the size chroma has (a quarter of the
network's), because that is what it will carry.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
LumaPlane = NDArray[np.uint8]

QUARTER = 4
# Flow is estimated at this many times the chroma's size: twice loses little against three times
# at half the cost (docs/steadiness.md).
FLOW_SCALE = 2

# There and back may miss by this many chroma pixels plus a share of the way before doubt is 1.
ROUND_TRIP_PIXELS = 0.5
ROUND_TRIP_SHARE = 0.05
# A luma difference of this much (of 255) is doubt 1; grain is averaged away at this size.
RESIDUAL_SCALE = 14.0
# A step of this many pixels in the flow from one pixel to the next is doubt 1.
BOUNDARY_SCALE = 2.0


class Flow(Protocol):
    """Dense motion between two luma planes of one size."""

    def __call__(self, first: LumaPlane, second: LumaPlane) -> FloatArray:
        """Where each pixel of `first` lies in `second`.

        Args:
            first: uint8 (height, width).
            second: uint8 (height, width).

        Returns:
            float32 (height, width, 2): x, then y displacement in pixels.
        """


class DisFlow:
    """Dense inverse search (Kroeger et al. 2016) with OpenCV's variational refinement.

    OpenCV is set to one thread: its result depends on their number. Several may call at once.

    Args:
        preset: `cv2.DISOPTICAL_FLOW_PRESET_*`.
    """

    def __init__(self, preset: int = cv2.DISOPTICAL_FLOW_PRESET_MEDIUM) -> None:
        cv2.setNumThreads(1)
        self._preset = preset

    def __call__(self, first: LumaPlane, second: LumaPlane) -> FloatArray:
        """See `Flow`."""
        # A new engine each time: at tiny sizes a used one answers otherwise than a fresh one.
        engine = cv2.DISOpticalFlow.create(self._preset)
        return np.asarray(engine.calc(first, second, None), np.float32)


@dataclass(frozen=True)
class View:
    """One frame as flow wants it.

    Attributes:
        luma: uint8 (flow height, flow width), for the estimate.
        small: float32 (height, width) at the chroma's size, for the comparison.
    """

    luma: LumaPlane
    small: FloatArray


def view(luma: LumaPlane) -> View:
    """Both sizes of one frame's luma, uint8 (height, width) at working size."""
    height, width = luma.shape[0] // QUARTER, luma.shape[1] // QUARTER
    size = (round(width * FLOW_SCALE), round(height * FLOW_SCALE))
    for_flow = cv2.resize(luma, size, interpolation=cv2.INTER_AREA)
    small = cv2.resize(for_flow, (width, height), interpolation=cv2.INTER_AREA)
    return View(np.asarray(for_flow, np.uint8), np.asarray(small, np.float32))


@dataclass(frozen=True)
class Link:
    """How one frame looks up another: for each of its pixels, where, and how far to trust it.

    Attributes:
        place: int16 (height, width, 2), whole x and y in the other frame.
        fraction: uint16 (height, width), the rest in OpenCV's fixed-point form.
        trust: float32 (height, width) in 0..1.
    """

    place: NDArray[np.int16]
    fraction: NDArray[np.uint16]
    trust: FloatArray

    def bring(self, planes: FloatArray, method: int = cv2.INTER_LINEAR) -> FloatArray:
        """The other frame's float32 (height, width[, n]) as this frame sees it, same shape."""
        return _fetch(planes, self.place, self.fraction, method)


def link_pair(flow: Flow, first: View, second: View) -> tuple[Link, Link]:
    """Links from `first` to `second` and back, each at the chroma's size."""
    shape = first.small.shape
    forward = at_size(flow(first.luma, second.luma), shape)
    backward = at_size(flow(second.luma, first.luma), shape)
    return (
        _link(first.small, second.small, forward, backward),
        _link(second.small, first.small, backward, forward),
    )


def at_size(flow: FloatArray, shape: tuple[int, ...]) -> FloatArray:
    """A flow field at another size, its displacements in that size's pixels."""
    height, width = shape[:2]
    scale = np.array([width / flow.shape[1], height / flow.shape[0]], np.float32)
    method = cv2.INTER_AREA if width <= flow.shape[1] else cv2.INTER_LINEAR
    resized = cv2.resize(flow, (width, height), interpolation=method)
    return np.asarray(resized * scale, np.float32)


def named_flow(name: str) -> Flow:
    """What estimates motion, by its name in `SteadySettings`."""
    if name == "raft":
        from vidcolor.steady.raft import RaftFlow

        return RaftFlow()
    return DisFlow()


def _link(first: FloatArray, second: FloatArray, there: FloatArray, back: FloatArray) -> Link:
    """Doubt of three kinds, added up as squares: round trip, luma, motion boundary."""
    height, width = first.shape
    column = there[..., 0] + np.arange(width, dtype=np.float32)
    row = there[..., 1] + np.arange(height, dtype=np.float32)[:, None]
    place, fraction = cv2.convertMaps(column, row, cv2.CV_16SC2)
    inside = (column > -0.5) & (column < width - 0.5) & (row > -0.5) & (row < height - 0.5)
    miss = there + _fetch(back, place, fraction, cv2.INTER_LINEAR)
    length = cv2.magnitude(there[..., 0], there[..., 1])
    allowed = ROUND_TRIP_PIXELS + ROUND_TRIP_SHARE * length
    doubt = (miss[..., 0] ** 2 + miss[..., 1] ** 2) / allowed**2
    doubt += luma_doubt(first, _fetch(second, place, fraction, cv2.INTER_LINEAR))
    doubt += boundary(there) / BOUNDARY_SCALE**2
    trust = np.where(inside, np.exp(-doubt), 0.0).astype(np.float32)
    return Link(place, fraction, trust)


def luma_doubt(first: FloatArray, brought: FloatArray) -> FloatArray:
    """Squared luma difference in units of what is allowed, float32 (height, width).

    A change of brightness that the whole picture shares (a lamp, a flash, an old film's flicker)
    is no doubt: the median is taken off.
    """
    residual = brought - first
    residual -= np.median(residual)
    return np.asarray((residual / RESIDUAL_SCALE) ** 2, np.float32)


def boundary(flow: FloatArray) -> FloatArray:
    """Squared step of the flow from pixel to pixel, float32 (height, width), in square pixels."""
    across = cv2.Sobel(flow, cv2.CV_32F, 1, 0, ksize=3, scale=0.125)
    down = cv2.Sobel(flow, cv2.CV_32F, 0, 1, ksize=3, scale=0.125)
    steps = across * across + down * down
    return np.asarray(steps[..., 0] + steps[..., 1], np.float32)


def _fetch(
    planes: FloatArray, place: NDArray[np.int16], fraction: NDArray[np.uint16], method: int
) -> FloatArray:
    brought = cv2.remap(planes, place, fraction, method, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(brought, np.float32)
