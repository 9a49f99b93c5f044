"""Colour profiles that fit what is written, which is RGB whatever the source was.

Layout: ICC.1:2010 (4.3), sections 7 to 10.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import PIL.Image
import PIL.ImageCms
from numpy.typing import NDArray

GREY, RGB, CMYK, LAB = "grey", "RGB", "CMYK", "L*a*b*"
_SPACES = {b"GRAY": GREY, b"RGB ": RGB, b"CMYK": CMYK, b"Lab ": LAB}
_D50 = (0.9642, 1.0, 0.8249)
_PRIMARIES = {
    b"rXYZ": (0.4360747, 0.2225045, 0.0139322),
    b"gXYZ": (0.3850649, 0.7168786, 0.0971045),
    b"bXYZ": (0.1430804, 0.0606169, 0.7141733),
}
"""Of sRGB, adapted to D50."""

Conversion = Callable[[NDArray[np.uint8]], NDArray[np.uint8]]


@dataclass(frozen=True)
class Fitted:
    """What becomes of a profile.

    Attributes:
        profile: that goes with RGB samples, or None.
        convert: from uint8 (rows, columns, 4) of ink to sRGB, where the profile is of ink.
        note: what a person should know, or "".
    """

    profile: bytes | None
    convert: Conversion | None = None
    note: str = ""


def fitted(profile: bytes | None, space: str) -> Fitted:
    """A profile as it fits RGB of the same grey values, or a way to make sRGB by it.

    Args:
        profile: of the file, or None.
        space: of its samples: "grey", "RGB", "CMYK" or "L*a*b*".
    """
    if not profile:
        return Fitted(None)
    held = _SPACES.get(profile[16:20], "other samples")
    if held == RGB and space in (GREY, RGB):
        return Fitted(profile)
    if held == GREY and space in (GREY, RGB):
        toned = _toned(profile)
        if toned:
            note = "its grey colour profile became one of RGB with the same tone curve"
            return Fitted(toned, None, note)
        return Fitted(None, None, "its grey colour profile has no tone curve, and is left out")
    if held == CMYK and space == CMYK:
        return _inked(profile)
    return Fitted(
        None, None, f"its colour profile is of {held}, not of its samples, and is left out"
    )


def _inked(profile: bytes) -> Fitted:
    try:
        transform = PIL.ImageCms.buildTransform(
            PIL.ImageCms.ImageCmsProfile(io.BytesIO(profile)),
            PIL.ImageCms.createProfile("sRGB"),
            "CMYK",
            "RGB",
            PIL.ImageCms.Intent.RELATIVE_COLORIMETRIC,
            PIL.ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (PIL.ImageCms.PyCMSError, OSError):
        return Fitted(None, None, "its colour profile is damaged, and is left out")

    def convert(samples: NDArray[np.uint8]) -> NDArray[np.uint8]:
        ink = PIL.Image.frombytes("CMYK", samples.shape[1::-1], samples.tobytes())
        return np.asarray(PIL.ImageCms.applyTransform(ink, transform))

    return Fitted(None, convert, "its inks (CMYK) became sRGB by its colour profile")


def _toned(grey: bytes) -> bytes | None:
    """A profile of RGB with the tone curve of a grey one, so that grey values mean the same."""
    curve = _curve(grey)
    return curve and rgb_profile(curve)


def _curve(grey: bytes) -> bytes | None:
    """The tone curve as it lies there; None where there is none, or not one of light."""
    if len(grey) < 132 or grey[20:24] != b"XYZ ":
        return None
    for number in range(min(struct.unpack_from(">L", grey, 128)[0], 100)):
        entry = grey[132 + 12 * number : 144 + 12 * number]
        if len(entry) == 12 and entry[:4] == b"kTRC":
            place, size = struct.unpack(">LL", entry[4:])
            curve = grey[place : place + size]
            return curve if curve[:4] in (b"curv", b"para") and len(curve) == size else None
    return None


def gamma_curve(gamma: float) -> bytes:
    """A tone curve of light as a power of the samples."""
    return b"curv" + struct.pack(">LLH", 0, 1, min(65535, round(gamma * 256)))


def rgb_profile(curve: bytes) -> bytes:
    """A profile of sRGB's primaries with one tone curve for all three.

    Args:
        curve: an element of type "curv" or "para".
    """
    newer = curve[:4] == b"para"
    tags: dict[bytes, bytes] = {
        b"desc": _words("RGB with the tone curve of the source", newer, b"desc"),
        b"cprt": _words("No copyright, use freely", newer, b"text"),
        b"wtpt": _xyz(_D50),
        **{name: _xyz(place) for name, place in _PRIMARIES.items()},
        **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve),
    }
    place = 128 + 4 + 12 * len(tags)
    table, data, places = struct.pack(">L", len(tags)), b"", dict[bytes, int]()
    for name, element in tags.items():
        if element not in places:
            places[element] = place + len(data)
            data += element + b"\0" * (-len(element) % 4)
        table += struct.pack(">4sLL", name, places[element], len(element))
    version = 0x04200000 if newer else 0x02200000
    head = struct.pack(">L4sL4s4s4s", place + len(data), b"", version, b"mntr", b"RGB ", b"XYZ ")
    head += struct.pack(">6H4s", 2020, 1, 1, 0, 0, 0, b"acsp")
    white = b"".join(struct.pack(">l", round(part * 65536)) for part in _D50)
    return (head.ljust(68, b"\0") + white).ljust(128, b"\0") + table + data


def _xyz(place: Any) -> bytes:
    return b"XYZ \0\0\0\0" + b"".join(struct.pack(">l", round(part * 65536)) for part in place)


def _words(text: str, newer: bool, kind: bytes) -> bytes:
    if newer:
        data = text.encode("utf-16-be")
        return struct.pack(">4sLLL2s2sLL", b"mluc", 0, 1, 12, b"en", b"US", len(data), 28) + data
    plain = text.encode("ascii") + b"\0"
    if kind == b"text":
        return b"text\0\0\0\0" + plain
    return struct.pack(">4sLL", b"desc", 0, len(plain)) + plain + b"\0" * 78
