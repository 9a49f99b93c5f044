"""One picture of a sequence: what its head says, and its planes as a frame has them.

PNG, TIFF, JPEG and the like are read as photographs are, so that they mean the same; DPX by FFmpeg.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

import av
import numpy as np
import PIL.Image
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from vidcolor.errors import InputError
from vidcolor.media.clip import Plane
from vidcolor.media.dpx import read_dpx_header
from vidcolor.media.picture import Picture, read_picture
from vidcolor.media.planes import format_traits, is_readable, neutral_chroma, unpack, unpack_luma
from vidcolor.media.source import check_file, unreadable

_BLUE_SCALE, _RED_SCALE = 1.772, 1.402
_PNG_BITS, _TIFF_BITS = 24, 258
_COLORS = {"1": "grey", "L": "grey", "LA": "grey", "I": "grey", "F": "grey", "P": "palette"}
_ICC_SPACE = slice(16, 20)
"""Where a profile says of what colours it is (ICC.1, 7.2)."""
_DPX_GREY = 6
"""The standard's number of pixels that are luma alone."""


@dataclass(frozen=True)
class Header:
    """What a picture's head says of it, before anything is decoded.

    Args:
        size: (width, height) as stored.
        bits: of a sample.
        colours: what a pixel is made of, in a word.
        alpha: whether there is transparency.
        rate: frames a second, which only DPX files say.
    """

    size: tuple[int, int]
    bits: int
    colors: str
    alpha: bool = False
    rate: Fraction | None = None

    def __str__(self) -> str:
        return f"{self.size[0]}x{self.size[1]}, {self.bits} bits, {self.colors}"

    def fits(self, other: Header) -> bool:
        """Whether both pictures can be of one sequence."""
        return str(self) == str(other)


def read_header(path: Path) -> Header:
    """Read a picture's head.

    Raises:
        InputError: it is missing, empty, no picture, damaged, or may not be read.
    """
    check_file(path)
    try:
        if path.suffix.lower() == ".dpx":
            dpx = read_dpx_header(path)
            colors = "grey" if dpx.descriptor == _DPX_GREY else f"DPX pixels {dpx.descriptor}"
            return Header(dpx.size, dpx.bits, colors, rate=dpx.rate)
        with PIL.Image.open(path) as image:
            mode = image.mode.partition(";")[0]
            colors = _COLORS.get(mode, mode)
            return Header(image.size, _bits(path, image), colors, alpha=image.has_transparency_data)
    except PermissionError as error:
        raise unreadable(path) from error
    except PIL.Image.DecompressionBombError as error:
        raise InputError(f"{path} is too large a picture.", "Make it smaller first.") from error
    except (OSError, ValueError, SyntaxError) as error:
        raise InputError(
            f"{path} is not a picture, or is damaged.", "Check that it opens, or get another copy."
        ) from error


def profile_of(path: Path) -> bytes | None:
    """The ICC profile of a picture that is no DPX file; None where it has none of RGB."""
    with PIL.Image.open(path) as image:
        profile: bytes | None = image.info.get("icc_profile")
    return profile if profile and profile[_ICC_SPACE] == b"RGB " else None


def _bits(path: Path, image: PIL.Image.Image) -> int:
    """Bits of a sample as they are stored; Pillow's modes do not tell 16 from 8 in RGB."""
    if image.format == "PNG":
        with path.open("rb") as stream:
            return stream.read(_PNG_BITS + 1)[_PNG_BITS]
    if image.format == "TIFF":
        bits = image.tag_v2.get(_TIFF_BITS, 1)  # type: ignore[attr-defined]
        return int(bits[0] if isinstance(bits, tuple) else bits)
    return 16 if image.mode.startswith("I") else 8


class FramePicture(Protocol):
    """A picture as it was read, from which planes in its clip's working format can be had."""

    @property
    def pixel_format(self) -> str:
        """FFmpeg's name of it."""

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width)."""

    def luma(self) -> Plane:
        """uint8 or uint16 (height, width)."""

    def planes(self) -> tuple[Plane, Plane, Plane]:
        """Luma, Cb and Cr."""


def read_frame_picture(path: Path) -> FramePicture:
    """Read a picture.

    Raises:
        InputError: it is missing, damaged, or of pixels that are not known.
    """
    if path.suffix.lower() == ".dpx":
        return _Decoded(_decoded(path))
    return _Photograph(read_picture(path))


def _decoded(path: Path) -> VideoFrame:
    check_file(path)
    try:
        frames = av.VideoCodecContext.create("dpx", "r").decode(av.Packet(path.read_bytes()))
    except PermissionError as error:
        raise unreadable(path) from error
    except (av.error.FFmpegError, OSError) as error:
        raise InputError(
            f"{path} cannot be decoded.", "Get another copy, or convert it to DPX of 10 bits."
        ) from error
    if not frames or not is_readable(frames[0]):
        raise InputError(
            f"{path} holds pixels of a kind that is not known here.",
            "Convert the sequence to DPX of RGB, or to TIFF.",
        )
    return frames[0]


@dataclass(frozen=True, eq=False)
class _Decoded:
    """A picture that FFmpeg decoded."""

    frame: VideoFrame

    @property
    def pixel_format(self) -> str:
        return self.frame.format.name

    @property
    def shape(self) -> tuple[int, int]:
        return self.frame.height, self.frame.width

    @property
    def _full_range(self) -> bool:
        return format_traits(self.pixel_format).full_range is True

    def luma(self) -> Plane:
        return unpack_luma(self.frame, self._full_range)

    def planes(self) -> tuple[Plane, Plane, Plane]:
        return unpack(self.frame, self._full_range)


@dataclass(frozen=True, eq=False)
class _Photograph:
    """A picture that was read as photographs are."""

    picture: Picture

    @property
    def pixel_format(self) -> str:
        deep = self.picture.depth > 8
        if self.picture.rgb is None:
            return "gray16le" if deep else "gray"
        return "rgb48le" if deep else "rgb24"

    @property
    def shape(self) -> tuple[int, int]:
        height, width = self.picture.luma.shape
        return height, width

    def luma(self) -> Plane:
        return self.picture.luma

    def planes(self) -> tuple[Plane, Plane, Plane]:
        picture = self.picture
        if picture.rgb is None:
            height, width = self.shape
            working = format_traits(self.pixel_format).working
            return picture.luma, *neutral_chroma(working, width, height)
        return picture.luma, *_chroma(picture.rgb, picture.luma)


def _chroma(rgb: NDArray[Any], luma: Plane) -> tuple[Plane, Plane]:
    """Full-range BT.601 Cb and Cr of RGB (height, width, 3), at its own depth."""
    peak = np.iinfo(rgb.dtype).max
    light = luma.astype(np.float32)
    planes = []
    for color, scale in ((2, _BLUE_SCALE), (0, _RED_SCALE)):
        codes = (rgb[:, :, color] - light) / np.float32(scale) + np.float32((peak + 1) // 2)
        planes.append(np.rint(codes).clip(0, peak).astype(rgb.dtype))
    return planes[0], planes[1]
