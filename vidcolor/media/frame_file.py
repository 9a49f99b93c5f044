"""A frame as a file of its own: PNG, TIFF, DPX or JPEG."""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import PIL.Image
from numpy.typing import NDArray

from vidcolor.media.dpx import DpxHeader, dpx_bits, dpx_file
from vidcolor.media.note import PNG_KEYWORD, noted
from vidcolor.media.sequence import is_pattern

KINDS = {
    ".png": "png",
    ".tif": "tiff",
    ".tiff": "tiff",
    ".dpx": "dpx",
    ".jpg": "jpeg",
    ".jpeg": "jpeg",
}
"""Of the files that are written, by suffix."""
_JPEG_QUALITY = 95
_PNG_HEAD = 8 + 25
"""Length of the signature and of the IHDR chunk, behind which text may stand."""


def is_of_pictures(output: Path) -> bool:
    """Whether an output's name is a pattern for pictures, such as `out/frame_%05d.png`."""
    return is_pattern(output) and output.suffix.lower() in KINDS


def white_of(kind: str, depth: int) -> int:
    """The code of white in a file of a kind, made of samples of a depth."""
    if kind == "dpx":
        return (1 << dpx_bits(depth)) - 1
    return 65535 if depth > 8 and kind in ("png", "tiff") else 255


@dataclass(frozen=True)
class Words:
    """What a file says beside its picture.

    Args:
        note: on the program, or None.
        rate: frames a second, which DPX files say.
        like: head of the DPX file that it is made from, or None.
        profile: an ICC profile of RGB, or None; DPX files have none.
    """

    note: str | None
    rate: Fraction
    like: DpxHeader | None = None
    profile: bytes | None = None


def frame_file(kind: str, rgb: NDArray[Any], depth: int, words: Words) -> bytes:
    """Make a complete file; only PNG and JPEG are compressed, which all programs read.

    Args:
        kind: of `KINDS`.
        rgb: (height, width, 3) with white at `white_of(kind, depth)`.
        depth: of the samples that it is made of.
        words: what it says beside its picture.
    """
    if kind == "dpx":
        return dpx_file(rgb, dpx_bits(depth), words.rate, words.note or "", words.like)
    if kind == "png":
        return _png(rgb, words)
    if kind == "tiff":
        return _tiff(rgb, words)
    return _jpeg(rgb, words)


def _png(rgb: NDArray[Any], words: Words) -> bytes:
    done, data = cv2.imencode(".png", np.ascontiguousarray(rgb[:, :, ::-1]))
    if not done:
        raise OSError("OpenCV could not encode a PNG")
    png, chunks = data.tobytes(), b""
    if words.profile:
        chunks += _png_chunk(b"iCCP", b"ICC Profile\0\0" + zlib.compress(words.profile))
    if words.note:
        text = PNG_KEYWORD.encode() + b"\0\0\0\0\0" + words.note.encode()
        chunks += _png_chunk(b"iTXt", text)
    return png[:_PNG_HEAD] + chunks + png[_PNG_HEAD:]


def _png_chunk(kind: bytes, data: bytes) -> bytes:
    """PNG specification, third edition, 5.3."""
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


def _tiff(rgb: NDArray[Any], words: Words) -> bytes:
    import tifffile

    made = io.BytesIO()
    tifffile.imwrite(
        made,
        rgb,
        photometric="rgb",
        software=words.note.encode() if words.note else False,
        iccprofile=words.profile,
        metadata=None,
    )
    return made.getvalue()


def _jpeg(rgb: NDArray[np.uint8], words: Words) -> bytes:
    made = io.BytesIO()
    options: dict[str, Any] = {"exif": noted(None, words.note)} if words.note else {}
    options |= {"icc_profile": words.profile} if words.profile else {}
    picture = PIL.Image.fromarray(np.ascontiguousarray(rgb))
    picture.save(made, "jpeg", quality=_JPEG_QUALITY, subsampling=0, **options)
    return made.getvalue()
