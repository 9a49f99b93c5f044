"""A frame as a file of its own: PNG, TIFF, DPX or JPEG."""

from __future__ import annotations

import io
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import PIL.Image
from numpy.typing import NDArray

from vidcolor.media.dpx import DpxHeader, dpx_bits, dpx_file
from vidcolor.media.note import PNG_KEYWORD, SOFTWARE, noted
from vidcolor.media.pngchunks import with_metadata
from vidcolor.media.sequence import is_pattern
from vidcolor.media.tiff import deep_tiff

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
    """Make a complete file, which is not compressed but in PNG and JPEG.

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
    if kind == "tiff" and rgb.dtype == np.uint16:
        said = {SOFTWARE: words.note.encode()} if words.note else {}
        return deep_tiff(rgb, None, None, None, said, packed=False)
    return _by_pillow(kind, rgb, words.note)


def _png(rgb: NDArray[Any], note: str | None) -> bytes:
    done, data = cv2.imencode(".png", np.ascontiguousarray(rgb[:, :, ::-1]))
    if not done:
        raise OSError("OpenCV could not encode a PNG")
    return with_metadata(
        data.tobytes(), None, None, None, None, {PNG_KEYWORD: note} if note else {}
    )


def _by_pillow(kind: str, rgb: NDArray[np.uint8], note: str | None) -> bytes:
    options: dict[str, Any] = {"exif": noted(None, note)} if note else {}
    if kind == "jpeg":
        options |= {"quality": _JPEG_QUALITY, "subsampling": 0}
    made = io.BytesIO()
    PIL.Image.fromarray(np.ascontiguousarray(rgb)).save(made, kind, **options)
    return made.getvalue()
