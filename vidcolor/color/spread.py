"""Dots of colour spread by luma alone."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import sparse  # type: ignore[import-untyped]
from scipy.sparse.linalg import spsolve  # type: ignore[import-untyped]

from vidcolor.color.convert import NEUTRAL

FloatArray = NDArray[np.float32]

_NEIGHBOURS = [(y, x) for y in (-1, 0, 1) for x in (-1, 0, 1) if (y, x) != (0, 0)]


def spread(luma: NDArray[np.uint8], hints: FloatArray) -> FloatArray:
    """Levin, Lischinski, Weiss 2004: neighbours of like luma get like chroma.

    Minimises the sum over pixels of (U(r) - sum over neighbours of w(r, s) U(s)) squared, with w
    from equation 2 of the paper (a Gaussian of the luma difference by the variance of the 3 x 3
    window) and the hinted pixels fixed; solved at a quarter of the size, as the hints are given.

    Args:
        luma: uint8 (height, width).
        hints: float32 (3, height / 4, width / 4): Cb, Cr (or what is to be added to them),
            confidence.

    Returns:
        float32 (2, height / 4, width / 4); neutral where there is no hint at all.
    """
    _, height, width = hints.shape
    fixed = hints[2].ravel() > 0
    if not fixed.any():
        return np.full((2, height, width), NEUTRAL, np.float32)
    small = cv2.resize(luma, (width, height), interpolation=cv2.INTER_AREA)
    weights = _affinity(np.asarray(small, np.float64) / 255)
    held = sparse.diags_array((~fixed).astype(np.float64)) @ weights
    system = sparse.eye_array(height * width, format="csc") - held.tocsc()
    given = np.where(fixed, hints[:2].reshape(2, -1), 0.0).T
    solved = np.asarray(spsolve(system, given), np.float32)
    return np.ascontiguousarray(solved.T).reshape(2, height, width)


def _affinity(luma: NDArray[np.float64]) -> sparse.csr_array:
    """Weights w(r, s), rows summing to 1: shape (pixels, pixels)."""
    height, width = luma.shape
    index = np.arange(height * width).reshape(height, width)
    variance = cv2.blur(luma**2, (3, 3)) - cv2.blur(luma, (3, 3)) ** 2
    # As in the authors' code: variance at least 2e-6 and the exponent's scale 0.6 of it.
    scale = np.maximum(0.6 * variance, 2e-6)
    rows, columns, values = [], [], []
    for dy, dx in _NEIGHBOURS:
        here = np.s_[max(0, -dy) : height - max(0, dy), max(0, -dx) : width - max(0, dx)]
        there = np.s_[max(0, dy) : height - max(0, -dy), max(0, dx) : width - max(0, -dx)]
        rows.append(index[here].ravel())
        columns.append(index[there].ravel())
        values.append(np.exp(-((luma[here] - luma[there]) ** 2) / scale[here]).ravel())
    ends = np.concatenate(rows), np.concatenate(columns)
    # A floor keeps every pixel tied to its neighbours, or far islands would leave it singular.
    data = np.maximum(np.concatenate(values), 1e-5)
    weights = sparse.coo_array((data, ends), shape=(index.size, index.size)).tocsr()
    return sparse.diags_array(1 / weights.sum(axis=1)) @ weights
