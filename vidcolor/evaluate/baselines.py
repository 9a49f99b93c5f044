"""The rows of pictures that need no network: baselines, bounds and the truth."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from vidcolor.color.convert import NEUTRAL
from vidcolor.color.spread import spread
from vidcolor.color.srgb import Floats
from vidcolor.evaluate.coloring import Luma
from vidcolor.evaluate.names import GREY, MEAN, MEAN_BY_LUMA, QUARTER
from vidcolor.evaluate.samples import PictureColoring, Sample, dots, quarter_chroma
from vidcolor.infer.predictor import working_shape

STORED = Path(__file__).with_name("training_mean.npz")


@dataclass(frozen=True)
class TrainingMean:
    """What can be guessed without looking: statistics of the training pictures.

    Attributes:
        chroma: float32 (2,), mean Cb and Cr over all pixels, 0..255.
        by_luma: float32 (2, 256), mean Cb and Cr of the pixels of each luma.
        pictures: how many pictures they come from.
    """

    chroma: Floats
    by_luma: Floats
    pictures: int


@lru_cache(maxsize=1)
def training_mean() -> TrainingMean:
    """The statistics that come with the package."""
    with np.load(STORED) as data:
        return TrainingMean(data["chroma"], data["by_luma"], int(data["pictures"]))


def _grey(sample: Sample) -> Floats:
    return np.full((2, *sample.seen.shape), NEUTRAL, np.float32)


def _mean(sample: Sample) -> Floats:
    flat = np.broadcast_to(training_mean().chroma[:, None, None], (2, *sample.seen.shape))
    return np.ascontiguousarray(flat)


def _mean_by_luma(sample: Sample) -> Floats:
    return np.asarray(training_mean().by_luma[:, sample.seen], np.float32)


def working(luma: Luma, side: int) -> tuple[int, int]:
    """Shape that a network sees of luma: short side `side`, or the luma's own if that is less."""
    height, width = luma.shape
    return working_shape(height, width, min(side, height, width))


def quarter_size_truth(side: int) -> PictureColoring:
    """The bound of the design: the truth at the size that a network predicts."""
    return lambda sample: quarter_chroma(sample, working(sample.seen, side))


def baselines(side: int) -> dict[str, PictureColoring]:
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


def by_luma_alone(count: int, side: int) -> PictureColoring:
    """`count` dots of true colour, spread by Levin, Lischinski, Weiss 2004."""

    def color(sample: Sample) -> Floats:
        shape = working(sample.seen, side)
        return spread(sample.seen, dots(sample, shape, count))

    return color
