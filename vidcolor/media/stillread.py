"""One picture of a file, by whoever reads its kind rightly and at its full depth.

TIFF goes by way of `tiffread`; Pillow reads what has 8 bits, OpenCV PNG of 16, FFmpeg netpbm and
JPEG 2000 of more than 8 bits, and what Pillow does not know.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import PIL.Image
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange
from numpy.typing import NDArray

from vidcolor.errors import InputError
from vidcolor.media.attached import ORIENTATION, Attached, attached_to
from vidcolor.media.deep import scale_of
from vidcolor.media.heif import deep_heif, open_picture
from vidcolor.media.light import bands, from_cmyk, srgb_of, widened
from vidcolor.media.planes import format_traits, unpack_luma
from vidcolor.media.profiles import (
    CMYK,
    GREY,
    LAB,
    RGB,
    Conversion,
    fitted,
    gamma_curve,
    rgb_profile,
)
from vidcolor.media.sheet import Block, Sheet
from vidcolor.media.source import media_url
from vidcolor.media.tiffread import UnknownKindError, index_of, is_tiff, tiff_sheet

MOST_PIXELS = 500_000_000
"""A larger picture would take many gigabytes; a small file can claim to be one."""
_SPACES = {
    "CMYK": CMYK,
    "LAB": LAB,
    **dict.fromkeys(("1", "L", "LA", "La", "I", "I;16", "F"), GREY),
}
_DEEP_PNG = 16
_PLAIN_GAMMA = 0.45455


@contextlib.contextmanager
def sheet_of(path: Path, page: int) -> Iterator[Sheet]:
    """Read a picture; its blocks are read while this is open.

    Args:
        path: of a picture.
        page: of a TIFF, from 1 on.

    Raises:
        UsageError: there are fewer pages.
        InputError: it is too large.
        OSError, ValueError, ...: it is damaged.
    """
    with contextlib.ExitStack() as opened:
        index, sheet = 0, None
        if is_tiff(path):
            try:
                sheet = opened.enter_context(tiff_sheet(path, page))
            except UnknownKindError:
                index = index_of(path, page)
        yield _bounded(path, sheet or opened.enter_context(_by_others(path, index)))


def _bounded(path: Path, sheet: Sheet) -> Sheet:
    height, width = sheet.size
    if height * width > MOST_PIXELS:
        raise InputError(
            f"{path} has {height * width / 1e6:.0f} megapixels, and at most"
            f" {MOST_PIXELS / 1e6:.0f} are coloured.",
            "Make it smaller first.",
        )
    return sheet


@contextlib.contextmanager
def _by_others(path: Path, index: int) -> Iterator[Sheet]:
    try:
        image = open_picture(path)
    except PIL.UnidentifiedImageError as error:
        sheet = _by_ffmpeg(path, Attached())
        if sheet is None:
            raise error
        yield sheet
        return
    with image:
        if index:
            image.seek(index)
        yield _by_pillow(path, image)


def _by_pillow(path: Path, image: PIL.Image.Image) -> Sheet:
    size = image.size[1], image.size[0]
    _bounded(path, Sheet(size, iter(()), Attached()))
    deep_png = image.format == "PNG" and _png_bits(path) == _DEEP_PNG
    orientation = image.getexif().get(ORIENTATION, 1)
    if image.format in ("PPM", "JPEG2000") and (sheet := _by_ffmpeg(path, _kept(image)[0], 9)):
        return sheet
    try:
        image.load()
    except (OSError, ValueError, SyntaxError) as error:
        sheet = _by_ffmpeg(path, _kept(image)[0])
        if sheet is None:
            raise error
        return sheet
    if image.format == "TIFF":  # Pillow has turned it already
        size, orientation = (image.size[1], image.size[0]), 1
    attached, convert, notes = _kept(image)
    if image.format == "HEIF" and (deep := deep_heif(path)) is not None:
        blocks = _in_bands(deep)
    elif deep_png and not image.mode.startswith("I"):
        blocks = _by_opencv(path)
    else:
        blocks = _of_image(image, convert)
    return Sheet(size, blocks, attached, orientation, notes)


def _png_bits(path: Path) -> int:
    with path.open("rb") as file:
        return file.read(25)[24]


def _kept(image: PIL.Image.Image) -> tuple[Attached, Conversion | None, tuple[str, ...]]:
    """What goes along with a picture, its profile fitted to RGB."""
    attached, notes = attached_to(image)
    fit = fitted(attached.icc_profile, _SPACES.get(image.mode, RGB))
    profile = fit.profile
    gamma = float(image.info.get("gamma", _PLAIN_GAMMA))
    told = attached.icc_profile or "srgb" in image.info
    if not told and 0.1 < gamma < 10 and abs(gamma - _PLAIN_GAMMA) > 0.01:
        profile = rgb_profile(gamma_curve(1 / gamma))
    notes += (fit.note,) if fit.note else ()
    return replace(attached, icc_profile=profile), fit.convert, notes


def _of_image(image: PIL.Image.Image, convert: Conversion | None) -> Iterator[Block]:
    """A picture that Pillow loaded, as grey or RGB, perhaps with alpha."""
    width, height = image.size
    seen = _sight(image, convert)
    for rows in bands(height, width):
        part = seen(image.crop((0, rows.start, width, rows.stop)))
        yield rows.start, 0, part.reshape(*part.shape[:2], -1)


def _sight(
    image: PIL.Image.Image, convert: Conversion | None
) -> Callable[[PIL.Image.Image], NDArray[Any]]:
    if image.mode.startswith("I;16"):
        return lambda part: np.asarray(part).astype(np.uint16)
    if image.mode in ("I", "F"):
        width, height = image.size
        every = (
            np.asarray(image.crop((0, rows.start, width, rows.stop)))
            for rows in bands(height, width)
        )
        scale = scale_of(np.dtype("i4" if image.mode == "I" else "f4"), every)
        return lambda part: scale.samples(np.asarray(part))
    if image.mode == "CMYK":
        return lambda part: (convert or from_cmyk)(np.asarray(part))
    alpha = image.has_transparency_data
    grey = image.mode in ("1", "L", "LA", "La")
    mode = ("LA" if alpha else "L") if grey else ("RGBA" if alpha else "RGB")
    return lambda part: np.asarray(part.convert(mode))


def _by_opencv(path: Path) -> Iterator[Block]:
    """PNG of 16 bits in colour or with alpha, which Pillow would make 8."""
    read = cv2.imdecode(np.memmap(path, np.uint8, "r"), cv2.IMREAD_UNCHANGED)
    if read is None or read.dtype != np.uint16:
        raise OSError("OpenCV reads no 16 bits there")
    samples = read.reshape(*read.shape[:2], -1)
    yield from _in_bands(samples[:, :, [2, 1, 0, 3][: samples.shape[2]]])


def _in_bands(samples: NDArray[Any]) -> Iterator[Block]:
    for rows in bands(*samples.shape[:2]):
        yield rows.start, 0, samples[rows]


def _by_ffmpeg(path: Path, attached: Attached, least: int = 1) -> Sheet | None:
    """By PyAV, which alone minds how many bits a code has.

    Returns:
        None where it cannot, or where samples have fewer than `least` bits.
    """
    try:
        with av.open(media_url(path)) as container:
            frame = next(container.decode(video=0), None)
            linear = container.format.name.startswith("exr")
    except (av.error.FFmpegError, ValueError, IndexError):
        return None
    if frame is None or format_traits(frame.format.name).depth < least:
        return None
    return Sheet((frame.height, frame.width), _of_frame(frame, linear), attached)


def _of_frame(frame: VideoFrame, linear: bool) -> Iterator[Block]:
    """A decoded frame, full range; floats that hold light become sRGB."""
    name = frame.format.name
    traits = format_traits(name)
    whole: NDArray[Any]
    if "f32" in name or "f16" in name:
        yield from _of_floats(np.asarray(frame.to_ndarray()), linear)
        return
    if name.startswith("gray"):
        whole, bits = unpack_luma(frame, full_range=True)[:, :, None], traits.depth
    else:
        deep, alpha = traits.depth > 8, traits.alpha and not name.startswith("pal")
        wanted = ("rgba64le" if alpha else "rgb48le") if deep else ("rgba" if alpha else "rgb24")
        converted = frame.reformat(format=wanted, src_color_range=ColorRange.JPEG)
        whole, bits = np.asarray(converted.to_ndarray()), 16 if deep else 8
    for rows in bands(frame.height, frame.width):
        yield rows.start, 0, widened(whole[rows], bits)


def _of_floats(whole: NDArray[Any], linear: bool) -> Iterator[Block]:
    whole = whole.reshape(*whole.shape[:2], -1)
    scale = scale_of(whole.dtype, [whole])
    for rows in bands(*whole.shape[:2]):
        part = scale.samples(whole[rows])
        if linear:
            curved = np.rint(srgb_of(part[:, :, :3] / 65535) * 65535).astype(np.uint16)
            part = np.concatenate([curved, part[:, :, 3:]], axis=2)
        yield rows.start, 0, part
