"""Writing coloured pictures: the format of a name's suffix, and what it can hold of the rest."""

from __future__ import annotations

import functools
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import PIL.PngImagePlugin
from numpy.typing import NDArray

from vidcolor.errors import OutputError
from vidcolor.files import check_length, finished_file
from vidcolor.media.attached import (
    RESOLUTION_UNIT,
    X_RESOLUTION,
    Y_RESOLUTION,
    Attached,
    as_resource,
    text_of_iptc,
)
from vidcolor.media.light import bands, compose, narrowed
from vidcolor.media.note import PNG_KEYWORD, noted, raw_fields, with_words
from vidcolor.media.photograph import Picture
from vidcolor.media.pngchunks import write_deep_png
from vidcolor.media.quiet import quiet
from vidcolor.media.suffixes import PICTURE_WRITERS
from vidcolor.media.tiff import TiffPage, write_tiff

_NAMES = {"PNG": "PNG", "JPEG": "JPEG", "WEBP": "WebP", "TIFF": "TIFF"}
_DEEP = ("PNG", "TIFF")
_LONGEST = {"JPEG": 65500, "WEBP": 16383}
"""Pixels of a side, at most."""
_MOST_PIXEL_BYTES = 8
_SEGMENT = 65533
"""Bytes of a piece of metadata in JPEG, at most."""
_MAKER_NOTE, _EXIF_FOLDER = 0x927C, 0x8769
_IPTC_KEYWORD = "Raw profile type iptc"

Rows = Callable[[slice], NDArray[Any]]


@dataclass(frozen=True, eq=False)
class Page:
    """A picture and its colour.

    Attributes:
        picture: from `read_picture`.
        rgb: gives RGB (rows, width, 3) of some rows, of the picture's depth.
    """

    picture: Picture
    rgb: Rows


def holds_pages(path: Path) -> bool:
    """Whether the format of a name's suffix holds more than one picture."""
    return PICTURE_WRITERS.get(path.suffix.lower()) == "TIFF"


def check_picture_output(path: Path) -> None:
    """Refuse an output name whose format cannot be written, before any work.

    Raises:
        OutputError: the suffix is unknown, the folder is missing, or its path is too long.
    """
    check_length(path)
    if path.suffix.lower() not in PICTURE_WRITERS:
        raise OutputError(
            f"{path.name} has no suffix of a picture format that can be written.",
            f"Use one of {', '.join(PICTURE_WRITERS)}.",
        )
    if not path.parent.is_dir():
        raise OutputError(f"The folder {path.parent} does not exist.", "Make it first.")


def check_size(path: Path, size: tuple[int, int]) -> None:
    """Refuse a picture, (height, width), that is too long for the format of a name's suffix.

    Raises:
        OutputError: it is.
    """
    kind = PICTURE_WRITERS[path.suffix.lower()]
    most = _LONGEST.get(kind, max(size))
    if max(size) > most:
        raise OutputError(
            f"{_NAMES[kind]} holds at most {most} pixels a side, and this has {max(size)}.",
            "Write it as .png or .tif.",
        )


def write_picture(
    path: Path,
    picture: Picture,
    cb: NDArray[np.float32],
    cr: NDArray[np.float32],
    note: str | None = None,
) -> tuple[str, ...]:
    """Colour a picture and write it, as `write_pages` does.

    Args:
        path: appears when it is complete.
        picture: from `read_picture`.
        cb: (height, width) on 0..255, neutral 128.
        cr: likewise.
        note: as in `write_pages`.
    """
    return write_pages(
        path,
        [Page(picture, lambda rows: compose(picture.luma[rows], cb[rows], cr[rows]))],
        note=note,
    )


def write_pages(
    path: Path, pages: Iterable[Page], count: int = 1, pixels: int = 0, note: str | None = None
) -> tuple[str, ...]:
    """Colour pictures and write them in the format of the name's suffix.

    16 bits are kept in PNG and TIFF, transparency in all but JPEG; JPEG is 4:4:4 at quality 95.

    Args:
        path: appears when it is complete.
        pages: each is asked for when the one before it is written.
        count: how many there are: one, but in TIFF.
        pixels: of all of them, about, where there are several.
        note: a line about this program, put where it hides nothing: in PNG's text fields,
            elsewhere in EXIF; None for none.

    Returns:
        sentences on what the format cannot hold.

    Raises:
        OutputError: as `check_picture_output` and `check_size`, or writing fails.
    """
    path = Path(path)
    check_picture_output(path)
    kind = PICTURE_WRITERS[path.suffix.lower()]
    said: dict[str, None] = {}
    with finished_file(path) as temporary, quiet():
        if kind == "TIFF":
            made = map(functools.partial(_tiff_page, note=note, said=said), pages)
            write_tiff(temporary, made, count, pixels * _MOST_PIXEL_BYTES)
        else:
            (page,) = pages
            check_size(path, page.picture.luma.shape)
            _write_one(temporary, kind, page, note, said)
    return tuple(said)


def write_rgb(path: Path, rgb: NDArray[np.uint8], text: Mapping[str, str] | None = None) -> None:
    """Write a picture that was no file before, in the format of the name's suffix.

    Args:
        path: appears when it is complete.
        rgb: uint8 (height, width, 3).
        text: words by keyword, for PNG's text fields; other formats leave them out.

    Raises:
        OutputError: as `check_picture_output`, or writing fails.
    """
    check_picture_output(path)
    kind = PICTURE_WRITERS[path.suffix.lower()]
    check_size(path, (rgb.shape[0], rgb.shape[1]))
    options = dict(_OPTIONS[kind])
    if kind == "PNG":
        options["pnginfo"] = _png_words(text or {}, None)
    with finished_file(path) as temporary:
        PIL.Image.fromarray(rgb).save(temporary, kind, **options)


_OPTIONS: dict[str, dict[str, Any]] = {
    # Twice as fast as Pillow's default level, and 2 to 6 % larger.
    "PNG": {"compress_level": 4},
    "JPEG": {"quality": 95, "subsampling": 0},
    "WEBP": {"quality": 95, "method": 4, "exact": True},
    "TIFF": {"compression": "tiff_lzw"},
}


def _tiff_page(page: Page, note: str | None, said: dict[str, None]) -> TiffPage:
    picture = page.picture
    channels = 3 if picture.alpha is None else 4
    attached = _for_exif("TIFF", picture, note, said)
    samples = _samples(page, picture.depth, channels)
    return TiffPage((*picture.luma.shape, channels), picture.depth, samples, attached)


def _write_one(path: Path, kind: str, page: Page, note: str | None, said: dict[str, None]) -> None:
    picture = page.picture
    depth = picture.depth if kind in _DEEP else 8
    if depth < picture.depth:
        said[f"its 16 bits became 8, which is all that {_NAMES[kind]} holds"] = None
    alpha = picture.alpha is not None and kind != "JPEG"
    if picture.alpha is not None and not alpha and not _is_opaque(picture):
        said["JPEG holds no transparency: it is left out"] = None
    samples = _samples(page, depth, 4 if alpha else 3)
    if kind == "PNG":
        attached, words = _kept(picture), _png_text(picture, note)
        if depth == 16:
            shape = (*picture.luma.shape, 4 if alpha else 3)
            write_deep_png(path, shape, samples, attached, words)
            return
        options = _png_options(attached, words)
    else:
        attached = _for_exif(kind, picture, note, said)
        options = _jpeg_options(attached, said) if kind == "JPEG" else _webp_options(attached)
    height, width = picture.luma.shape
    image = PIL.Image.new("RGBA" if alpha else "RGB", (width, height))
    for rows, part in zip(bands(height, width), samples, strict=True):
        image.paste(PIL.Image.fromarray(np.ascontiguousarray(part)), (0, rows.start))
    image.save(path, kind, **_OPTIONS[kind], **options)


def _is_opaque(picture: Picture) -> bool:
    return picture.alpha is None or bool((picture.alpha == picture.peak).all())


def _samples(page: Page, depth: int, channels: int) -> Iterator[NDArray[Any]]:
    """RGB or RGBA, some rows at a time."""
    picture = page.picture
    for rows in bands(*picture.luma.shape):
        part = page.rgb(rows)
        if channels == 4 and picture.alpha is not None:
            part = np.concatenate([part, picture.alpha[rows][:, :, None]], axis=2)
        yield narrowed(part) if depth == 8 else part


def _kept(picture: Picture) -> Attached:
    return Attached(
        picture.icc_profile,
        picture.exif,
        picture.xmp,
        picture.iptc,
        picture.comment,
        picture.words,
        picture.dpi,
    )


def _png_text(picture: Picture, note: str | None) -> dict[str, str]:
    """All words of a PNG, those of other formats among them."""
    words = dict(picture.words)
    if picture.comment:
        words.setdefault("Comment", picture.comment.decode("utf-8", "replace"))
    if picture.iptc:
        words[_IPTC_KEYWORD] = text_of_iptc(picture.iptc)
    if note:
        own = words.get(PNG_KEYWORD)
        words[PNG_KEYWORD] = f"{own}\n{note}" if own else note
    return words


def _png_words(words: Mapping[str, str], xmp: bytes | None) -> PIL.PngImagePlugin.PngInfo:
    fields = PIL.PngImagePlugin.PngInfo()
    for keyword, text in words.items():
        fields.add_text(keyword, text)
    if xmp:  # Pillow leaves it out of PNG by itself
        fields.add_itxt("XML:com.adobe.xmp", xmp)
    return fields


def _png_options(attached: Attached, words: Mapping[str, str]) -> dict[str, Any]:
    options = _present(attached, "icc_profile", "exif", "dpi")
    if words or attached.xmp:
        options["pnginfo"] = _png_words(words, attached.xmp)
    return options


def _present(attached: Attached, *names: str) -> dict[str, Any]:
    found = {name: getattr(attached, name) for name in names}
    return {name: value for name, value in found.items() if value is not None}


def _for_exif(kind: str, picture: Picture, note: str | None, said: dict[str, None]) -> Attached:
    """What goes along in a format without text fields, which become EXIF where it has a place."""
    attached, words = _kept(picture), dict(picture.words)
    if kind == "JPEG" and "Comment" in words and not attached.comment:
        attached = replace(attached, comment=words.pop("Comment").encode())
    if kind != "JPEG" and attached.comment:
        words.setdefault("Comment", attached.comment.decode("utf-8", "replace"))
    exif, lost = with_words(attached.exif, words)
    told = [keyword for keyword in lost if ":" not in keyword]
    if told:
        said[f"{_NAMES[kind]} has no place for its words on {', '.join(told)}"] = None
    if kind == "WEBP":
        if attached.iptc:
            said["WebP has no place for its IPTC captions"] = None
        if attached.dpi:
            exif = _with_dpi(exif, attached.dpi)
    if note:
        exif = noted(exif, note)
    return replace(attached, exif=exif)


def _with_dpi(exif: bytes | None, dpi: tuple[float, float]) -> bytes:
    fields = raw_fields(exif or b"")
    fields[X_RESOLUTION], fields[Y_RESOLUTION] = dpi
    fields[RESOLUTION_UNIT] = 2
    return fields.tobytes()


def _webp_options(attached: Attached) -> dict[str, Any]:
    return _present(attached, "icc_profile", "exif", "xmp")


def _jpeg_options(attached: Attached, said: dict[str, None]) -> dict[str, Any]:
    options = _present(attached, "icc_profile", "dpi")
    exif = attached.exif
    if exif and len(exif) > _SEGMENT:
        said["the camera maker's own EXIF is too long for JPEG, and is left out"] = None
        exif = _without_maker(exif)
    pieces: Sequence[tuple[str, bytes | None, int]] = (
        ("exif", exif, _SEGMENT),
        ("xmp", attached.xmp, _SEGMENT - 29),
        ("comment", attached.comment, _SEGMENT),
        ("iptc", attached.iptc, _SEGMENT - 64),
    )
    for name, data, most in pieces:
        if data and len(data) > most:
            said[f"its {name.upper()} is too long for JPEG, and is left out"] = None
        elif data:
            options[name] = data
    if iptc := options.pop("iptc", None):
        data = b"Photoshop 3.0\0" + as_resource(iptc)
        options["extra"] = b"\xff\xed" + struct.pack(">H", 2 + len(data)) + data
    return options


def _without_maker(exif: bytes) -> bytes:
    fields = raw_fields(exif)
    fields.get_ifd(_EXIF_FOLDER).pop(_MAKER_NOTE, None)
    return fields.tobytes()
