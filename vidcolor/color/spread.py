"""Dots of colour spread by luma: alone, and beside a network that was told of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from vidcolor.color.convert import NEUTRAL

if TYPE_CHECKING:
    from scipy import sparse  # type: ignore[import-untyped]

FloatArray = NDArray[np.float32]

# The word of a network that was told of the dots, against that of luma.
NETWORK_SHARE = 0.5
# Distance from the nearest dot over which luma's word fades.
HEARD = 6.0
# What a way costs: by pixel of a quarter of the size, and by luma crossed (of all of it).
PIXEL_COST, LUMA_COST = 0.01, 4.0
FAR = 1e3
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
    # Only who gives dots waits for it.
    from scipy import sparse
    from scipy.sparse.linalg import spsolve  # type: ignore[import-untyped]

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


def heed(
    luma: NDArray[np.uint8], told: FloatArray, hints: FloatArray, distance: FloatArray
) -> FloatArray:
    """A network's colour with the dots it was told of made to count.

    Near the dots it has half the word, and what they say beyond that is spread by luma. On 14 clips
    with ten dots that is 1.0 dB better than the network's colour and 0.4 dB than luma's alone.

    Args:
        luma: uint8 (height, width).
        told: the network's chroma, float32 (2, height / 4, width / 4).
        hints: as `spread` takes them.
        distance: what `away` says of them.

    Returns:
        float32 (2, height / 4, width / 4), equal to the hints where there are any.
    """
    half = NETWORK_SHARE * told
    by_luma = half + spread(luma, np.concatenate([hints[:2] - half, hints[2:]]))
    return np.asarray(told + np.exp(-distance / HEARD) * (by_luma - told), np.float32)


def away(luma: NDArray[np.uint8], hints: FloatArray) -> FloatArray:
    """Geodesic distance (Yatziv and Sapiro 2006) of every pixel from the nearest dot.

    Args:
        luma: uint8 (height, width).
        hints: as `spread` takes them.

    Returns:
        float32 (height / 4, width / 4); 1 is a quarter of all luma crossed, or 100 pixels of way.
    """
    said = hints[2] > 0
    height, width = said.shape
    plane = cv2.resize(luma, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32)
    around = np.pad(plane, 1, mode="edge")
    costs = []
    for y, x in _NEIGHBOURS:
        crossed = np.abs(plane - around[1 + y : 1 + y + height, 1 + x : 1 + x + width])
        costs.append(crossed * (LUMA_COST / 255) + PIXEL_COST * np.hypot(y, x))
    found = np.where(said, 0, FAR).astype(np.float32)
    for _ in range(height + width):
        before = found
        wide = np.pad(found, 1, constant_values=FAR)
        for (y, x), cost in zip(_NEIGHBOURS, costs, strict=True):
            there = wide[1 + y : 1 + y + height, 1 + x : 1 + x + width]
            found = np.minimum(found, there + cost.astype(np.float32))
        if np.array_equal(found, before):
            break
    return found


def _affinity(luma: NDArray[np.float64]) -> sparse.csr_array:
    """Weights w(r, s), rows summing to 1: shape (pixels, pixels)."""
    from scipy import sparse

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
