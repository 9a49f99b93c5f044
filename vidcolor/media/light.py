"""Samples of pictures as numbers: luma out of colour, colour out of luma and chroma, depths."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

KR, KB = 0.299, 0.114
_BAND_PIXELS = 1 << 20
"""What is worked on at once: large pictures take their samples and little more."""
_CACHED_PIXELS = 1 << 16
"""What of it is composed at once, in a core's own cache."""


def bands(height: int, width: int, pixels: int = _BAND_PIXELS) -> Iterator[slice]:
    """Rows of a picture, so many pixels at a time, by default about a megapixel."""
    rows = max(1, pixels // max(1, width))
    for first in range(0, height, rows):
        yield slice(first, min(first + rows, height))


def luma_of(rgb: NDArray[Any]) -> NDArray[Any]:
    """Full-range BT.601 luma (height, width) of RGB (height, width, 3), at its own depth."""
    weights = np.array([KR, 1 - KR - KB, KB], np.float64)
    return np.rint(rgb @ weights).astype(rgb.dtype)


def compose(luma: NDArray[Any], cb: NDArray[Any], cr: NDArray[Any]) -> NDArray[Any]:
    """Make RGB (height, width, 3) whose luma is the given one, at luma's depth.

    Chroma that would leave the RGB cube is scaled towards neutral, so that brightness stays.

    Args:
        luma: (height, width) uint8 or uint16, full range.
        cb: (height, width) float32 on 0..255, neutral 128.
        cr: likewise.
    """
    rgb = np.empty((*luma.shape, 3), luma.dtype)
    height, width = luma.shape
    for rows in bands(height, width, _CACHED_PIXELS):
        light = luma[rows].astype(np.float32)
        offsets = _offsets(cb[rows], cr[rows], rgb.dtype)
        _keep_in_gamut(light, offsets, rgb.dtype)
        for plane, offset in enumerate(offsets):
            offset += light
            np.rint(offset, out=offset)
            rgb[rows, :, plane] = offset.clip(0, np.iinfo(rgb.dtype).max)
    return rgb


Floats = NDArray[np.float32]


def _offsets(cb: NDArray[Any], cr: NDArray[Any], kind: np.dtype[Any]) -> tuple[Floats, ...]:
    """By how much red, green and blue lie above luma, in units of samples of a kind."""
    unit = int(np.iinfo(kind).max) / 255
    red = (cr.astype(np.float32) - 128) * np.float32(1.402 * unit)
    blue = (cb.astype(np.float32) - 128) * np.float32(1.772 * unit)
    green = -(KR * red + KB * blue) / (1 - KR - KB)
    return red, green.astype(np.float32), blue


def _keep_in_gamut(light: Floats, offsets: tuple[Floats, ...], kind: np.dtype[Any]) -> None:
    """Scale the offsets of pixels, mostly few, that would be brighter than white or under black."""
    room, below = float(np.iinfo(kind).max) - light, -light
    outside = np.zeros(light.shape, bool)
    for offset in offsets:
        outside |= offset > room
        outside |= offset < below
    if not outside.any():
        return
    there, up = light[outside], room[outside]
    scale = np.ones_like(there)
    for offset in offsets:
        far = offset[outside]
        left = np.where(far > 0, up, there)
        np.minimum(scale, left / np.maximum(np.abs(far), 1e-6), out=scale)
    for offset in offsets:
        offset[outside] *= scale


def narrowed(samples: NDArray[Any]) -> NDArray[np.uint8]:
    """Samples of 16 bits rounded to 8, white to white."""
    if samples.dtype == np.uint8:
        return samples
    return ((samples.astype(np.uint32) * 255 + 32767) // 65535).astype(np.uint8)


def widened(samples: NDArray[Any], bits: int) -> NDArray[Any]:
    """Whole numbers of 1 to 16 bits as uint8 or uint16 with white at 255 or 65535, rounded."""
    peak, white = (255, np.uint8) if bits <= 8 else (65535, np.uint16)
    most = (1 << bits) - 1
    if most == peak:
        return samples.astype(white, copy=False)
    codes = samples.astype(np.uint32)
    return ((codes * peak + most // 2) // most).astype(white)


def unmultiplied(samples: NDArray[Any]) -> NDArray[Any]:
    """Colour or grey that was multiplied by its alpha, the last channel, as it was before."""
    peak = np.iinfo(samples.dtype).max
    alpha = samples[:, :, -1:].astype(np.uint64)
    color = samples[:, :, :-1].astype(np.uint64)
    whole = (color * peak + alpha // 2) // np.maximum(alpha, 1)
    return np.concatenate(
        [np.minimum(whole, peak).astype(samples.dtype), samples[:, :, -1:]], axis=2
    )


def from_cmyk(samples: NDArray[Any]) -> NDArray[Any]:
    """RGB of ink without a profile: what each ink leaves of light, (rows, columns, 4) to 3."""
    peak = int(np.iinfo(samples.dtype).max)
    left = peak - samples.astype(np.uint64)
    light = (left[:, :, :3] * left[:, :, 3:] + peak // 2) // peak
    return np.asarray(light.astype(samples.dtype))


def from_lab(lab: NDArray[np.float32], kind: np.dtype[Any]) -> NDArray[Any]:
    """SRGB of CIE L*a*b*, its white taken for that of the screen (CIE 15, IEC 61966-2-1).

    Args:
        lab: (rows, columns, 3), L* in 0..100.
        kind: uint8 or uint16, of the result.
    """
    y = (lab[:, :, 0] + 16) / 116
    each = np.stack([y + lab[:, :, 1] / 500, y, y - lab[:, :, 2] / 200], axis=2)
    ratio = np.where(each > 6 / 29, each**3, (each - 4 / 29) * (3 * (6 / 29) ** 2))
    light = np.clip(ratio @ _FROM_RATIOS.T, 0, 1)
    return np.asarray(np.rint(srgb_of(light) * np.iinfo(kind).max).astype(kind))


def srgb_of(light: NDArray[Any]) -> NDArray[Any]:
    """Light of 0..1 as sRGB of 0..1."""
    curved = 1.055 * np.maximum(light, 1e-9) ** (1 / 2.4) - 0.055
    return np.asarray(np.where(light <= 0.0031308, 12.92 * light, curved))


# From XYZ of D65 to linear sRGB, for X, Y and Z as shares of white's.
_FROM_RATIOS = np.array(
    [
        [3.2404542, -1.5371385, -0.4985314],
        [-0.9692660, 1.8760108, 0.0415560],
        [0.0556434, -0.2040259, 1.0572252],
    ]
) * np.array([0.95047, 1.0, 1.08883])
