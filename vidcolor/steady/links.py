"""Links between any two frames of a shot: where a pixel of one is seen in the other, how surely.

They have the size of the network's chroma, a quarter of the working size, which they carry.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from vidcolor.infer.predictor import QUARTER
from vidcolor.steady.estimates import FLOW_THREADS, estimators
from vidcolor.steady.flow import Flow
from vidcolor.steady.shelf import Shelf
from vidcolor.steady.trust import link_trust
from vidcolor.steady.warp import plane_ends

FloatArray = NDArray[np.float32]
LumaPlane = NDArray[np.uint8]
Pair = tuple[int, int]

# Flow is estimated at this many times the chroma's size: twice loses little against three times
# at half the cost (docs/steadiness.md).
FLOW_SCALE = 2

FINE = 32
"""OpenCV looks at 32nds of a pixel."""
BEYOND = 4
LONGEST = (1 << 16) // FINE - 2 * BEYOND
SURE = 255

TOGETHER = 1 << 14
"""Pixels of flow that are made into links at once: what that takes stays in a core's own cache."""


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
        way: uint16 (2, height, width), uint32 of very long pictures: x and y in the other frame in
            32nds of a pixel, `BEYOND` pixels larger.
        sure: uint8 (height, width): the square root of trust, 0..1, as little trust is told apart
            best.
    """

    way: NDArray[np.unsignedinteger[Any]]
    sure: NDArray[np.uint8]

    @classmethod
    def of(cls, column: FloatArray, row: FloatArray, trust: FloatArray) -> Link:
        """Packed from where it looks, and trust, each (..., height, width); of several, as one."""
        sizes = trust.shape[:-3:-1]
        kind = np.uint16 if max(sizes) <= LONGEST else np.uint32
        way = np.empty((*trust.shape[:-2], 2, *trust.shape[-2:]), kind)
        for axis, place, size in zip(range(2), (column, row), sizes, strict=True):
            counted = np.rint((place + np.float32(BEYOND)) * np.float32(FINE))
            # Further out nothing is seen but the edge.
            way[..., axis, :, :] = np.clip(counted, 0, (size + 2 * BEYOND) * FINE - 1, counted)
        return cls(way, np.rint(np.sqrt(trust) * np.float32(SURE)).astype(np.uint8))

    @property
    def trust(self) -> FloatArray:
        """Float32 (height, width) in 0..1."""
        return np.asarray(np.square(self.sure * np.float32(1 / SURE)), np.float32)

    def bring(self, planes: FloatArray, method: int = cv2.INTER_LINEAR) -> FloatArray:
        """The other frame's float32 (height, width[, n]) as this frame sees it, same shape."""
        column, row = self.way.astype(np.float32) * np.float32(1 / FINE) - np.float32(BEYOND)
        brought = cv2.remap(planes, column, row, method, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(brought, np.float32)

    def on(self, shelf: Shelf) -> Link:
        """The same, on a shelf."""
        return Link(shelf.keep(self.way), shelf.keep(self.sure))


def link_pair(flow: Flow, first: View, second: View) -> tuple[Link, Link]:
    """Links from `first` to `second` and back, each at the chroma's size."""
    return link_pairs(flow, [first], [second])[0]


def link_pairs(
    flow: Flow, firsts: Sequence[View], seconds: Sequence[View], shelf: Shelf | None = None
) -> list[tuple[Link, Link]]:
    """The same for several pairs at once, which takes less of the interpreter; on a shelf."""
    looks, others = [*firsts, *seconds], [*seconds, *firsts]
    luma, other = (np.stack([view.small for view in views]) for views in (looks, others))
    flows = np.stack([flow(a.luma, b.luma) for a, b in zip(looks, others, strict=True)])
    there = _at_chroma(flows, luma.shape)
    back = np.roll(there, len(firsts), axis=1)
    column, row = plane_ends(there)
    brought, *again = (_sampled(planes, column, row) for planes in (other, *back))
    links = Link.of(column, row, link_trust(luma, brought, there, np.stack(again)))
    if shelf:
        links = links.on(shelf)
    each = [Link(way, sure) for way, sure in zip(links.way, links.sure, strict=True)]
    return list(zip(each[: len(firsts)], each[len(firsts) :], strict=True))


def _at_chroma(flows: FloatArray, shape: tuple[int, ...]) -> FloatArray:
    """Flows (n, h, w, 2) as planes (2, n, height, width) of the chroma's size."""
    # One below the other they are one picture, which OpenCV takes at once.
    tall = flows.reshape(-1, *flows.shape[2:])
    count, height, width = shape
    planes = cv2.split(cv2.resize(tall, (width, count * height), interpolation=cv2.INTER_AREA))
    scale = np.float32(1 / FLOW_SCALE)
    return np.stack(planes).reshape(2, *shape) * scale


def _sampled(planes: FloatArray, column: FloatArray, row: FloatArray) -> FloatArray:
    """Planes (n, height, width), each at its own columns and rows, likewise."""
    count, height, width = column.shape
    # Clipped to its own, what is beyond a picture's edge does not show the one below it.
    below = np.arange(0, count * height, height, dtype=np.float32)[:, None, None]
    maps = np.clip(column, 0, width - 1), np.clip(row, 0, height - 1) + below
    tall, across, down = (part.reshape(-1, width) for part in (planes, *maps))
    made = cv2.remap(tall, across, down, cv2.INTER_LINEAR)
    return np.asarray(made, np.float32).reshape(planes.shape)


class LinkBook:
    """Links between the frames of a shot, made when they are first asked for.

    Use `links_of`, which ends its threads.

    Args:
        luma: uint8 (frames, height, width) of the shot, at working size.
        flow: what estimates motion.
        pool: what estimates ahead.
    """

    def __init__(self, luma: NDArray[np.uint8], flow: Flow, pool: ThreadPoolExecutor) -> None:
        views = [view(frame) for frame in luma]
        # Of a method it would be a circle, which is let go of only now and then.
        self._made, self._pool = partial(_made, flow, views, Shelf()), pool
        self._most = max(1, TOGETHER // (2 * views[0].small.size))
        self._begun: dict[Pair, tuple[Future[list[tuple[Link, Link]]], int]] = {}

    def link(self, frame: int, other: int) -> Link:
        """How `frame` looks up `other`; the way back is kept as well."""
        pair = min(frame, other), max(frame, other)
        if pair not in self._begun:
            self._begin([pair])
        group, place = self._begun[pair]
        there, back = group.result()[place]
        return there if frame < other else back

    def prepare(self, pairs: Iterable[tuple[int, int]]) -> Iterator[None]:
        """Make links that will be asked for; yields now and then."""
        sorted_pairs = ((min(pair), max(pair)) for pair in pairs)
        new = [pair for pair in dict.fromkeys(sorted_pairs) if pair not in self._begun]
        size = min(self._most, -(-len(new) // FLOW_THREADS))
        groups = [new[start : start + size] for start in range(0, len(new), max(1, size))]
        for made in [self._begin(group) for group in groups]:
            made.result()
            yield

    def _begin(self, pairs: Sequence[Pair]) -> Future[list[tuple[Link, Link]]]:
        made = self._pool.submit(self._made, pairs)
        self._begun.update({pair: (made, place) for place, pair in enumerate(pairs)})
        return made


def _made(
    flow: Flow, views: Sequence[View], shelf: Shelf, pairs: Sequence[Pair]
) -> list[tuple[Link, Link]]:
    firsts, seconds = ([views[pair[side]] for pair in pairs] for side in (0, 1))
    return link_pairs(flow, firsts, seconds, shelf)


@contextmanager
def links_of(luma: NDArray[np.uint8], flow: Flow) -> Iterator[LinkBook]:
    """Links of a shot, uint8 (frames, height, width), made by threads that end with it."""
    with estimators() as pool:
        yield LinkBook(luma, flow, pool)
