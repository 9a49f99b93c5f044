"""Stills that people or programs coloured: files come in, chroma with alpha and a place go out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from vidcolor.color.srgb import LUMA_WEIGHTS
from vidcolor.errors import InputError, UsageError
from vidcolor.media.managed import managed
from vidcolor.media.picture import read_picture
from vidcolor.media.suffixes import PICTURE_WRITERS, may_be_picture

FloatArray = NDArray[np.float32]

LONGEST_SIDE = 2048
"""A larger still is made smaller when it is read: no film is seen at more by the network."""
GREY_CHROMA = 2.0
"""A still whose mean distance from neutral is below this (of 255) says grey."""


@dataclass(frozen=True, eq=False)
class Still:
    """A picture whose colour is meant for the film.

    Attributes:
        path: where it came from.
        rgb: sRGB, float32 (height, width, 3) on 0..255.
        luma: uint8 (height, width), full-range BT.601.
        alpha: float32 (height, width) in 0..1: where its colour is meant.
        digest: of its content.
    """

    path: Path
    rgb: FloatArray
    luma: NDArray[np.uint8]
    alpha: FloatArray
    digest: str

    @property
    def says_grey(self) -> bool:
        """Whether there is no colour in it."""
        spread = self.rgb.max(axis=2) - self.rgb.min(axis=2)
        seen = self.alpha > 0
        return not seen.any() or float(spread[seen].mean()) < GREY_CHROMA


def find_stills(given: Sequence[Path]) -> tuple[Path, ...]:
    """Files of stills: those named, and the pictures of folders that are no hints, by name.

    Raises:
        UsageError: one is missing, or a folder holds no picture.
    """
    return tuple(path for entry in given for path in _expanded(entry))


def _expanded(entry: Path) -> Iterator[Path]:
    if entry.is_dir():
        files = sorted(path for path in entry.iterdir() if is_still(path))
        if not files:
            raise UsageError(
                f"The folder {entry} holds no still.",
                f"Put pictures there ({', '.join(PICTURE_WRITERS)}).",
            )
        yield from files
    elif entry.is_file():
        yield entry
    else:
        raise UsageError(f"The still {entry} is not there.", "Check the name.")


def is_still(path: Path) -> bool:
    """Whether a file is a picture that is no hint."""
    named = not path.name.startswith((".", "hint_"))
    return named and may_be_picture(path) and path.is_file()


def read_still(path: Path) -> Still:
    """Read a still of 8 or 16 bits, palette, CMYK or grey, turned as its EXIF asks.

    A profile in it (Display P3, Adobe RGB) is heard: its colour becomes sRGB.

    Raises:
        UsageError: it is no picture, damaged, or nowhere opaque.
    """
    try:
        picture = read_picture(path)
    except InputError as error:
        raise UsageError(error.sentence, error.remedy) from error
    scale = 255.0 / picture.peak
    samples = picture.rgb if picture.rgb is not None else np.dstack([picture.luma] * 3)
    rgb = _reduced(samples.astype(np.float32) * np.float32(scale))
    if profile := managed(picture.icc_profile):
        rgb = profile.to_srgb(np.rint(rgb).astype(np.uint8)).astype(np.float32)
    alpha = np.ones(rgb.shape[:2], np.float32)
    if picture.alpha is not None:
        alpha = _reduced(picture.alpha.astype(np.float32) * np.float32(scale / 255))
    if not alpha.any():
        raise UsageError(
            f"The still {path} is transparent everywhere.", "Paint something, or leave it out."
        )
    luma = rgb @ LUMA_WEIGHTS
    return Still(
        path=path,
        rgb=rgb,
        luma=np.clip(luma + 0.5, 0, 255).astype(np.uint8),
        alpha=np.clip(alpha, 0, 1),
        digest=hashlib.sha256(rgb.astype(np.uint8).tobytes() + alpha.tobytes()).hexdigest()[:16],
    )


def _reduced(samples: FloatArray) -> FloatArray:
    height, width = samples.shape[:2]
    scale = LONGEST_SIDE / max(height, width)
    if scale >= 1:
        return samples
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(cv2.resize(samples, size, interpolation=cv2.INTER_AREA), np.float32)
