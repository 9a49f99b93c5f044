"""Colour that a person gave to a frame: what stills, dots and strokes all end as."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]

HALF = 2
"""How surely colour is meant is kept at half the working size."""


@dataclass(frozen=True, eq=False)
class Hint:
    """Colour that people gave to one frame.

    Attributes:
        frame: index in the film, or in the stack of frames that is worked on.
        chroma: float32 (2, h, w) of any size, Cb and Cr on 0..255, as it is to be seen.
        confidence: float32 (height / 2, width / 2) of the working size, 0..1; 1 is law.
        spreads: whether it is dots or strokes, which are yet to spread over their thing; a still
            shows all.
        guides: how far the network follows it where it says nothing, 0..1: a whole still shows how
            the shot is meant, one that is transparent but for a coat says nothing of the rest.
    """

    frame: int
    chroma: FloatArray
    confidence: FloatArray
    spreads: bool = False
    guides: float = 0.0

    def moved(self, by: int) -> Self:
        """The same on a frame so many later."""
        return replace(self, frame=self.frame + by)
