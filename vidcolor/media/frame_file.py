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
    """

    note: str | None
    rate: Fraction
    like: DpxHeader | None = None


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
        return _png(rgb, words.note)
    if kind == "tiff":
        return _tiff(rgb, words.note)
    return _jpeg(rgb, words.note)


def _png(rgb: NDArray[Any], note: str | None) -> bytes:
    done, data = cv2.imencode(".png", np.ascontiguousarray(rgb[:, :, ::-1]))
    if not done:
        raise OSError("OpenCV could not encode a PNG")
    png = data.tobytes()
    return png[:_PNG_HEAD] + _png_text(note) + png[_PNG_HEAD:] if note else png


def _png_text(text: str) -> bytes:
    """A chunk of the text field for software: PNG specification, third edition, 11.3.3.4."""
    data = b"iTXt" + PNG_KEYWORD.encode() + b"\0\0\0\0\0" + text.encode()
    return struct.pack(">I", len(data) - 4) + data + struct.pack(">I", zlib.crc32(data))


def _tiff(rgb: NDArray[Any], note: str | None) -> bytes:
    import tifffile

    made = io.BytesIO()
    tifffile.imwrite(
        made, rgb, photometric="rgb", software=note.encode() if note else False, metadata=None
    )
    return made.getvalue()


def _jpeg(rgb: NDArray[np.uint8], note: str | None) -> bytes:
    made = io.BytesIO()
    options = {"exif": noted(None, note)} if note else {}
    picture = PIL.Image.fromarray(np.ascontiguousarray(rgb))
    picture.save(made, "jpeg", quality=_JPEG_QUALITY, subsampling=0, **options)
    return made.getvalue()
