"""A file before and after: one frame of a film, or a photograph, as two small pictures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vidcolor.color.pale import LEAST_CONTRAST
from vidcolor.errors import VidcolorError
from vidcolor.media.clip import ClipInfo, Frame
from vidcolor.media.decode import read_frames
from vidcolor.media.frames import clip_of
from vidcolor.media.picture import read_picture
from vidcolor.media.probe import kind_of, probe
from vidcolor.run.film import Film
from vidcolor.run.settings import ColorizeSettings
from vidcolor.run.sheet import thumbnail

SIDE = 320
"""Longest side in pixels."""
QUALITY = 70
"""Of JPEG: a page of a thousand files has two thousand pictures."""
_CHROMA_SIZE = 512
"""Short side whose quarter is the size at which a frame's own chroma is taken: 128 is enough."""
_PLACES = (0.5, 0.25, 0.75, 0.0)

Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class Shown:
    """Two JPEG pictures, empty where there is none.

    Attributes:
        before: of the source.
        after: of the output, the same frame.
    """

    before: bytes = b""
    after: bytes = b""


def before_and_after(source: Path, output: Path, settings: ColorizeSettings) -> Shown:
    """The pictures of a file that was coloured; none where one of the two cannot be read.

    Args:
        source: a film or a photograph.
        output: what was made of it.
        settings: with which it was made.
    """
    try:
        pictures = _film if kind_of(output) == "clip" else _photograph
        before, after = pictures(source, output, settings)
    except (VidcolorError, OSError):
        return Shown()
    return Shown(*(thumbnail(picture, SIDE, QUALITY) for picture in (before, after)))


def _photograph(source: Path, output: Path, _: ColorizeSettings) -> tuple[Picture, Picture]:
    return read_picture(source).rgb_bytes(), read_picture(output).rgb_bytes()


def _film(source: Path, output: Path, settings: ColorizeSettings) -> tuple[Picture, Picture]:
    """The middle frame, or another one where that shows nothing."""
    film, made = clip_of(source, settings.reading), probe(output, 0)
    before = _telling(film, settings.threads)
    after = next(read_frames(made, min(before.index, made.frame_count - 1), 1, settings.threads))
    return _picture(film, before), _picture(made, after)


def _telling(film: ClipInfo, threads: int) -> Frame:
    """The first frame that is not of one shade, or the last one looked at."""
    for place in _PLACES:
        frame = next(read_frames(film, int(place * film.frame_count), 1, threads))
        if _view(film).small(frame.luma).std() >= LEAST_CONTRAST:
            break
    return frame


def _view(film: ClipInfo) -> Film:
    return Film.whole(film, _CHROMA_SIZE)


def _picture(film: ClipInfo, frame: Frame) -> Picture:
    """A frame in its own colour: RGB uint8 (height, width, 3), upright."""
    view = _view(film)
    return view.picture(frame.luma, view.small_chroma(frame).astype(np.float32), 1.0)
