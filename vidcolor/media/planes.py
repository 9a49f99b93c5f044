"""Planes of a frame as arrays and back: views without a copy, depths, working formats.

PyAV frames come in and arrays of luma, Cb, Cr go out; or the other way round.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import av
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, VideoReformatter
from numpy.typing import NDArray

from vidcolor.media.clip import Plane

_INTERLEAVED = ("nv", "p0", "p2", "p4")
_HIGH_BITS = ("p0", "p2", "p4")
_MOST_BITS = 16
_FLOAT_GRAY = ("grayf", "yaf")
_KR, _KG, _KB = (np.float32(weight) for weight in (0.299, 0.587, 0.114))
_SUBSAMPLING = {(1, 1): "420", (1, 0): "422", (0, 0): "444"}
# Formats that no everyday encoder holds, and the nearest that one does: luma stays as it is.
_NEAREST = {(2, 0): "422", (0, 1): "444", (2, 2): "420", (2, 1): "420"}


@dataclass(frozen=True)
class FormatTraits:
    """What a pixel format means here.

    Args:
        depth: bits of a sample.
        working: the planar format with the same luma.
        has_luma: whether the luma samples can be copied as they stand.
        alpha: whether there is transparency.
        full_range: True if the format itself says so (yuvj, gray, RGB), None if it doesn't.
        swapped: whether samples are stored with the high byte first.
        shift: how many bits samples are stored above the lowest one.
    """

    depth: int
    working: str
    has_luma: bool
    alpha: bool
    full_range: bool | None
    swapped: bool = False
    shift: int = 0


@functools.lru_cache(maxsize=256)
def format_traits(name: str) -> FormatTraits:
    """Say how a pixel format is worked on.

    Gray becomes 4:2:0 with the same luma; RGB and palettes become full-range 4:4:4, where a
    grey pixel's luma is its own value.
    """
    fmt = av.VideoFormat(name, 16, 16)
    # A surface in a GPU's memory has no components.
    depth = min(max((component.bits for component in fmt.components), default=8), _MOST_BITS)
    count = len(fmt.components)
    if name.startswith("mono"):
        return FormatTraits(8, "yuv444p", False, False, True)
    if fmt.is_rgb or fmt.has_palette or name.startswith("xyz"):
        depth = 8 if depth < 9 or fmt.has_palette else depth
        if name.startswith("bayer"):
            depth = 16 if "16" in name else 8
        alpha = count == 4 or fmt.has_palette
        return FormatTraits(depth, _planar("444", depth), False, alpha, True)
    swapped, shift = depth > 8 and name.endswith("be"), _shift(name, depth)
    if name.startswith(("gray", "ya")):
        whole = name.startswith("gray") and not name.startswith((*_FLOAT_GRAY, "gray32"))
        return FormatTraits(depth, _planar("420", depth), whole, count == 2, True, swapped, shift)
    chroma = _chroma_shift(fmt)
    working = _planar(_SUBSAMPLING.get(chroma) or _NEAREST.get(chroma, "444"), depth)
    full = True if name.startswith("yuvj") else None
    return FormatTraits(depth, working, fmt.is_planar, count == 4, full, swapped, shift)


def _shift(name: str, depth: int) -> int:
    high = depth > 8 and (name.startswith(_HIGH_BITS) or "msb" in name)
    return _MOST_BITS - depth if high else 0


def _planar(subsampling: str, depth: int) -> str:
    return f"yuv{subsampling}p" + ("" if depth == 8 else f"{depth}le")


def _chroma_shift(fmt: av.VideoFormat) -> tuple[int, int]:
    wide, high = fmt.chroma_width(16), fmt.chroma_height(16)
    return (16 // wide).bit_length() - 1, (16 // high).bit_length() - 1


def is_readable(frame: VideoFrame) -> bool:
    """Whether luma can be had of a frame: FFmpeg's converter does not read all formats it names."""
    try:
        unpack_luma(frame, full_range=True)
    except (av.error.FFmpegError, OSError):
        return False
    return True


def plane_shapes(working_format: str, width: int, height: int) -> tuple[tuple[int, int], ...]:
    """(height, width) of luma, Cb and Cr; odd sizes round up."""
    fmt = av.VideoFormat(working_format, width, height)
    chroma = (fmt.chroma_height(height), fmt.chroma_width(width))
    return (height, width), chroma, chroma


def neutral_chroma(working_format: str, width: int, height: int) -> tuple[Plane, Plane]:
    """Two planes of no colour in the format's size and depth."""
    depth = format_traits(working_format).depth
    shape = plane_shapes(working_format, width, height)[1]
    plane = np.full(shape, 1 << (depth - 1), np.uint8 if depth == 8 else np.uint16)
    plane.flags.writeable = False
    return plane, plane


def plane_view(frame: VideoFrame, index: int, depth: int, samples: int = 1) -> Plane:
    """A view on one plane as it is stored, without a copy; it keeps the frame alive.

    Args:
        frame: a frame whose plane `index` holds `samples` interleaved samples a pixel.
        index: which plane.
        depth: 8 gives uint8, more gives uint16.
        samples: 2 for the chroma of nv12 and its kin.

    Returns:
        (plane height, plane width x samples).
    """
    return _stored(frame, index, np.dtype(np.uint8 if depth <= 8 else "<u2"), samples)


def _stored(frame: VideoFrame, index: int, kind: np.dtype[Any], samples: int) -> Plane:
    plane = frame.planes[index]
    view: Plane = np.frombuffer(memoryview(plane), kind).reshape(plane.height, -1)
    if plane.line_size < 0:
        view = view[::-1]
    return view[:, : plane.width * samples]


def _samples(frame: VideoFrame, index: int, traits: FormatTraits, samples: int = 1) -> Plane:
    """One plane's samples in their lowest bits: a view wherever they are stored so."""
    view = plane_view(frame, index, traits.depth, samples)
    if traits.swapped:
        view = view.byteswap()
    return view >> traits.shift if traits.shift else view


def unpack(frame: VideoFrame, full_range: bool) -> tuple[Plane, Plane, Plane]:
    """Take luma, Cb and Cr of a decoded frame in its working format.

    Luma is the source's own samples wherever they exist as such, a read-only view where they lie
    as they are worked on; formats without them (RGB, palettes) are converted.

    Args:
        frame: as it was decoded; never written to.
        full_range: the clip's range, which chroma and converted luma take.
    """
    name = frame.format.name
    traits = format_traits(name)
    if name.startswith(_FLOAT_GRAY):
        neutral = neutral_chroma(traits.working, frame.width, frame.height)
        planes = (_of_floats(frame), *neutral)
    elif _is_deep_rgb(frame, traits):
        colors = _rgb(frame, traits)
        luma = _rgb_luma(colors)
        planes = (luma, *_rgb_chroma(colors, luma, traits.depth))
    elif not traits.has_luma:
        planes = _converted(frame, traits, full_range)
    elif name.startswith(_INTERLEAVED):
        planes = (_samples(frame, 0, traits), *_interleaved_chroma(frame, traits))
    else:
        planes = (_samples(frame, 0, traits), *_planar_chroma(frame, traits, full_range))
    for plane in planes:
        plane.flags.writeable = False
    return planes


def unpack_luma(frame: VideoFrame, full_range: bool) -> Plane:
    """Take only the luma plane, which spares any conversion of chroma."""
    traits = format_traits(frame.format.name)
    if _is_deep_rgb(frame, traits):
        return _rgb_luma(_rgb(frame, traits))
    if not traits.has_luma:
        return unpack(frame, full_range)[0]
    luma = _samples(frame, 0, traits)
    luma.flags.writeable = False
    return luma


def _of_floats(frame: VideoFrame) -> Plane:
    """Gray of 0..1 as uint16: FFmpeg's scaler is up to 1 % off here, and aborts at yaf32."""
    name = frame.format.name
    kind = np.dtype("f4" if "32" in name else "f2").newbyteorder(">" if "be" in name else "<")
    step = 2 if name.startswith("ya") else 1
    light = _stored(frame, 0, kind, step)[:, ::step].astype(np.float32)
    codes = np.clip(np.nan_to_num(light), 0, 1) * np.float32(65535)
    return np.asarray(np.rint(codes).astype(np.uint16))


def _is_deep_rgb(frame: VideoFrame, traits: FormatTraits) -> bool:
    """Whether it is RGB of more than 8 bits, whose luma FFmpeg's converter has up to 0.4 % off."""
    return traits.depth > 8 and frame.format.is_rgb and not frame.format.name.startswith("bayer")


def _rgb(frame: VideoFrame, traits: FormatTraits) -> tuple[Plane, Plane, Plane]:
    """The planes of R, G and B, full range, in their lowest bits."""
    # FFmpeg's converter fills columns of gbrap*le's planes with what lay in memory.
    wanted = f"gbrp{traits.depth}le"
    is_planar = frame.format.name in (wanted, f"gbrap{traits.depth}le")
    planar = frame if is_planar else frame.reformat(format=wanted)
    green, blue, red = (plane_view(planar, index, traits.depth) for index in range(3))
    return red, green, blue


def _rgb_luma(colors: tuple[Plane, Plane, Plane]) -> Plane:
    """BT.601 luma, as JPEG has it; of grey its own value."""
    red, green, blue = (plane.astype(np.float32) for plane in colors)
    return np.asarray(np.rint(_KR * red + _KG * green + _KB * blue).astype(np.uint16))


def _rgb_chroma(colors: tuple[Plane, Plane, Plane], luma: Plane, depth: int) -> tuple[Plane, Plane]:
    light, neutral, peak = luma.astype(np.float32), 1 << depth - 1, (1 << depth) - 1
    blue = (colors[2] - light) / np.float32(2 - 2 * _KB)
    red = (colors[0] - light) / np.float32(2 - 2 * _KR)
    first, second = (
        np.rint(plane + neutral).clip(0, peak).astype(np.uint16) for plane in (blue, red)
    )
    return first, second


def _planar_chroma(
    frame: VideoFrame, traits: FormatTraits, full_range: bool
) -> tuple[Plane, Plane]:
    if frame.format.name.startswith("gray"):
        return neutral_chroma(traits.working, frame.width, frame.height)
    shape = plane_shapes(traits.working, frame.width, frame.height)[1]
    if (frame.planes[1].height, frame.planes[1].width) == shape:
        return _samples(frame, 1, traits), _samples(frame, 2, traits)
    return _converted(frame, traits, full_range)[1:]


def _interleaved_chroma(frame: VideoFrame, traits: FormatTraits) -> tuple[Plane, Plane]:
    pairs = _samples(frame, 1, traits, samples=2)
    first, second = pairs[:, 0::2], pairs[:, 1::2]
    if frame.format.name in ("nv21", "nv42"):
        first, second = second, first
    return np.ascontiguousarray(first), np.ascontiguousarray(second)


def _converted(
    frame: VideoFrame, traits: FormatTraits, full_range: bool
) -> tuple[Plane, Plane, Plane]:
    if frame.format.name.startswith("bayer"):
        # By itself FFmpeg's converter makes limited range of sensors' mosaics, whatever is asked.
        frame = frame.reformat(format="rgb48le" if traits.depth > 8 else "rgb24")
    target = ColorRange.JPEG if full_range else ColorRange.MPEG
    source = ColorRange.JPEG if traits.full_range else target
    converted = VideoReformatter().reformat(
        frame,
        format=traits.working,
        src_color_range=source,
        dst_color_range=target,
        threads=1,
    )
    views = tuple(plane_view(converted, index, traits.depth) for index in range(3))
    return views[0], views[1], views[2]


def pack(
    planes: Sequence[Plane], working_format: str, carrier: VideoFrame | None = None
) -> VideoFrame:
    """Copy luma, Cb and Cr into a new frame, sample by sample.

    Args:
        planes: as `plane_shapes` says for the format, uint8 for depth 8 and uint16 above.
        working_format: a planar format of three planes.
        carrier: of another format, whose side data the new frame gets.

    Raises:
        ValueError: a plane's shape or type is not the format's.
    """
    height, width = planes[0].shape
    depth = format_traits(working_format).depth
    kind = np.dtype(np.uint8 if depth == 8 else np.uint16)
    shapes = plane_shapes(working_format, width, height)
    if [(p.shape, p.dtype) for p in planes] != [(shape, kind) for shape in shapes]:
        found = ", ".join(f"{p.dtype} {p.shape}" for p in planes)
        raise ValueError(f"planes for {working_format} {width}x{height} cannot be {found}")
    frame = (
        carrier.reformat(width, height, working_format)
        if carrier
        else VideoFrame(width, height, working_format)
    )
    for index, plane in enumerate(planes):
        plane_view(frame, index, depth)[...] = plane
    return frame


def turn_upright(plane: Plane, rotation: int, flipped: bool) -> Plane:
    """Turn a coded plane as the display matrix says: a view, pixel aspect untouched."""
    return np.rot90(plane[:, ::-1] if flipped else plane, -rotation // 90)


def turn_back(plane: Plane, rotation: int, flipped: bool) -> Plane:
    """Undo `turn_upright`: a view."""
    turned = np.rot90(plane, rotation // 90)
    return turned[:, ::-1] if flipped else turned


def turn_by_exif(samples: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Turn (height, width, ...) upright as an EXIF orientation, 1 to 8, asks."""
    turns: dict[int, Callable[[NDArray[Any]], NDArray[Any]]] = {
        2: lambda s: s[:, ::-1],
        3: lambda s: s[::-1, ::-1],
        4: lambda s: s[::-1],
        5: lambda s: s.swapaxes(0, 1),
        6: lambda s: np.rot90(s, -1),
        7: lambda s: s[::-1, ::-1].swapaxes(0, 1),
        8: lambda s: np.rot90(s, 1),
    }
    turn = turns.get(orientation)
    return np.ascontiguousarray(turn(samples) if turn else samples)
