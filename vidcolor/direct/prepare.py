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
from vidcolor.direct.film import FilmLike
from vidcolor.direct.hints import Stroke, read_hints
from vidcolor.direct.looks import Looks, read_looks
from vidcolor.direct.paint import overlay_hint, overlays_in, stroke_hints
from vidcolor.direct.placing import place_stills
from vidcolor.direct.reference import find_stills, read_still
from vidcolor.direct.unchanged import is_unchanged
from vidcolor.errors import UsageError

REACHES = ("shot", "scene", "film")


@dataclass(frozen=True)
class Request:
    """What a person gave.

    Attributes:
        references: stills, and folders of stills.
        hints: JSON or CSV files, overlays `hint_NNNNNN.png`, and folders of overlays.
        strokes: dots and strokes that were given without a file.
        per_shot: JSON file on how single shots are to look.
        reach: how far a still gives its colour: shot, scene or film.
    """

    references: tuple[Path, ...] = ()
    hints: tuple[Path, ...] = ()
    reach: str = "shot"
    strokes: tuple[Stroke, ...] = ()
    per_shot: Path | None = None

    def __bool__(self) -> bool:
        """Whether anything was given."""
        return bool(self.references or self.hints or self.strokes or self.per_shot)


def prepare(request: Request, film: FilmLike) -> Direction:
    """Read all that was given and find its place; stills that nobody changed say nothing.

    Raises:
        UsageError: something cannot be read, lies outside the film or the picture, or says two
            things of one frame; or stills were given and none of them fits.
    """
    if request.reach not in REACHES:
        raise UsageError(f"There is no reach '{request.reach}'.", f"Choose {', '.join(REACHES)}.")
    given = find_stills(request.references)
    unchanged = {path for path in given if is_unchanged(path)}
    stills = [read_still(path) for path in given if path not in unchanged]
    hints, notes = place_stills(stills, film) if stills else ([], [])
    placed = {hint.name for hint in hints}
    unfit = tuple(still.path.name for still in stills if still.path.name not in placed)
    for path in request.hints:
        if overlays := overlays_in(path, film):
            hints.extend(overlay_hint(overlay, film) for overlay in overlays)
        else:
            hints.extend(stroke_hints(read_hints(path), film))
    hints.extend(stroke_hints(request.strokes, film))
    if unchanged:
        share = "no still" if not stills else f"only {len(stills)} of {len(given)} stills"
        notes.append(f"{share} was changed since `vidcolor stills` made it; the rest is not used")
    names = tuple(sorted(path.name for path in unchanged))
    looks = read_looks(request.per_shot, film.frame_count) if request.per_shot else Looks()
    return Direction(as_seen(hints, film), request.reach, names, unfit, tuple(notes), looks)


def as_seen(hints: Iterable[PlacedHint], film: FilmLike) -> tuple[PlacedHint, ...]:
    """Hints in BT.601, as files have them, as the film's own matrix shows them; by frame."""
    meant = [replace(one, chroma=for_matrix(one.chroma, film.matrix)) for one in hints]
    return tuple(sorted(meant, key=lambda hint: (hint.frame, hint.spreads)))
