"""DPX files: what their header says, and pictures as such files (SMPTE ST 268)."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from vidcolor.errors import InputError
from vidcolor.media.planes import plane_view
from vidcolor.media.rates import MOST, exact

HEADER = 2048
"""Bytes of the generic, film and television headers."""
_SIZE, _DESCRIPTOR, _CURVE, _BITS = 772, 800, 801, 803
_CREATOR, _CREATOR_LENGTH = 160, 100
_FILM, _FILM_RATE, _TELEVISION_RATE = 1664, 1724, 1940
_DATA, _WHOLE, _GENERIC_LENGTH, _INDUSTRY_LENGTH, _ELEMENT_DATA = 4, 16, 24, 28, 808
_NOTHING_SAID = (
    bytes(48) + b"\xff" * 20 + bytes(188) + b"\xff" * 52 + bytes(76)
)  # text is empty where nobody wrote, numbers are all ones
_FORMATS = {10: "gbrp10be", 12: "gbrp12be", 16: "rgb48be"}


@dataclass(frozen=True)
class DpxHeader:
    """What the head of a file says.

    Args:
        size: (width, height).
        bits: of a sample.
        descriptor: what a pixel is made of, by the standard's numbers.
        curve: the standard's number of the transfer characteristic, such as 1, printing density.
        rate: frames a second, None where it is not said.
        film: the film and television headers (key code, time code and so on), as they stand.
        swapped: whether numbers have their low byte first.
    """

    size: tuple[int, int]
    bits: int
    descriptor: int
    curve: int
    rate: Fraction | None
    film: bytes
    swapped: bool


def read_dpx_header(path: Path) -> DpxHeader:
    """Read the head of a file.

    Raises:
        InputError: it is no DPX file, or ends within the head.
        OSError: it cannot be read.
    """
    with path.open("rb") as stream:
        head = stream.read(HEADER)
    order = {b"SDPX": ">", b"XPDS": "<"}.get(head[:4])
    if order is None or len(head) < HEADER:
        raise InputError(f"{path} is no DPX file, or is damaged.", "Get another copy.")
    width, height = struct.unpack_from(f"{order}II", head, _SIZE)
    rates = [struct.unpack_from(f"{order}f", head, at)[0] for at in (_FILM_RATE, _TELEVISION_RATE)]
    return DpxHeader(
        size=(width, height),
        bits=head[_BITS],
        descriptor=head[_DESCRIPTOR],
        curve=head[_CURVE],
        rate=next((exact(Fraction(r)) for r in rates if _is_rate(r)), None),
        film=head[_FILM:HEADER],
        swapped=order == "<",
    )


def _is_rate(value: float) -> bool:
    """Whether a field says something: undefined ones are all ones, which is no number, or 0."""
    return math.isfinite(value) and 1 <= value <= MOST


def dpx_bits(depth: int) -> int:
    """Bits of the samples in which pictures of a depth are written: 10, 12 or 16."""
    return next(bits for bits in _FORMATS if depth <= bits)


def dpx_file(
    rgb: NDArray[np.uint16], bits: int, rate: Fraction, note: str, like: DpxHeader | None
) -> bytes:
    """Make a complete file.

    Args:
        rgb: uint16 (height, width, 3), codes of `bits`.
        bits: 10, 12 or 16.
        rate: frames a second, for the head.
        note: who made it, cut to 99 letters.
        like: of the file that it is made from, whose curve, key code and time code it keeps.
    """
    name = _FORMATS[bits]
    height, width = rgb.shape[:2]
    frame = av.VideoFrame(width, height, name)
    swapped = rgb.astype(">u2").view("<u2")  # planes are looked at as low byte first
    if name.startswith("gbrp"):
        for place, color in enumerate((1, 2, 0)):
            plane_view(frame, place, bits)[...] = swapped[:, :, color]
    else:
        plane_view(frame, 0, bits, 3)[...] = swapped.reshape(height, -1)
    encoder = av.CodecContext.create("dpx", "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, name
    encoder.time_base = 1 / rate
    made = b"".join(bytes(packet) for packet in encoder.encode(frame))
    return _with_heads(bytearray(made), rate, note, like)


def _with_heads(made: bytearray, rate: Fraction, note: str, like: DpxHeader | None) -> bytes:
    """Add what FFmpeg's encoder leaves out: the film and television headers, and who made it."""
    creator = note.encode("ascii", "replace")[: _CREATOR_LENGTH - 1]
    made[_CREATOR : _CREATOR + _CREATOR_LENGTH] = creator.ljust(_CREATOR_LENGTH, b"\0")
    made[_FILM:_FILM] = like.film if like is not None and not like.swapped else _NOTHING_SAID
    if like is not None:
        made[_CURVE] = like.curve
    numbers = {
        _DATA: HEADER,
        _WHOLE: len(made),
        _GENERIC_LENGTH: _FILM,
        _INDUSTRY_LENGTH: HEADER - _FILM,
        _ELEMENT_DATA: HEADER,
    }
    for place, number in numbers.items():
        struct.pack_into(">I", made, place, number)
    for place in (_FILM_RATE, _TELEVISION_RATE):
        struct.pack_into(">f", made, place, float(rate))
    return bytes(made)
