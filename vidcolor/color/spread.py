"""Dots of colour spread by luma: alone, and beside a network that was told of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from vidcolor.color.convert import NEUTRAL

if TYPE_CHECKING:
    from scipy import sparse  # type: ignore[import-untyped]

FloatArray = NDArray[np.float32]

# Distance from the nearest dot over which luma's word fades.
HEARD = 6.0
# What a way costs: by pixel of a quarter of the size, and by luma crossed (of all of it).
PIXEL_COST, LUMA_COST = 0.01, 4.0
# A thing ends where one step crosses so much luma (of 255), many steps the root of the sum of
# their squares, or after so many pixels of way; so softly.
THING_STEP, THING_PIXELS, SOFTNESS = 12.7, 92.0, 0.15
# Luma is made even inside of things before, at half its size: radii of the mean shift in pixels
# there and of 255.
EVEN_SPACE, EVEN_LUMA = 4.0, 14.0
# What is painted broadly shows more of its thing itself and spreads less: for each doubling of its
# radius beyond that of a dot (in pixels) it begins so much nearer the end, up to the last.
DOT_RADIUS, BROAD, BROADEST = 1.5, 0.4, 0.7
FAR = 1e3
_NEIGHBOURS = [(y, x) for y in (-1, 0, 1) for x in (-1, 0, 1) if (y, x) != (0, 0)]


def spread(luma: NDArray[np.uint8], hints: FloatArray) -> FloatArray:
    """Levin, Lischinski, Weiss 2004: neighbours of like luma get like chroma.

    Minimises the sum over pixels of (U(r) - sum over neighbours of w(r, s) U(s)) squared, with w
    from equation 2 of the paper (a Gaussian of the luma difference by the variance of the 3 x 3
    window) and the hinted pixels fixed; solved at a quarter of the size, as the hints are given.

    Args:
        luma: uint8 (height, width).
        hints: float32 (n + 1, height / 4, width / 4): planes such as Cb, Cr or what is to be added
            to them, then confidence.

    Returns:
        float32 (n, height / 4, width / 4); neutral where there is no hint at all.
    """
    # Only who gives dots waits for it.
    from scipy import sparse
    from scipy.sparse.linalg import spsolve  # type: ignore[import-untyped]

    planes, (height, width) = hints[:-1], hints.shape[1:]
    fixed = hints[-1].ravel() > 0
    if not fixed.any():
        return np.full(planes.shape, NEUTRAL, np.float32)
    small = cv2.resize(luma, (width, height), interpolation=cv2.INTER_AREA)
    weights = _affinity(np.asarray(small, np.float64) / 255)
    held = sparse.diags_array((~fixed).astype(np.float64)) @ weights
    system = sparse.eye_array(height * width, format="csc") - held.tocsc()
    given = np.where(fixed, planes.reshape(len(planes), -1), 0.0).T
    solved = np.asarray(spsolve(system, given), np.float32)
    return np.ascontiguousarray(solved.T).reshape(planes.shape)


def heed(told: FloatArray, by_luma: FloatArray, distance: FloatArray) -> FloatArray:
    """A network's colour with the dots it was told of made to count: near them luma has the word.

    Args:
        told: the network's chroma, float32 (2, height / 4, width / 4).
        by_luma: what `spread` makes of them.
        distance: what `away` says of them.

    Returns:
        float32 (2, height / 4, width / 4), equal to the hints where there are any.
    """
    return np.asarray(told + np.exp(-distance / HEARD) * (by_luma - told), np.float32)


def thing_of(luma: NDArray[np.uint8], said: NDArray[np.bool_]) -> FloatArray:
    """How surely each pixel belongs to a thing that a dot lies on, by luma alone, 0..1.

    A geodesic distance whose steps cost the square of the luma they cross, after a mean shift
    (Comaniciu and Meer 2002): shading is walked over in many small steps, an edge is not.

    Args:
        luma: uint8 (height, width).
        said: (height / 4, width / 4), where dots are.

    Returns:
        float32 (height / 4, width / 4).
    """

    def cost(crossed: FloatArray, way: float) -> FloatArray:
        return np.asarray((crossed / THING_STEP) ** 2 + way / THING_PIXELS, np.float32)

    half = cv2.resize(luma, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    even = cv2.pyrMeanShiftFiltering(cv2.merge([half] * 3), EVEN_SPACE, EVEN_LUMA)[..., 0]
    distance = _geodesic(even, np.where(said, _head_start(said), FAR), cost)
    thing = 1 / (1 + np.exp(np.minimum((distance - 1) / SOFTNESS, 50)))
    return np.where(said, np.float32(1), thing).astype(np.float32)


def _head_start(said: NDArray[np.bool_]) -> FloatArray:
    """At what distance each pixel that is said begins, float32 of its shape."""
    mask = said.astype(np.uint8)
    radii = cv2.distanceTransform(np.pad(mask, 1), cv2.DIST_L2, 3)[1:-1, 1:-1]
    count, labels = cv2.connectedComponents(mask)
    broad = np.zeros(count, np.float32)
    np.maximum.at(broad, labels.ravel(), radii.ravel())
    doublings = np.log2(np.maximum(broad, DOT_RADIUS) / DOT_RADIUS)
    return np.asarray(np.minimum(BROAD * doublings, BROADEST)[labels], np.float32)


def away(luma: NDArray[np.uint8], hints: FloatArray) -> FloatArray:
    """Geodesic distance (Yatziv and Sapiro 2006) of every pixel from the nearest dot.

    Args:
        luma: uint8 (height, width).
        hints: as `spread` takes them.

    Returns:
        float32 (height / 4, width / 4); 1 is a quarter of all luma crossed, or 100 pixels of way.
    """

    def cost(crossed: FloatArray, way: float) -> FloatArray:
        return np.asarray(crossed * (LUMA_COST / 255) + PIXEL_COST * way, np.float32)

    return _geodesic(luma, np.where(hints[2] > 0, 0, FAR), cost)


def _geodesic(
    luma: NDArray[np.uint8],
    start: NDArray[np.floating[Any]],
    cost: Callable[[FloatArray, float], FloatArray],
) -> FloatArray:
    """Cost of the cheapest way from each pixel to one that is said.

    Args:
        luma: uint8 (height, width).
        start: cost at which each pixel begins, (height / 4, width / 4); `FAR` where none does.
        cost: of a step from its difference of luma (of 255) and its length in pixels.
    """
    height, width = start.shape
    plane = cv2.resize(luma, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32)
    around = np.pad(plane, 1, mode="edge")
    costs = []
    for y, x in _NEIGHBOURS:
        crossed = np.abs(plane - around[1 + y : 1 + y + height, 1 + x : 1 + x + width])
        costs.append(cost(crossed, float(np.hypot(y, x))))
    found = start.astype(np.float32)
    for _ in range(height + width):
        before = found
        wide = np.pad(found, 1, constant_values=FAR)
        for (y, x), each in zip(_NEIGHBOURS, costs, strict=True):
            there = wide[1 + y : 1 + y + height, 1 + x : 1 + x + width]
            found = np.minimum(found, there + each)
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
