"""The referee's own flow: where the pixels of one frame are in another, and which are visible.

Estimated on the truth's luma, from each frame to each other directly, with OpenCV's DIS (Kroeger
et al. 2016). Nothing of the program under test has a say in it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import sparse  # type: ignore[import-untyped]

from vidcolor.color.srgb import Floats

Mask = NDArray[np.bool_]

FORWARD_BACKWARD_PIXELS = 1.0
FORWARD_BACKWARD_SHARE = 0.05
LUMA_RESIDUAL = 12.0


@dataclass(frozen=True)
class Motion:
    """Where the pixels of frame t are in frame t + d.

    Attributes:
        flow: float32 (height, width, 2), in pixels, x then y: the pixel at (y, x) of frame t
            lies at (y + flow[y, x, 1], x + flow[y, x, 0]) of frame t + d.
        visible: bool (height, width): pixels of frame t that are seen in frame t + d.
        uncovered: bool (height, width): pixels of frame t + d with no visible counterpart in t.
    """

    flow: Floats
    visible: Mask
    uncovered: Mask

    @cached_property
    def warp(self) -> sparse.csr_array:
        """Bilinear sampling of frame t + d at the visible pixels, as a matrix.

        Shape (visible pixels, height x width); times a frame of t + d laid out as (height x width,
        channels) it gives that frame brought back to t. Exact, where cv2.remap rounds positions to
        1/32 pixel (OpenCV 4).
        """
        return _sampling(self.flow, self.visible)


MotionSource = Callable[[int, int, NDArray[np.uint8], NDArray[np.uint8]], Motion]
"""(t, t + d, luma of t, luma of t + d) to the motion between them."""


def _positions(flow: Floats) -> tuple[Floats, Floats]:
    height, width = flow.shape[:2]
    xs, ys = np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)
    return flow[..., 0] + xs, flow[..., 1] + ys[:, None]


def length(vectors: Floats) -> Floats:
    """Euclidean lengths of vectors whose two components are the last axis."""
    return np.asarray(np.sqrt(np.square(vectors[..., 0]) + np.square(vectors[..., 1])))


def _sampling(flow: Floats, mask: Mask) -> sparse.csr_array:
    height, width = mask.shape
    xs, ys = (position[mask] for position in _positions(flow))
    left = np.clip(np.floor(xs), 0, max(width - 2, 0))
    top = np.clip(np.floor(ys), 0, max(height - 2, 0))
    u, v = np.clip(xs - left, 0, 1), np.clip(ys - top, 0, 1)
    right, below = int(width > 1), width if height > 1 else 0
    corner = top.astype(np.int32) * width + left.astype(np.int32)
    columns = np.empty((len(xs), 4), np.int32)
    weights = np.empty((len(xs), 4), np.float32)
    for place, (step, weight) in enumerate((
        (0, (1 - u) * (1 - v)), (right, u * (1 - v)), (below, (1 - u) * v), (below + right, u * v),
    )):  # fmt: skip
        columns[:, place] = corner + step
        weights[:, place] = weight
    rows = np.arange(0, 4 * len(xs) + 1, 4, dtype=np.int32)
    shape = len(xs), height * width
    return sparse.csr_array((weights.ravel(), columns.ravel(), rows), shape=shape)


def inside(flow: Floats) -> Mask:
    """Pixels whose counterpart lies within the frame."""
    height, width = flow.shape[:2]
    xs, ys = _positions(flow)
    return np.asarray((xs >= 0) & (xs <= width - 1) & (ys >= 0) & (ys <= height - 1))


def _remap(image: Floats, flow: Floats) -> Floats:
    xs, ys = _positions(flow)
    warped = cv2.remap(image, xs, ys, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(warped, np.float32)


def visible(flow: Floats, back: Floats, luma: Floats, other: Floats) -> Mask:
    """Pixels whose counterpart is seen in the other frame.

    Forward-backward error under 1 pixel + 5 % of the flow's length, luma residual under 12 of 255,
    and the counterpart within the frame.

    Args:
        flow: float32 (height, width, 2) from this frame to the other.
        back: the flow from the other frame to this one.
        luma: float32 (height, width), this frame's.
        other: the other frame's luma.
    """
    moved = _remap(np.dstack([back, other]), flow)
    error = length(flow + moved[..., :2])
    allowed = FORWARD_BACKWARD_PIXELS + FORWARD_BACKWARD_SHARE * length(flow)
    same = np.abs(moved[..., 2] - luma) < LUMA_RESIDUAL
    return np.asarray((error < allowed) & same & inside(flow))


def _dis(luma: NDArray[np.uint8], other: NDArray[np.uint8]) -> Floats:
    # A new one each time: after a call with an initial flow an object never forgets it was given
    # one, and zeros as initial flow give another answer than none (by pixels, OpenCV 5.0).
    dis: Any = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    return np.asarray(dis.calc(luma, other, None), np.float32)


class Estimated:
    """Motion estimated on luma: a `MotionSource` that remembers the latest flows.

    Baselines and figures ask for the same pairs of frames, each in its own order.

    Args:
        capacity: flows kept, 0.8 MB each at the evaluation size.
    """

    def __init__(self, capacity: int = 256) -> None:
        self._flows: OrderedDict[tuple[int, int], Floats] = OrderedDict()
        self._capacity = capacity

    def __call__(
        self, start: int, end: int, luma: NDArray[np.uint8], other: NDArray[np.uint8]
    ) -> Motion:
        """Motion from frame `start` to frame `end` of one clip, given their luma."""
        flow, back = self._flow(start, end, luma, other), self._flow(end, start, other, luma)
        first, second = luma.astype(np.float32), other.astype(np.float32)
        return Motion(
            flow,
            visible(flow, back, first, second),
            ~visible(back, flow, second, first),
        )

    def _flow(
        self, start: int, end: int, luma: NDArray[np.uint8], other: NDArray[np.uint8]
    ) -> Floats:
        flow = self._flows.pop((start, end), None)
        if flow is None:
            flow = _dis(luma, other)
        # Only neighbours are asked for by several.
        if abs(end - start) == 1:
            self._flows[start, end] = flow
            if len(self._flows) > self._capacity:
                self._flows.popitem(last=False)
        return flow
