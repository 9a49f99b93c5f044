"""What all that a person says ends as: colour with confidence on a frame of the film."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from vidcolor.color.hint import Hint
from vidcolor.direct.looks import Looks

SmallLuma = NDArray[np.uint8]


@dataclass(frozen=True, eq=False, kw_only=True)
class PlacedHint(Hint):
    """A hint whose place in the film was found.

    Attributes:
        luma: uint8 (height, width), the frame at working size.
        digest: of what was said and where.
        name: of the file it came from.
    """

    luma: SmallLuma
    digest: str
    name: str


@dataclass(frozen=True)
class Direction:
    """All that a person says about a film.

    Attributes:
        hints: by frame, rising.
        reach: "shot", "scene" or "film": how far stills give their colour.
        unchanged: names of stills that are as they were made, and say nothing.
        unfit: names of stills that show no frame of the film.
        notes: sentences on stills that were left out or say grey.
        looks: how single shots are to look.
    """

    hints: tuple[PlacedHint, ...] = ()
    reach: str = "shot"
    unchanged: tuple[str, ...] = ()
    unfit: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=(), compare=False)
    looks: Looks = field(default_factory=Looks)

    def within(self, first: int, stop: int) -> tuple[PlacedHint, ...]:
        """Hints on frames first..stop (stop not included)."""
        return tuple(hint for hint in self.hints if first <= hint.frame < stop)

    @property
    def roaming(self) -> tuple[PlacedHint, ...]:
        """Stills that may reach other shots than their own."""
        if self.reach == "shot":
            return ()
        return tuple(hint for hint in self.hints if not hint.spreads)

    def digest(self, first: int, stop: int, before: str = "") -> str:
        """Of all that reaches frames first..stop; "" if nothing does.

        Args:
            first: index of a frame.
            stop: of that behind the last.
            before: the digest of the frames before, where the same shot goes on.
        """
        outside = (a for a in self.roaming if not first <= a.frame < stop)
        reaching = (*self.within(first, stop), *outside)
        words = [f"{hint.frame}:{hint.digest}" for hint in reaching]
        if not words and not before:
            return ""
        spoken = " ".join([self.reach, before, *words])
        return hashlib.sha256(spoken.encode()).hexdigest()[:16]

    @property
    def whole(self) -> str:
        """The digest of all that is said; "" if nothing is."""
        last = max((hint.frame for hint in self.hints), default=0)
        return self.digest(0, 1 + last) + self.looks.whole
