"""The film as those see it who place stills and hints in it; a photograph is one of one frame."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from vidcolor.direct.direction import SmallLuma


class Shown(Protocol):
    """What is coloured, as far as stills and hints have to do with it: see `ClipInfo`."""

    @property
    def frame_count(self) -> int: ...  # noqa: D102
    @property
    def duration_s(self) -> float: ...  # noqa: D102
    @property
    def upright_size(self) -> tuple[int, int]: ...  # noqa: D102
    def frame_at(self, time_s: float) -> int: ...  # noqa: D102
    def resolved_matrix(self) -> str: ...  # noqa: D102


@dataclass(frozen=True, eq=False)
class FilmView:
    """The film as those see it who place stills in it.

    Attributes:
        clip: from `probe`; a photograph is a film of one frame.
        look: luma of one frame by its index, uint8 (height, width) at working size, upright.
        sweep: luma of the frames from `first` on, in order, likewise.
        first: index of the first frame in which a still without a number is looked for.
    """

    clip: Shown
    look: Callable[[int], SmallLuma]
    sweep: Callable[[], Iterator[SmallLuma]]
    first: int = 0
