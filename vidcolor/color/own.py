"""Whether film has colour of its own: the small chroma of a shot comes in, yes or no goes out.

Black-and-white film is seldom without chroma: it is tinted (one hue), toned (a hue for each
brightness), stained, or tainted by noise and by what a composite signal leaves. All that follows
luma, or the place in the picture smoothly, or nothing that stays from frame to frame. What is left
when it is taken off is the colour of things.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]

# A shot is looked at in so many places; at each, so many frames are averaged against noise.
PLACES, TOGETHER = 12, 3
# Mean distance from neutral (of 255) below which nobody would call it colour.
LEAST = 1.0
# Chroma is fitted as a function of luma with so many knots and of the place in second order; what
# stands out counts less with the square of so many units, so that a small thing of strong colour
# (a channel's mark) does not bend the fit.
KNOTS, OUTLIER, ROUNDS = 9, 8.0, 3
# The rest is taken between two blurs: against noise (pixels), and against stains (share of width).
FINE, COARSE_SHARE = 1.5, 0.15
# It is the colour of things where it is so strong, in so large a share of the picture. Of 33 shots
# in colour 31 are found (not: asphalt, a grey street), of 100 photographs 96; of made-up taints of
# 8 clips the worst has 0.046, but for stains of 10 units, which pass for colour. The values
# were chosen on these same pictures.
STRONG, SHARE = 4.0, 0.05


def has_own_color(luma: NDArray[Any], chroma: NDArray[Any]) -> bool:
    """Whether a shot is in colour, and not tinted, toned, stained or tainted with chroma noise.

    A picture whose things all have one hue cannot be told from tinted film, and is taken for it.

    Args:
        luma: (frames, height, width) on 0..255, at the size of chroma.
        chroma: (frames, 2, height, width), Cb and Cr on 0..255, neutral 128; some 48 x 64.
    """
    frames = len(luma)
    places = np.unique(((np.arange(PLACES) + 0.5) * frames / PLACES).astype(int))
    shares = [_share(luma, chroma, slice(place, place + TOGETHER)) for place in places]
    return float(np.median(shares)) >= SHARE


def _share(luma: NDArray[Any], chroma: NDArray[Any], frames: slice) -> float:
    """How much of the picture has colour that is explained by nothing else, 0..1."""
    light = luma[frames].mean(axis=0, dtype=np.float32)
    color = chroma[frames].mean(axis=0, dtype=np.float32) - np.float32(128)
    if float(np.hypot(*color).mean()) < LEAST:
        return 0.0
    rest = _unexplained(light, color)
    coarse = COARSE_SHARE * light.shape[1]
    between = [_blurred(plane, FINE) - _blurred(plane, coarse) for plane in rest]
    return float((np.hypot(*between) > STRONG).mean())


def _unexplained(light: FloatArray, color: FloatArray) -> FloatArray:
    """Chroma (2, height, width) less what luma and place explain, by robust least squares."""
    known = _explanations(light)
    wanted = color.reshape(2, -1).T
    weight = np.ones((len(known), 1), np.float32)
    ridge = np.eye(known.shape[1], dtype=np.float32)
    rest = wanted
    for _ in range(ROUNDS):
        weighted = known * weight
        rest = wanted - known @ np.linalg.solve(weighted.T @ known + ridge, weighted.T @ wanted)
        weight = 1 / (1 + (rest**2).sum(axis=1, keepdims=True) / np.float32(OUTLIER**2))
    return np.asarray(rest.T.reshape(color.shape), np.float32)


def _explanations(light: FloatArray) -> FloatArray:
    """What chroma may follow: luma, piecewise linear, and place; (pixels, KNOTS + 5)."""
    height, width = light.shape
    down, across = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    knots = np.linspace(0, 255, KNOTS)
    hats = [np.maximum(0, 1 - np.abs(light - knot) / knots[1]) for knot in knots]
    place = [across, down, across**2, down**2, across * down]
    return np.stack([*hats, *place], axis=-1).reshape(height * width, -1).astype(np.float32)


def _blurred(plane: FloatArray, sigma: float) -> FloatArray:
    return np.asarray(cv2.GaussianBlur(plane, (0, 0), sigma), np.float32)
