"""Films with closed captions, made by putting user data messages into a stream of H.264."""

from __future__ import annotations

import re
from pathlib import Path

import av

_SLICE = re.compile(rb"\x00\x00\x01[\x41\x61\x65\x01\x21\x25][\x80-\xff]")
"""Start code and header of a picture's first slice, whose number of the macroblock is 0."""


def captioned(raw: Path) -> Path:
    """Another film beside a raw one, each of whose frames has captions (ATSC A/53, part 4, 6.2.3).

    Returns:
        its path.
    """
    data, made, end = raw.read_bytes(), b"", 0
    for number, found in enumerate(_SLICE.finditer(data)):
        pair = bytes([0xFC, 0x80 | 0x41 + number % 26, 0x42])
        message = b"\xb5\x00\x31GA94\x03\x41\xff" + pair + b"\xff"
        start = found.start()
        made += data[end:start].rstrip(b"\0") + b"\0\0\0\1\x06\x04" + bytes([len(message)])
        made += message + b"\x80\0"
        end = start
    path = raw.with_name(f"captioned-{raw.name}")
    path.write_bytes(made + data[end:])
    return path


def captions(path: Path) -> list[bytes]:
    """Those of each frame, by PyAV alone; b"" of one that has none."""
    with av.open(str(path)) as container:
        return [
            next((bytes(d) for d in frame.side_data if d.type.name == "A53_CC"), b"")
            for frame in container.decode(video=0)
        ]
