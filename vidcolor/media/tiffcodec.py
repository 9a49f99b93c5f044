"""Strips and tiles of a TIFF as numbers: compression, bit order, predictor, packed bits.

libtiff, by way of Pillow, decompresses: each strip or tile is handed to it as a TIFF of its own, so
that what surrounds it (BigTIFF, planes, any number of samples of any size) is no matter. Layouts:
TIFF 6.0, sections 4 and 14 (predictor); Adobe's technical note 3 (predictor of floats).
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO, Literal

import numpy as np
import PIL.Image
from numpy.typing import NDArray
from PIL.TiffImagePlugin import ImageFileDirectory_v2

NONE, JPEG = 1, 7
_FAX = (2, 3, 4)
_DEFLATE = (8, 32946)
_BYTES = (5, 32773, 34925, 50000)
"""LZW, PackBits, LZMA, Zstandard."""
KNOWN = (NONE, JPEG, *_FAX, *_DEFLATE, *_BYTES)
YCBCR = 6
_COEFFICIENTS, _SUBSAMPLING, _REFERENCE = 529, 530, 532
_BT601, _FULL_RANGE = (0.299, 0.587, 0.114), (0, 255, 128, 255, 128, 255)
FOR_LIBTIFF = (292, 293, 347, 529, 530, 531, 532)
"""Fields that a strip needs beside those on its samples."""
_BAND_BYTES = 1 << 22
_REVERSED = bytes(int(f"{code:08b}"[::-1], 2) for code in range(256))


@dataclass(frozen=True)
class Coding:
    """How the numbers of a TIFF's page are stored.

    Attributes:
        compression: TIFF's number.
        bits: of a number.
        kind: "u", "i" or "f".
        order: "<" or ">".
        samples: numbers of a pixel in a strip or tile.
        photometric: TIFF's number; colours that a JPEG or Y'CbCr holds come out as RGB.
        predictor: 1, 2 or 3.
        reversed_bits: whether a byte's first bit is its lowest.
        tags: that libtiff needs besides, by number.
    """

    compression: int
    bits: int
    kind: str
    order: Literal["<", ">"]
    samples: int
    photometric: int
    predictor: int = 1
    reversed_bits: bool = False
    tags: Mapping[int, Any] = field(default_factory=dict)

    @property
    def as_color(self) -> bool:
        """Whether strips come out as grey or RGB of 8 bits, not as the numbers that they hold."""
        return self.compression == JPEG or self.photometric == YCBCR

    @property
    def number(self) -> np.dtype[Any]:
        """The type of numbers as they are given: in this machine's order, of whole bytes."""
        size = next(size for size in (1, 2, 4, 8) if self.bits <= 8 * size)
        return np.dtype(f"{self.kind}{size}")

    def row_bytes(self, columns: int) -> int:
        """Bytes of a row of so many pixels."""
        return (columns * self.samples * self.bits + 7) // 8


@dataclass(frozen=True)
class Piece:
    """A strip or tile: where it lies in the file and in the picture, how large it is there."""

    offset: int
    size: int
    top: int
    left: int
    rows: int
    columns: int


def decoded(file: BinaryIO, piece: Piece, coding: Coding) -> Iterator[NDArray[Any]]:
    """The rows of a piece, some at a time: (rows, columns, samples) as they are stored.

    Raises:
        OSError, zlib.error: the file ends too early, or is damaged.
    """
    if not piece.size:  # nothing was written there
        kind = np.uint8 if coding.as_color else coding.number
        samples = 3 if coding.photometric == YCBCR else coding.samples
        yield np.zeros((piece.rows, piece.columns, samples), kind)
    elif coding.compression in (JPEG, *_FAX):
        image = _by_libtiff(_read(file, piece), piece.rows, piece.columns, coding, coding.tags)
        for part in _parts(image):
            yield part.astype(np.uint8).reshape(*part.shape[:2], -1)
    elif coding.photometric == YCBCR:
        yield from _units(file, piece, coding)
    else:
        wide = coding.row_bytes(piece.columns)
        for data in _unpacked(file, piece, coding, wide):
            yield _numbers(data, coding, piece.columns, wide)


def _read(file: BinaryIO, piece: Piece) -> bytes:
    file.seek(piece.offset)
    return file.read(piece.size)


def _unpacked(file: BinaryIO, piece: Piece, coding: Coding, wide: int) -> Iterator[bytes]:
    """Bytes of whole rows, without compression."""
    most = max(1, _BAND_BYTES // wide)
    steps = [min(most, piece.rows - row) for row in range(0, piece.rows, most)]
    if coding.compression in _BYTES:
        data = _straight(_read(file, piece), coding)
        bare = Coding(coding.compression, 8, "u", "<", 1, 1)
        image = _by_libtiff(data, piece.rows, wide, bare, {})
        for part in _parts(image):
            yield part.tobytes()
        return
    source = _Inflated(file, piece, coding) if coding.compression in _DEFLATE else None
    file.seek(piece.offset)
    for rows in steps:
        data = source.read(rows * wide) if source else _straight(file.read(rows * wide), coding)
        if len(data) < rows * wide:
            raise OSError("a strip of the TIFF ends too early")
        yield data


def _units(file: BinaryIO, piece: Piece, coding: Coding) -> Iterator[NDArray[np.uint8]]:
    """Y'CbCr whose chroma is of blocks of luma, as RGB: TIFF 6.0, section 21."""
    across, down = coding.tags.get(_SUBSAMPLING, (2, 2))
    count, size = -(-piece.columns // across), across * down + 2
    blocks = replace(piece, rows=-(-piece.rows // down))
    left = piece.rows
    for data in _unpacked(file, blocks, coding, count * size):
        units = np.frombuffer(data, np.uint8).reshape(-1, count, size)
        blocked = units[:, :, :-2].reshape(-1, count, down, across)
        luma = blocked.swapaxes(1, 2).reshape(-1, count * across)
        cb, cr = (
            units[:, :, place].repeat(down, axis=0).repeat(across, axis=1) for place in (-2, -1)
        )
        rgb = _rgb_of(np.stack([luma, cb, cr], axis=2), coding)[:left, : piece.columns]
        left -= len(rgb)
        yield rgb


def _rgb_of(codes: NDArray[np.uint8], coding: Coding) -> NDArray[np.uint8]:
    bounds = np.array(coding.tags.get(_REFERENCE, _FULL_RANGE), np.float64).reshape(3, -1)[:, :2]
    black, white = bounds[:, 0], np.maximum(bounds[:, 1], bounds[:, 0] + 1)
    y, cb, cr = np.moveaxis((codes - black) * (np.array([255, 127, 127]) / (white - black)), 2, 0)
    kr, kg, kb = np.array(coding.tags.get(_COEFFICIENTS, _BT601), np.float64).reshape(3, -1)[:, 0]
    red, blue = y + (2 - 2 * kr) * cr, y + (2 - 2 * kb) * cb
    green = (y - kr * red - kb * blue) / kg
    rgb = np.rint(np.stack([red, green, blue], axis=2))
    return np.asarray(np.clip(rgb, 0, 255).astype(np.uint8))


class _Inflated:
    """A strip of Deflate, read a part at a time."""

    def __init__(self, file: BinaryIO, piece: Piece, coding: Coding) -> None:
        self._file, self._coding = file, coding
        self._place, self._left = piece.offset, piece.size
        self._stream = zlib.decompressobj()

    def read(self, size: int) -> bytes:
        """So many bytes, or fewer at the end."""
        parts, wanted = [], size
        while wanted:
            data = self._stream.unconsumed_tail or self._next()
            part = self._stream.decompress(data, wanted)
            if not data and not part:
                break
            parts.append(part)
            wanted -= len(part)
        return b"".join(parts)

    def _next(self) -> bytes:
        self._file.seek(self._place)
        data = self._file.read(min(self._left, _BAND_BYTES))
        self._place += len(data)
        self._left -= len(data)
        return _straight(data, self._coding)


def _straight(data: bytes, coding: Coding) -> bytes:
    return data.translate(_REVERSED) if coding.reversed_bits else data


def _by_libtiff(
    data: bytes, rows: int, columns: int, coding: Coding, tags: Mapping[int, Any]
) -> PIL.Image.Image:
    """A strip or tile as a picture, by way of a TIFF that holds nothing else."""
    directory = ImageFileDirectory_v2(b"II\x2a\0\x08\0\0\0")
    picture = coding.photometric if coding.compression == JPEG else 1
    directory[256], directory[257] = columns, rows
    directory[258] = (coding.bits,) * coding.samples
    directory[259], directory[262] = coding.compression, picture
    directory[273], directory[277] = 0, coding.samples
    directory[278], directory[279] = rows, len(data)
    for tag, value in tags.items():
        directory[tag] = value
    if coding.reversed_bits and coding.compression in _FAX:
        directory[266] = 2
    for tag in (256, 257, 273, 278, 279):
        directory.tagtype[tag] = 4
    # Pillow sets the strip's offset to the directory's end, and counts from the file's start.
    head = struct.pack("<2sHL", b"II", 42, 8)
    return _opened(head + directory.tobytes(8) + data)


def _opened(tiff: bytes) -> PIL.Image.Image:
    with PIL.Image.open(io.BytesIO(tiff)) as image:
        image.load()
        return image


def _parts(image: PIL.Image.Image) -> Iterator[NDArray[Any]]:
    """A picture's rows, some at a time, without a copy of all of it."""
    width, height = image.size
    step = max(1, _BAND_BYTES // (4 * width))
    for top in range(0, height, step):
        yield np.asarray(image.crop((0, top, width, min(top + step, height))))


def _numbers(data: bytes, coding: Coding, columns: int, wide: int) -> NDArray[Any]:
    rows = np.frombuffer(data, np.uint8).reshape(-1, wide)
    shape = len(rows), columns, coding.samples
    kind = coding.number
    if coding.predictor == 3:
        return _summed_floats(rows, coding, shape)
    if coding.bits == 8 * kind.itemsize:
        numbers = rows.reshape(-1).view(kind.newbyteorder(coding.order)).astype(kind).reshape(shape)
    else:
        numbers = _loose_bits(rows, coding, shape[1] * shape[2]).astype(kind).reshape(shape)
    if coding.predictor == 2:
        whole = numbers.view(f"u{kind.itemsize}")
        np.cumsum(whole, axis=1, dtype=whole.dtype, out=whole)
    return numbers


def _loose_bits(rows: NDArray[np.uint8], coding: Coding, count: int) -> NDArray[np.uint32]:
    """Numbers that are packed without regard to bytes: (rows, numbers)."""
    if coding.bits % 8 == 0:
        size = coding.bits // 8
        parts = rows.reshape(len(rows), count, size)
        places = range(size) if coding.order == ">" else reversed(range(size))
    else:
        size = coding.bits
        bits = np.unpackbits(rows, axis=1)[:, : count * size]
        parts, places = bits.reshape(len(rows), count, size), range(size)
    step = 8 if coding.bits % 8 == 0 else 1
    numbers = np.zeros((len(rows), count), np.uint32)
    for place in places:
        numbers = (numbers << np.uint32(step)) | parts[:, :, place]
    return numbers


def _summed_floats(
    rows: NDArray[np.uint8], coding: Coding, shape: tuple[int, int, int]
) -> NDArray[Any]:
    """Floats whose bytes were sorted by weight and then subtracted from one another."""
    size = coding.bits // 8
    steps = rows.reshape(len(rows), -1, coding.samples)
    bytes_ = np.cumsum(steps, axis=1, dtype=np.uint8).reshape(len(rows), size, -1)
    floats = np.ascontiguousarray(bytes_.transpose(0, 2, 1)).view(f">f{size}")
    return floats.astype(f"f{size}").reshape(shape)
