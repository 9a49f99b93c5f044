"""Files that end before their own headers say they do, as a download that broke off.

Only what a container writes down counts: how large its parts are, and how long the film is. Both
must be short of it. Streams for broadcast (ts, mpg, ogg, nut, raw) promise nothing.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

from av.container import InputContainer
from av.video.stream import VideoStream

from vidcolor.media.films import seconds_of

_LEAST_S, _LEAST_FRAMES = Fraction(1, 10), 2
"""Headers round, and the sound may be a little longer than the film."""
_ASF_FILE = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_MXF_PARTITION = bytes.fromhex("060e2b34020501010d01020101")
_EBML_SEGMENT, _EBML_HEAD = 0x18538067, 0x1A45DFA3
_FLV_TAGS = (8, 9, 18)
_HEAD = 1 << 16
"""Bytes at the beginning among which the headers of ASF and MXF lie."""
_TAIL = 4096
"""Bytes at the end that are no film if all are zero."""

Check = Callable[[BinaryIO, int], bool]


def cut_sentences(
    path: Path, container: InputContainer, film: VideoStream, start_s: Fraction, end_s: Fraction
) -> tuple[str, ...]:
    """What is to be said of a file that is cut short; nothing where it is whole.

    Args:
        path: of the file.
        container: the same, open.
        film: its film.
        start_s: when the film's first frame begins.
        end_s: when the last frame that is there ends.
    """
    promised_s = _promised_length(path, container, film, start_s)
    length_s = end_s - start_s
    if promised_s is None or promised_s - length_s <= _tolerance(film):
        return ()
    if not _is_cut(path, container.format.name):
        return ()
    frames = f" ({film.frames} frames)" if film.frames else ""
    return (
        f"The file is cut short: it promises {float(promised_s):.2f} s{frames}, "
        f"{float(length_s):.2f} s can be decoded; the rest is missing.",
    )


def _tolerance(film: VideoStream) -> Fraction:
    rate = film.average_rate or film.guessed_rate
    step = Fraction(rate.denominator, rate.numerator) if rate else Fraction(0)
    return max(_LEAST_S, _LEAST_FRAMES * step)


def _promised_length(
    path: Path, container: InputContainer, film: VideoStream, start_s: Fraction
) -> Fraction | None:
    """Seconds of the film as the header has them; of all streams where it has no more."""
    name = container.format.name
    if name.startswith("mov") or name == "mxf":
        return seconds_of(film)
    end: Fraction | None = Fraction(container.duration or 0, 1_000_000)
    if name == "avi" and film.time_base:
        # FFmpeg makes up the duration of a cut one by the bytes that are left.
        end = film.frames * Fraction(film.time_base.numerator, film.time_base.denominator)
    elif name == "asf":
        end = _asf_seconds(path)
    elif name.startswith("matroska"):
        end = seconds_of(film) or end
    return end - start_s if end else None


def _is_cut(path: Path, name: str) -> bool:
    check = next((check for start, check in _CHECKS.items() if name.startswith(start)), None)
    if check is None:
        return False
    try:
        with path.open("rb") as stream:
            size = path.stat().st_size
            if _ends_in_nothing(stream, size):
                return True
            stream.seek(0)
            return check(stream, size)
    except (struct.error, IndexError, ValueError):
        return False  # no header as expected says nothing


def _ends_in_nothing(stream: BinaryIO, size: int) -> bool:
    """Whether room was made for a download that never filled it."""
    stream.seek(max(0, size - _TAIL))
    return not any(stream.read())


def _boxes_are_cut(stream: BinaryIO, size: int) -> bool:
    """MP4 and QuickTime: 4 bytes of length, 4 of kind; 1 means 8 more of length, 0 to the end."""
    place = 0
    while place + 8 <= size:
        stream.seek(place)
        (length,) = struct.unpack(">I4x", stream.read(8))
        if length == 1:
            (length,) = struct.unpack(">Q", stream.read(8))
        if length < 8:
            return False
        place += length
    return place > size


def _riff_is_cut(stream: BinaryIO, size: int) -> bool:
    """AVI: RIFF chunks one behind the other."""
    place = 0
    while place + 8 <= size:
        stream.seek(place)
        kind, length = struct.unpack("<4sI", stream.read(8))
        if kind != b"RIFF" or not 0 < length < 0xFFFFFFFF:
            return False
        place += 8 + length + length % 2
    return place > size + 1


def _ebml_is_cut(stream: BinaryIO, size: int) -> bool:
    """Matroska: the segment or, where its length is unknown, the last of its elements."""
    place = 0
    while place < size:
        stream.seek(place)
        data = stream.read(12)
        if not data[0]:
            return False
        kind, length, head = _ebml_element(data)
        if length is None and kind != _EBML_SEGMENT:
            return False
        place += head
        if length is not None:
            place += length
            if kind not in (_EBML_HEAD, _EBML_SEGMENT):
                continue
            if kind == _EBML_SEGMENT:
                break
    return place > size


def _ebml_element(data: bytes) -> tuple[int, int | None, int]:
    """An element's kind, its length (None if unknown) and that of its head."""
    first = 9 - data[0].bit_length()
    second = 9 - data[first].bit_length()
    bits = int.from_bytes(data[first : first + second])
    mask = (1 << 7 * second) - 1
    length = bits & mask
    return int.from_bytes(data[:first]), None if length == mask else length, first + second


def _flv_is_cut(stream: BinaryIO, size: int) -> bool:
    """Behind each tag stands how long it was."""
    stream.seek(size - 4)
    (length,) = struct.unpack(">I", stream.read(4))
    if not 11 <= length <= size - 4:
        return True
    stream.seek(size - 4 - length)
    head = stream.read(4)
    return head[0] & 0x1F not in _FLV_TAGS or int.from_bytes(head[1:]) != length - 11


def _asf_is_cut(stream: BinaryIO, size: int) -> bool:
    found = _asf_properties(stream)
    return found is not None and found[0] > size


def _asf_seconds(path: Path) -> Fraction | None:
    """How long a file is by its header, which FFmpeg does not believe where the size is wrong."""
    with path.open("rb") as stream:
        found = _asf_properties(stream)
    return None if found is None else Fraction(found[1], 10_000_000) - Fraction(found[2], 1000)


def _asf_properties(stream: BinaryIO) -> tuple[int, int, int] | None:
    """Bytes, play time in 100 ns and preroll in ms; None where the header has none that count."""
    data = stream.read(_HEAD)
    place = data.find(_ASF_FILE)
    if place < 0:
        return None
    size, play_time, preroll, flags = struct.unpack_from("<40xQ16xQ8xQI", data, place)
    return None if flags & 1 else (size, play_time, preroll)


def _mxf_is_cut(stream: BinaryIO, size: int) -> bool:
    """The header says where the footer lies."""
    data = stream.read(_HEAD)
    place = data.index(_MXF_PARTITION) + 16
    lengths = data[place] & 0x7F if data[place] & 0x80 else 0
    (footer,) = struct.unpack_from(">24xQ", data, place + 1 + lengths)
    return bool(footer > size)


_CHECKS: dict[str, Check] = {
    "mov": _boxes_are_cut,
    "avi": _riff_is_cut,
    "matroska": _ebml_is_cut,
    "flv": _flv_is_cut,
    "asf": _asf_is_cut,
    "mxf": _mxf_is_cut,
}
