"""Whether a frame still shows what a known frame shows, where motion says that it does.

Motion is estimated between any two pictures, and luma agrees by chance on smooth ground; structure
does not. This is what ends people's colour where a change of scene was not found.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]

# Structure is what is finer than this share of the picture's height; it is compared over
# surroundings of that share.
FINER, SURROUNDINGS = 0.04, 0.2
# Where these are flat the whole picture speaks: it counts by this share of its contrast.
WHOLE = 0.15
# Correlation of structure of another scene, and of the same.
OTHER, SAME = 0.4, 0.6
# The comparison is smooth; it is made at this fraction of the size.
COARSE = 4


def same_scene(luma: FloatArray, brought: FloatArray, inside: NDArray[np.bool_]) -> FloatArray:
    """How far a frame shows the scene that was brought to it: float32 (height, width), 0..1.

    Args:
        luma: of the frame, float32 (height, width).
        brought: luma of the known frame, along the motion.
        inside: where the motion ends within the known frame.
    """
    counted = inside.astype(np.float32)
    here, there = _structure(luma), _structure(brought)
    both, one, other = (
        _around(a * b * counted) for a, b in ((here, there), (here, here), (there, there))
    )
    correlation = both / np.sqrt(np.maximum(one * other, 1e-6))
    share = np.clip((correlation - OTHER) / (SAME - OTHER), 0, 1)
    return np.asarray(cv2.resize(share, luma.shape[::-1]), np.float32)


def _structure(luma: FloatArray) -> FloatArray:
    return np.asarray(luma - cv2.GaussianBlur(luma, (0, 0), FINER * luma.shape[0]), np.float32)


def _around(plane: FloatArray) -> FloatArray:
    """Means over the surroundings, with a share of the whole picture's."""
    height, width = plane.shape
    size = max(1, width // COARSE), max(1, height // COARSE)
    small = cv2.resize(plane, size, interpolation=cv2.INTER_AREA)
    blurred = cv2.GaussianBlur(small, (0, 0), SURROUNDINGS * size[1])
    return np.asarray(blurred + WHOLE * plane.mean(), np.float32)
