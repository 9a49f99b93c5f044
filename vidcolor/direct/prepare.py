"""From options to hints: every still and hint read, placed in the film and checked.

    request = Request(references=(Path("stills"),), hints=(Path("dots.json"),))
    direction = prepare(request, film)
    for note in direction.notes: ...

All that is wrong is found here, before any work.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from vidcolor.direct.colors import for_matrix
from vidcolor.direct.direction import Direction, PlacedHint
from vidcolor.direct.film import FilmView
from vidcolor.direct.hints import read_hints
from vidcolor.direct.paint import overlay_hint, overlays_in, stroke_hints
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


def prepare(request: Request, film: FilmView) -> Direction:
    """Read all that was given and find its place.

    Raises:
        UsageError: something cannot be read, lies outside the film or the picture, or says two
            things of one frame; or stills were given and none of them fits.
    """
    if request.reach not in REACHES:
        raise UsageError(f"There is no reach '{request.reach}'.", f"Choose {', '.join(REACHES)}.")
    stills = [read_still(path) for path in find_stills(request.references)]
    hints, notes = place_stills(stills, film) if stills else ([], [])
    for path in request.hints:
        for overlay in overlays_in(path):
            hints.append(overlay_hint(overlay, film))
        if (path.is_file() and not overlays_in(path)) or not path.exists():
            hints.extend(stroke_hints(read_hints(path), film))
    return direction_of(hints, film, request.reach, notes)


def direction_of(
    hints: Iterable[PlacedHint], film: FilmView, reach: str, notes: Iterable[str] = ()
) -> Direction:
    """All that is said of a film, from hints in BT.601 as their files have them."""
    matrix = film.clip.resolved_matrix()
    meant = [replace(one, chroma=for_matrix(one.chroma, matrix)) for one in hints]
    ordered = sorted(meant, key=lambda hint: (hint.frame, hint.spreads))
    return Direction(tuple(ordered), reach, tuple(notes))
