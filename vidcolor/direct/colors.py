"""Colours as people write them: `#rrggbb`, `#rgb` or a CSS name; words in, chroma out."""

from __future__ import annotations

import difflib
import re

import numpy as np
from numpy.typing import NDArray
from PIL import ImageColor

from vidcolor.color.convert import BLUE_SCALE, LUMA_COEFFICIENTS, NEUTRAL, RED_SCALE
from vidcolor.errors import UsageError

FloatArray = NDArray[np.float32]

_HEX = re.compile(r"#([0-9a-f]{3}|[0-9a-f]{6})")
_RED, _GREEN, _BLUE = 0.299, 0.587, 0.114


def read_color(text: str, where: str) -> tuple[float, float, float]:
    """Luma, Cb and Cr on 0..255 of a colour (full-range BT.601).

    Args:
        text: `#rrggbb`, `#rgb` or a CSS colour name; `grey` leaves grey.
        where: whose colour it is, for the message.

    Raises:
        UsageError: it is none of them; the nearest name is suggested.
    """
    word = text.strip().lower()
    if not _HEX.fullmatch(word) and word not in ImageColor.colormap:
        near = difflib.get_close_matches(word, ImageColor.colormap, 1, 0.4)
        if near:
            meant = f"Write {near[0]}, if that is meant."
        else:
            meant = "Write #rrggbb or a CSS name such as olive."
        raise UsageError(f"{where} has the unknown colour '{text}'.", meant)
    red, green, blue = ImageColor.getrgb(word)[:3]
    luma = _RED * red + _GREEN * green + _BLUE * blue
    return luma, (blue - luma) / BLUE_SCALE + NEUTRAL, (red - luma) / RED_SCALE + NEUTRAL


def for_matrix(chroma: FloatArray, matrix: str) -> FloatArray:
    """Chroma of RGB that a player will make of a film's luma and matrix.

    Args:
        chroma: float32 (2, height, width), Cb and Cr of BT.601 on 0..255.
        matrix: of the film.

    Returns:
        the differences of blue and red from the luma that the film's own matrix gives that RGB,
        in the same units.
    """
    red_share, blue_share = LUMA_COEFFICIENTS[matrix]
    blue = (chroma[0] - np.float32(NEUTRAL)) * np.float32(BLUE_SCALE)
    red = (chroma[1] - np.float32(NEUTRAL)) * np.float32(RED_SCALE)
    green = -(np.float32(_RED) * red + np.float32(_BLUE) * blue) / np.float32(_GREEN)
    higher = red_share * red + (1 - red_share - blue_share) * green + blue_share * blue
    lifted = np.stack([higher / BLUE_SCALE, higher / RED_SCALE])
    return np.asarray(chroma - lifted, np.float32)
