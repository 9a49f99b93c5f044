"""Percentile bootstrap over pictures or clips: 1,000 resamples, 95 %."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]

RESAMPLES = 1000
SEED = 20240613


@dataclass(frozen=True)
class Figure:
    """A figure and the interval in which 95 % of its resamples lie; NaN where there is none."""

    value: float
    low: float = float("nan")
    high: float = float("nan")


def resamples(count: int, draws: int = RESAMPLES) -> Doubles:
    """How often each of `count` items is drawn: (draws + 1, count), all of them once in row 0."""
    rng = np.random.default_rng(SEED)
    drawn = rng.multinomial(count, np.full(count, 1 / count), size=draws)
    return np.vstack([np.ones(count), drawn]).astype(np.float64)


def means(weights: Doubles, values: Doubles) -> Doubles:
    """Mean of the values in each resample, NaN left out; (draws + 1,).

    Infinite values (PSNR of a perfect picture) make the mean infinite.
    """
    given = ~np.isnan(values)
    if not given.any():
        return np.full(len(weights), np.nan)
    if np.isinf(values[given]).any():
        return _careful_means(weights[:, given], values[given])
    counts = weights[:, given].sum(axis=1)
    sums = weights[:, given] @ values[given]
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def _careful_means(weights: Doubles, values: Doubles) -> Doubles:
    infinite = np.isinf(values)
    touched = weights[:, infinite].any(axis=1)
    finite = means(weights[:, ~infinite], values[~infinite])
    return np.where(touched, np.inf, finite)


def figure(resampled: Doubles) -> Figure:
    """The figure of row 0, and the interval of the others."""
    value = float(resampled[0])
    others = resampled[1:][~np.isnan(resampled[1:])]
    if not others.size or not np.isfinite(value) or np.isinf(others).any():
        return Figure(value)
    low, high = np.percentile(others, [2.5, 97.5])
    return Figure(value, float(low), float(high))


def difference(resampled: Doubles, reference: Doubles) -> Figure:
    """The paired difference: both rows in the same resamples."""
    if not (np.isfinite(resampled).all() and np.isfinite(reference).all()):
        return Figure(float("nan"))
    return figure(resampled - reference)
