"""What is compared, from disk: pictures and clips of a folder as upright 8-bit sRGB."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from vidcolor.errors import InputError
from vidcolor.evaluate.colour import Picture
from vidcolor.infer.predictor import working_shape
from vidcolor.media import picture as media
from vidcolor.media.planes import format_traits
from vidcolor.media.source import media_url

PICTURES = frozenset({".avif", ".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})
CLIPS = frozenset({".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".webm"})
EVALUATION_SIDE = 240
"""Short side at which clips are judged."""


def find(path: Path, suffixes: frozenset[str]) -> list[Path]:
    """Files with one of the suffixes in a folder and the folders in it, sorted by path.

    A single file stands for itself. Hidden files and folders are left out.

    Raises:
        InputError: there is nothing at the path.
    """
    if not path.exists():
        raise InputError(f"{path} is not there.", "Give a folder of pictures or clips, or a file.")
    if path.is_file():
        return [path] if path.suffix.lower() in suffixes else []
    found = (p for p in path.rglob("*") if p.suffix.lower() in suffixes and p.is_file())
    return sorted(p for p in found if not any(x.startswith(".") for x in p.relative_to(path).parts))


def read_picture(path: Path) -> Picture:
    """A picture as uint8 sRGB (height, width, 3), turned upright.

    Raises:
        InputError: it is no picture, or damaged.
    """
    return media.read_picture(path).rgb_bytes()


def clip_shape(path: Path) -> tuple[int, int]:
    """Coded (height, width) of a clip's first video stream.

    Raises:
        InputError: it is no clip, or has no picture.
    """
    try:
        with av.open(media_url(path)) as container:
            if not container.streams.video:
                raise InputError(f"{path} has no video stream.", "Give a file with a picture.")
            stream = container.streams.video[0]
            return stream.height, stream.width
    except av.FFmpegError as error:
        raise InputError(
            f"{path} cannot be opened ({error}).", "Leave it out or mend it."
        ) from error


def read_clip(path: Path, limit: int | None = None) -> Iterator[Picture]:
    """Frames of a clip at the evaluation size, uint8 sRGB (height, width, 3), upright.

    Square pixels, short side 240 (or the clip's own, where that is smaller), both sides multiples
    of 4; area averaging.

    Args:
        path: the clip; its first video stream is taken.
        limit: frames to read at most.

    Raises:
        InputError: it is no clip, has no picture, or is damaged.
    """
    try:
        with av.open(media_url(path)) as container:
            if not container.streams.video:
                raise InputError(f"{path} has no video stream.", "Give a file with a picture.")
            stream = container.streams.video[0]
            stream.thread_type = "AUTO"
            for index, frame in enumerate(container.decode(stream)):
                if limit is not None and index >= limit:
                    return
                yield _evaluation_picture(frame, stream.sample_aspect_ratio or Fraction(1))
    except av.FFmpegError as error:
        raise InputError(
            f"{path} cannot be decoded ({error}).", "Leave it out or mend it."
        ) from error


def _evaluation_picture(frame: av.VideoFrame, aspect: Fraction) -> Picture:
    height, width = frame.height, max(1, round(frame.width * aspect))
    rows, columns = working_shape(height, width, min(EVALUATION_SIDE, height, width))
    return upright(frame, rows, columns)


def upright(frame: av.VideoFrame, height: int, width: int) -> Picture:
    """A decoded frame as sRGB, resized to (height, width) as coded, then turned upright."""
    # FFmpeg's converter makes 8 bits of more by cutting, 1.5 of 255 too dark.
    deep = format_traits(frame.format.name).depth > 8
    picture = frame.to_ndarray(format="rgb48le" if deep else "rgb24")
    picture = media.narrowed(picture)
    smaller = height <= frame.height and width <= frame.width
    method = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    resized = np.asarray(cv2.resize(picture, (width, height), interpolation=method), np.uint8)
    return np.ascontiguousarray(np.rot90(resized, round(frame.rotation / 90) % 4))
