"""Models that are judged: their colourings of pictures and of clips."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from vidcolor.color.convert import SampleSpec, small_luma
from vidcolor.color.spread import away, heed, spread
from vidcolor.color.srgb import Floats, scale_chroma
from vidcolor.evaluate.baselines import working
from vidcolor.evaluate.coloring import ClipColoring, Luma
from vidcolor.evaluate.given import Directed, Given
from vidcolor.evaluate.names import DIGITS, OWN
from vidcolor.evaluate.samples import PictureColoring, Sample, dots
from vidcolor.infer.mirror import Mirrored
from vidcolor.infer.predictor import Predictor

BATCH = 4
"""Frames of a clip that a network gets at once."""


@dataclass(frozen=True)
class Model:
    """A model to be judged.

    Attributes:
        name: its rows' name.
        predictor: colours frames.
        still_side, film_side: short sides at which it sees pictures and clips.
        saturation: what its chroma is multiplied by where no colours are given.
        digest: SHA-256 of the weights.
        steady: the project's own steadying of a clip's colours, from above this room.
        directed: its colours of a clip of which a person gave some, likewise.
        at_vividness: the same model at another vividness, for the curve.
    """

    name: str
    predictor: Predictor
    digest: str = ""
    still_side: int = 256
    film_side: int = 192
    saturation: float = 1.0
    steady: ClipColoring | None = None
    directed: Directed | None = None
    at_vividness: Callable[[float], Predictor] | None = None

    @property
    def weights(self) -> str:
        """The beginning of their SHA-256, as tables show it."""
        return self.digest[:DIGITS]

    def of_pictures(self, count: int = 0) -> PictureColoring:
        """Its colours as a photograph gets them, with `count` dots of true colour as hints.

        Given colours stand: with hints nothing is multiplied by the saturation.
        """

        def color(sample: Sample) -> Floats:
            shape = working(sample.seen, self.still_side)
            luma = small_luma(sample.seen, SampleSpec(), shape)[None]
            mirrored = Mirrored(self.predictor)
            if not count:
                return scale_chroma(mirrored.predict(luma).chroma[0], self.saturation)
            hints = dots(sample, shape, count)
            told = mirrored.predict(luma, hints[None]).chroma[0]
            return heed(told, spread(luma[0], hints), away(luma[0], hints))

        return color

    def of_clips(self) -> ClipColoring:
        """Its colours of a clip, frame by frame, each by itself."""

        def color(luma: Iterator[Luma]) -> Iterator[Floats]:
            while frames := list(islice(luma, BATCH)):
                small = shrink_frames(np.stack(frames), self.film_side)
                yield from scale_chroma(self.predictor.predict(small).chroma, self.saturation)

        return color

    def own(self, given: Sequence[Given]) -> Mapping[str, ClipColoring]:
        """What the project makes of clips beyond single frames, by row: steadied, and directed."""
        steady = {} if self.steady is None else {OWN: self.steady}
        if self.directed is None:
            return steady
        return steady | {one.row: self.directed(one) for one in given}


def shrink_frames(luma: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Frames (frames, height, width) as a network sees them."""
    shape = working(luma[0], side)
    return np.stack([small_luma(frame, SampleSpec(), shape) for frame in luma])
