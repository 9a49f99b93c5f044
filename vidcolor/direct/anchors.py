"""What all that a person says ends as: colour with confidence on a frame of the film."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
SmallLuma = NDArray[np.uint8]

HALF = 2
"""How surely colour is meant is kept at half the working size."""


@dataclass(frozen=True, eq=False)
class Anchor:
    """Colour that a person gave to one frame.

    Attributes:
        frame: index in the film.
        luma: uint8 (height, width), the frame at working size.
        chroma: float32 (2, h, w), Cb and Cr on 0..255, as it is to be seen: finer than the working
            size for stills, of half of it for hints.
        confidence: float32 (height / 2, width / 2), 0..1; 1 is law.
        is_hint: whether it is dots or strokes, which spread over their thing; a still shows all.
        digest: of what was said and where.
        name: of the file it came from.
    """

    frame: int
    luma: SmallLuma
    chroma: FloatArray
    confidence: FloatArray
    is_hint: bool
    digest: str
    name: str


@dataclass(frozen=True)
class Direction:
    """All that a person says about a film.

    Attributes:
        anchors: by frame, rising.
        reach: "shot", "scene" or "film": how far stills give their colour.
        notes: sentences on stills that were left out or say grey.
    """

    anchors: tuple[Anchor, ...] = ()
    reach: str = "shot"
    notes: tuple[str, ...] = field(default=(), compare=False)

    def within(self, first: int, stop: int) -> tuple[Anchor, ...]:
        """Anchors on frames first..stop (stop not included)."""
        return tuple(anchor for anchor in self.anchors if first <= anchor.frame < stop)

    @property
    def roaming(self) -> tuple[Anchor, ...]:
        """Stills that may reach other shots than their own."""
        if self.reach == "shot":
            return ()
        return tuple(anchor for anchor in self.anchors if not anchor.is_hint)

    def digest(self, first: int, stop: int, before: str = "") -> str:
        """Of all that reaches frames first..stop; "" if nothing does.

        Args:
            first: index of a frame.
            stop: of that behind the last.
            before: the digest of the frames before, where the same shot goes on.
        """
        outside = (a for a in self.roaming if not first <= a.frame < stop)
        reaching = (*self.within(first, stop), *outside)
        words = [f"{anchor.frame}:{anchor.digest}" for anchor in reaching]
        if not words and not before:
            return ""
        spoken = " ".join([self.reach, before, *words])
        return hashlib.sha256(spoken.encode()).hexdigest()[:16]

    @property
    def whole(self) -> str:
        """The digest of all that is said; "" if nothing is."""
        return self.digest(0, 1 + max((anchor.frame for anchor in self.anchors), default=0))
