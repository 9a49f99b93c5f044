"""Colourfulness, CF, as Hasler and Süsstrunk measured it in 2003: the one place of its formula."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np

from vidcolor.color.convert import BLUE_SCALE, NEUTRAL, RED_SCALE
from vidcolor.color.srgb import GREEN_OF_BLUE, GREEN_OF_RED, Floats, Picture

MEAN_SHARE = 0.3
"""What the mean's distance from grey counts beside the spread."""

Channel = TypeVar("Channel", bound=Any)


def opponents(red: Channel, green: Channel, blue: Channel) -> tuple[Channel, Channel]:
    """rg and yb of three channels, arrays or tensors; no luma is in them."""
    return red - green, (red + green) / 2 - blue


def colorfulness(picture: Picture) -> float:
    """CF on 0..255: signed rg and yb, as in the paper's equations."""
    return _colorfulness(*_opponents(picture))


def colorfulness_abs(picture: Picture) -> float:
    """CF as the field's code computes it: absolute values of rg and yb first (some 10 % less)."""
    rg, yb = _opponents(picture)
    return _colorfulness(np.abs(rg), np.abs(yb))


def _opponents(picture: Picture) -> tuple[Floats, Floats]:
    """Halves of whole numbers, which float32 and their squares in it hold exactly."""
    red, green, blue = np.moveaxis(picture, -1, 0).astype(np.float32)
    return opponents(red, green, blue)


def _colorfulness(rg: Floats, yb: Floats) -> float:
    means = [float(part.mean(dtype=np.float64)) for part in (rg, yb)]
    squares = [float(np.square(part).mean(dtype=np.float64)) for part in (rg, yb)]
    mean_square = means[0] ** 2 + means[1] ** 2
    spread = np.sqrt(max(0.0, sum(squares) - mean_square))
    return float(spread + MEAN_SHARE * np.sqrt(mean_square))


_OF_CB, _OF_CR = (
    tuple(map(float, opponents(*channels)))
    for channels in ((0.0, -GREEN_OF_BLUE, BLUE_SCALE), (RED_SCALE, -GREEN_OF_RED, 0.0))
)


def chroma_colorfulness(chroma: Floats) -> float:
    """Like CF, of chroma alone: float32 (height, width, 2), Cb and Cr on 0..255.

    Not CF itself: the roots of the mean squares stand for the means. What a shot keeps in steadying
    was chosen with it.
    """
    cb, cr = chroma[..., 0] - np.float32(NEUTRAL), chroma[..., 1] - np.float32(NEUTRAL)
    rg, yb = (of_cr * cr + of_cb * cb for of_cb, of_cr in zip(_OF_CB, _OF_CR, strict=True))
    strength = np.sqrt((rg**2).mean() + (yb**2).mean())
    return float(np.hypot(rg.std(), yb.std()) + MEAN_SHARE * strength)
