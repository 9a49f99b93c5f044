"""A film as YUV4MPEG2, which every program that takes film through a pipe can read.

Format: yuv4mpeg(5) of mjpegtools; depths above 8 as FFmpeg writes them ("420p10").
"""

from __future__ import annotations

from typing import BinaryIO

from vidcolor.errors import OutputError
from vidcolor.media.clip import ClipInfo, Frame
from vidcolor.media.codecs import avi_slots
from vidcolor.media.decode import read_frames

HEADER = ("average_rate", "field_order", "sample_aspect_ratio", "chroma_location", "full_range")
"""What the header says of a `ClipInfo`, besides its size and pixel format."""
_SITED = {"left": "420mpeg2", "topleft": "420paldv", "center": "420jpeg"}


def check_y4m(clip: ClipInfo) -> None:
    """Refuse a film that has no constant frame rate, which is all that y4m knows.

    Raises:
        OutputError: frames are not about where their number and the rate would put them.
    """
    if avi_slots(clip) is None:
        raise OutputError(
            "y4m cannot hold a film whose frame rate varies.",
            "Give `container=mkv`.",
        )


def write_y4m(clip: ClipInfo, stream: BinaryIO) -> None:
    """Write all frames of a clip, bit by bit as it is decoded.

    Raises:
        BrokenPipeError: nobody reads the stream any more.
    """
    stream.write(_header(clip))
    for frame in read_frames(clip):
        stream.write(b"FRAME\n")
        stream.write(_samples(frame))


def _header(clip: ClipInfo) -> bytes:
    rate, aspect = clip.average_rate, clip.sample_aspect_ratio
    words = [
        "YUV4MPEG2",
        f"W{clip.width}",
        f"H{clip.height}",
        f"F{rate.numerator}:{rate.denominator}",
        f"I{clip.field_order[0]}",
        f"A{aspect.numerator}:{aspect.denominator}",
        f"C{_sampling(clip)}",
        f"XCOLORRANGE={'FULL' if clip.full_range else 'LIMITED'}",
    ]
    return " ".join(words).encode() + b"\n"


def _sampling(clip: ClipInfo) -> str:
    subsampling = clip.working_format.removeprefix("yuv")[:3]
    if clip.depth > 8:
        return f"{subsampling}p{clip.depth}"
    return _SITED[clip.chroma_location] if subsampling == "420" else subsampling


def _samples(frame: Frame) -> bytes:
    return b"".join(plane.astype(plane.dtype.newbyteorder("<")).tobytes() for plane in frame.planes)
