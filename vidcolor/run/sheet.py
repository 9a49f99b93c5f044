"""The contact sheet of a film's stills: one page that needs nothing but itself."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files

import cv2
import numpy as np
import PIL.Image
from numpy.typing import NDArray

from vidcolor.media.clip import ClipInfo
from vidcolor.run.look import clock

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


def thumbnail(rgb: NDArray[np.uint8], side: int = THUMB_SIDE, quality: int = QUALITY) -> bytes:
    """A picture, uint8 (height, width, 3), as a small JPEG whose longest side is `side` or less."""
    height, width = rgb.shape[:2]
    scale = min(1.0, side / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
    held = io.BytesIO()
    PIL.Image.fromarray(small).save(held, "JPEG", quality=quality)
    return held.getvalue()


def page(title: str, body: str, *sheets: str) -> str:
    """A whole page as HTML text: no script, nothing loaded from elsewhere.

    Args:
        title: plain text.
        body: HTML.
        sheets: names of style sheets of this room, behind `stills.css`.
    """
    style = "".join(
        files("vidcolor.pages").joinpath(name).read_text(encoding="utf-8")
        for name in ("stills.css", *sheets)
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{style}</style></head><body>{body}</body></html>\n"
    )


def inline(jpeg: bytes) -> str:
    """A JPEG as an address that holds it."""
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"


def contact_sheet(clip: ClipInfo, stills: Sequence[Shown]) -> str:
    """The whole page as HTML text."""
    name = escape(clip.path.name)
    shots = len({still.shot for still in stills})
    cards = "".join(_card(still) for still in stills)
    body = (
        f"<header><h1>{name}</h1><p>{shots} shot{'s' * (shots != 1)}, {clip.frame_count} frames,"
        f" {clock(clip.duration_s)}. Colour a picture, keep its name, and give the folder to"
        f" <code>vidcolor colorize --reference</code>; those you do not change"
        f" keep the automatic colour.</p></header><main>{cards}</main>"
    )
    return page(f"{clip.path.name}: stills", body)


def _card(still: Shown) -> str:
    name = escape(still.name)
    frames = f"{still.frames} frame{'s' * (still.frames != 1)}"
    return (
        f'<figure><a href="{name}"><img src="{inline(still.jpeg)}"'
        f' alt="Frame {still.frame}, shot {still.shot}"></a>'
        f"<figcaption><b>{clock(still.time_s)}</b><span>shot {still.shot}, from"
        f" {clock(still.begins_s)}, {frames}</span><code>{name}</code></figcaption></figure>"
    )
