"""Between 8-bit sRGB and full-range BT.601 luma and chroma (as in JPEG), in float32, for scoring.

The referee's own: it works in floats and rounds once, so that the truth put together again is the
truth to the last bit, whatever the rooms under test do.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
"""8-bit sRGB, uint8 (height, width, 3)."""
Floats = NDArray[np.float32]

NEUTRAL = 128.0
GREY_CHROMA = 1.0
"""A truth whose mean chroma lies under this (of 255) has no colour to compare with."""

_KR, _KB = 0.299, 0.114
_KG = 1.0 - _KR - _KB
_CB, _CR = 2.0 * (1.0 - _KB), 2.0 * (1.0 - _KR)


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
        cb, cr = self.chroma - np.float32(NEUTRAL)
        return float(np.hypot(cb, cr).mean()) < GREY_CHROMA


def to_planes(picture: Picture) -> Planes:
    """Luma and chroma of an sRGB picture (ITU-T T.871, the JPEG file interchange format)."""
    red, green, blue = np.moveaxis(picture, -1, 0).astype(np.float32)
    luma = np.float32(_KR) * red + np.float32(_KG) * green + np.float32(_KB) * blue
    cb = (blue - luma) / np.float32(_CB) + np.float32(NEUTRAL)
    cr = (red - luma) / np.float32(_CR) + np.float32(NEUTRAL)
    return Planes(luma, np.stack([cb, cr]))


def to_picture(luma: Floats, chroma: Floats) -> Picture:
    """sRGB of luma (height, width) and chroma (2, height, width), rounded and clipped to bytes."""
    cb, cr = chroma - np.float32(NEUTRAL)
    blue, red = np.float32(_CB) * cb, np.float32(_CR) * cr
    green = (np.float32(_KR) * red + np.float32(_KB) * blue) / np.float32(_KG)
    result = np.empty((*luma.shape, 3), np.uint8)
    for channel, offset in enumerate((red, -green, blue)):
        result[..., channel] = np.clip(np.rint(luma + offset), 0, 255)
    return result


def scale_chroma(chroma: Floats, factor: float) -> Floats:
    """Chroma with its distance from neutral multiplied by `factor`."""
    return (chroma - np.float32(NEUTRAL)) * np.float32(factor) + np.float32(NEUTRAL)
