"""Anchors: the frames on which the network runs, and what they say at first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from vidcolor.infer.predictor import Predictor
from vidcolor.steady.vote import Ballot, LinkBook

LumaStack = NDArray[np.uint8]
FloatArray = NDArray[np.float32]

# A vote has at least this mass, or an unsure frame could not even speak for itself.
MIN_CONFIDENCE = 0.02
# What a person said counts as so many sure votes of the network.
PERSON_MASS = 1000.0
# Choosing: a shot may have anchors this far apart if this share of its picture can be followed
# over that distance. Measured in so many places.
FOLLOWED = ((8, 0.97), (4, 0.92), (2, 0.0))
PROBES = 6


def place_anchors(frames: int, every: int, wanted: Sequence[int] = ()) -> list[int]:
    """Frame indexes of the anchors, rising: every `every`-th, the last, and those wanted."""
    regular = set(range(0, frames, every)) | {frames - 1}
    return sorted(regular | {frame for frame in wanted if 0 <= frame < frames})


def choose_every(frames: int, book: LinkBook) -> int:
    """Distance of anchors for a shot: the largest over which its motion can still be followed."""
    for every, share in FOLLOWED:
        if every < frames and followed(frames, every, book) >= share:
            return every
    return 1


def followed(frames: int, distance: int, book: LinkBook) -> float:
    """Mean trust in the motion over a distance in frames, 0..1, in a few places of the shot.

    The places are multiples of the distance, so that the links serve the anchors afterwards.
    """
    starts = np.arange(0, frames - distance, distance)
    picked = starts[np.linspace(0, len(starts) - 1, min(PROBES, len(starts))).round().astype(int)]
    return float(np.mean([book.link(int(s), int(s) + distance).trust.mean() for s in picked]))


def ask(
    luma: LumaStack,
    frames: Sequence[int],
    predictor: Predictor,
    batch: int,
    fixed: Mapping[int, FloatArray],
) -> list[Ballot]:
    """What the network says to some frames of a shot, and people's colour where they gave any.

    Args:
        luma: uint8 (frames, height, width) of the shot.
        frames: indexes of those asked.
        predictor: the network.
        batch: frames given to it at once.
        fixed: hints, float32 (3, height / 4, width / 4): Cb, Cr on 0..255 and confidence 0..1.
    """
    ballots: list[Ballot] = []
    for begin in range(0, len(frames), batch):
        group = list(frames[begin : begin + batch])
        hints = _hints(group, luma.shape[1:], fixed)
        said = predictor.predict(luma[group], hints)
        for frame, chroma, confidence in zip(group, said.chroma, said.confidence, strict=True):
            ballots.append(_ballot(chroma, confidence, fixed.get(frame)))
    return ballots


def _hints(
    group: Sequence[int], shape: tuple[int, ...], fixed: Mapping[int, FloatArray]
) -> FloatArray | None:
    if not any(frame in fixed for frame in group):
        return None
    none = np.zeros((3, shape[0] // 4, shape[1] // 4), np.float32)
    return np.stack([fixed.get(frame, none) for frame in group]).astype(np.float32)


def _ballot(chroma: FloatArray, confidence: FloatArray, hint: FloatArray | None) -> Ballot:
    colour = np.ascontiguousarray(chroma.transpose(1, 2, 0), np.float32)
    mass = np.maximum(confidence, MIN_CONFIDENCE).astype(np.float32)
    if hint is None:
        return Ballot(colour, mass)
    given = hint[2]
    colour = colour + given[..., None] * (hint[:2].transpose(1, 2, 0) - colour)
    return Ballot(colour, mass + PERSON_MASS * given, hint)
