"""Clips worn as old film is: what colourings get to see of a clean clip of known colours."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from vidcolor.color.srgb import Picture, to_planes
from vidcolor.evaluate.coloring import Luma
from vidcolor.truth.degrade import degrade

FLICKER = 0.12
"""Standard deviation of the logarithm of a frame's brightness at strength 1."""
JITTER = 2.0
"""Standard deviation of a frame's place at strength 1, in pixels of the evaluation size."""
REPEATED = 0.1
"""Share of frames that show the frame before once more at strength 1."""


@dataclass(frozen=True)
class Wear:
    """The damage of one clip.

    Each frame jumps by whole pixels, flickers in brightness, and has the training's damages (grain,
    dust, scratches, blur, fading, compression ...) drawn anew; some frames show the one before
    again, dust and all. Jumps and repeats are the film's own and happen to truth and luma alike;
    all else is on the luma alone.

    Attributes:
        strength: 0 (untouched) to 1 (badly worn).
        seed: of what is drawn; the same clip is worn alike in every run.
    """

    strength: float
    seed: int

    def __call__(self, frames: Iterator[Picture]) -> Iterator[tuple[Picture, Luma]]:
        """Truth, uint8 sRGB (height, width, 3), and the luma that is seen, uint8."""
        rng = np.random.default_rng(self.seed)
        shown: tuple[Picture, Luma] | None = None
        for frame in frames:
            if shown is None or rng.random() >= REPEATED * self.strength:
                jump = np.rint(rng.normal(0, JITTER * self.strength, 2))
                picture = _moved(frame, jump[0], jump[1])
                gain = np.exp(rng.normal(0, FLICKER * self.strength))
                bright = np.clip(to_planes(picture).luma * gain, 0, 255)
                worn = degrade(np.rint(bright).astype(np.uint8), self.strength, rng)
                shown = picture, worn
            yield shown


def wear_of(path: Path, strength: float) -> Wear | None:
    """The damage of a clip of that name; None at strength 0."""
    return Wear(strength, zlib.crc32(path.stem.encode())) if strength > 0 else None


def _moved(picture: Picture, x: float, y: float) -> Picture:
    matrix = np.array([[1, 0, x], [0, 1, y]], np.float64)
    size = picture.shape[1], picture.shape[0]
    moved = cv2.warpAffine(
        picture, matrix, size, flags=cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(moved, np.uint8)
