"""Profiles of wide RGB, and what their colour is in sRGB by the formulas of their standards."""

from __future__ import annotations

import struct

import numpy as np

from vidcolor.media.profiles import gamma_curve, rgb_profile

SRGB_D50 = ((0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.71410))
P3_D50 = ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407))
ADOBE_D50 = ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457))
ADOBE_GAMMA = 2 + 51 / 256


def fixed(*numbers: float) -> bytes:
    return b"".join(struct.pack(">l", round(number * 65536)) for number in numbers)


SRGB_CURVE = b"para\0\0\0\0" + struct.pack(">HH", 3, 0)
SRGB_CURVE += fixed(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)


def wide(curve: bytes, primaries: tuple[tuple[float, ...], ...]) -> bytes:
    """A profile with other primaries than sRGB's."""
    profile = rgb_profile(curve)
    count = struct.unpack_from(">L", profile, 128)[0]
    for number in range(count):
        name, place, _ = struct.unpack_from(">4sLL", profile, 132 + 12 * number)
        if name in (b"rXYZ", b"gXYZ", b"bXYZ"):
            own = fixed(*primaries[b"rgb".index(name[:1])])
            profile = profile[: place + 8] + own + profile[place + 20 :]
    return profile


PROFILES = {
    "Display P3": wide(SRGB_CURVE, P3_D50),
    "Adobe RGB": wide(gamma_curve(ADOBE_GAMMA), ADOBE_D50),
}
SRGB = rgb_profile(SRGB_CURVE)


def in_srgb(rgb: np.ndarray, name: str) -> np.ndarray:
    """RGB of a profile, of any peak, as sRGB on 0..255."""
    codes = rgb / np.iinfo(rgb.dtype).max
    if name == "Adobe RGB":
        light, primaries = codes**ADOBE_GAMMA, ADOBE_D50
    else:
        light = np.where(codes <= 0.04045, codes / 12.92, ((codes + 0.055) / 1.055) ** 2.4)
        primaries = P3_D50
    shown = light @ np.array(primaries) @ np.linalg.inv(np.array(SRGB_D50))
    shown = np.clip(shown, 0, 1)
    curved = np.where(shown <= 0.0031308, 12.92 * shown, 1.055 * shown ** (1 / 2.4) - 0.055)
    return 255 * curved
