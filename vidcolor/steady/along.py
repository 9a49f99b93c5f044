"""Keyframes agree, and frames between them are filled, along steps from neighbour to neighbour.

What was painted of the keyframes of a shot comes in; colour of all its frames goes out, everything
at half the working size.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from vidcolor.steady.ballot import Ballot, counted, mixed, side_weight
from vidcolor.steady.paths import Steps
from vidcolor.steady.trust import path_trust
from vidcolor.steady.warp import COLOR_METHOD, composed, sampled

FloatArray = NDArray[np.float32]

# How far a neighbour's colour may outweigh a keyframe's own.
MOST_MASS = 5.0


def agreed(
    keyframes: Sequence[int], painted: Mapping[int, FloatArray], steps: Steps
) -> dict[int, FloatArray]:
    """Keyframes' colours after each has heard those before it and those behind it.

    Args:
        keyframes: indexes, rising.
        painted: float32 (height, width, 2) of each.
        steps: the motion of the shot.
    """
    forward = _heard(keyframes, painted, steps)
    backward = _heard(keyframes[::-1], painted, steps)
    colors = {}
    for frame in keyframes:
        one, other = forward[frame], backward[frame]
        total = one.mass[..., None] * one.color + other.mass[..., None] * other.color
        # A keyframe's own colour, of mass 1, is in both.
        mean = (total - painted[frame]) / (one.mass + other.mass - 1)[..., None]
        colors[frame] = np.asarray(mean, np.float32)
    return colors


def filled(keyframes: Sequence[int], colors: Mapping[int, FloatArray], steps: Steps) -> FloatArray:
    """Colour of all frames from the keyframes on both sides: (frames, height, width, 2)."""
    made = np.empty((len(steps), *steps.shape, 2), np.float32)
    for frame in keyframes:
        made[frame] = colors[frame]
    for before, after in pairwise(keyframes):
        behind = dict(_spread(before, after, colors[before], steps))
        ahead = dict(_spread(after, before, colors[after], steps))
        for frame in range(before + 1, after):
            near = np.float32((frame - before) / (after - before))
            first, second = behind[frame], ahead[frame]
            made[frame] = mixed(
                Ballot(first.color, side_weight(first.mass, 1 - near)),
                Ballot(second.color, side_weight(second.mass, near)),
            ).color
    return made


def _heard(
    keyframes: Sequence[int], painted: Mapping[int, FloatArray], steps: Steps
) -> dict[int, Ballot]:
    """Each keyframe with all that came before it; what is its own has mass 1."""
    one = np.ones(steps.shape, np.float32)
    heard = {keyframes[0]: Ballot(painted[keyframes[0]], one)}
    for before, frame in pairwise(keyframes):
        there, trust = _link(frame, before, steps)
        weight = trust * np.minimum(sampled(heard[before].mass, there), MOST_MASS)
        brought = sampled(heard[before].color, there, COLOR_METHOD)
        heard[frame] = counted([Ballot(painted[frame], one), Ballot(brought, weight)])
    return heard


def _link(frame: int, other: int, steps: Steps) -> tuple[FloatArray, FloatArray]:
    """Flow from a frame to another, composed of steps, and the trust in it."""
    way = 1 if other > frame else -1
    there = steps.step(frame, frame + way)
    back = steps.step(frame + way, frame)
    for place in range(frame + way, other, way):
        there = composed(there, steps.step(place, place + way))
        back = composed(steps.step(place + way, place), back)
    return there, path_trust(steps.small(frame), steps.small(other), there, back)


def _spread(
    keyframe: int, end: int, color: FloatArray, steps: Steps
) -> Iterator[tuple[int, Ballot]]:
    """A keyframe's colour, with trust as its mass, on the frames from beside it to before `end`."""
    way = 1 if end > keyframe else -1
    there: FloatArray | None = None
    back: FloatArray | None = None
    for frame in range(keyframe + way, end, way):
        step, again = steps.step(frame, frame - way), steps.step(frame - way, frame)
        there = step if there is None else composed(step, there)
        back = again if back is None else composed(back, again)
        trust = path_trust(steps.small(frame), steps.small(keyframe), there, back)
        yield frame, Ballot(sampled(color, there, COLOR_METHOD), trust)
