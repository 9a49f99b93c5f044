"""Keyframes agree on colour: each hears the others along the motion, from near to far and back.

The keyframes' own colours and how much they count come in; colours on which the shot agrees go out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from vidcolor.steady.ballot import Ballot, counted
from vidcolor.steady.links import Link, LinkBook
from vidcolor.steady.warp import COLOR_METHOD

FloatArray = NDArray[np.float32]

# At each level a keyframe hears so many neighbours on either side.
REACH = 4
# Trust below the first counts as none: what was uncovered keeps its own colour. Above it, trust
# counts with this power: below 1, because doubtful links still agree on most of what they carry.
LEAST_TRUST = 0.003
TRUST_POWER = 0.5
# No neighbour counts more than so many times a frame's own voice, and the less the less it is
# trusted: what little trust is left at the edge of an uncovered place must not carry the weight of
# the whole shot.
LOUDEST = 6.0


def consensus(
    keyframes: Sequence[int], ballots: Sequence[Ballot], book: LinkBook
) -> dict[int, Ballot]:
    """Let keyframes vote until the shot agrees.

    A level holds every 2nd, 4th, 8th ... keyframe. Votes are gathered from the finest level to the
    coarsest, whose members then speak for the whole shot with the mass of all they heard, and
    are handed back to the finest.

    Args:
        keyframes: frame indexes, rising.
        ballots: one for each keyframe.
        book: links between the frames.

    Returns:
        the settled ballot of each keyframe, by frame index.
    """
    settled = dict(zip(keyframes, ballots, strict=True))
    for level in schedule(len(keyframes)):
        heard = {
            frame: hear(frame, others, settled, book)
            for frame, others in neighbourhoods(keyframes, level)
        }
        settled.update(heard)
    return settled


def neighbourhoods(keyframes: Sequence[int], level: int) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Each keyframe of a level with those it hears there."""
    members = keyframes[:: 2**level]
    for i, frame in enumerate(members):
        yield frame, (*members[max(0, i - REACH) : i], *members[i + 1 : i + 1 + REACH])


def glances(keyframes: Sequence[int]) -> Iterator[tuple[int, int]]:
    """The links that `consensus` will ask for: pairs of frames."""
    for level in range(coarsest(len(keyframes)) + 1):
        for frame, others in neighbourhoods(keyframes, level):
            yield from ((frame, other) for other in others)


def schedule(keyframes: int) -> list[int]:
    """Levels in the order in which they vote."""
    last = coarsest(keyframes)
    return [*range(last + 1), *reversed(range(last))]


def coarsest(keyframes: int) -> int:
    """The last level that still holds two keyframes of so many; 0 if there is but one."""
    return max(0, (keyframes - 1).bit_length() - 1)


def hear(frame: int, others: Iterable[int], ballots: dict[int, Ballot], book: LinkBook) -> Ballot:
    """A frame's ballot after it has heard others: the mean of all, by mass and trust."""
    own = ballots[frame]
    heard = (_heard(own, ballots[other], book.link(frame, other)) for other in others)
    return counted(chain([own], heard))


def _heard(own: Ballot, other: Ballot, link: Link) -> Ballot:
    trusted = _weight(link)
    weight = np.minimum(link.bring(other.mass), own.mass * (LOUDEST * trusted)) * trusted
    return Ballot(link.bring(other.color, COLOR_METHOD), weight)


def _weight(link: Link) -> FloatArray:
    trusted = np.where(link.trust > LEAST_TRUST, link.trust, 0.0)
    return np.asarray(trusted**TRUST_POWER, np.float32)
