"""A colour in another light: as a picked colour looks on a thing that is darker or brighter."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vidcolor.color.convert import NEUTRAL, limit_to_gamut

FloatArray = NDArray[np.float32]

BRIGHTEST = 2.0
"""A colour is made at most so many times as strong where the thing is brighter than it."""
DARK = 4.0
"""Below this luma (of 255) a picked colour's own saturation says nothing."""


def in_light(chroma: FloatArray, own: FloatArray | float, luma: FloatArray) -> FloatArray:
    """Chroma of colours of their own luma where the film has another: hue and saturation stay.

    R'G'B' are multiplied by the ratio of the lumas, as when the light on one surface changes (with
    a power law of gamma a factor on light is one on R'G'B'); then what cannot be shown at that luma
    is taken towards grey.

    Args:
        chroma: (2, height, width), full-range BT.601 Cb and Cr on 0..255, as picked.
        own: luma of what was picked, on 0..255, (height, width) or one.
        luma: (height, width) of the film, on 0..255.

    Returns:
        float32 (2, height, width).
    """
    ratio = np.minimum(luma / np.maximum(np.float32(own), np.float32(DARK)), np.float32(BRIGHTEST))
    offset = np.asarray((chroma - np.float32(NEUTRAL)) * ratio, np.float32)
    return limit_to_gamut(offset, np.asarray(luma, np.float32), "bt601") + np.float32(NEUTRAL)
