"""Figures of one picture against its truth: from the definitions, never in unsigned bytes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vidcolor.color.srgb import Picture

CLOSENESS_TOLERANCE = 0.05 * 255


def psnr(result: Picture, truth: Picture) -> float:
    """Peak signal-to-noise ratio in dB over all pixels and channels; infinite where both agree."""
    difference = result.astype(np.int32) - truth.astype(np.int32)
    mean_square = float(np.mean(np.square(difference), dtype=np.float64))
    return float("inf") if mean_square == 0 else 10 * float(np.log10(255**2 / mean_square))


def closeness(result: Picture, truth: Picture) -> float:
    """Share of pixels whose three channels all lie within 5 % of 255 of the truth.

    The accuracy of Nazeri, Ng, Ebrahimi 2018. It rewards grey; kept to be comparable.
    """
    difference = np.abs(result.astype(np.int32) - truth.astype(np.int32))
    red, green, blue = np.moveaxis(difference <= CLOSENESS_TOLERANCE, -1, 0)
    return float((red & green & blue).mean())


def histograms(picture: Picture) -> NDArray[np.float64]:
    """Share of the pixels at each of 256 values: float64 (3, 256) for R, G, B."""
    counts = [np.bincount(picture[..., c].ravel(), minlength=256) for c in range(3)]
    return np.asarray(np.stack(counts) / picture[..., 0].size, np.float64)


def jensen_shannon(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Jensen-Shannon divergence in nats of histograms (channels, bins), mean over channels."""
    middle = (first + second) / 2
    total = 0.0
    for part in (first, second):
        given = part > 0
        total += float((part[given] * np.log(part[given] / middle[given])).sum()) / 2
    return total / len(first)
