"""Between the network's colour space and a stream's: range, depth, matrix, HDR, gamut.

The network's space is full-range BT.601 Y'CbCr of sRGB on 0..255, neutral 128, as in JPEG (ITU-T
T.871). A stream of another matrix keeps R'-Y' and B'-Y'.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
Plane = NDArray[Any]

_PQ_M1, _PQ_M2 = 2610 / 16384, 2523 / 4096 * 128
_PQ_C1, _PQ_C2, _PQ_C3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
_HDR_PEAK, _REFERENCE_WHITE = 1000.0, 203.0

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
        transfer: "sdr", "pq", "hlg" or "linear".
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


def small_luma(luma: Plane, spec: SampleSpec, shape: tuple[int, int]) -> NDArray[np.uint8]:
    """Luma as networks, shots, flow and hints see it, made small.

    The one place where samples of a film or photograph become bytes: whatever their depth, range,
    matrix and transfer, the same scene gives the same bytes.

    Args:
        luma: uint8 or uint16 (height, width), codes as `spec` says.
        spec: what the codes mean.
        shape: (height, width) to resize to, by area averaging, linear where it grows.

    Returns:
        uint8 `shape`, full range, SDR gamma.
    """
    height, width = shape
    smaller = height <= luma.shape[0] and width <= luma.shape[1]
    method = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    return viewed_luma(np.asarray(cv2.resize(luma, (width, height), interpolation=method)), spec)


def viewed_luma(luma: Plane, spec: SampleSpec) -> NDArray[np.uint8]:
    """Luma as `small_luma` sees it, at its own size: uint8 (height, width)."""
    if spec.depth < 8 * luma.itemsize:
        luma = np.minimum(luma, luma.dtype.type(spec.peak))
    return np.asarray(_views(spec)[luma])


@functools.lru_cache(maxsize=8)
def _views(spec: SampleSpec) -> NDArray[np.uint8]:
    """What is seen of each code: uint8 (2^depth,)."""
    light = full_range_luma(np.arange(spec.peak + 1), spec)
    if spec.transfer in _DISPLAYED:
        light = 255 * _DISPLAYED[spec.transfer](np.clip(light / 255, 0, 1))
    return np.asarray(np.clip(light + 0.5, 0, 255).astype(np.uint8))


def limit_to_gamut(chroma: FloatArray, luma: FloatArray, matrix: str) -> FloatArray:
    """Scale chroma towards neutral where R, G or B would leave 0..255.

    Args:
        chroma: float32 (2, height, width), the network's Cb and Cr less 128; changed in place.
        luma: float32 (height, width) on 0..255, at the same places.
        matrix: of the stream the colour is meant for.
    """
    blue = chroma[0] * np.float32(BLUE_SCALE)
    red = chroma[1] * np.float32(RED_SCALE)
    chroma /= gamut_excess(blue, red, np.clip(luma, 0, 255), matrix)
    return chroma


def gamut_excess(blue: FloatArray, red: FloatArray, luma: FloatArray, matrix: str) -> FloatArray:
    """How many times as strong colour is as it may be for R', G' and B' to stay within 0..255.

    Args:
        blue: float32 (height, width), B'-Y'.
        red: R'-Y', likewise.
        luma: float32 (height, width) within 0..255, at the same places.
        matrix: of the stream the colour is meant for.

    Returns:
        float32 (height, width), 1 where it fits, else what to divide it by.
    """
    kr, kb = LUMA_COEFFICIENTS[matrix]
    tiny = np.float32(1e-3)
    above = np.subtract(np.float32(255) + tiny, luma)
    below = luma + tiny
    green = cv2.addWeighted(red, -kr / (1 - kr - kb), blue, -kb / (1 - kr - kb), 0)
    highest, lowest = cv2.max(red, blue), cv2.min(red, blue)
    cv2.max(highest, green, highest)
    cv2.min(lowest, green, lowest)
    # What fits is exactly once as strong.
    cv2.max(highest, above, highest)
    cv2.divide(highest, above, highest)
    cv2.divide(lowest, below, lowest, -1)
    return np.asarray(cv2.max(highest, lowest, highest))


def rgb_in_gamut(luma: FloatArray, chroma: FloatArray, matrix: str) -> FloatArray:
    """R'G'B' of luma and chroma, whose luma is the given one.

    Args:
        luma: float32 (height, width) on 0..255.
        chroma: float32 (2, height, width), the network's Cb and Cr less 128; changed in place.
        matrix: of the stream that they are of.

    Returns:
        float32 (height, width, 3) on 0..255, but for rounding.
    """
    inside = limit_to_gamut(chroma, luma, matrix)
    kr, kb = LUMA_COEFFICIENTS[matrix]
    blue, red = inside[0] * np.float32(BLUE_SCALE), inside[1] * np.float32(RED_SCALE)
    green = -(np.float32(kr) * red + np.float32(kb) * blue) / np.float32(1 - kr - kb)
    return np.asarray(cv2.merge([luma + red, luma + green, luma + blue]))


def rgb_of_planes(luma: Plane, chroma: tuple[Plane, Plane], spec: SampleSpec, peak: int) -> Plane:
    """Full-range R'G'B' of a stream's planes, by its own matrix, within the gamut.

    Args:
        luma: uint8 or uint16 (height, width), codes as `spec` says.
        chroma: Cb and Cr, likewise, of the same size or smaller.
        spec: what the codes mean.
        peak: the code of white in the result, such as 255, 1023 or 65535.

    Returns:
        (height, width, 3), uint8 where `peak` is 255, else uint16.
    """
    light = np.clip(full_range_luma(luma, spec), 0, 255)
    colors = np.empty((2, *light.shape), np.float32)
    for color, plane, gain in zip(colors, chroma, spec.chroma_gains, strict=True):
        large = cv2.resize(plane, light.shape[::-1], interpolation=cv2.INTER_LINEAR)
        np.subtract(large, np.float32(spec.neutral), color)
        color /= np.float32(gain)
    rgb = rgb_in_gamut(light, colors, spec.matrix)
    rgb *= np.float32(peak / 255)
    rgb += np.float32(0.5)
    kind = np.uint8 if peak == 255 else np.uint16
    return np.asarray(np.clip(rgb, 0, peak, rgb).astype(kind))


def write_chroma(
    blue: FloatArray, red: FloatArray, spec: SampleSpec, planes: tuple[Plane, Plane]
) -> None:
    """Colour as codes of the stream, rounded.

    Args:
        blue: float32 (height, width), B'-Y' within the gamut of luma on 0..255.
        red: R'-Y', likewise.
        spec: what the codes mean.
        planes: Cb and Cr to write to: uint8 where codes have 8 bits, else uint16.
    """
    per_blue, per_red = spec.chroma_gains
    gains = per_blue / BLUE_SCALE, per_red / RED_SCALE
    for color, gain, plane in zip((blue, red), gains, planes, strict=True):
        if spec.depth == 8:
            # Three passes in one. Within the gamut no code is negative, as this would not tell.
            cv2.convertScaleAbs(color, plane, gain, spec.neutral)
        else:
            cv2.addWeighted(color, gain, color, 0, spec.neutral, plane, cv2.CV_16U)
            cv2.min(plane, spec.peak, plane)


def _pq_to_light(signal: FloatArray) -> FloatArray:
    """PQ signal in 0..1 to cd/m²: the EOTF of SMPTE ST 2084."""
    power = signal ** (1 / _PQ_M2)
    light = np.maximum(power - _PQ_C1, 0) / (_PQ_C2 - _PQ_C3 * power)
    return np.asarray(10000 * light ** (1 / _PQ_M1), np.float32)


def _light_to_pq(light: FloatArray) -> FloatArray:
    """The inverse of `_pq_to_light`."""
    power = (light / 10000) ** _PQ_M1
    return np.asarray(((_PQ_C1 + _PQ_C2 * power) / (1 + _PQ_C3 * power)) ** _PQ_M2, np.float32)


def _hlg_to_light(signal: FloatArray) -> FloatArray:
    """HLG signal in 0..1 to cd/m² on a display of 1,000: ITU-R BT.2100, system gamma 1.2."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)
    return np.asarray(_HDR_PEAK * scene**1.2, np.float32)


def _light_to_sdr(light: FloatArray) -> FloatArray:
    """Displayed light in cd/m² to an SDR signal in 0..1 of display gamma 2.4 (BT.1886).

    Reference white is 203 cd/m² (BT.2408). What is darker stays as it is up to the knee; from there
    up to 1,000 cd/m² light is rolled off by the curve of BT.2390 (EETF, in PQ).
    """
    source, target = _light_to_pq(np.array([_HDR_PEAK, _REFERENCE_WHITE], np.float32))
    signal = np.minimum(_light_to_pq(light) / source, 1)
    most = target / source
    knee = 1.5 * most - 0.5
    t = np.maximum(signal - knee, 0) / (1 - knee)
    rolled = (
        (2 * t**3 - 3 * t**2 + 1) * knee
        + (t**3 - 2 * t**2 + t) * (1 - knee)
        + (3 * t**2 - 2 * t**3) * most
    )
    shown = _pq_to_light(np.where(signal > knee, rolled, signal) * source)
    return np.asarray((shown / _REFERENCE_WHITE) ** (1 / 2.4), np.float32)


def _linear_to_sdr(light: FloatArray) -> FloatArray:
    """Linear light in 0..1 to sRGB (IEC 61966-2-1)."""
    curved = 1.055 * np.maximum(light, 0.0031308) ** (1 / 2.4) - 0.055
    return np.asarray(np.where(light <= 0.0031308, 12.92 * light, curved), np.float32)


_DISPLAYED: dict[str, Callable[[FloatArray], FloatArray]] = {
    "pq": lambda signal: _light_to_sdr(_pq_to_light(signal)),
    "hlg": lambda signal: _light_to_sdr(_hlg_to_light(signal)),
    "linear": _linear_to_sdr,
}
