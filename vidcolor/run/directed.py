"""The film as stills and hints are placed in it, decoded when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from vidcolor.direct.prepare import FilmView
from vidcolor.run.look import SmallLuma, View
from vidcolor.run.segment import small_luma

KEPT_FRAMES = 32


def film_view(view: View) -> FilmView:
    """Frames of a film at working size, decoded when they are asked for."""

    @lru_cache(KEPT_FRAMES)
    def look(frame: int) -> SmallLuma:
        return next(small_luma(view, frame, 1))

    def sweep() -> Iterator[SmallLuma]:
        return small_luma(view, view.first, view.count)

    return FilmView(view.clip, look, sweep, view.first)
