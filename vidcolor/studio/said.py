"""All that people said of an open film, placed in it: read again only where it changed."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from vidcolor.direct.colors import read_color
from vidcolor.direct.direction import Direction, PlacedHint
from vidcolor.direct.hints import Stroke
from vidcolor.direct.paint import stroke_hints
from vidcolor.direct.placing import place_stills
from vidcolor.direct.prepare import as_seen
from vidcolor.direct.reference import is_still, read_still
from vidcolor.direct.unchanged import is_unchanged
from vidcolor.errors import VidcolorError
from vidcolor.run.opened import Opened
from vidcolor.studio.dots import Dot

SURE = 0.5
"""Confidence above which a still is trusted."""


@dataclass(frozen=True, eq=False)
class StillSaid:
    """A still of the studio's folder.

    Attributes:
        name: of its file.
        frame: which it shows; None where it fits none.
        trusted: share of the frame on which it is trusted.
        says_grey: whether it has no colour.
        problem: why it is left out, "" where it is not.
        holds: what tells its contents from another's.
        hint: what it says, in BT.601; None where it is left out.
    """

    name: str
    frame: int | None
    trusted: float
    says_grey: bool
    problem: str
    hint: PlacedHint | None
    holds: str = ""


def contents(path: Path) -> str:
    """What tells the contents of one still from another's: 16 letters of its SHA-256."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def look_at(path: Path, film: Opened) -> StillSaid:
    """Read a still and lay it over its frame."""
    return replace(_laid(path, film), holds=contents(path))


def _laid(path: Path, film: Opened) -> StillSaid:
    if is_unchanged(path):
        words = "It is as it was saved, so it says nothing. Paint on it, and save it again."
        return StillSaid(path.name, None, 0.0, False, words, None)
    try:
        still = read_still(path)
        hints, _ = place_stills([still], film.view)
    except VidcolorError as error:
        return StillSaid(path.name, None, 0.0, False, f"{error.sentence} {error.remedy}", None)
    hint = hints[0]
    trusted = float((hint.confidence > SURE).mean())
    return StillSaid(path.name, hint.frame, trusted, still.says_grey, "", hint)


class Said:
    """Dots and stills of a film as hints.

    Args:
        film: the film.
    """

    def __init__(self, film: Opened) -> None:
        self._film = film
        self._lock = threading.Lock()
        self._drawn: dict[int, tuple[tuple[Dot, ...], PlacedHint]] = {}
        self._stills: dict[Path, tuple[tuple[int, int], StillSaid]] = {}

    @property
    def stills(self) -> tuple[StillSaid, ...]:
        """The stills, by frame."""
        with self._lock:
            found = [still for _, still in self._stills.values()]
        return tuple(sorted(found, key=lambda s: (s.frame is None, s.frame or 0, s.name)))

    def scan(self, folder: Path, wanted: Callable[[], bool]) -> bool:
        """Look at stills that are new or changed in a folder; whether there were some, or less."""
        there = {}
        if folder.is_dir():
            for path in sorted(folder.iterdir()):
                if is_still(path):
                    status = path.stat()
                    there[path] = status.st_mtime_ns, status.st_size
        with self._lock:
            gone = [path for path in self._stills if path not in there]
            fresh = [
                p for p, s in there.items() if p not in self._stills or self._stills[p][0] != s
            ]
        for path in fresh:
            if not wanted():
                return False
            seen = look_at(path, self._film)
            with self._lock:
                self._stills[path] = there[path], seen
        with self._lock:
            for path in gone:
                del self._stills[path]
        return bool(gone or fresh)

    def direction(self, dots: Sequence[Dot], reach: str) -> Direction:
        """All that is said.

        Args:
            dots: of all frames.
            reach: how far stills give their colour.
        """
        by_frame: dict[int, list[Dot]] = {}
        for dot in dots:
            by_frame.setdefault(dot.frame, []).append(dot)
        drawn = [self._hint(frame, tuple(here)) for frame, here in by_frame.items()]
        taken: set[int] = set()
        laid: list[PlacedHint] = []
        for still in self.stills:
            # Of two on one frame the first counts, so that the page goes on.
            if still.hint and still.hint.frame not in taken:
                taken.add(still.hint.frame)
                laid.append(still.hint)
        return Direction(as_seen([*laid, *drawn], self._film.view), reach)

    def _hint(self, frame: int, dots: tuple[Dot, ...]) -> PlacedHint:
        with self._lock:
            before = self._drawn.get(frame)
        if before and before[0] == dots:
            return before[1]
        made = stroke_hints(list(_strokes(dots)), self._film.view)[0]
        with self._lock:
            self._drawn[frame] = dots, made
        return made


def _strokes(dots: Iterable[Dot]) -> Iterable[Stroke]:
    for dot in dots:
        chroma = read_color(dot.color, "The dot")
        yield Stroke(dot.id, dot.frame, None, dot.points, dot.radius, chroma, dot.strength)
