"""Still pictures: luma out, colour in, everything else in the file kept."""

from __future__ import annotations

import contextlib
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from vidcolor.errors import InputError
from vidcolor.media.attached import turned
from vidcolor.media.light import compose, luma_of, narrowed
from vidcolor.media.photograph import GLIMPSE, Picture
from vidcolor.media.planes import turn_by_exif
from vidcolor.media.quiet import quiet
from vidcolor.media.sheet import Sheet
from vidcolor.media.source import check_file, unreadable
from vidcolor.media.stillread import sheet_of
from vidcolor.media.stillwrite import (
    Page,
    check_picture_output,
    holds_pages,
    write_pages,
    write_picture,
    write_rgb,
)
from vidcolor.media.tiffread import is_tiff, tiff_sizes

__all__ = [
    "Page",
    "Picture",
    "check_picture_output",
    "compose",
    "holds_pages",
    "luma_of",
    "narrowed",
    "page_sizes",
    "pixels_of",
    "read_picture",
    "write_pages",
    "write_picture",
    "write_rgb",
]


def page_sizes(path: Path) -> tuple[tuple[int, int], ...]:
    """(height, width) of each page of a TIFF, as stored; nothing for any other file.

    Raises:
        InputError: it is missing, no file, or damaged.
    """
    check_file(path)
    with _plainly(path), quiet():
        return tiff_sizes(path) if is_tiff(path) else ()


def pixels_of(path: Path) -> int:
    """How many pixels the largest page of a picture has, by its head; 0 where that does not say."""
    try:
        with quiet():
            if is_tiff(path):
                return max((height * width for height, width in tiff_sizes(path)), default=0)
            with PIL.Image.open(path) as image:
                return image.width * image.height
    except _DAMAGE:
        return 0


def read_picture(path: Path, page: int = 1, keep_rgb: bool = True) -> Picture:
    """Read a picture of any kind and depth, at 8 or 16 bits.

    Args:
        path: of a picture.
        page: of a TIFF, from 1 on.
        keep_rgb: whether the source's colour is wanted too, which takes three times the memory.

    Raises:
        InputError: it is missing, no file, no picture, too large, or damaged.
        UsageError: it has no such page.
    """
    path = Path(path)
    check_file(path)
    with _plainly(path), quiet(), sheet_of(path, page) as sheet:
        return _collected(sheet, keep_rgb)


@contextlib.contextmanager
def _plainly(path: Path) -> Iterator[None]:
    """What libraries say of a damaged file, in a user's words."""
    try:
        yield
    except PermissionError as error:
        raise unreadable(path) from error
    except _DAMAGE as error:
        raise InputError(
            f"{path} is not a picture, or is damaged.", "Check that it opens, or get another copy."
        ) from error


_DAMAGE = (
    *(OSError, ValueError, SyntaxError, TypeError, LookupError, ArithmeticError),
    *(struct.error, zlib.error),
)


def _collected(sheet: Sheet, keep_rgb: bool) -> Picture:
    """All blocks together, upright."""
    luma: NDArray[Any] | None = None
    alpha = rgb = glimpse = None
    step = -(-max(sheet.size) // GLIMPSE)
    for top, left, samples in sheet.blocks:
        channels = samples.shape[2]
        if luma is None:
            luma = np.zeros(sheet.size, samples.dtype)
            alpha = np.zeros(sheet.size, samples.dtype) if channels in (2, 4) else None
            if channels >= 3:
                few = (-(-side // step) for side in sheet.size)
                glimpse = np.zeros((*few, 3), np.uint8)
            if keep_rgb and channels >= 3:
                rgb = np.zeros((*sheet.size, 3), samples.dtype)
        place = slice(top, top + samples.shape[0]), slice(left, left + samples.shape[1])
        luma[place] = luma_of(samples[:, :, :3]) if channels >= 3 else samples[:, :, 0]
        if alpha is not None:
            alpha[place] = samples[:, :, -1]
        if rgb is not None:
            rgb[place] = samples[:, :, :3]
        if glimpse is not None:
            _glimpse(glimpse, step, top, left, samples[:, :, :3])
    if luma is None:
        raise OSError("nothing is in it")
    luma = turn_by_exif(luma, sheet.orientation)
    alpha, rgb = (
        None if part is None else turn_by_exif(part, sheet.orientation) for part in (alpha, rgb)
    )
    size = luma.shape[0], luma.shape[1]
    kept = turned(sheet.attached, sheet.orientation, size)
    return Picture(luma, alpha, rgb, glimpse, notes=sheet.notes, **vars(kept))


def _glimpse(glimpse: NDArray[np.uint8], step: int, top: int, left: int, rgb: NDArray[Any]) -> None:
    """Put every `step`-th pixel of a block into the whole's glimpse."""
    seen = rgb[-top % step :: step, -left % step :: step]
    down, across = -(-top // step), -(-left // step)
    glimpse[down : down + seen.shape[0], across : across + seen.shape[1]] = narrowed(seen)
