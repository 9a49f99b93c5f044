"""A file before and after: one frame of a film, or a photograph, as two small pictures."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from vidcolor.color.pale import LEAST_CONTRAST
from vidcolor.errors import VidcolorError
from vidcolor.media.clip import ClipInfo, Frame
from vidcolor.media.decode import read_frames
from vidcolor.media.frames import clip_of
from vidcolor.media.picture import Page, narrowed
from vidcolor.media.picture import Picture as Source
from vidcolor.media.probe import probe
from vidcolor.run.film import Film
from vidcolor.run.settings import ColorizeSettings
from vidcolor.run.thumbnail import small_size, thumbnail

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


class Exhibit:
    """The two pictures of a file that is being coloured.

    Those of a photograph are made of what is read and written, as it goes by; those of a film are
    read from both files in the end.

    Args:
        source: a film or a photograph.
        output: what is made of it.
        settings: with which it is made.
    """

    def __init__(self, source: Path, output: Path, settings: ColorizeSettings) -> None:
        self._source, self._output, self._settings = source, output, settings
        self._before = b""
        self._after: _Passing | None = None
        self._clip: ClipInfo | None = None

    def film(self, clip: ClipInfo) -> None:
        """Know a film's source, so that it is not looked at again."""
        self._clip = clip

    def before(self, picture: Source) -> None:
        """See a photograph as it was read, with its own colour."""
        seen = picture.luma if picture.rgb is None else picture.rgb
        self._before = thumbnail(seen, SIDE, QUALITY)

    def after(self, page: Page) -> Page:
        """The same page, which is seen when it is written."""
        self._after = passing = _Passing(*page.picture.luma.shape)

        def rgb(rows: slice) -> NDArray[Any]:
            part = page.rgb(rows)
            passing.see(rows, part)
            return part

        return replace(page, rgb=rgb)

    def shown(self) -> Shown:
        """The pictures, once the file is made; none where one of the two cannot be read."""
        if self._after is not None:
            return Shown(self._before, thumbnail(self._after.small(), SIDE, QUALITY))
        try:
            clip = self._clip or clip_of(self._source, self._settings.reading)
            pictures = _film(clip, self._output, self._settings.threads)
        except (VidcolorError, OSError):
            return Shown()
        return Shown(*(thumbnail(picture, SIDE, QUALITY) for picture in pictures))


class _Passing:
    """A picture that comes some rows at a time, at once as narrow as it will be shown."""

    def __init__(self, height: int, width: int) -> None:
        self._width, self._height = small_size(height, width, SIDE)
        self._rgb = np.zeros((height, self._width, 3), np.uint8)

    def see(self, rows: slice, part: NDArray[Any]) -> None:
        """Rows of it, uint8 or uint16 (rows, width, 3)."""
        size = self._width, part.shape[0]
        self._rgb[rows] = narrowed(cv2.resize(part, size, interpolation=cv2.INTER_AREA))

    def small(self) -> Picture:
        """All of it, uint8 (small height, small width, 3)."""
        size = self._width, self._height
        return np.asarray(cv2.resize(self._rgb, size, interpolation=cv2.INTER_AREA), np.uint8)


def _film(film: ClipInfo, output: Path, threads: int) -> tuple[Picture, Picture]:
    """The middle frame, or another one where that shows nothing."""
    made = probe(output, 0)
    before = _telling(film, threads)
    after = next(read_frames(made, min(before.index, made.frame_count - 1), 1, threads))
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
