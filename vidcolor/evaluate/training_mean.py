"""What can be guessed without looking: the training pictures' mean chroma, and that by luma.

python -m vidcolor.evaluate.training_mean data/train vidcolor/evaluate/training_mean.npz
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from vidcolor.evaluate.colour import Floats, to_planes
from vidcolor.evaluate.read import find, read_picture
from vidcolor.media.suffixes import may_be_picture

STORED = Path(__file__).with_name("training_mean.npz")


@dataclass(frozen=True)
class TrainingMean:
    """Statistics of the training pictures.

    Attributes:
        chroma: float32 (2,), mean Cb and Cr over all pixels, 0..255.
        by_luma: float32 (2, 256), mean Cb and Cr of the pixels of each luma.
        pictures: how many pictures they come from.
    """

    chroma: Floats
    by_luma: Floats
    pictures: int


@lru_cache(maxsize=1)
def stored() -> TrainingMean:
    """The statistics that come with the package."""
    with np.load(STORED) as data:
        return TrainingMean(data["chroma"], data["by_luma"], int(data["pictures"]))


def measure(paths: list[Path]) -> TrainingMean:
    """Statistics of pictures; a luma that never occurs takes the overall mean."""
    sums = np.zeros((2, 256))
    counts = np.zeros(256, np.int64)
    for path in paths:
        planes = to_planes(read_picture(path))
        luma = planes.luma_bytes.ravel()
        counts += np.bincount(luma, minlength=256)
        for plane, total in zip(planes.chroma, sums, strict=True):
            total += np.bincount(luma, weights=plane.ravel(), minlength=256)
    mean = sums.sum(axis=1) / counts.sum()
    by_luma = np.where(counts > 0, sums / np.maximum(counts, 1), mean[:, None])
    return TrainingMean(mean.astype(np.float32), by_luma.astype(np.float32), len(paths))


def main(source: Path, target: Path) -> None:
    """Measure the pictures of a folder and store what comes out."""
    result = measure(find(source, may_be_picture))
    np.savez(target, chroma=result.chroma, by_luma=result.by_luma, pictures=result.pictures)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
