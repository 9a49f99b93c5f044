"""Between the network's colour space and a stream's: range, depth, matrix, HDR, gamut.

The network's space is full-range BT.601 Y'CbCr of sRGB on 0..255, neutral 128, as in JPEG (ITU-T
T.871). A stream of another matrix keeps R'-Y' and B'-Y'.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
Plane = NDArray[Any]

RED_SCALE = 1.402
BLUE_SCALE = 1.772
NEUTRAL = 128.0

LUMA_COEFFICIENTS = {
    "bt601": (0.299, 0.114),
    "fcc": (0.30, 0.11),
    "bt709": (0.2126, 0.0722),
    "smpte240m": (0.212, 0.087),
    "bt2020nc": (0.2627, 0.0593),
    "bt2020c": (0.2627, 0.0593),
}
"""(Kr, Kb) by matrix: ITU-R BT.601, 47 CFR 73.682, BT.709, SMPTE 240M, BT.2020."""


@dataclass(frozen=True)
class SampleSpec:
    """What the numbers of a stream's planes mean.

    Attributes:
        matrix: a key of `LUMA_COEFFICIENTS`.
        full_range: luma over 0..2^depth - 1, not 16..235 << (depth - 8).
        depth: bits of a sample.
        transfer: "sdr", "pq" or "hlg".
    """

    matrix: str = "bt601"
    full_range: bool = True
    depth: int = 8
    transfer: str = "sdr"

    @property
    def peak(self) -> int:
        """Largest code."""
        return (1 << self.depth) - 1

    @property
    def luma_scale(self) -> tuple[float, float]:
        """(gain, offset) from codes to luma on 0..255."""
        if self.full_range:
            return 255.0 / self.peak, 0.0
        return 255.0 / (219 << (self.depth - 8)), -16 * 255.0 / 219

    @property
    def chroma_gains(self) -> tuple[float, float]:
        """Codes per unit of the network's Cb and Cr."""
        red, blue = LUMA_COEFFICIENTS[self.matrix]
        unit = self.peak / 255.0 if self.full_range else (224 << (self.depth - 8)) / 255.0
        return unit * BLUE_SCALE / (2 - 2 * blue), unit * RED_SCALE / (2 - 2 * red)

    @property
    def neutral(self) -> int:
        """Code of no colour."""
        return 1 << (self.depth - 1)


def full_range_luma(luma: Plane, spec: SampleSpec) -> FloatArray:
    """Luma codes (height, width) as float32 on 0..255, not clipped."""
    gain, offset = spec.luma_scale
    scaled = luma.astype(np.float32)
    if gain != 1.0:
        scaled *= np.float32(gain)
    if offset:
        scaled += np.float32(offset)
    return scaled


def viewed_luma(luma: Plane, spec: SampleSpec) -> NDArray[np.uint8]:
    """Luma as the network should see it: uint8 (height, width), full range, SDR gamma."""
    scaled = full_range_luma(luma, spec)
    if spec.transfer == "pq":
        scaled = _tone_mapped(scaled)
    return np.asarray(np.clip(scaled + 0.5, 0, 255).astype(np.uint8))


def limit_to_gamut(chroma: FloatArray, luma: FloatArray, matrix: str) -> FloatArray:
    """Scale chroma towards neutral where R, G or B would leave 0..255.

    Args:
        chroma: float32 (2, height, width), the network's Cb and Cr less 128; changed in place.
        luma: float32 (height, width) on 0..255, at the same places.
        matrix: of the stream the colour is meant for.
    """
    kr, kb = LUMA_COEFFICIENTS[matrix]
    blue = chroma[0] * np.float32(BLUE_SCALE)
    red = chroma[1] * np.float32(RED_SCALE)
    green = cv2.addWeighted(red, -kr / (1 - kr - kb), blue, -kb / (1 - kr - kb), 0)
    highest = cv2.max(cv2.max(red, blue), green)
    lowest = cv2.min(cv2.min(red, blue), green)
    inside = np.clip(luma, 0, 255)
    tiny = np.float32(1e-3)
    above = (np.float32(255) - inside) / np.maximum(highest, tiny)
    below = inside / np.maximum(-lowest, tiny)
    chroma *= np.minimum(np.minimum(above, below), np.float32(1))
    return chroma


def stream_chroma(chroma: FloatArray, spec: SampleSpec) -> tuple[Plane, Plane]:
    """Network chroma less 128, float32 (2, height, width), as codes of the stream."""
    kind = np.uint8 if spec.depth == 8 else np.uint16
    low, high = (0, spec.peak) if spec.full_range else (1, spec.peak - 1)
    planes = []
    for plane, gain in zip(chroma, spec.chroma_gains, strict=True):
        codes = plane * np.float32(gain) + np.float32(spec.neutral + 0.5)
        planes.append(np.clip(codes, low, high + 0.5).astype(kind))
    return planes[0], planes[1]


def compose_rgb(luma: NDArray[np.uint8], chroma: FloatArray) -> NDArray[np.uint8]:
    """sRGB uint8 (height, width, 3) of luma uint8 and chroma float32 (2, height, width), 0..255."""
    y = luma.astype(np.float32)
    blue, red = chroma - np.float32(NEUTRAL)
    green = y - np.float32(0.344136) * blue - np.float32(0.714136) * red
    rgb = np.stack([y + np.float32(RED_SCALE) * red, green, y + np.float32(BLUE_SCALE) * blue], -1)
    return np.asarray(np.clip(rgb + 0.5, 0, 255).astype(np.uint8))


def _tone_mapped(luma: FloatArray) -> FloatArray:
    """PQ code values on 0..255 as SDR gamma on 0..255.

    SMPTE ST 2084's EOTF, reference white at 203 cd/m² (ITU-R BT.2408), the extended operator of
    Reinhard et al. 2002 with white at 1,000 cd/m², display gamma 2.4 (BT.1886).
    """
    m1, m2 = 2610 / 16384, 2523 / 4096 * 128
    c1, c2, c3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
    power = np.clip(luma / 255.0, 0, 1) ** (1 / m2)
    light = (np.maximum(power - c1, 0) / (c2 - c3 * power)) ** (1 / m1) * 10000 / 203
    white = 1000 / 203
    mapped = light * (1 + light / white**2) / (1 + light)
    return np.asarray(255 * np.clip(mapped, 0, 1) ** (1 / 2.4), np.float32)
