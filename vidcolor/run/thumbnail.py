"""Small pictures for people, as JPEG."""

from __future__ import annotations

import io
from typing import Any

import cv2
import PIL.Image
from numpy.typing import NDArray

from vidcolor.media.picture import narrowed

SIDE = 480
"""Longest side of a picture, in pixels."""
QUALITY = 80


def small_size(height: int, width: int, side: int) -> tuple[int, int]:
    """(width, height) of a picture whose longest side is to be `side` or less."""
    scale = min(1.0, side / max(height, width))
    return max(1, round(width * scale)), max(1, round(height * scale))


def thumbnail(picture: NDArray[Any], side: int = SIDE, quality: int = QUALITY) -> bytes:
    """A picture as a small JPEG whose longest side is `side` or less.

    Args:
        picture: uint8 or uint16, (height, width) in grey or (height, width, 3).
        side: in pixels.
        quality: of JPEG.
    """
    size = small_size(picture.shape[0], picture.shape[1], side)
    small = narrowed(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))
    held = io.BytesIO()
    PIL.Image.fromarray(small).save(held, "JPEG", quality=quality)
    return held.getvalue()
