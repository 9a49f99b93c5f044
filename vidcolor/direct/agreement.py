"""How far two pictures agree, by luma whose local light and contrast are taken off."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]

# Local mean and contrast are taken over a Gaussian of this sigma, as a share of the short side.
LOCAL_SHARE = 0.03
# Contrast below this (of 255) is grain: nothing to compare.
GRAIN = 4.0


def normalised(luma: NDArray[np.generic]) -> FloatArray:
    """Luma with its local mean and contrast taken off, float32, about -2..2."""
    plane = np.asarray(luma, np.float32)
    sigma = LOCAL_SHARE * min(plane.shape)
    mean = cv2.GaussianBlur(plane, (0, 0), sigma)
    rest = plane - mean
    contrast = np.sqrt(cv2.GaussianBlur(rest * rest, (0, 0), sigma) + GRAIN**2)
    return np.asarray(rest / contrast, np.float32)


def agreement(first: FloatArray, second: FloatArray, sigma: float) -> FloatArray:
    """Correlation of two normalised planes around each pixel, -1..1.

    1 where both are flat, near 0 where one is.
    """
    both = cv2.GaussianBlur(first * second, (0, 0), sigma)
    own = cv2.GaussianBlur(first * first, (0, 0), sigma)
    other = cv2.GaussianBlur(second * second, (0, 0), sigma)
    grain = np.float32(0.05)
    return np.asarray((both + grain) / np.sqrt((own + grain) * (other + grain)), np.float32)


def window(shape: tuple[int, ...]) -> float:
    """Sigma of what lies around a pixel, in pixels."""
    return 0.02 * min(shape)
