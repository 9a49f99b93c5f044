"""TIFF files of RGB pages, written a strip at a time by tifffile.

EXIF and GPS have directories of their own (Exif 2.32, 4.6.3), which tifffile does not write: they
are appended, and the fields that lead to them set.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import PIL.Image
from numpy.typing import NDArray
from PIL.TiffImagePlugin import IFDRational, ImageFileDirectory_v2

from vidcolor.media.attached import (
    EXIF_FOLDER,
    GPS_FOLDER,
    RESOLUTION_UNIT,
    X_RESOLUTION,
    Y_RESOLUTION,
    Attached,
)
from vidcolor.media.note import raw_fields

STRIP_BYTES = 1 << 20
_MOST_CLASSIC = 3_900_000_000
"""Bytes of samples above which offsets of 32 bits may not do: such files become BigTIFF."""
_BYTE, _ASCII, _SHORT, _LONG, _RATIONAL, _UNDEFINED = 1, 2, 3, 4, 5, 7
_XMP, _IPTC = 700, 33723
_FOLDERS = (EXIF_FOLDER, GPS_FOLDER)
_OWN = (X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT)
_TEXTS = {269, 270, 271, 272, 285, 305, 306, 315, 316, 33432}
_PAGE = 2

Field = tuple[int, int, int, Any, bool]


@dataclass(frozen=True, eq=False)
class TiffPage:
    """A page to be written.

    Attributes:
        shape: (height, width, 3 or 4): RGB and unassociated alpha.
        depth: bits of a sample, 8 or 16.
        bands: all rows once, some at a time.
        attached: what goes along.
    """

    shape: tuple[int, int, int]
    depth: int
    bands: Iterable[NDArray[Any]]
    attached: Attached


def write_tiff(path: Path, pages: Iterable[TiffPage], count: int, size: int) -> None:
    """Write pages one after the other, compressed without loss.

    Args:
        path: of the file, which is there when this returns.
        pages: each is asked for when the one before it is written.
        count: how many there are.
        size: bytes of all their samples, about.
    """
    import tifffile

    folders = []
    with tifffile.TiffWriter(path, bigtiff=size > _MOST_CLASSIC, byteorder="<") as writer:
        for page in pages:
            exif = raw_fields(page.attached.exif or b"")
            folders.append({tag: _folder(exif, tag) for tag in _FOLDERS if tag in exif})
            _write_page(writer, page, exif, _PAGE if count > 1 else 0)
    with tifffile.TiffFile(path) as tiff:
        places = [page.offset for page in tiff.pages]
        big = tiff.is_bigtiff
    with path.open("r+b") as file:
        for place, found in zip(places, folders, strict=True):
            for tag, fields in found.items():
                _append(file, _Link(place, tag, big), fields)


def _write_page(writer: Any, page: TiffPage, exif: PIL.Image.Exif, subfile: int) -> None:
    height, width, channels = page.shape
    row_bytes = width * channels * page.depth // 8
    rows = min(height, max(1, STRIP_BYTES // row_bytes))
    attached = page.attached
    writer.write(
        _strips(page.bands, rows),
        shape=page.shape,
        dtype=np.uint8 if page.depth == 8 else np.dtype("<u2"),
        photometric="rgb",
        planarconfig="contig",
        extrasamples=["unassalpha"] if channels == 4 else [],
        rowsperstrip=rows,
        compression="adobe_deflate",
        predictor=2,
        iccprofile=attached.icc_profile,
        resolution=attached.dpi,
        resolutionunit=2 if attached.dpi else None,
        subfiletype=subfile,
        software=False,
        metadata=None,
        extratags=[*_fields(exif), *_blocks(attached)],
    )


def _strips(bands: Iterable[NDArray[Any]], rows: int) -> Iterator[bytes]:
    """Compressed strips of so many rows each, the last perhaps of fewer."""
    waiting: list[NDArray[Any]] = []
    for band in bands:
        waiting.append(band)
        if sum(map(len, waiting)) >= rows:
            whole = np.concatenate(waiting)
            full = len(whole) // rows * rows
            for first in range(0, full, rows):
                yield _strip(whole[first : first + rows])
            waiting = [whole[full:]]
    if sum(map(len, waiting)):
        yield _strip(np.concatenate(waiting))


def _strip(samples: NDArray[Any]) -> bytes:
    """Each sample less the one to its left, which compresses by half as much again."""
    steps = samples.copy()
    steps[:, 1:] -= samples[:, :-1]
    return zlib.compress(steps.astype(steps.dtype.newbyteorder("<"), copy=False).tobytes(), 6)


def _blocks(attached: Attached) -> list[Field]:
    kept = {_XMP: (_BYTE, attached.xmp), _IPTC: (_UNDEFINED, attached.iptc)}
    return [(tag, kind, len(data), data, True) for tag, (kind, data) in kept.items() if data]


def _fields(exif: PIL.Image.Exif) -> list[Field]:
    """Fields of the first directory; those that lead to others wait for their place."""
    found = [_field(tag, value) for tag, value in exif.items() if tag not in _OWN]
    return [field for field in found if field]


def _field(tag: int, value: Any) -> Field | None:
    if tag in _FOLDERS:
        return tag, _LONG, 1, 0, True
    if isinstance(value, str):
        value = value.encode("latin-1", "replace")
    if isinstance(value, bytes):
        if tag in _TEXTS:
            return tag, _ASCII, 0, value, True
        return tag, _BYTE, len(value), value, True
    numbers = value if isinstance(value, tuple) else (value,)
    if all(isinstance(number, int) and 0 <= number < 1 << 32 for number in numbers):
        kind = _SHORT if max(numbers, default=0) < 1 << 16 else _LONG
        return tag, kind, len(numbers), numbers, True
    if all(isinstance(number, IFDRational) for number in numbers):
        parts = [part for one in numbers for part in (int(one.numerator), int(one.denominator))]
        return tag, _RATIONAL, len(numbers), tuple(parts), True
    return None


def _folder(exif: PIL.Image.Exif, tag: int) -> dict[int, Any]:
    folder = dict(exif.get_ifd(tag))
    if isinstance(folder.get(0xA005), int):
        folder[0xA005] = exif.get_ifd(0xA005)
    return folder


@dataclass(frozen=True)
class _Link:
    """A field that leads to another directory.

    Attributes:
        place: of the directory that it is in.
        tag: its number.
        big: whether the file is a BigTIFF.
    """

    place: int
    tag: int
    big: bool

    def value_place(self, file: BinaryIO) -> int:
        """Where in the file its value is."""
        head, step, value = (8, 20, 12) if self.big else (2, 12, 8)
        file.seek(self.place)
        count = int.from_bytes(file.read(head), "little")
        entries = file.read(count * step)
        tags = [
            int.from_bytes(entries[at : at + 2], "little") for at in range(0, len(entries), step)
        ]
        return self.place + head + tags.index(self.tag) * step + value


def _append(file: BinaryIO, link: _Link, fields: dict[int, Any]) -> None:
    """Put a directory at the file's end, and its place into the field that leads there."""
    head = b"II\x2b\0\x08\0\0\0" + b"\0" * 8 if link.big else b"II\x2a\0" + b"\0" * 4
    directory = ImageFileDirectory_v2(head, group=link.tag)
    for number, value in fields.items():
        directory[number] = value
    end = file.seek(0, 2)
    place = end + end % 2
    file.write(b"\0" * (end % 2) + directory.tobytes(place))
    file.seek(link.value_place(file))
    file.write(place.to_bytes(4, "little"))
