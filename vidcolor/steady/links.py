"""Links between any two frames of a shot: where a pixel of one is seen in the other, how surely.

They have the size of the network's chroma, a quarter of the working size, which they carry.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vidcolor.infer.predictor import QUARTER
from vidcolor.steady.estimates import Estimates, estimators
from vidcolor.steady.flow import Flow
from vidcolor.steady.trust import link_trust
from vidcolor.steady.warp import at_size, ends

FloatArray = NDArray[np.float32]
LumaPlane = NDArray[np.uint8]

# Flow is estimated at this many times the chroma's size: twice loses little against three times
# at half the cost (docs/steadiness.md).
FLOW_SCALE = 2


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


def _link(first: FloatArray, second: FloatArray, there: FloatArray, back: FloatArray) -> Link:
    place, fraction = cv2.convertMaps(*ends(there), cv2.CV_16SC2)
    brought, again = (_fetch(p, place, fraction, cv2.INTER_LINEAR) for p in (second, back))
    return Link(place, fraction, link_trust(first, brought, there, again))


def _fetch(
    planes: FloatArray, place: NDArray[np.int16], fraction: NDArray[np.uint16], method: int
) -> FloatArray:
    brought = cv2.remap(planes, place, fraction, method, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(brought, np.float32)


class LinkBook:
    """Links between the frames of a shot, made when they are first asked for.

    Use `links_of`, which ends its threads.

    Args:
        luma: uint8 (frames, height, width) of the shot, at working size.
        flow: what estimates motion.
        pool: what estimates ahead.
    """

    def __init__(self, luma: NDArray[np.uint8], flow: Flow, pool: ThreadPoolExecutor) -> None:
        self._views: Sequence[View] = [view(frame) for frame in luma]
        self._flow = flow
        self._pairs = Estimates(self._pair, pool)

    def link(self, frame: int, other: int) -> Link:
        """How `frame` looks up `other`; the way back is kept as well."""
        there, back = self._pairs.of(min(frame, other), max(frame, other))
        return there if frame < other else back

    def prepare(self, pairs: Iterable[tuple[int, int]]) -> Iterator[None]:
        """Make links that will be asked for; yields after each."""
        for made in [self._pairs.begin(min(pair), max(pair)) for pair in pairs]:
            made.result()
            yield

    def _pair(self, frame: int, other: int) -> tuple[Link, Link]:
        return link_pair(self._flow, self._views[frame], self._views[other])


@contextmanager
def links_of(luma: NDArray[np.uint8], flow: Flow) -> Iterator[LinkBook]:
    """Links of a shot, uint8 (frames, height, width), made by threads that end with it."""
    with estimators() as pool:
        yield LinkBook(luma, flow, pool)
