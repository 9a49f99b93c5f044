"""Between sRGB and the network's space: full-range BT.601 luma and chroma, as in JPEG, in float32.

A picture taken apart by `to_planes` and put together by `to_picture` is the same to the last bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vidcolor.color.convert import BLUE_SCALE, LUMA_COEFFICIENTS, NEUTRAL, RED_SCALE

Picture = NDArray[np.uint8]
"""8-bit sRGB, uint8 (height, width, 3)."""
Floats = NDArray[np.float32]

GREY_CHROMA = 1.0
"""A truth whose mean chroma lies under this (of 255) has no colour to compare with."""

_KR, _KB = (np.float32(weight) for weight in LUMA_COEFFICIENTS["bt601"])
_KG = np.float32(0.587)
GREEN_OF_BLUE, GREEN_OF_RED = 0.344136, 0.714136
"""What of Cb and Cr is taken from luma for green, as JFIF prints it."""
_BLUE, _RED, _MIDDLE = np.float32(BLUE_SCALE), np.float32(RED_SCALE), np.float32(NEUTRAL)


LUMA_WEIGHTS = np.array([_KR, _KG, _KB])
"""Of R, G and B: float32 (3,)."""


@dataclass(frozen=True)
class Planes:
    """A picture as luma and chroma, full range, not rounded.

    Attributes:
        luma: float32 (height, width), 0..255.
        chroma: float32 (2, height, width); Cb, then Cr, neutral 128.
    """

    luma: Floats
    chroma: Floats

    def __post_init__(self) -> None:
        if self.chroma.shape != (2, *self.luma.shape):
            raise ValueError(f"luma {self.luma.shape}, chroma {self.chroma.shape}")

    @property
    def luma_bytes(self) -> NDArray[np.uint8]:
        """Luma as a colouring gets to see it: uint8 (height, width)."""
        return np.rint(self.luma).astype(np.uint8)

    @property
    def is_grey(self) -> bool:
        """Whether there is no colour worth comparing with."""
        cb, cr = self.chroma - _MIDDLE
        return float(np.hypot(cb, cr).mean()) < GREY_CHROMA


def luma_and_chroma(rgb: NDArray[Any]) -> tuple[Floats, Floats]:
    """Luma and chroma of RGB on 0..255 (ITU-T T.871, the JPEG file interchange format).

    Args:
        rgb: (height, width, 3), bytes or floats.

    Returns:
        luma float32 (height, width) and chroma (2, height, width), Cb and Cr, not rounded.
    """
    red, green, blue = np.moveaxis(rgb, -1, 0).astype(np.float32)
    luma = _KR * red + _KG * green + _KB * blue
    return luma, np.stack([(blue - luma) / _BLUE + _MIDDLE, (red - luma) / _RED + _MIDDLE])


def to_planes(picture: Picture) -> Planes:
    """Luma and chroma of an sRGB picture."""
    return Planes(*luma_and_chroma(picture))


def to_picture(luma: Floats, chroma: Floats) -> Picture:
    """sRGB of luma (height, width) and chroma (2, height, width), rounded and clipped to bytes."""
    cb, cr = chroma - _MIDDLE
    blue, red = _BLUE * cb, _RED * cr
    green = (_KR * red + _KB * blue) / _KG
    result = np.empty((*luma.shape, 3), np.uint8)
    for channel, offset in enumerate((red, -green, blue)):
        result[..., channel] = np.clip(np.rint(luma + offset), 0, 255)
    return result


def compose_rgb(luma: NDArray[np.uint8], chroma: Floats) -> Picture:
    """As `to_picture` of luma bytes, by the equations as JFIF prints them, halves rounded up.

    The two differ by one level in few pixels; directed films and training's figures rest on this
    one, those of `vidcolor evaluate` on the other.
    """
    y = luma.astype(np.float32)
    blue, red = chroma - _MIDDLE
    green = y - np.float32(GREEN_OF_BLUE) * blue - np.float32(GREEN_OF_RED) * red
    rgb = np.stack([y + _RED * red, green, y + _BLUE * blue], -1)
    return np.asarray(np.clip(rgb + 0.5, 0, 255).astype(np.uint8))


def scale_chroma(chroma: Floats, factor: float) -> Floats:
    """Chroma with its distance from neutral multiplied by `factor`."""
    return (chroma - _MIDDLE) * np.float32(factor) + _MIDDLE
