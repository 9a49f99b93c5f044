"""What can be guessed without looking: the training pictures' mean chroma, and that by luma.

python benchmarks/training_mean.py data/train vidcolor/evaluate/training_mean.npz
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from vidcolor.color.srgb import to_planes
from vidcolor.evaluate.baselines import TrainingMean
from vidcolor.evaluate.read import find, read_picture
from vidcolor.media.suffixes import may_be_picture


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
    result = measure(find(source, may_be_picture))
    np.savez(target, chroma=result.chroma, by_luma=result.by_luma, pictures=result.pictures)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
