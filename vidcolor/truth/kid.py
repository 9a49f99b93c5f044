"""KID: how far apart results and truths lie as sets, seen through a judge's features."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vidcolor.color.srgb import Floats

Doubles = NDArray[np.float64]


def _kernel(first: Doubles, second: Doubles) -> Doubles:
    """(x.y / d + 1)^3 of all pairs (Binkowski et al. 2018, equation 3)."""
    # A copy, so that BLAS takes the same path for a set with itself as for two equal sets, and the
    # truth's figure is 0 to the last bit.
    base = first @ second.copy().T / first.shape[1] + 1
    # NumPy's power takes many times as long.
    return np.asarray(base * base * base, np.float64)


def pair_terms(results: Floats, truths: Floats) -> Doubles:
    """Terms h(i, j) whose mean over i != j is KID: float64 (pictures, pictures).

    h(i, j) = k(x_i, x_j) + k(y_i, y_j) - k(x_i, y_j) - k(x_j, y_i), with 0 on the diagonal: the
    pair of one picture with its own truth is left out like every picture's pair with itself.

    Args:
        results: features, float32 (pictures, features).
        truths: features of the truths, in the same order.
    """
    first, second = results.astype(np.float64), truths.astype(np.float64)
    across = _kernel(first, second)
    terms = _kernel(first, first) + _kernel(second, second) - across - across.T
    np.fill_diagonal(terms, 0.0)
    return terms


def kid(terms: Doubles, weights: Doubles | None = None) -> Doubles:
    """KID from its terms, once, or for many resamples of the pictures.

    Args:
        terms: of `pair_terms`.
        weights: float64 (resamples, pictures), how often each picture was drawn. A picture drawn
            twice makes no pair with itself.

    Returns:
        float64 (resamples,); NaN where fewer than two pictures are left.
    """
    if weights is None:
        weights = np.ones((1, len(terms)))
    total = np.einsum("ri,ri->r", weights @ terms, weights)
    pairs = weights.sum(axis=1) ** 2 - np.square(weights).sum(axis=1)
    return np.where(pairs > 0, total / np.where(pairs > 0, pairs, 1), np.nan)


def kid_share(value: Doubles, grey: Doubles, quarter: Doubles) -> Doubles:
    """Where KID lies between grey's (0) and quarter-size truth's (1); NaN where these are equal."""
    width = grey - quarter
    return np.where(width != 0, (grey - value) / np.where(width != 0, width, 1), np.nan)
