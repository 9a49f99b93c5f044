"""The film as those see it who place stills and hints in it; a photograph is one of one frame."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from vidcolor.direct.direction import SmallLuma


class FilmLike(Protocol):
    """What is coloured, as far as stills and hints have to do with it."""

    @property
    def frame_count(self) -> int:
        """How many frames the whole has."""

    @property
    def duration_s(self) -> float:
        """How long they last; 0 for a photograph."""

    @property
    def upright_size(self) -> tuple[int, int]:
        """(height, width) as shown."""

    @property
    def matrix(self) -> str:
        """The name by which chroma is meant, such as "bt709"."""

    @property
    def first(self) -> int:
        """Index of the first frame in which a still without a number is looked for."""

    @property
    def look(self) -> Callable[[int], SmallLuma]:
        """Luma of one frame by its index, uint8 (height, width) at working size, upright."""

    def frame_at(self, time_s: float) -> int:
        """The frame shown so many seconds after the start; -1 if none is."""

    def small_luma(self, first: int, count: int | None = None) -> Iterator[SmallLuma]:
        """Luma of the frames from `first` on, in order, as `look` gives it."""
