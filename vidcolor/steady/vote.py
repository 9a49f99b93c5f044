"""Anchors agree on colour: each hears the others along the motion, from near to far and back.

The anchors' own colours and how much they count come in; colours on which the shot agrees go out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vidcolor.steady.flow import Flow, Link, View, link_pair

FloatArray = NDArray[np.float32]

# At each level an anchor hears so many neighbours on either side.
REACH = 2
# Trust counts with this power: below 1, weak links still carry a little.
TRUST_POWER = 0.5
# Sweeps over each level on the way from near to far, and on the way back.
SWEEPS_OUT = 1
SWEEPS_BACK = 2


@dataclass
class Ballot:
    """What one anchor says, and with how much weight.

    Attributes:
        colour: float32 (height, width, 2), Cb and Cr, 0..255.
        mass: float32 (height, width), 0 and more: how many sure votes stand behind the colour.
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


def agree(anchors: Sequence[int], ballots: Sequence[Ballot], book: LinkBook) -> list[Ballot]:
    """Let anchors vote until the shot agrees.

    A level holds every 2nd, 4th, 8th ... anchor. Votes are gathered from the finest level to the
    coarsest, whose members then speak for the whole shot with the mass of all they heard, and
    are handed back to the finest.

    Args:
        anchors: frame indexes, rising.
        ballots: one for each anchor.
        book: links between the frames.
    """
    settled = list(ballots)
    last = coarsest(len(anchors))
    outward = [level for level in range(last + 1) for _ in range(SWEEPS_OUT)]
    back = [level for level in reversed(range(last)) for _ in range(SWEEPS_BACK)]
    for level in outward + back:
        members = range(0, len(anchors), 2**level)
        heard = {i: _hear(i, 2**level, anchors, settled, book) for i in members}
        for i, ballot in heard.items():
            settled[i] = ballot
    return settled


def coarsest(anchors: int) -> int:
    """The last level that still holds two anchors of so many; 0 if there is but one."""
    return max(0, (anchors - 1).bit_length() - 1)


def _hear(
    i: int, step: int, anchors: Sequence[int], ballots: Sequence[Ballot], book: LinkBook
) -> Ballot:
    """Anchor i's ballot after it has heard its neighbours at multiples of `step`."""
    own = ballots[i]
    total = own.colour * own.mass[..., None]
    mass = own.mass.copy()
    for away in range(-REACH, REACH + 1):
        j = i + away * step
        if away == 0 or not 0 <= j < len(anchors):
            continue
        link = book.link(anchors[i], anchors[j])
        weight = link.trust**TRUST_POWER * link.bring(ballots[j].mass)
        total += weight[..., None] * link.bring(ballots[j].colour, cv2.INTER_CUBIC)
        mass += weight
    return Ballot(total / mass[..., None], mass)
