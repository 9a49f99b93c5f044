"""Links between any two frames of a shot: where a pixel of one is seen in the other, how surely.

They have the size of the network's chroma, a quarter of the working size, which they carry.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from vidcolor.infer.predictor import QUARTER
from vidcolor.steady.estimates import Estimates, estimators
from vidcolor.steady.flow import Flow
from vidcolor.steady.shelf import Shelf
from vidcolor.steady.trust import link_trust
from vidcolor.steady.warp import at_size, ends

FloatArray = NDArray[np.float32]
LumaPlane = NDArray[np.uint8]

# Flow is estimated at this many times the chroma's size: twice loses little against three times
# at half the cost (docs/steadiness.md).
FLOW_SCALE = 2

BITS, FINE = 5, 31
"""OpenCV's maps count in 32nds of a pixel."""
BEYOND = 4
LONGEST = (1 << 16 - BITS) - 2 * BEYOND
SURE = 255


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

    A shot has thousands of them, so they are packed: 5 bytes a pixel.

    Attributes:
        way: uint16 (height, width, 2), uint32 of very long pictures: x and y in the other frame in
            32nds of a pixel, `BEYOND` pixels larger.
        sure: uint8 (height, width): the square root of trust, 0..1, as little trust is told apart
            best.
    """

    way: NDArray[np.unsignedinteger[Any]]
    sure: NDArray[np.uint8]

    @classmethod
    def of(cls, place: NDArray[np.int16], fraction: NDArray[np.uint16], trust: FloatArray) -> Link:
        """Packed from OpenCV's maps of `cv2.CV_16SC2`, and trust."""
        height, width = trust.shape
        # Further out nothing is seen but the edge.
        inside = np.clip(place, -BEYOND, np.array([width, height]) + (BEYOND - 1))
        rest = np.stack([fraction & FINE, fraction >> BITS], axis=-1)
        way = ((inside.astype(np.int32) + BEYOND) << BITS) | rest
        kind = np.uint16 if max(height, width) <= LONGEST else np.uint32
        return cls(way.astype(kind), np.rint(np.sqrt(trust) * SURE).astype(np.uint8))

    @property
    def trust(self) -> FloatArray:
        """Float32 (height, width) in 0..1."""
        return np.asarray(np.square(self.sure * np.float32(1 / SURE)), np.float32)

    def bring(self, planes: FloatArray, method: int = cv2.INTER_LINEAR) -> FloatArray:
        """The other frame's float32 (height, width[, n]) as this frame sees it, same shape."""
        place = (self.way >> BITS).astype(np.int16) - np.int16(BEYOND)
        rest = (self.way & FINE).astype(np.uint16)
        fraction = rest[..., 1] * np.uint16(1 << BITS) + rest[..., 0]
        return _fetch(planes, place, fraction, method)

    def on(self, shelf: Shelf) -> Link:
        """The same, on a shelf."""
        return Link(shelf.keep(self.way), shelf.keep(self.sure))


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
    return Link.of(place, fraction, link_trust(first, brought, there, again))


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
        pair = partial(_pair, flow, [view(frame) for frame in luma], Shelf())
        # Of a method it would be a circle, which is let go of only now and then.
        self._pairs = Estimates(pair, pool)

    def link(self, frame: int, other: int) -> Link:
        """How `frame` looks up `other`; the way back is kept as well."""
        there, back = self._pairs.of(min(frame, other), max(frame, other))
        return there if frame < other else back

    def prepare(self, pairs: Iterable[tuple[int, int]]) -> Iterator[None]:
        """Make links that will be asked for; yields after each."""
        for made in [self._pairs.begin(min(pair), max(pair)) for pair in pairs]:
            made.result()
            yield


def _pair(
    flow: Flow, views: Sequence[View], shelf: Shelf, frame: int, other: int
) -> tuple[Link, Link]:
    there, back = link_pair(flow, views[frame], views[other])
    return there.on(shelf), back.on(shelf)


@contextmanager
def links_of(luma: NDArray[np.uint8], flow: Flow) -> Iterator[LinkBook]:
    """Links of a shot, uint8 (frames, height, width), made by threads that end with it."""
    with estimators() as pool:
        yield LinkBook(luma, flow, pool)
