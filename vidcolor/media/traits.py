"""What a frame's side data and codec say about showing it: turn, chroma siting, HDR."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from av.sidedata.sidedata import SideDataContainer
from av.video.frame import VideoFrame

from vidcolor.media.clip import UNSPECIFIED
from vidcolor.media.planes import FormatTraits

_CENTRED = {"mjpeg", "mpeg1video", "theora", "flv1", "h261", "h263", "webp", "png", "gif"}
_BT2020 = 9
_JPEG = 6
"""BT.601's number, by which RGB is converted, as in JPEG."""
_FULL = 2

_side_data_of: Any = SideDataContainer
"""PyAV's type hints leave out what it is made of."""


def side_data(frame: VideoFrame, name: str) -> bytes:
    """One kind of a frame's side data, b'' if it has none.

    PyAV 18 cannot list side data at all when one kind is newer than its enumeration, as in
    stereo HEVC. `frame.side_data` would hold the frame and be held by it, so that each frame
    stayed in memory until Python's collector came by, gigabytes later.
    """
    try:
        found: Any = _side_data_of(frame).get(name)
    except ValueError:
        return b""
    return b"" if found is None else bytes(found)


def display_matrix(frame: VideoFrame) -> tuple[int, ...] | None:
    """FFmpeg's nine int32, or None."""
    data = side_data(frame, "DISPLAYMATRIX")
    return tuple(np.frombuffer(data, "<i4").tolist()) if data else None


def turn(display: tuple[int, ...] | None) -> tuple[int, bool, tuple[str, ...]]:
    """Read a display matrix: degrees clockwise, mirrored before that, and a sentence if askew.

    The matrix maps (x, y) to (ax + cy, bx + dy), y downwards, with a, b, c, d at 0, 1, 3, 4.
    """
    if display is None:
        return 0, False, ()
    a, b, c, d = (display[place] for place in (0, 1, 3, 4))
    flipped = a * d - b * c < 0
    if flipped:
        a, b = -a, -b
    degrees = math.degrees(math.atan2(b, a)) if a or b else 0.0
    rotation = round(degrees / 90) * 90 % 360
    askew = abs((degrees - rotation + 180) % 360 - 180) > 1
    sentence = f"The film is turned by {degrees:.0f} degrees; it is looked at turned by {rotation}."
    return rotation, flipped, (sentence,) if askew else ()


def is_full_range(frame: VideoFrame, traits: FormatTraits, otherwise: int = 0) -> bool:
    """Whether a frame's luma runs over all codes.

    Args:
        frame: decoded.
        traits: of its format.
        otherwise: FFmpeg's number of the range where the frame names none; 0 for none either.
    """
    if not traits.has_luma and traits.full_range:
        return True
    tagged = frame.color_range or otherwise
    return (
        tagged == _FULL
        or (tagged == 0 and bool(traits.full_range))
        or frame.format.name.startswith("yuvj")
    )


def matrix_of(frame: VideoFrame, traits: FormatTraits, otherwise: int = UNSPECIFIED) -> int:
    """FFmpeg's number of the matrix that a frame's luma and chroma are of, once it is unpacked."""
    if not traits.has_luma and traits.full_range:
        return _JPEG
    return tag_of(frame.colorspace, otherwise) or UNSPECIFIED


def tag_of(said: int, otherwise: int) -> int:
    """FFmpeg's number that a frame says, or its stream."""
    return int(said if said != UNSPECIFIED else otherwise)


def chroma_location(codec: str, frame: VideoFrame, traits: FormatTraits) -> str:
    """Guess where chroma samples lie, which PyAV cannot read, as the codec's usual practice."""
    if codec in _CENTRED or (not traits.has_luma and traits.full_range):
        return "center"
    if codec == "dvvideo" or (codec == "hevc" and frame.color_primaries == _BT2020):
        return "topleft"
    return "left"


def captions_of(frame: VideoFrame) -> VideoFrame | None:
    """A small frame that carries the closed captions (CTA-708 in A/53) of one, if it has any.

    PyAV puts no side data on a new frame; but they stay on one that is converted to another format.
    """
    if not side_data(frame, "A53_CC"):
        return None
    return frame.reformat(*_CARRIER)


_CARRIER = 16, 16, "gray"
"""Width, height and format of a frame that only carries; no frame to be encoded is gray."""

_UNWRITTEN = {
    "DOVI_RPU_BUFFER": "Dolby Vision's data",
    "DYNAMIC_HDR_PLUS": "HDR10+'s data",
    "STEREO3D": "The mark that the picture holds both eyes' views",
    "SPHERICAL": "The mark that the picture is part of a sphere",
}


def unwritten(frames: Sequence[VideoFrame]) -> tuple[str, ...]:
    """Sentences on what frames say that no film made here can."""
    found = [words for name, words in _UNWRITTEN.items() if any(side_data(f, name) for f in frames)]
    return tuple(
        f"{words} {'are' if words.endswith('data') else 'is'} left out." for words in found
    )


def hdr_options(frame: VideoFrame) -> tuple[str, ...]:
    """Mastering display and light level as libx265 writes them; empty if the frame has none."""
    options = []
    display = side_data(frame, "MASTERING_DISPLAY_METADATA")
    if display:
        text = _mastering(display)
        if text:
            options.append(f"master-display={text}")
    light = side_data(frame, "CONTENT_LIGHT_LEVEL")
    if light:
        most, average = np.frombuffer(light, "<u4")[:2]
        options.append(f"max-cll={most},{average}")
    return tuple(options)


def _mastering(data: bytes) -> str:
    """Ten rationals, R G B and white as (x, y), least and most light; then two flags."""
    numbers = np.frombuffer(data, "<i4")
    pairs = numbers[:20].reshape(10, 2).astype(float)
    if not numbers[20:22].all() or not pairs[:, 1].all():
        return ""
    values = pairs[:, 0] / pairs[:, 1]
    point = [f"({values[i] * 50000:.0f},{values[i + 1] * 50000:.0f})" for i in (0, 2, 4, 6)]
    red, green, blue, white = point
    light = f"({values[9] * 10000:.0f},{values[8] * 10000:.0f})"
    return f"G{green}B{blue}R{red}WP{white}L{light}"
