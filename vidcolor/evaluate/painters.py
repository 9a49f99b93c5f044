"""Who colours the pictures: the baselines and bounds of every table, and models."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from vidcolor.color.convert import SampleSpec, small_luma
from vidcolor.color.spread import away, heed, spread
from vidcolor.evaluate.colour import NEUTRAL, Floats, scale_chroma
from vidcolor.evaluate.colouring import Colouring, Luma
from vidcolor.evaluate.samples import Painter, Sample, dots, quarter_chroma
from vidcolor.evaluate.training_mean import stored
from vidcolor.infer.mirror import Mirrored
from vidcolor.infer.predictor import Predictor, working_shape

GREY = "grey"
MEAN = "mean chroma"
MEAN_BY_LUMA = "mean chroma by luma"
QUARTER = "quarter-size truth"
TRUTH = "truth"


def _grey(sample: Sample) -> Floats:
    return np.full((2, *sample.seen.shape), NEUTRAL, np.float32)


def _mean(sample: Sample) -> Floats:
    flat = np.broadcast_to(stored().chroma[:, None, None], (2, *sample.seen.shape))
    return np.ascontiguousarray(flat)


def _mean_by_luma(sample: Sample) -> Floats:
    return np.asarray(stored().by_luma[:, sample.seen], np.float32)


def working(luma: Luma, side: int) -> tuple[int, int]:
    """Shape that a network sees of luma: short side `side`, or the luma's own if that is less."""
    height, width = luma.shape
    return working_shape(height, width, min(side, height, width))


def quarter_size_truth(side: int) -> Painter:
    """The bound of the design: the truth at the size that a network predicts."""
    return lambda sample: quarter_chroma(sample, working(sample.seen, side))


def baselines(side: int) -> dict[str, Painter]:
    """The rows that stand in every table of pictures, but the truth.

    Args:
        side: the working size of the models they stand beside.
    """
    return {
        GREY: _grey,
        MEAN: _mean,
        MEAN_BY_LUMA: _mean_by_luma,
        QUARTER: quarter_size_truth(side),
    }


def truth(sample: Sample) -> Floats:
    """The true chroma itself."""
    return sample.planes.chroma


def by_luma_alone(count: int, side: int) -> Painter:
    """`count` dots of true colour, spread by Levin, Lischinski, Weiss 2004."""

    def paint(sample: Sample) -> Floats:
        shape = working(sample.seen, side)
        return spread(sample.seen, dots(sample, shape, count))

    return paint


def model(predictor: Predictor, side: int, count: int = 0, saturation: float = 1.0) -> Painter:
    """A network's colours as a photograph gets them, with `count` dots of true colour as hints.

    Given colours stand: with hints nothing is multiplied by the saturation.
    """

    def paint(sample: Sample) -> Floats:
        shape = working(sample.seen, side)
        luma = small_luma(sample.seen, SampleSpec(), shape)[None]
        if not count:
            return scale_chroma(Mirrored(predictor).predict(luma).chroma[0], saturation)
        hints = dots(sample, shape, count)
        told = Mirrored(predictor).predict(luma, hints[None]).chroma[0]
        return heed(luma[0], told, hints, away(luma[0], hints))

    return paint


def shrink_frames(luma: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Frames (frames, height, width) as a network sees them."""
    shape = working(luma[0], side)
    return np.stack([small_luma(frame, SampleSpec(), shape) for frame in luma])


def film(predictor: Predictor, side: int, saturation: float = 1.0, batch: int = 4) -> Colouring:
    """A network's colours of a clip, frame by frame, each by itself."""

    def colour(luma: Iterator[Luma]) -> Iterator[Floats]:
        while frames := list(islice(luma, batch)):
            chroma = predictor.predict(shrink_frames(np.stack(frames), side)).chroma
            yield from scale_chroma(chroma, saturation)

    return colour
