"""PNG files of 16 bits, which Pillow does not write, a few rows at a time with their metadata.

Layout and filters: PNG specification, third edition, 9, 10 and 11.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vidcolor.media.attached import Attached

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOR_TYPES = {3: 2, 4: 6}
_LEVEL = 4
_SUB, _UP = 1, 2


def write_deep_png(
    path: Path,
    shape: tuple[int, int, int],
    bands: Iterable[NDArray[Any]],
    attached: Attached,
    words: Mapping[str, str],
) -> None:
    """Write RGB or RGBA of 16 bits.

    Args:
        path: of the file.
        shape: (height, width, 3 or 4).
        bands: uint16, all rows once, some at a time.
        attached: what goes along; its words are left to `words`.
        words: by keyword.
    """
    height, width, channels = shape
    header = struct.pack(">2L5B", width, height, 16, _COLOR_TYPES[channels], 0, 0, 0)
    with path.open("wb") as file:
        file.write(_SIGNATURE + _chunk(b"IHDR", header))
        for chunk in _metadata(attached, words):
            file.write(chunk)
        packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, zlib.MAX_WBITS, 9, zlib.Z_FILTERED)
        for rows in _filtered(bands, width * channels * 2, channels * 2):
            if data := packer.compress(rows):
                file.write(_chunk(b"IDAT", data))
        file.write(_chunk(b"IDAT", packer.flush()) + _chunk(b"IEND", b""))


def _filtered(bands: Iterable[NDArray[Any]], wide: int, pixel: int) -> Iterator[bytes]:
    """Rows as differences from the left or from above, whichever is less, as PNG advises."""
    above = np.zeros((1, wide), np.uint8)
    for band in bands:
        rows = band.astype(">u2").view(np.uint8).reshape(-1, wide)
        left = rows.copy()
        left[:, pixel:] -= rows[:, :-pixel]
        up = rows - np.concatenate([above, rows[:-1]])
        above = rows[-1:]
        costs = [np.abs(steps.view(np.int8).astype(np.int16)).sum(axis=1) for steps in (left, up)]
        nearer = (costs[0] <= costs[1])[:, None]
        kinds = np.where(nearer, np.uint8(_SUB), np.uint8(_UP))
        yield np.concatenate([kinds, np.where(nearer, left, up)], axis=1).tobytes()


def _metadata(attached: Attached, words: Mapping[str, str]) -> Iterator[bytes]:
    """Chunks of iCCP, pHYs, eXIf and iTXt (XMP, words), all of which stand before the samples."""
    if attached.icc_profile:
        yield _chunk(b"iCCP", b"ICC Profile\0\0" + zlib.compress(attached.icc_profile))
    if attached.dpi:
        metres = [round(value / 0.0254) for value in attached.dpi]
        yield _chunk(b"pHYs", struct.pack(">IIB", *metres, 1))
    if attached.exif:
        yield _chunk(b"eXIf", attached.exif.removeprefix(b"Exif\0\0"))
    if attached.xmp:
        yield _text("XML:com.adobe.xmp", attached.xmp)
    for keyword, value in words.items():
        yield _text(keyword, value.encode())


def _text(keyword: str, value: bytes) -> bytes:
    return _chunk(b"iTXt", keyword.encode("latin-1", "replace") + b"\0\0\0\0\0" + value)


def _chunk(kind: bytes, data: bytes) -> bytes:
    check = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)
