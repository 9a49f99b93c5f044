"""Pages of a TIFF of any kind: their structure by tifffile, their samples by `tiffcodec`.

What numbers mean: TIFF 6.0, sections 4 to 8, 16, 18, 20 to 23.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from vidcolor.errors import InputError, UsageError
from vidcolor.media.attached import (
    EXIF_FOLDER,
    GPS_FOLDER,
    ORIENTATION,
    Attached,
    iptc_in,
    kept_exif,
)
from vidcolor.media.deep import Scale, scale_of
from vidcolor.media.light import from_cmyk, from_lab, narrowed, unmultiplied, widened
from vidcolor.media.profiles import CMYK, GREY, LAB, RGB, Conversion, fitted
from vidcolor.media.sheet import Block, Sheet
from vidcolor.media.tiffcodec import FOR_LIBTIFF, JPEG, KNOWN, YCBCR, Coding, Piece, decoded

if TYPE_CHECKING:
    from tifffile import TiffFile, TiffPage

_MAGICS = (b"II\x2a\0", b"MM\0\x2a", b"II\x2b\0", b"MM\0\x2b")
_WHITE_IS_ZERO, _PALETTE, _INK, _CIE_LAB, _ICC_LAB = 0, 3, 5, 8, 9
_COLORS = {0: 1, 1: 1, 2: 3, _PALETTE: 1, 4: 1, _INK: 4, YCBCR: 3, _CIE_LAB: 3, _ICC_LAB: 3}
_SPACES = {2: RGB, _PALETTE: RGB, _INK: CMYK, YCBCR: RGB, _CIE_LAB: LAB, _ICC_LAB: LAB}
_SENSORS = (32803, 34892)
_KINDS = {1: "u", 2: "i", 3: "f", 4: "u"}
_XMP, _IPTC, _RESOURCES, _PROFILE = 700, 33723, 34377, 34675
_ASSOCIATED, _UNASSOCIATED = 1, 2
_JPEG_TABLES, _RATIONAL = 347, 5


class UnknownKindError(Exception):
    """Pages of a kind that is not read here."""


def is_tiff(path: Path) -> bool:
    """Whether a file begins as a TIFF or BigTIFF."""
    try:
        with path.open("rb") as file:
            return file.read(4) in _MAGICS
    except OSError:  # whoever reads it says why
        return False


def tiff_sizes(path: Path) -> tuple[tuple[int, int], ...]:
    """(height, width) of each picture that a TIFF holds, reduced ones and masks left out.

    Raises:
        OSError: it is damaged.
    """
    with _opened(path) as tiff:
        return tuple((page.imagelength, page.imagewidth) for page in _pages(tiff))


@contextlib.contextmanager
def tiff_sheet(path: Path, number: int) -> Iterator[Sheet]:
    """Read a page of a TIFF; its blocks are read while this is open.

    Args:
        path: of a TIFF.
        number: of the page, from 1 on.

    Raises:
        UsageError: there are fewer pages.
        InputError: it is damaged, or what a camera's sensor saw.
        UnknownKindError: others may be able to read it; `index` says which page it is for them.
    """
    with _opened(path) as tiff:
        pages = _pages(tiff)
        if not pages:
            raise OSError("it has no page")
        if number > len(pages):
            held = f"{len(pages)} pages" if len(pages) > 1 else "one page"
            raise UsageError(f"{path} has {held}, no page {number}.", "Give another `page`.")
        page = pages[number - 1]
        if page.photometric in _SENSORS:
            raise InputError(
                f"{path} is a camera's raw file.", "Develop it first, into a TIFF of 16 bits."
            )
        yield _Page(page, tiff.filehandle, path).sheet()


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[TiffFile]:
    import tifffile

    try:
        tiff = tifffile.TiffFile(path)
    except (tifffile.TiffFileError, ValueError, TypeError, IndexError, KeyError) as error:
        raise OSError(f"tifffile: {error}") from error
    with tiff:
        yield tiff


def _pages(tiff: TiffFile) -> list[TiffPage]:
    """Pictures of their own; all there are where none says that it is."""
    from tifffile import TiffFrame

    every = [page.aspage() if isinstance(page, TiffFrame) else page for page in tiff.pages]
    own = [page for page in every if not int(page.subfiletype) & 5]
    return own or every[:1]


def index_of(path: Path, number: int) -> int:
    """The place of a page in the whole chain, from 0 on."""
    with _opened(path) as tiff:
        return int(_pages(tiff)[number - 1].index)


@dataclass(frozen=True, eq=False)
class _Page:
    page: TiffPage
    file: Any
    path: Path

    def sheet(self) -> Sheet:
        page = self.page
        coding = self._coding()
        colors = _COLORS[int(page.photometric)]
        fit = fitted(self._raw(_PROFILE), _SPACES.get(int(page.photometric), GREY))
        scale = self._scale(coding)
        sight = _Sight(
            photometric=int(page.photometric),
            colors=colors,
            alpha=_alpha(page, colors),
            bits=8 if coding.as_color else coding.bits,
            scale=scale,
            palette=_palette(page),
            convert=fit.convert,
        )
        attached, said = self._attached(fit.profile)
        notes = [fit.note] if fit.note else []
        notes += [*_said(page, coding, scale, sight), *said]
        return Sheet(
            size=(page.imagelength, page.imagewidth),
            blocks=self._blocks(coding, sight),
            attached=attached,
            orientation=_whole(page, ORIENTATION, 1),
            notes=tuple(notes),
        )

    def _coding(self) -> Coding:
        """How numbers are stored; raises `UnknownKindError` where that is not known here."""
        page = self.page
        photometric, compression = int(page.photometric), int(page.compression)
        bits, kind = page.bitspersample, _KINDS.get(int(page.sampleformat))
        known = compression in KNOWN and photometric in _COLORS and page.imagedepth == 1
        sized = isinstance(bits, int) and kind and (kind == "u" or bits in (8, 16, 32, 64))
        if not known or not sized or not 0 < int(bits) <= 64 or (bits == 8 and kind == "f"):
            raise UnknownKindError
        if photometric == _INK and (_whole(page, 332, 1) != 1 or page.samplesperpixel < 4):
            raise UnknownKindError
        if photometric in (_INK, _CIE_LAB, _ICC_LAB) and bits not in (8, 16):
            raise UnknownKindError
        if (compression == JPEG or photometric == YCBCR) and bits != 8:
            raise UnknownKindError
        planar = page.planarconfig == 2 and page.samplesperpixel > 1
        if planar and photometric == YCBCR:
            raise UnknownKindError
        return Coding(
            compression=compression,
            bits=bits,
            kind=str(kind),
            order=self.page.parent.byteorder,
            samples=1 if planar else page.samplesperpixel,
            photometric=1 if planar or photometric in (0, _CIE_LAB, _ICC_LAB) else photometric,
            predictor=int(page.predictor),
            reversed_bits=page.fillorder == 2,
            tags={tag: self._value(tag) for tag in FOR_LIBTIFF if tag in page.tags},
        )

    def _value(self, tag: int) -> Any:
        """A field's value, fractions as one number each."""
        if tag == _JPEG_TABLES:
            return self.page.jpegtables
        found = self.page.tags[tag]
        if int(found.dtype) != _RATIONAL:
            return found.value
        return tuple(
            a / max(b, 1) for a, b in zip(found.value[::2], found.value[1::2], strict=True)
        )

    def _pieces(self, plane: int) -> Iterator[Piece]:
        """Strips or tiles of a plane of samples."""
        page = self.page
        height, width = page.imagelength, page.imagewidth
        if page.is_tiled:
            rows, columns = page.tilelength, page.tilewidth
        else:
            rows, columns = min(page.rowsperstrip or height, height), width
        down, across = -(-height // rows), -(-width // columns)
        for index in range(down * across):
            top, left = index // across * rows, index % across * columns
            place = plane * down * across + index
            if place >= len(page.dataoffsets):
                raise OSError("the TIFF has too few strips")
            own = rows if page.is_tiled else min(rows, height - top)
            where = page.dataoffsets[place], page.databytecounts[place]
            yield Piece(*where, top, left, own, columns)

    def _numbers(self, coding: Coding) -> Iterator[Block]:
        """Numbers as they are stored, with all samples of a pixel together."""
        page = self.page
        planes = page.samplesperpixel // coding.samples
        file: BinaryIO = self.file
        for pieces in zip(*(self._pieces(plane) for plane in range(planes)), strict=True):
            top, left = pieces[0].top, pieces[0].left
            bands = (decoded(file, piece, coding) for piece in pieces)
            for parts in zip(*bands, strict=True):
                whole = parts[0] if planes == 1 else np.concatenate(parts, axis=2)
                inside = whole[: page.imagelength - top, : page.imagewidth - left]
                if len(inside):
                    yield top, left, inside
                top += len(whole)

    def _scale(self, coding: Coding) -> Scale | None:
        """What numbers mean that are no plain codes of up to 16 bits."""
        plain = coding.kind == "u" and coding.bits <= 16
        if plain or coding.as_color or int(self.page.photometric) in (_CIE_LAB, _ICC_LAB):
            return None
        colors = _COLORS[int(self.page.photometric)]
        return scale_of(
            coding.number, (part[:, :, :colors] for _, _, part in self._numbers(coding))
        )

    def _blocks(self, coding: Coding, sight: _Sight) -> Iterator[Block]:
        for top, left, numbers in self._numbers(coding):
            yield top, left, sight.seen(numbers)

    def _raw(self, tag: int) -> bytes | None:
        """A field's bytes as they lie in the file."""
        found = self.page.tags.get(tag)
        if found is None or not found.valuebytecount:
            return None
        self.file.seek(found.valueoffset)
        return bytes(self.file.read(found.valuebytecount))

    def _attached(self, profile: bytes | None) -> tuple[Attached, tuple[str, ...]]:
        exif, notes = kept_exif(self._exif, from_tiff=True)
        attached = Attached(
            icc_profile=profile,
            exif=exif,
            xmp=self._raw(_XMP),
            iptc=self._raw(_IPTC) or iptc_in(self._raw(_RESOURCES) or b""),
            dpi=_dpi(self.page),
        )
        return attached, notes

    def _exif(self) -> PIL.Image.Exif:
        fields = PIL.Image.Exif()
        fields.endian, fields.bigtiff = self.page.parent.byteorder, self.page.parent.is_bigtiff
        with self.path.open("rb") as file:
            fields.load_from_fp(file, self.page.offset)
            for folder in {EXIF_FOLDER, GPS_FOLDER}.intersection(fields):
                fields.get_ifd(folder)
            fields.update(dict(fields))  # which reads what has only been looked at
        fields.bigtiff = False
        return fields


@dataclass(frozen=True, eq=False)
class _Sight:
    """What is seen of a page's numbers.

    Attributes:
        photometric: TIFF's number.
        colours: numbers of a pixel that are colour.
        alpha: which number is alpha, and whether colour was multiplied by it; None without.
        bits: of a number.
        scale: of numbers that are no plain codes.
        palette: RGB of each code (codes, 3), or None.
        convert: ink of 8 bits to sRGB by a profile.
    """

    photometric: int
    colors: int
    alpha: tuple[int, bool] | None
    bits: int
    scale: Scale | None
    palette: NDArray[Any] | None
    convert: Conversion | None

    def seen(self, numbers: NDArray[Any]) -> NDArray[Any]:
        """Numbers (rows, columns, samples) as grey or RGB of 8 or 16 bits, perhaps with alpha."""
        color = self._color(numbers[:, :, : self.colors])
        if self.alpha is None:
            return color
        place, multiplied = self.alpha
        alpha = self._codes(numbers[:, :, place : place + 1])
        if alpha.dtype != color.dtype:
            alpha = narrowed(alpha) if color.dtype == np.uint8 else alpha.astype(np.uint16) * 257
        both = np.concatenate([color, alpha], axis=2)
        return unmultiplied(both) if multiplied else both

    def _codes(self, numbers: NDArray[Any]) -> NDArray[Any]:
        return self.scale.samples(numbers) if self.scale else widened(numbers, self.bits)

    def _color(self, numbers: NDArray[Any]) -> NDArray[Any]:
        if self.palette is not None:
            return np.asarray(self.palette[numbers[:, :, 0]])
        if self.photometric in (_CIE_LAB, _ICC_LAB):
            return from_lab(_lab(numbers, self.photometric), numbers.dtype)
        codes = self._codes(numbers)
        if self.photometric == _WHITE_IS_ZERO:
            return np.iinfo(codes.dtype).max - codes
        if self.photometric == _INK:
            return self.convert(narrowed(codes)) if self.convert else from_cmyk(codes)
        return codes


def _lab(numbers: NDArray[Any], photometric: int) -> NDArray[np.float32]:
    """CIE L*a*b* of codes of 8 or 16 bits."""
    deep = numbers.itemsize == 2
    codes = numbers.astype(np.float32)
    if photometric == _ICC_LAB:
        unit = np.float32(256 if deep else 1)
        light = codes[:, :, :1] * np.float32(100 / 65280 if deep else 100 / 255)
        return np.concatenate([light, codes[:, :, 1:] / unit - 128], axis=2)
    signed = numbers[:, :, 1:].astype(np.int16 if deep else np.int8).astype(np.float32)
    light = codes[:, :, :1] * np.float32(100 / (65535 if deep else 255))
    return np.concatenate([light, signed / np.float32(256 if deep else 1)], axis=2)


def _alpha(page: TiffPage, colors: int) -> tuple[int, bool] | None:
    extra = [int(kind) for kind in page.extrasamples]
    if not extra and page.samplesperpixel == colors + 1:
        return colors, False  # older programs say nothing of their alpha
    for place, kind in enumerate(extra):
        if kind in (_ASSOCIATED, _UNASSOCIATED) and colors + place < page.samplesperpixel:
            return colors + place, kind == _ASSOCIATED
    return None


def _palette(page: TiffPage) -> NDArray[Any] | None:
    if int(page.photometric) != _PALETTE:
        return None
    if page.colormap is None:
        raise OSError("the TIFF lacks its palette")
    table = np.asarray(page.colormap, np.uint16).reshape(3, -1).T
    if table.max() < 256:  # some programs write 8 bits
        return table.astype(np.uint8)
    high, low = table >> 8, table & 255
    if ((low == high) | (low == 0)).all():
        return high.astype(np.uint8)
    return table


def _said(page: TiffPage, coding: Coding, scale: Scale | None, sight: _Sight) -> list[str]:
    said = []
    if scale and coding.bits > 16:
        kind = "floats" if coding.kind == "f" else "numbers"
        said.append(f"its {kind} of {coding.bits} bits became 16 bits")
    if scale and coding.kind == "i":
        said.append(
            f"its numbers have a sign: black is taken to be {scale.black:.0f}, white"
            f" {scale.white:.0f}"
        )
    if sight.convert and coding.bits > 8:
        said.append(f"its {coding.bits} bits became 8, which is all that profiles of ink convert")
    others = page.samplesperpixel - sight.colors - (sight.alpha is not None)
    if others > 0:
        said.append(f"{others} further channel{'s' * (others > 1)} beside its colour left out")
    return said


def _whole(page: TiffPage, tag: int, otherwise: int) -> int:
    found = page.tags.valueof(tag)
    return found if isinstance(found, int) else otherwise


def _dpi(page: TiffPage) -> tuple[float, float] | None:
    unit = {2: 1.0, 3: 2.54}.get(_whole(page, 296, 2))
    x, y = page.tags.valueof(282), page.tags.valueof(283)
    if unit is None or not _is_ratio(x) or not _is_ratio(y):
        return None
    return x[0] / x[1] * unit, y[0] / y[1] * unit


def _is_ratio(value: Any) -> bool:
    return isinstance(value, Sequence) and len(value) == 2 and min(value) > 0
