"""Metadata chunks of PNG files that OpenCV wrote (16 bits), which it cannot write itself.

Chunk layouts: PNG specification, third edition, 11.3.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping

_HEAD = 8 + 25
"""Length of the signature and of the IHDR chunk behind which all of these may stand."""


def with_metadata(
    png: bytes,
    icc_profile: bytes | None,
    exif: bytes | None,
    xmp: bytes | None,
    dpi: tuple[float, float] | None,
    words: Mapping[str, str],
) -> bytes:
    """Insert iCCP, eXIf, pHYs and iTXt (XMP, words by keyword) behind a complete PNG's header."""
    chunks = []
    if icc_profile:
        chunks.append(_chunk(b"iCCP", b"ICC Profile\0\0" + zlib.compress(icc_profile)))
    if dpi:
        metres = [round(value / 0.0254) for value in dpi]
        chunks.append(_chunk(b"pHYs", struct.pack(">IIB", *metres, 1)))
    if exif:
        chunks.append(_chunk(b"eXIf", exif.removeprefix(b"Exif\0\0")))
    if xmp:
        chunks.append(_text("XML:com.adobe.xmp", xmp))
    chunks += [_text(keyword, value.encode()) for keyword, value in words.items()]
    return png[:_HEAD] + b"".join(chunks) + png[_HEAD:]


def _text(keyword: str, value: bytes) -> bytes:
    return _chunk(b"iTXt", keyword.encode("latin-1") + b"\0\0\0\0\0" + value)


def _chunk(kind: bytes, data: bytes) -> bytes:
    check = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)
