"""What is kept of a studio: `FILM.vidcolor-studio/`, in files that the command line reads.

hints.json   dots and strokes, as `--hints` reads them, each with an id of its own
stills/      stills, as `--reference` reads them
studio.json  how the sliders stand, and what was coloured last

Each change is one of a dot or stroke, applied to what the disk holds by then: two windows, or two
studios, do not overwrite each other.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import threading
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock, Timeout

from vidcolor.direct.colors import read_color
from vidcolor.direct.film import FilmLike
from vidcolor.direct.hints import VERSION, read_hints
from vidcolor.errors import OutputError, UsageError, VidcolorError
from vidcolor.files import finished_file, write_error
from vidcolor.studio.names import HINTS, SETTINGS, STILLS

MOST_HINTS, MOST_POINTS = 20_000, 4_000
_LOCKED_S = 5.0


@dataclass(frozen=True)
class Dot:
    """A dot or stroke.

    Attributes:
        id: its name.
        frame: index of its frame.
        points: (x, y) in pixels of the film as it is shown.
        radius: likewise.
        color: `#rrggbb`, or a CSS name.
        strength: 0..1.
    """

    id: str
    frame: int
    points: tuple[tuple[float, float], ...]
    radius: float
    color: str
    strength: float = 1.0

    def as_hint(self) -> dict[str, Any]:
        """As a hints file has it."""
        return {
            "id": self.id,
            "frame": self.frame,
            "points": [[round(x, 2), round(y, 2)] for x, y in self.points],
            "radius": round(self.radius, 2),
            "colour": self.color,
            "strength": self.strength,
        }


@dataclass(frozen=True)
class Change:
    """One change: a dot put (anew, or in the place of that with its id) or removed."""

    kind: Literal["put", "remove"]
    id: str
    dot: Dot | None = None


@dataclass(frozen=True)
class Look:
    """How the sliders stand; None and the rest leave it to the program.

    Attributes:
        saturation: factor on colour, None for the model's own.
        vividness: above 1 the likeliest colour counts more.
        steady: how far colour is held still, 0..1.
        reach: how far stills give their colour.
        keep_colored: whether shots that are in colour already stay as they are.
    """

    saturation: float | None = None
    vividness: float = 1.0
    steady: float = 1.0
    reach: str = "shot"
    keep_colored: bool = False

    def with_values(self, given: Any) -> Look:
        """With other values by name.

        Raises:
            UsageError: one cannot be used.
        """
        if not isinstance(given, dict) or given.keys() - {one.name for one in fields(self)}:
            raise UsageError("There is no such setting.", "Load the page again.")
        made = replace(self, **given)
        low = [
            made.saturation is None or _within(made.saturation, 0, 4),
            _within(made.vividness, 0.1, 10),
            _within(made.steady, 0, 1),
            made.reach in ("shot", "scene", "film"),
            isinstance(made.keep_colored, bool),
        ]
        if not all(low):
            raise UsageError("A setting is out of range.", "Move its slider.")
        return made


def _within(value: Any, least: float, most: float) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and least <= value <= most


class Store:
    """A studio's folder.

    What could not be written stays in memory and is tried again by `save`.

    Args:
        folder: made when there is something to keep.
        clip: the film, of which dots are.

    Raises:
        UsageError: its hints are no hints, or do not fit the film.
    """

    def __init__(self, folder: Path, clip: FilmLike) -> None:
        self.folder = folder
        self.trouble: VidcolorError | None = None
        self._clip = clip
        self._lock = threading.RLock()
        self._pending: list[Change] = []
        self._stamp: tuple[int, int] | None = None
        self._dots: dict[str, Dot] = {}
        self._settings: dict[str, Any] = self._read_settings()
        self._settings_pending = False
        self.refresh()

    @property
    def hints(self) -> Path:
        """The file of dots and strokes; there only while there are some."""
        return self.folder / HINTS

    @property
    def stills(self) -> Path:
        """The folder of stills; there only while there are some."""
        return self.folder / STILLS

    @property
    def dots(self) -> tuple[Dot, ...]:
        """All dots and strokes, oldest first."""
        with self._lock:
            return tuple(self._dots.values())

    @property
    def look(self) -> Look:
        """How the sliders stand."""
        known = {one.name for one in fields(Look)}
        held = self._settings.get("look", {})
        try:
            return Look().with_values({k: v for k, v in held.items() if k in known})
        except (UsageError, AttributeError):
            return Look()

    def setting(self, name: str) -> Any:
        """What else is kept, by name; None if it is not."""
        return self._settings.get(name)

    def change(self, changes: Iterable[Change]) -> tuple[Dot, ...]:
        """Apply changes to what is kept; gives all dots.

        What the disk refuses is kept in memory, and `trouble` says why.
        """
        with self._lock:
            fresh = list(changes)
            self._pending.extend(fresh)
            self._dots = _changed(self._dots, fresh)
            self.save()
            return self.dots

    def set(self, name: str, value: Any) -> None:
        """Keep something else; trouble as of `change`."""
        with self._lock:
            self._settings[name] = asdict(value) if isinstance(value, Look) else value
            self._settings_pending = True
            self.save()

    def save(self) -> None:
        """Write what is not yet written."""
        with self._lock:
            try:
                if self._pending:
                    self._save_dots()
                if self._settings_pending:
                    self._write(self.folder / SETTINGS, {"version": 1, **self._settings})
                    self._settings_pending = False
            except VidcolorError as error:
                self.trouble = error
            else:
                self.trouble = None

    def refresh(self) -> bool:
        """Read dots anew where somebody else changed their file; whether that was so.

        Raises:
            UsageError: the file holds no hints, or they do not fit the film.
        """
        with self._lock:
            stamp = _stamp(self.hints)
            if stamp == self._stamp:
                return False
            self._dots = _changed(self._read(), self._pending)
            self._stamp = stamp
            return True

    def make_stills(self) -> Path:
        """The folder of stills, made if it is missing.

        Raises:
            OutputError: it cannot be made.
        """
        try:
            self.stills.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise write_error(self.stills, error) from error
        return self.stills

    def _save_dots(self) -> None:
        with self._alone():
            if _stamp(self.hints) != self._stamp:
                self._dots = _changed(self._read(), self._pending)
            if self._dots:
                held = {"version": VERSION, "hints": [one.as_hint() for one in self._dots.values()]}
                self._write(self.hints, held)
            else:
                self._remove(self.hints)
            self._stamp = _stamp(self.hints)
            self._pending.clear()

    def _read(self) -> dict[str, Dot]:
        if not self.hints.is_file():
            return {}
        strokes = read_hints(self.hints)
        raw = json.loads(self.hints.read_text(encoding="utf-8-sig"))["hints"]
        height, width = self._clip.upright_size
        made: dict[str, Dot] = {}
        for stroke, entry in zip(strokes, raw, strict=True):
            wide, tall = stroke.size or (width, height)
            across, down = width / wide, height / tall
            frame = stroke.frame
            if frame is None:
                frame = self._clip.frame_at(stroke.time_s or 0.0) if stroke.time_s else 0
            name = str(entry.get("id") or "")
            name = name if is_id(name) and name not in made else new_id()
            radius = stroke.radius if stroke.radius is not None else 0.01 * min(wide, tall)
            made[name] = Dot(
                id=name,
                frame=max(0, frame),
                points=tuple((x * across, y * down) for x, y in stroke.points),
                radius=radius * (across + down) / 2,
                color=str(entry.get("colour", entry.get("color"))),
                strength=stroke.strength,
            )
        return made

    def _read_settings(self) -> dict[str, Any]:
        try:
            held = json.loads((self.folder / SETTINGS).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return held if isinstance(held, dict) and held.get("version") == 1 else {}

    def _write(self, path: Path, held: dict[str, Any]) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise write_error(self.folder, error) from error
        with finished_file(path) as temporary:
            temporary.write_text(json.dumps(held, indent=1), encoding="utf-8")

    def _remove(self, path: Path) -> None:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise write_error(path, error) from error

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Nobody else changes the dots meanwhile; where the disk knows no locks, that is hoped."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise write_error(self.folder, error) from error
        lock = FileLock(self.folder / ".lock")
        try:
            lock.acquire(timeout=_LOCKED_S)
        except Timeout as error:
            raise OutputError(
                f"{self.folder} is in use by another studio.", "Close that one, or wait."
            ) from error
        except (OSError, NotImplementedError) as error:
            if getattr(error, "errno", None) in (13, 28, 30):
                raise write_error(self.hints, error) from error
        try:
            yield
        finally:
            lock.release()


def read_change(given: Any, clip: FilmLike) -> Change:
    """A change as the page sends it: {"put": {...}} or {"remove": "id"}.

    Raises:
        UsageError: it is none, or outside of the film.
    """
    wrong = UsageError("This is no change of a dot.", "Load the page again.")
    if not isinstance(given, dict) or len(given) != 1:
        raise wrong
    if "remove" in given:
        if not is_id(given["remove"]):
            raise wrong
        return Change("remove", given["remove"])
    entry = given.get("put")
    if not isinstance(entry, dict) or not is_id(entry.get("id")):
        raise wrong
    points, frame = entry.get("points"), entry.get("frame")
    height, width = clip.upright_size
    if not isinstance(points, list) or not 0 < len(points) <= MOST_POINTS:
        raise wrong
    pairs = all(isinstance(p, list) and len(p) == 2 for p in points)
    if not pairs or not all(_within(x, 0, width) and _within(y, 0, height) for x, y in points):
        raise UsageError("A point lies outside the picture.", "Set it inside.")
    if not isinstance(frame, int) or not 0 <= frame < clip.frame_count:
        raise UsageError(f"The film has no frame {frame}.", "Load the page again.")
    if not _within(entry.get("radius"), 0.1, max(height, width)):
        raise wrong
    color = entry.get("colour")
    if not isinstance(color, str) or len(color) > 40:
        raise wrong
    read_color(color, "The dot")
    strength = entry.get("strength", 1.0)
    if not _within(strength, 0.01, 1):
        raise wrong
    # The right and lower edges are the picture's end, not in it.
    inside = tuple((min(float(x), width - 0.01), min(float(y), height - 0.01)) for x, y in points)
    dot = Dot(entry["id"], frame, inside, float(entry["radius"]), color, float(strength))
    return Change("put", dot.id, dot)


def is_id(name: Any) -> bool:
    """Whether a word may be a dot's id."""
    return isinstance(name, str) and name.isalnum() and name.isascii() and 4 <= len(name) <= 32


def new_id() -> str:
    """An id that no dot has."""
    return secrets.token_hex(6)


def _changed(dots: dict[str, Dot], changes: Iterable[Change]) -> dict[str, Dot]:
    made = dict(dots)
    for change in changes:
        if change.dot is None:
            made.pop(change.id, None)
        else:
            made[change.id] = change.dot
    if len(made) > MOST_HINTS:
        raise UsageError(f"There are more than {MOST_HINTS} dots.", "Remove some.")
    return made


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size
