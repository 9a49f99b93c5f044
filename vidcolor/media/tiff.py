"""A TIFF of 16-bit samples with its profile, which neither Pillow nor OpenCV can write.

Layout: TIFF 6.0, section 2; Deflate is compression 8 of the Adobe supplement.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

_ASCII, _SHORT, _LONG, _RATIONAL, _UNDEFINED = 2, 3, 4, 5, 7
_DEFLATE = 8


def deep_tiff(
    samples: NDArray[np.uint16],
    icc_profile: bytes | None,
    xmp: bytes | None,
    dpi: tuple[float, float] | None,
    texts: Mapping[int, bytes],
) -> bytes:
    """Make a complete TIFF file.

    Args:
        samples: (height, width, 3 or 4), RGB and unassociated alpha.
        icc_profile: kept as it is.
        xmp: kept as it is.
        dpi: horizontal and vertical.
        texts: by tag.
    """
    height, width, count = samples.shape
    strip = zlib.compress(samples.astype("<u2").tobytes(), 6)
    tags: dict[int, tuple[int, bytes, int]] = {
        256: _long(width),
        257: _long(height),
        258: _shorts(*[16] * count),
        259: _shorts(_DEFLATE),
        262: _shorts(2),
        273: _long(8),
        277: _shorts(count),
        278: _long(height),
        279: _long(len(strip)),
        284: _shorts(1),
    }
    if dpi:
        tags |= {282: _rational(dpi[0]), 283: _rational(dpi[1]), 296: _shorts(2)}
    if count == 4:
        tags[338] = _shorts(2)
    if xmp:
        tags[700] = (_UNDEFINED, xmp, len(xmp))
    if icc_profile:
        tags[34675] = (_UNDEFINED, icc_profile, len(icc_profile))
    tags |= {tag: (_ASCII, text + b"\0", len(text) + 1) for tag, text in texts.items()}
    strip += b"\0" * (len(strip) % 2)
    return struct.pack("<2sHL", b"II", 42, 8 + len(strip)) + strip + _directory(tags, len(strip))


def _directory(tags: dict[int, tuple[int, bytes, int]], strip_length: int) -> bytes:
    """The directory and behind it the values that are longer than its four bytes."""
    place = 8 + strip_length + 2 + 12 * len(tags) + 4
    entries, values = b"", b""
    for tag in sorted(tags):
        kind, data, count = tags[tag]
        if len(data) <= 4:
            field: Any = data.ljust(4, b"\0")
        else:
            field = struct.pack("<L", place + len(values))
            values += data + b"\0" * (len(data) % 2)
        entries += struct.pack("<HHL", tag, kind, count) + field
    return struct.pack("<H", len(tags)) + entries + struct.pack("<L", 0) + values


def _shorts(*numbers: int) -> tuple[int, bytes, int]:
    return _SHORT, struct.pack(f"<{len(numbers)}H", *numbers), len(numbers)


def _long(number: int) -> tuple[int, bytes, int]:
    return _LONG, struct.pack("<L", number), 1


def _rational(number: float) -> tuple[int, bytes, int]:
    return _RATIONAL, struct.pack("<LL", round(number * 1000), 1000), 1
