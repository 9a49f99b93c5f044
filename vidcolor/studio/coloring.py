"""A frame's colour for the page: as its shot was settled, as people said of it, or guessed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vidcolor.color.hint import Hint
from vidcolor.direct.direction import Direction
from vidcolor.direct.scene import recalled
from vidcolor.run.opened import Opened
from vidcolor.studio import wire
from vidcolor.studio.frames import Frames
from vidcolor.studio.shot import Shot

FloatArray = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class FrameColor:
    """A frame's colour.

    Attributes:
        chroma: float32 (2, h, w) on 0..255.
        kind: "settled" with its shot, "told" by dots and stills, or "alone".
        more: whether what was said on other frames of its shot is yet to come into it.
    """

    chroma: FloatArray
    kind: str
    more: bool = False


def told(
    film: Opened, frames: Frames, frame: int, shot: Shot | None, direction: Direction, whole: bool
) -> FrameColor:
    """A frame as people have it, without its shot being settled.

    Args:
        film: as it is to look.
        frames: its frames.
        frame: which one.
        shot: that it belongs to; None where that is not known yet.
        direction: what was said.
        whole: whether what was said on other frames is carried to it, which takes seconds.
    """
    small = frames.small(frame)
    first, stop = (shot.first, shot.stop) if shot else (frame, frame + 1)
    people: list[Hint] = list(direction.within(first, stop))
    if not people:
        found = recalled(direction, small, frame) if direction.roaming else None
        if found is None:
            return FrameColor(film.alone(small), "alone")
        people = [found]
    here = [hint for hint in people if hint.frame == frame]
    if whole and len(here) < len(people):
        frames.prepare(min(frame, people[0].frame), max(frame, people[-1].frame) + 1)
        return FrameColor(film.told(frame, people, frames.small), "told")
    if here:
        made = film.told(frame, here, frames.small)
        return FrameColor(made, "told", more=len(here) < len(people))
    return FrameColor(film.alone(small), "alone", more=True)


def likely(film: Opened, small: NDArray[np.uint8], x: float, y: float) -> list[dict[str, Any]]:
    """The colours that the network holds likeliest at a place, in the light that is there.

    Args:
        film: as it is to look.
        small: the frame as the network sees it.
        x: from the left edge, 0..1 of the width.
        y: from the upper edge, 0..1 of the height.
    """
    height, width = small.shape
    light = float(small[min(int(y * height), height - 1), min(int(x * width), width - 1)])
    factor, matrix = film.saturation or 1.0, film.view.matrix
    return [
        {
            "colour": wire.color_at(
                light,
                ((one.chroma[0] - 128) * factor + 128, (one.chroma[1] - 128) * factor + 128),
                matrix,
            ),
            "share": round(one.share, 3),
        }
        for one in film.likely(small, x, y)
    ]
