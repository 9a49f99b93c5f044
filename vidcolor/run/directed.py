"""The film as stills and hints are placed in it, seen through a plan."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from vidcolor.direct.prepare import FilmView
from vidcolor.run.plan import Plan
from vidcolor.run.segment import small_luma

KEPT_FRAMES = 32

SmallLuma = NDArray[np.uint8]


def film_view(plan: Plan) -> FilmView:
    """Frames of a plan's film at working size, decoded when they are asked for."""

    @lru_cache(KEPT_FRAMES)
    def look(frame: int) -> SmallLuma:
        return next(small_luma(plan, frame, 1))

    def sweep() -> Iterator[SmallLuma]:
        return small_luma(plan, plan.first, plan.count)

    return FilmView(plan.clip, look, sweep, plan.first)
