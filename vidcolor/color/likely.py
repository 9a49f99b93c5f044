"""A distribution over chroma bins as the few colours that a person may choose from.

The suggestions of Zhang, Zhu, Isola et al., "Real-Time User-Guided Image Colorization with Learned
Deep Priors", 2017, section 3.3: the distribution at a place, clustered by weighted k-means.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]

_ROUNDS = 20
_APART = 14.0
"""Colours nearer than this, in units of 255, look alike beside each other."""
_FLATTER = 0.6
"""Exponent on the shares: what is likely but not likeliest is to be offered as well."""


@dataclass(frozen=True)
class Likely:
    """A colour that something may have.

    Attributes:
        chroma: Cb and Cr on 0..255.
        share: how much of the distribution is nearest to it, 0..1.
    """

    chroma: tuple[float, float]
    share: float


def likely_colors(centers: FloatArray, share: FloatArray, count: int = 6) -> list[Likely]:
    """The likely colours of a place, likeliest first.

    Args:
        centers: float32 (bins, 2), Cb and Cr on 0..255.
        share: float32 (bins,), of each bin, summing to 1.
        count: how many at most.
    """
    weights = share.astype(np.float64) ** _FLATTER
    weights[share < 1e-4] = 0.0
    if not weights.any():
        weights = share.astype(np.float64)
    means = _seeds(centers, weights, count)
    nearest = np.zeros(len(centers), int)
    for _ in range(_ROUNDS):
        nearest = ((centers[:, None] - means[None]) ** 2).sum(2).argmin(1)
        for one in range(len(means)):
            mine = nearest == one
            if weights[mine].any():
                means[one] = np.average(centers[mine], axis=0, weights=weights[mine])
    found = [
        Likely((float(mean[0]), float(mean[1])), float(share[nearest == one].sum()))
        for one, mean in enumerate(means)
    ]
    return sorted(found, key=lambda one: -one.share)


def _seeds(centers: FloatArray, weights: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """The heaviest bins that are not too near each other."""
    left = weights.copy()
    chosen: list[NDArray[np.float64]] = []
    while len(chosen) < count and left.max() > 0:
        center = centers[int(left.argmax())].astype(np.float64)
        chosen.append(center)
        left[((centers - center) ** 2).sum(1) < _APART**2] = 0.0
    return np.stack(chosen)
