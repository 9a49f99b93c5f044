"""Pictures to be coloured, and the dots of true colour that are given as hints."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from vidcolor.color.srgb import Floats, Picture, Planes, to_planes
from vidcolor.evaluate.read import read_picture
from vidcolor.truth.degrade import degrade

DOT = 3
"""Side of a hint, in quarter-size pixels."""


@dataclass(frozen=True)
class Sample:
    """A picture of known colours.

    Attributes:
        name: path within the data's folder; the seed of what is drawn for it.
        category: the folder it lies in, "" where there is none.
        truth: uint8 sRGB (height, width, 3).
        seen: uint8 (height, width): the luma that colourings get, worn where that was asked for.
    """

    name: str
    category: str
    truth: Picture
    seen: NDArray[np.uint8]

    def __post_init__(self) -> None:
        if self.seen.shape != self.truth.shape[:2]:
            raise ValueError(f"truth {self.truth.shape}, luma {self.seen.shape}")

    @property
    def planes(self) -> Planes:
        """The truth's luma and chroma."""
        return to_planes(self.truth)


PictureColoring = Callable[[Sample], Floats]
"""A picture's chroma: float32 (2, height, width), or a quarter of it each way."""


@dataclass(frozen=True)
class Preparation:
    """How pictures are made ready.

    Attributes:
        crop: short side and sides of the centre crop, as the papers have it; None leaves them.
        degrade: strength of the damage to the luma that colourings see, 0..1.
    """

    crop: int | None = None
    degrade: float = 0.0


def seed(name: str, purpose: str) -> np.random.Generator:
    """The random numbers of one picture: the same in every run and for every row."""
    return np.random.default_rng(zlib.crc32(f"{purpose}/{name}".encode()))


def load(path: Path, root: Path, preparation: Preparation) -> Sample:
    """Read a picture and make it ready.

    Raises:
        InputError: it cannot be read.
    """
    inside = path.relative_to(root) if path != root else Path(path.name)
    truth = read_picture(path)
    if preparation.crop is not None:
        truth = _centre(truth, preparation.crop)
    name = inside.as_posix()
    luma = to_planes(truth).luma_bytes
    if preparation.degrade > 0:
        luma = degrade(luma, preparation.degrade, seed(name, "degrade"))
    category = inside.parts[0] if len(inside.parts) > 1 else ""
    return Sample(name, category, truth, luma)


def _centre(picture: Picture, side: int) -> Picture:
    height, width = picture.shape[:2]
    scale = side / min(height, width)
    shape = (max(side, round(width * scale)), max(side, round(height * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    resized = cv2.resize(picture, shape, interpolation=method)
    top, left = (shape[1] - side) // 2, (shape[0] - side) // 2
    return np.ascontiguousarray(resized[top : top + side, left : left + side])


def quarter_chroma(sample: Sample, shape: tuple[int, int]) -> Floats:
    """The true chroma at a quarter of `shape`: float32 (2, height / 4, width / 4)."""
    size = (shape[1] // 4, shape[0] // 4)
    planes = sample.planes.chroma
    return np.stack([cv2.resize(plane, size, interpolation=cv2.INTER_AREA) for plane in planes])


def dots(sample: Sample, shape: tuple[int, int], count: int) -> Floats:
    """Hints: dots of 3 x 3 quarter-size pixels with the true chroma.

    Args:
        sample: the picture.
        shape: (height, width) of the luma that the colouring works on, multiples of 4.
        count: how many dots; their places depend on the picture's name alone, and ten dots are
            the first ten of a hundred.

    Returns:
        float32 (3, height / 4, width / 4): Cb, Cr, confidence (0 or 1).
    """
    chroma = quarter_chroma(sample, shape)
    _, height, width = chroma.shape
    hints = np.zeros((3, height, width), np.float32)
    for y, x in seed(sample.name, "hints").random((count, 2)):
        top, left = int(y * max(1, height - DOT + 1)), int(x * max(1, width - DOT + 1))
        place = np.s_[top : top + DOT, left : left + DOT]
        hints[2][place] = 1.0
        for plane in range(2):
            hints[plane][place] = chroma[plane][place].mean()
    return hints
