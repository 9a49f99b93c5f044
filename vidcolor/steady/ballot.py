"""What frames say, and how it is counted: means by weight, the same for all that settle a shot."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]

# So little trust is left where motion has none: colour has to come from somewhere.
FLOOR = 1e-3


@dataclass(frozen=True)
class Ballot:
    """What one frame says, and with how much weight.

    Attributes:
        colour: float32 (height, width, 2), Cb and Cr, 0..255.
        mass: float32 (height, width), above 0: how many sure votes stand behind the colour.
    """

    color: FloatArray
    mass: FloatArray


def counted(said: Iterable[Ballot]) -> Ballot:
    """The mean of what was said, with the mass of all of it; at least one ballot."""
    others = iter(said)
    first = next(others)
    total, mass = first.color * first.mass[..., None], first.mass.copy()
    for ballot in others:
        total += ballot.mass[..., None] * ballot.color
        mass += ballot.mass
    return Ballot(total / mass[..., None], mass)


def mixed(first: Ballot, second: Ballot) -> Ballot:
    """The mean of two, as a step from the first towards the second."""
    mass = first.mass + second.mass
    share = (second.mass / mass)[..., None]
    return Ballot(first.color + share * (second.color - first.color), mass)


def side_weight(trust: FloatArray, share: float | np.float32) -> FloatArray:
    """Weight of colour that comes from one side of a frame, the larger the nearer it is.

    Args:
        trust: float32 (height, width) in the motion from there, 0..1.
        share: 1 beside it, 0 at the other side.
    """
    return np.asarray((trust + FLOOR) * np.float32(share), np.float32)
