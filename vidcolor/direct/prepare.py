"""From options to anchors: every still and hint read, placed in the film and checked.

    request = Request(references=(Path("stills"),), hints=(Path("dots.json"),))
    direction = prepare(request, film)
    for note in direction.notes: ...

All that is wrong is found here, before any work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from vidcolor.direct.anchors import Direction, SmallLuma
from vidcolor.direct.colours import for_matrix
from vidcolor.direct.hints import read_hints
from vidcolor.direct.paint import overlay_anchor, overlays_in, stroke_anchors
from vidcolor.direct.placing import place_stills
from vidcolor.direct.reference import find_stills, read_still
from vidcolor.errors import UsageError

REACHES = ("shot", "scene", "film")


@dataclass(frozen=True)
class Request:
    """What a person gave.

    Attributes:
        references: stills, and folders of stills.
        hints: JSON or CSV files, overlays `hint_NNNNNN.png`, and folders of overlays.
        reach: how far a still gives its colour: shot, scene or film.
    """

    references: tuple[Path, ...] = ()
    hints: tuple[Path, ...] = ()
    reach: str = "shot"

    def __bool__(self) -> bool:
        """Whether anything was given."""
        return bool(self.references or self.hints)


class Shown(Protocol):
    """What is coloured, as far as stills and hints have to do with it: see `ClipInfo`."""

    @property
    def frame_count(self) -> int: ...  # noqa: D102
    @property
    def duration_s(self) -> float: ...  # noqa: D102
    @property
    def pts(self) -> NDArray[Any]: ...  # noqa: D102
    @property
    def time_base(self) -> Fraction: ...  # noqa: D102
    @property
    def upright_size(self) -> tuple[int, int]: ...  # noqa: D102
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

    def frame_at(self, time_s: float) -> int:
        """The frame that is shown so many seconds after the first one's start; -1 if none is."""
        if not 0 <= time_s < self.clip.duration_s:
            return -1
        stamp = int(self.clip.pts[0]) + time_s / float(self.clip.time_base)
        return max(0, int(np.searchsorted(self.clip.pts, stamp + 0.5, "right")) - 1)


def prepare(request: Request, film: FilmView) -> Direction:
    """Read all that was given and find its place.

    Raises:
        UsageError: something cannot be read, lies outside the film or the picture, or says two
            things of one frame; or stills were given and none of them fits.
    """
    if request.reach not in REACHES:
        raise UsageError(f"There is no reach '{request.reach}'.", f"Choose {', '.join(REACHES)}.")
    stills = [read_still(path) for path in find_stills(request.references)]
    anchors, notes = place_stills(stills, film) if stills else ([], [])
    for path in request.hints:
        for overlay in overlays_in(path):
            anchors.append(overlay_anchor(overlay, film))
        if (path.is_file() and not overlays_in(path)) or not path.exists():
            anchors.extend(stroke_anchors(read_hints(path), film))
    matrix = film.clip.resolved_matrix()
    meant = [replace(one, chroma=for_matrix(one.chroma, matrix)) for one in anchors]
    ordered = sorted(meant, key=lambda anchor: (anchor.frame, anchor.is_hint))
    return Direction(tuple(ordered), request.reach, tuple(notes))
