"""Keyframes: the frames on which the network runs, and what they say at first."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from vidcolor.infer.predictor import Predictor
from vidcolor.steady.ballot import Ballot
from vidcolor.steady.links import LinkBook

LumaStack = NDArray[np.uint8]
FloatArray = NDArray[np.float32]

# A vote has at least this mass, or an unsure frame could not even speak for itself.
MIN_CONFIDENCE = 0.02
# Choosing: a shot may have keyframes this far apart if this share of its picture can be followed
# over that distance. Measured in so many places.
FOLLOWED = ((8, 0.97), (4, 0.92), (2, 0.0))
PROBES = 6


def place_keyframes(frames: int, every: int) -> list[int]:
    """Frame indexes of the keyframes, rising: every `every`-th, and the last."""
    return sorted({*range(0, frames, every), frames - 1})


def choose_every(frames: int, book: LinkBook) -> int:
    """Distance of keyframes for a shot: the largest over which its motion can still be followed."""
    for every, share in FOLLOWED:
        if every < frames and followed(frames, every, book) >= share:
            return every
    return 1


def followed(frames: int, distance: int, book: LinkBook) -> float:
    """Mean trust in the motion over a distance in frames, 0..1, in a few places of the shot.

    The places are multiples of the distance, so that the links serve the keyframes afterwards.
    """
    starts = np.arange(0, frames - distance, distance)
    picked = starts[np.linspace(0, len(starts) - 1, min(PROBES, len(starts))).round().astype(int)]
    return float(np.mean([book.link(int(s), int(s) + distance).trust.mean() for s in picked]))


def ask(luma: LumaStack, frames: Sequence[int], predictor: Predictor, batch: int) -> list[Ballot]:
    """What the network says to some frames of a shot.

    Args:
        luma: uint8 (frames, height, width) of the shot.
        frames: indexes of those asked.
        predictor: the network.
        batch: frames given to it at once.
    """
    ballots: list[Ballot] = []
    for begin in range(0, len(frames), batch):
        said = predictor.predict(luma[list(frames[begin : begin + batch])])
        ballots += map(_ballot, said.chroma, said.confidence)
    return ballots


def _ballot(chroma: FloatArray, confidence: FloatArray) -> Ballot:
    color = np.ascontiguousarray(chroma.transpose(1, 2, 0), np.float32)
    return Ballot(color, np.maximum(confidence, MIN_CONFIDENCE).astype(np.float32))
