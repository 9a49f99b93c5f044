"""Dots spread over their thing: what luma takes for it, and what the network does.

The network is asked with and without them. Where it makes most of the change that a dot asks for,
it takes the place for the dot's thing. That, and no more, is carried through the shot.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from vidcolor.color.hint import Hint
from vidcolor.color.spread import HEARD, away, heed, spread, thing_of
from vidcolor.color.upscale import enlarge
from vidcolor.infer.predictor import QUARTER, Predictor
from vidcolor.steady.warp import HALF

LumaStack = NDArray[np.uint8]
FloatArray = NDArray[np.float32]

# A change of this many units of 255 is surely meant; below the first it is noise.
LEAST_CHANGE, SURE_CHANGE = 2.0, 10.0
# The network believes a dot where it makes so much of the change that the dot asks for: from the
# first share on a little, from the second on surely.
DOUBTED, BELIEVED = 0.4, 0.7
# A change that is asked for of this size (of 255) is too small to tell whether it is believed.
SMALL_CHANGE = 15.0
# Beside so many others a dot is half heard beyond its own thing: a few are an exception, many a
# picture. All of that if the network believes so much of what they are on.
MANY, LIKELY = 3.0, 0.5


def spread_over_things(
    luma: LumaStack, predictor: Predictor, people: Sequence[Hint], saturation: float = 1.0
) -> list[Hint]:
    """Dots as what the network makes of them.

    Args:
        luma: uint8 (frames, height, width).
        predictor: the network.
        people: the dots.
        saturation: factor on the network's chroma where no dot guides it.
    """
    return [_spread(luma[said.frame], predictor, said, saturation) for said in people]


def stronger(chroma: FloatArray, factor: float | FloatArray) -> FloatArray:
    """Chroma with its distance from neutral multiplied."""
    neutral = np.float32(128)
    return np.asarray((chroma - neutral) * np.float32(factor) + neutral, np.float32)


def _spread(luma: NDArray[np.uint8], predictor: Predictor, said: Hint, saturation: float) -> Hint:
    hints = _quarter(said)
    plain = predictor.predict(luma[None]).chroma[0]
    told = predictor.predict(luma[None], hints[None]).chroma[0]
    size = np.hypot(*(told - plain))
    meant = np.clip((size - LEAST_CHANGE) / (SURE_CHANGE - LEAST_CHANGE), 0, 1)
    both = spread(luma, np.concatenate([hints[:2], hints[:2] - plain, hints[2:]]))
    by_luma, wanted = both[:2], both[2:]
    belief = _belief(told - plain, wanted)
    taken = np.clip((belief - DOUBTED) / (BELIEVED - DOUBTED), 0, 1)
    told += (1 - meant) * (stronger(plain, saturation) - plain)
    distance = away(luma, hints)
    thing = thing_of(luma, _cores(hints[2] > 0))
    told = heed(told, by_luma, distance * (1 - thing))
    heard = _heard(thing, taken, hints)
    theirs = np.maximum(thing, meant * taken * np.exp(-distance))
    theirs = np.maximum(theirs, heard * np.exp(-distance / HEARD))
    height, width = said.confidence.shape
    small = np.asarray(cv2.resize(luma, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    color = enlarge(told, small)
    color += said.confidence * (said.chroma - color)
    theirs = cv2.resize(theirs * hints[2].max(), (width, height), interpolation=cv2.INTER_LINEAR)
    sure = np.maximum(said.confidence, theirs)
    return Hint(said.frame, color, np.asarray(sure, np.float32), guides=heard)


def _belief(change: FloatArray, wanted: FloatArray) -> FloatArray:
    """Of the change that dots ask for, spread by luma, what the network makes: 0..1."""
    along = (change * wanted).sum(axis=0)
    little = np.float32(SMALL_CHANGE**2)
    return np.asarray(
        np.clip((along + little) / ((wanted * wanted).sum(axis=0) + little), 0, 1), np.float32
    )


def _cores(said: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """What is said without its rim, where more than a rim is said: a rim may lie on two things."""
    inner = cv2.erode(said.astype(np.uint8), np.ones((3, 3), np.uint8))
    count, labels = cv2.connectedComponents(said.astype(np.uint8))
    held = np.bincount(labels[inner > 0], minlength=count) > 0
    return np.asarray(said & ((inner > 0) | ~held[labels]))


def _heard(thing: FloatArray, taken: FloatArray, hints: FloatArray) -> float:
    """How far dots are heard beyond their things: the more of them there are, if believed, 0..1.

    Args:
        thing: how surely each pixel belongs to a dot's thing.
        taken: how surely the network believes the dots there.
        hints: at the network's size.
    """
    others = cv2.connectedComponents((hints[2] > 0).astype(np.uint8))[0] - 2
    likely = float((thing * taken).sum() / max(float(thing.sum()), 1e-6))
    crowd = others**2 / (others**2 + MANY**2)
    return float(min(1.0, likely / LIKELY) * crowd)


def _quarter(said: Hint) -> FloatArray:
    """Dots at the network's size: float32 (3, height / 4, width / 4)."""
    height, width = said.confidence.shape
    size = width * HALF // QUARTER, height * HALF // QUARTER
    share = cv2.resize(said.confidence, size, interpolation=cv2.INTER_AREA)
    color = [
        cv2.resize(plane * said.confidence, size, interpolation=cv2.INTER_AREA)
        for plane in said.chroma
    ]
    strongest = cv2.dilate(said.confidence, np.ones((HALF, HALF), np.uint8))
    sure = np.where(share > 0.2, cv2.resize(strongest, size, interpolation=cv2.INTER_NEAREST), 0)
    return np.stack([*(plane / np.maximum(share, 1e-3) for plane in color), sure]).astype(
        np.float32
    )
