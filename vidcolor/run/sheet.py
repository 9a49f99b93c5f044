"""The contact sheet of a film's stills: one page that needs nothing but itself."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import PIL.Image
from numpy.typing import NDArray

from vidcolor.media.clip import ClipInfo
from vidcolor.media.picture import narrowed
from vidcolor.pages.render import inline, page
from vidcolor.run.film import clock

THUMB_SIDE = 480
"""Longest side of a picture on the sheet, in pixels."""
QUALITY = 80


@dataclass(frozen=True)
class Shown:
    """A still as the sheet shows it.

    Attributes:
        name: of its file, beside the sheet.
        frame: index in the film.
        time_s: seconds from the film's start.
        shot: number of its shot, from 1 on.
        begins_s: when that begins.
        frames: how many that has.
        jpeg: the picture, small.
    """

    name: str
    frame: int
    time_s: float
    shot: int
    begins_s: float
    frames: int
    jpeg: bytes

    @property
    def picture(self) -> str:
        """An address that holds it."""
        return inline(self.jpeg)

    @property
    def time(self) -> str:
        """Where it is in the film."""
        return clock(self.time_s)

    @property
    def begins(self) -> str:
        """Where its shot begins."""
        return clock(self.begins_s)


def small_size(height: int, width: int, side: int) -> tuple[int, int]:
    """(width, height) of a picture whose longest side is to be `side` or less."""
    scale = min(1.0, side / max(height, width))
    return max(1, round(width * scale)), max(1, round(height * scale))


def thumbnail(picture: NDArray[Any], side: int = THUMB_SIDE, quality: int = QUALITY) -> bytes:
    """A picture as a small JPEG whose longest side is `side` or less.

    Args:
        picture: uint8 or uint16, (height, width) in grey or (height, width, 3).
        side: in pixels.
        quality: of JPEG.
    """
    size = small_size(picture.shape[0], picture.shape[1], side)
    small = narrowed(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))
    held = io.BytesIO()
    PIL.Image.fromarray(small).save(held, "JPEG", quality=quality)
    return held.getvalue()


def contact_sheet(clip: ClipInfo, stills: Sequence[Shown]) -> str:
    """The whole page as HTML text."""
    return page(
        "stills.html",
        name=clip.path.name,
        shots=len({still.shot for still in stills}),
        frames=clip.frame_count,
        length=clock(clip.duration_s),
        cards=stills,
    )
