"""What `vidcolor evaluate` judges of this program besides its networks, as colourings of clips."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vidcolor.color.hint import Hint
from vidcolor.color.srgb import Floats, scale_chroma
from vidcolor.direct.register import FINER
from vidcolor.evaluate.coloring import ClipColoring, Luma, whole
from vidcolor.evaluate.given import HALF, Given, resized
from vidcolor.evaluate.models import shrink_frames
from vidcolor.infer.predictor import Predictor
from vidcolor.steady.directed import settle_directed
from vidcolor.steady.settings import SteadySettings
from vidcolor.steady.settle import colorize_shots
from vidcolor.steady.shots import find_cuts

PIECE = 720
"""Frames that a directed clip is held at a time, as in a job; a still reaches no other piece."""


@dataclass(frozen=True)
class Way:
    """How a model colours clips.

    Attributes:
        predictor: the network.
        every: distance of keyframes; None lets the program choose.
        looks: of the network at each of them.
        side: short side that the network sees.
        saturation: factor on the settled chroma.
    """

    predictor: Predictor
    every: int | None
    looks: int
    side: int
    saturation: float

    @property
    def settings(self) -> SteadySettings:
        """Of steadying."""
        return SteadySettings(strength=1.0, every=self.every, looks=self.looks)


def steady_coloring(way: Way) -> ClipColoring:
    """The project's own steadying, as a colouring."""

    def color(luma: NDArray[np.uint8]) -> Floats:
        chroma = colorize_shots(shrink_frames(luma, way.side), way.predictor, way.settings)
        return scale_chroma(chroma, way.saturation)

    return whole(color)


def directed_coloring(way: Way, given: Given) -> ClipColoring:
    """The project's own directing by what is given, as a colouring; other shots are automatic."""

    def color(luma: Iterator[Luma]) -> Iterator[Floats]:
        first = 0
        while frames := list(itertools.islice(luma, PIECE)):
            small = shrink_frames(np.stack(frames), way.side)
            yield from _piece(small, way, said_of(given, small.shape[1:]).moved(-first))
            first += len(frames)

    return color


def said_of(given: Given, shape: tuple[int, ...]) -> Hint:
    """What is given, as a person would have said it.

    Args:
        given: a still or dots.
        shape: (height, width) of the working size.
    """
    height, width = shape
    if given.dots:
        return Hint(given.frame, *given.spots((height, width)), spreads=True)
    fine = resized(given.chroma, (round(FINER * width), round(FINER * height)))
    return Hint(given.frame, fine, np.ones((height // HALF, width // HALF), np.float32))


def _piece(luma: NDArray[np.uint8], way: Way, said: Hint) -> Iterator[Floats]:
    edges = [0, *find_cuts(luma), len(luma)]
    for start, stop in itertools.pairwise(edges):
        shot = luma[start:stop]
        if start <= said.frame < stop and way.saturation:
            people, by = [said.moved(-start)], way.saturation
            made = settle_directed(shot, way.predictor, way.settings, people, saturation=by)
            yield from (scale_chroma(chroma.astype(np.float32), by) for chroma in made)
        else:
            alone = colorize_shots(shot, way.predictor, way.settings, [])
            yield from scale_chroma(alone, way.saturation)
