"""Chroma as a distribution over bins: the grid, soft encoding, class rebalancing.

Chroma is (Cb, Cr) of full-range BT.601 on 0..255. The scheme is that of Zhang, Isola, Efros,
"Colorful Image Colorization", 2016, on a grid in the CbCr plane instead of ab.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NEIGHBOURS = 5
SIGMA = 7.0
UNIFORM_SHARE = 0.5

FloatArray = NDArray[np.float32]


@dataclass(frozen=True)
class Bins:
    """The chroma bins a network votes for.

    Attributes:
        centers: float32 (bins, 2), Cb and Cr on 0..255.
        prior: float32 (bins,), share of each bin in the training pictures; sums to 1.
    """

    centers: FloatArray
    prior: FloatArray

    @property
    def count(self) -> int:
        """How many bins there are."""
        return len(self.centers)

    @property
    def weights(self) -> FloatArray:
        """Rebalancing weights float32 (bins,): 1 / (prior mixed half and half with uniform).

        Normalised so that their mean under the prior is 1 (Zhang et al. 2016, equation 4).
        """
        mixed = (1 - UNIFORM_SHARE) * self.prior + UNIFORM_SHARE / self.count
        weights = 1.0 / mixed
        return np.asarray(weights / (self.prior * weights).sum(), np.float32)

    def soft_table(self) -> tuple[NDArray[np.int64], FloatArray]:
        """Soft encoding of every 8-bit (Cb, Cr).

        Returns:
            indexes int64 (65536, 5) of the nearest bins and their weights float32 (65536, 5), which
            sum to 1; the row of a colour is 256 Cb + Cr. Gaussian of sigma 7/255, as in the paper's
            encoding by 5 neighbours.
        """
        grid = np.stack(np.meshgrid(np.arange(256), np.arange(256), indexing="ij"), -1)
        points = grid.reshape(-1, 2).astype(np.float32)
        indexes = np.empty((65536, NEIGHBOURS), np.int64)
        weights = np.empty((65536, NEIGHBOURS), np.float32)
        for first in range(0, 65536, 4096):
            rows = slice(first, first + 4096)
            squared = ((points[rows, None] - self.centers[None]) ** 2).sum(-1)
            nearest = np.argsort(squared, 1)[:, :NEIGHBOURS]
            distance = np.take_along_axis(squared, nearest, 1)
            closeness = np.exp((distance[:, :1] - distance) / (2 * SIGMA**2))
            indexes[rows] = nearest
            weights[rows] = closeness / closeness.sum(1, keepdims=True)
        return indexes, weights


def count_chroma(chroma: NDArray[np.uint8], histogram: NDArray[np.int64]) -> None:
    """Add chroma uint8 (..., 2) to a histogram int64 (256, 256) of Cb by Cr, in place."""
    flat = chroma.reshape(-1, 2).astype(np.int64)
    histogram += np.bincount(flat[:, 0] * 256 + flat[:, 1], minlength=65536).reshape(256, 256)


def bins_from_histogram(
    histogram: NDArray[np.int64], step: float = 12.0, least_share: float = 1e-5
) -> Bins:
    """Bins on a grid through neutral, kept where the data has colour.

    Args:
        histogram: int64 (256, 256), counts of Cb by Cr.
        step: spacing of the grid, in units of 255.
        least_share: a cell with a smaller share of the pixels than this is left out.
    """
    reach = np.arange(-int(127 // step), int(127 // step) + 1) * step + 128.0
    centers = np.stack(np.meshgrid(reach, reach, indexing="ij"), -1).reshape(-1, 2)
    levels = np.arange(256)
    nearest = np.abs(levels[:, None] - reach[None]).argmin(1)
    cells = nearest[:, None] * len(reach) + nearest[None, :]
    counts = np.bincount(cells.ravel(), weights=histogram.ravel(), minlength=len(centers))
    share = counts / counts.sum()
    kept = share >= least_share
    prior = share[kept] / share[kept].sum()
    return Bins(centers[kept].astype(np.float32), prior.astype(np.float32))
