"""Anchors agree on colour: each hears the others along the motion, from near to far and back.

The anchors' own colours and how much they count come in; colours on which the shot agrees go out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vidcolor.steady.flow import Flow, Link, View, link_pair

FloatArray = NDArray[np.float32]

# At each level an anchor hears so many neighbours on either side.
REACH = 4
# Trust below the first counts as none: what was uncovered keeps its own colour. Above it, trust
# counts with this power: below 1, because doubtful links still agree on most of what they carry.
LEAST_TRUST = 0.003
TRUST_POWER = 0.5
# No neighbour counts more than so many times a frame's own voice, and the less the less it is
# trusted: what little trust is left at the edge of an uncovered place must not carry the weight of
# the whole shot.
LOUDEST = 6.0
# The network takes the other cores meanwhile.
FLOW_THREADS = 2
# Colour is brought over by cubic interpolation: linear, repeated, blurs 2 % of colourfulness away.
COLOUR_METHOD = cv2.INTER_CUBIC


@dataclass(frozen=True)
class Ballot:
    """What one frame says, and with how much weight.

    Attributes:
        colour: float32 (height, width, 2), Cb and Cr, 0..255.
        mass: float32 (height, width), above 0: how many sure votes stand behind the colour.
    """

    colour: FloatArray
    mass: FloatArray


class LinkBook:
    """Links between the frames of a shot, made when they are first asked for.

    Args:
        views: the frames of the shot.
        flow: what estimates motion.
    """

    def __init__(self, views: Sequence[View], flow: Flow) -> None:
        self._views = views
        self._flow = flow
        self._links: dict[tuple[int, int], Link] = {}

    def link(self, frame: int, other: int) -> Link:
        """How `frame` looks up `other`; the way back is kept as well."""
        if (frame, other) not in self._links:
            there, back = link_pair(self._flow, self._views[frame], self._views[other])
            self._links[frame, other] = there
            self._links[other, frame] = back
        return self._links[frame, other]

    def prepare(self, pairs: Iterable[tuple[int, int]]) -> Iterator[None]:
        """Make links that will be asked for, two at a time; yields after each."""
        both_ways = dict.fromkeys((min(pair), max(pair)) for pair in pairs)
        once = [pair for pair in both_ways if pair not in self._links]
        with ThreadPoolExecutor(FLOW_THREADS) as pool:
            try:
                made = pool.map(self._pair, once)
                for (frame, other), (there, back) in zip(once, made, strict=True):
                    self._links[frame, other], self._links[other, frame] = there, back
                    yield
            finally:
                pool.shutdown(wait=False, cancel_futures=True)

    def _pair(self, pair: tuple[int, int]) -> tuple[Link, Link]:
        return link_pair(self._flow, self._views[pair[0]], self._views[pair[1]])


def agree(anchors: Sequence[int], ballots: Sequence[Ballot], book: LinkBook) -> dict[int, Ballot]:
    """Let anchors vote until the shot agrees.

    A level holds every 2nd, 4th, 8th ... anchor. Votes are gathered from the finest level to the
    coarsest, whose members then speak for the whole shot with the mass of all they heard, and
    are handed back to the finest.

    Args:
        anchors: frame indexes, rising.
        ballots: one for each anchor.
        book: links between the frames.

    Returns:
        the settled ballot of each anchor, by frame index.
    """
    settled = dict(zip(anchors, ballots, strict=True))
    for level in schedule(len(anchors)):
        heard = {
            frame: hear(frame, others, settled, book)
            for frame, others in neighbourhoods(anchors, level)
        }
        settled.update(heard)
    return settled


def neighbourhoods(anchors: Sequence[int], level: int) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Each anchor of a level with those it hears there."""
    members = anchors[:: 2**level]
    for i, frame in enumerate(members):
        yield frame, (*members[max(0, i - REACH) : i], *members[i + 1 : i + 1 + REACH])


def glances(anchors: Sequence[int]) -> Iterator[tuple[int, int]]:
    """The links that `agree` will ask for: pairs of frames."""
    for level in range(coarsest(len(anchors)) + 1):
        for frame, others in neighbourhoods(anchors, level):
            yield from ((frame, other) for other in others)


def schedule(anchors: int) -> list[int]:
    """Levels in the order in which they vote."""
    last = coarsest(anchors)
    return [*range(last + 1), *reversed(range(last))]


def coarsest(anchors: int) -> int:
    """The last level that still holds two anchors of so many; 0 if there is but one."""
    return max(0, (anchors - 1).bit_length() - 1)


def hear(frame: int, others: Iterable[int], ballots: dict[int, Ballot], book: LinkBook) -> Ballot:
    """A frame's ballot after it has heard others: the mean of all, by mass and trust."""
    own = ballots[frame]
    total = own.colour * own.mass[..., None]
    mass = own.mass.copy()
    for other in others:
        link = book.link(frame, other)
        trusted = _weight(link)
        loudest = own.mass * (LOUDEST * trusted)
        weight = np.minimum(link.bring(ballots[other].mass), loudest) * trusted
        total += weight[..., None] * link.bring(ballots[other].colour, COLOUR_METHOD)
        mass += weight
    return Ballot(total / mass[..., None], mass)


def _weight(link: Link) -> FloatArray:
    trusted = np.where(link.trust > LEAST_TRUST, link.trust, 0.0)
    return np.asarray(trusted**TRUST_POWER, np.float32)
