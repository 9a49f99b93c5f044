"""Pictures as they go to the page: luma once, chroma small, put together there."""

from __future__ import annotations

import io

import cv2
import numpy as np
import PIL.Image
from numpy.typing import NDArray
from PIL.PngImagePlugin import PngInfo

from vidcolor.color.convert import NEUTRAL, rgb_in_gamut
from vidcolor.color.upscale import enlarge
from vidcolor.direct.unchanged import pixels_field

LONGEST_SIDE = 2560
"""Of luma that is shown; larger films are shown smaller."""
SHARE = 4
"""Chroma is this many times smaller."""
_LUMA_QUALITY, _CHROMA_QUALITY, _THUMB_QUALITY = 93, 95, 82
_THUMB_HEIGHT = 108
_SURE = 24.0
"""A change of this many units of 255 is shown in full on a mask."""

_OPTIONS = {
    ".jpg": cv2.IMWRITE_JPEG_QUALITY,
    ".webp": cv2.IMWRITE_WEBP_QUALITY,
}

FloatArray = NDArray[np.float32]
Bytes = NDArray[np.uint8]


def shown_size(size: tuple[int, ...]) -> tuple[int, int]:
    """(height, width) of luma on the page, of a frame of a (height, width)."""
    scale = min(1.0, LONGEST_SIDE / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def fitted(luma: Bytes, size: tuple[int, ...]) -> Bytes:
    """Luma at a (height, width)."""
    if luma.shape == size:
        return luma
    return np.asarray(cv2.resize(luma, size[::-1], interpolation=cv2.INTER_AREA), np.uint8)


def luma_file(luma: Bytes) -> bytes:
    """A frame's luma as a grey JPEG."""
    return _encoded(".jpg", fitted(luma, shown_size(luma.shape)), _LUMA_QUALITY)


def small_shape(size: tuple[int, ...]) -> tuple[int, int]:
    """(height, width) of chroma on the page."""
    height, width = shown_size(size)
    return max(1, height // SHARE), max(1, width // SHARE)


def guide_of(luma: Bytes) -> Bytes:
    """A frame's luma at the size of its chroma on the page."""
    return fitted(luma, small_shape(luma.shape))


def chroma_file(chroma: FloatArray, guide: Bytes) -> bytes:
    """A frame's chroma as one grey WebP: Cb above, Cr below, on 0..255.

    Args:
        chroma: float32 (2, h, w).
        guide: from `guide_of`; edges of chroma follow it.
    """
    height, width = guide.shape
    if chroma.shape[1] > height:
        planes = [
            cv2.resize(p, (width, height), interpolation=cv2.INTER_AREA)
            for p in chroma.astype(np.float32)
        ]
        large = np.stack(planes)
    else:
        large = enlarge(chroma.astype(np.float32), guide)
    return _encoded(".webp", quantised(large).reshape(2 * height, width), _CHROMA_QUALITY)


def mask_file(before: FloatArray, after: FloatArray, size: tuple[int, int]) -> bytes:
    """How far two colours of a frame differ, as a grey WebP: white is surely.

    Args:
        before: float32 (2, h, w) on 0..255.
        after: likewise, of any size.
        size: (height, width) of the frame.
    """
    height, width = small_shape(size)
    planes = [
        [cv2.resize(plane, (width, height)) for plane in one.astype(np.float32)]
        for one in (before, after)
    ]
    apart = np.hypot(*(np.stack(planes[1]) - np.stack(planes[0])))
    return _encoded(".webp", np.clip(apart * (255 / _SURE), 0, 255).astype(np.uint8), 90)


def confidence_file(confidence: FloatArray, size: tuple[int, int]) -> bytes:
    """Where a still is trusted, 0..1, as a mask of a frame of a (height, width)."""
    height, width = small_shape(size)
    return _encoded(".webp", quantised(255 * cv2.resize(confidence, (width, height))), 90)


def thumb_file(luma: Bytes, chroma: FloatArray | None, matrix: str) -> bytes:
    """A small JPEG, in colour where there is some."""
    height = min(_THUMB_HEIGHT, luma.shape[0])
    size = height, max(1, round(luma.shape[1] * height / luma.shape[0]))
    small = fitted(luma, size)
    if chroma is None:
        return _encoded(".jpg", small, _THUMB_QUALITY)
    return _encoded(".jpg", rgb(small, chroma, matrix)[..., ::-1], _THUMB_QUALITY)


def rgb(luma: Bytes, chroma: FloatArray, matrix: str) -> Bytes:
    """RGB uint8 (height, width, 3) of luma and chroma of any smaller size, within the gamut."""
    if chroma.shape[1] > luma.shape[0]:
        size = luma.shape[1], luma.shape[0]
        planes = [cv2.resize(p, size, interpolation=cv2.INTER_AREA) for p in chroma]
        large = np.stack(planes) - np.float32(NEUTRAL)
    else:
        large = enlarge(chroma, luma) - np.float32(NEUTRAL)
    made = rgb_in_gamut(luma.astype(np.float32), large, matrix)
    return np.asarray(np.clip(made + 0.5, 0, 255).astype(np.uint8))


def png(picture: Bytes) -> bytes:
    """RGB as a PNG that says of itself that nobody has painted on it yet."""
    words = PngInfo()
    for name, value in pixels_field(picture).items():
        words.add_text(name, value)
    made = io.BytesIO()
    PIL.Image.fromarray(picture).save(made, "PNG", pnginfo=words, compress_level=3)
    return made.getvalue()


def color_at(luma: float, chroma: tuple[float, float], matrix: str) -> str:
    """`#rrggbb` of chroma in some light, 0..255, within the gamut."""
    light = np.full((1, 1), luma, np.float32)
    planes = np.array(chroma, np.float32).reshape(2, 1, 1) - np.float32(NEUTRAL)
    made = np.clip(rgb_in_gamut(light, planes, matrix)[0, 0] + 0.5, 0, 255).astype(int)
    return "#" + "".join(f"{value:02x}" for value in made)


def quantised(chroma: FloatArray) -> Bytes:
    """Chroma rounded to bytes."""
    return np.asarray(np.clip(chroma + np.float32(0.5), 0, 255).astype(np.uint8))


def _encoded(suffix: str, picture: Bytes, quality: int) -> bytes:
    done, made = cv2.imencode(suffix, picture, [_OPTIONS[suffix], quality])
    if not done:
        raise OSError(f"a picture of {picture.shape} could not be encoded")
    return bytes(made)
