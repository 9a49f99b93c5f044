"""Samples of any type as samples of 8 or 16 bits: which number is white, which is black."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_HEADROOM = 4.0
"""Floats of which at most a hundredth reach further are 0..1 with highlights, not codes."""
_FEW = 0.01


@dataclass(frozen=True)
class Scale:
    """What numbers mean.

    Attributes:
        black: what is less is black too.
        white: likewise.
        depth: bits of what they become, 8 or 16.
    """

    black: float
    white: float
    depth: int

    def samples(self, numbers: NDArray[Any]) -> NDArray[Any]:
        """Numbers of any shape as uint8 or uint16; what is no number is black."""
        peak = (1 << self.depth) - 1
        light = _light(numbers) - self.black
        codes = np.rint(np.clip(light / (self.white - self.black), 0, 1) * peak)
        return codes.astype(np.uint8 if self.depth == 8 else np.uint16)


def scale_of(kind: np.dtype[Any], parts: Iterable[NDArray[Any]]) -> Scale:
    """The scale of a picture's numbers, all of which are looked at.

    Floats are 0..1; other floats, and integers of 32 bits, mostly hold codes of fewer bits, so
    white is the largest code of 8, 16 or 32 bits that the picture needs. Numbers with a sign begin
    at 0 unless more than a few are less: then black is the least that the type holds.

    Args:
        kind: the numbers' type: floats, or integers of any size but uint8 and uint16.
        parts: all of the picture, in any pieces.
    """
    most, count, far, below = 0.0, 0, 0, 0
    for part in parts:
        light = _light(part)
        most = max(most, float(light.max(initial=0)))
        count += light.size
        far += int(np.count_nonzero(light > _HEADROOM))
        below += int(np.count_nonzero(light < 0))
    if kind.kind == "f":
        if far <= _FEW * count:
            return Scale(0, 1, 16)
        return Scale(0, _least([255.0, 65535.0, most], most), 16)
    largest, depth = float(np.iinfo(kind).max), 8 if kind.itemsize == 1 else 16
    if below > _FEW * count:
        return Scale(float(np.iinfo(kind).min), largest, depth)
    return Scale(0, _least([min(code, largest) for code in (255, 65535, largest)], most), depth)


def _least(codes: list[float], most: float) -> float:
    return next(white for white in codes if most <= white)


def _light(numbers: NDArray[Any]) -> NDArray[np.float64]:
    return np.nan_to_num(numbers.astype(np.float64), posinf=0)
