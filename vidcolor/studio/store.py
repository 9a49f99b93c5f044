"""What is kept of a studio: `FILM.vidcolor-studio/`, in files that the command line reads.

hints.json   dots and strokes, as `--hints` reads them, each with an id of its own
shots.json   how single shots are to look, as `--per-shot` reads it
stills/      stills, as `--reference` reads them
studio.json  how the sliders stand, and what was coloured last

Each change is applied to what the disk holds by then: two windows, or two studios, do not overwrite
each other.
"""

from __future__ import annotations

import functools
import json
import threading
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from vidcolor.direct.film import FilmLike
from vidcolor.direct.looks import Looks, ShotLook, looks_of, read_looks
from vidcolor.errors import UsageError, VidcolorError
from vidcolor.studio.dots import MOST_HINTS, Dot, read_dots, within, written
from vidcolor.studio.keeping import KeptFile, alone_in, make_folder, write_json
from vidcolor.studio.names import HINTS, SETTINGS, SHOTS, STILLS


@dataclass(frozen=True)
class Look:
    """How the film's sliders stand; None and the rest leave it to the program.

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
            made.saturation is None or within(made.saturation, 0, 4),
            within(made.vividness, 0.1, 10),
            within(made.steady, 0, 1),
            made.reach in ("shot", "scene", "film"),
            isinstance(made.keep_colored, bool),
        ]
        if not all(low):
            raise UsageError("A setting is out of range.", "Move its slider.")
        return made


class Store:
    """A studio's folder.

    What could not be written stays in memory and is tried again by `save`; `trouble` says why.

    Args:
        folder: made when there is something to keep.
        clip: the film, of which dots are.

    Raises:
        UsageError: its files hold what cannot be, or does not fit the film.
    """

    def __init__(self, folder: Path, clip: FilmLike) -> None:
        self.folder = folder
        self.trouble: VidcolorError | None = None
        self._lock = threading.RLock()
        self._settings: dict[str, Any] = self._read_settings()
        self._settings_pending = False
        alone = functools.partial(alone_in, folder)
        self._dots: KeptFile[Dot] = KeptFile(
            folder / HINTS, lambda path: read_dots(path, clip), written, alone
        )
        self._looks: KeptFile[ShotLook] = KeptFile(
            folder / SHOTS,
            lambda path: _by_first(read_looks(path, clip.frame_count)),
            _listed,
            alone,
        )

    @property
    def hints(self) -> Path:
        """The file of dots and strokes; there only while there are some."""
        return self._dots.path

    @property
    def per_shot(self) -> Path:
        """The file of looks of shots; there only while there are some."""
        return self._looks.path

    @property
    def stills(self) -> Path:
        """The folder of stills; there only while there are some."""
        return self.folder / STILLS

    @property
    def dots(self) -> tuple[Dot, ...]:
        """All dots and strokes, oldest first."""
        with self._lock:
            return tuple(self._dots.held.values())

    @property
    def looks(self) -> Looks:
        """How single shots are to look."""
        with self._lock:
            held = self._looks.held
        return Looks(tuple(sorted(held.values(), key=lambda one: one.first)))

    @property
    def look(self) -> Look:
        """How the film's sliders stand."""
        known = {one.name for one in fields(Look)}
        held = self._settings.get("look", {})
        try:
            return Look().with_values({k: v for k, v in held.items() if k in known})
        except (UsageError, AttributeError):
            return Look()

    def setting(self, name: str) -> Any:
        """What else is kept, by name; None if it is not."""
        return self._settings.get(name)

    def change(self, changes: Mapping[str, Dot | None]) -> None:
        """Put dots or, by None, take them away.

        Raises:
            UsageError: there would be too many.
        """
        with self._lock:
            if len(self._dots.held.keys() | changes.keys()) > MOST_HINTS:
                raise UsageError(f"There are more than {MOST_HINTS} dots.", "Remove some.")
            self._dots.change(changes)
            self.save()

    def set_look(self, look: ShotLook, frame_count: int) -> None:
        """Say how a shot is to look; what was said of frames that it shares is no more.

        Raises:
            UsageError: the film has no such frames.
        """
        looks_of([look], frame_count)
        with self._lock:
            shared = self._looks.held.items()
            gone = [k for k, one in shared if one.first < look.stop and look.first < one.stop]
            new = {str(look.first): look if look.says else None}
            self._looks.change(dict.fromkeys(gone) | new)
            self.save()

    def set(self, name: str, value: Any) -> None:
        """Keep something else."""
        with self._lock:
            self._settings[name] = asdict(value) if isinstance(value, Look) else value
            self._settings_pending = True
            self.save()

    def save(self) -> None:
        """Write what is not yet written."""
        with self._lock:
            try:
                self._dots.save()
                self._looks.save()
                if self._settings_pending:
                    write_json(self.folder / SETTINGS, {"version": 1, **self._settings})
                    self._settings_pending = False
            except VidcolorError as error:
                self.trouble = error
            else:
                self.trouble = None

    def refresh(self) -> bool:
        """Read anew what somebody else changed; whether something was.

        Raises:
            UsageError: a file holds what cannot be, or does not fit the film.
        """
        with self._lock:
            return any([self._dots.refresh(), self._looks.refresh()])

    def make_stills(self) -> Path:
        """The folder of stills, made if it is missing; errors as of `make_folder`."""
        make_folder(self.stills)
        return self.stills

    def said(self) -> dict[str, Any]:
        """What a program or the command line is given for the same colour, by the face's names."""
        has_stills = self.stills.is_dir() and any(self.stills.glob("[!.]*"))
        return {
            "references": [self.stills] if has_stills else [],
            "hints": [self.hints] if self.hints.is_file() else [],
            "per_shot": self.per_shot if self.per_shot.is_file() else None,
            "reach": self.look.reach,
        }

    def _read_settings(self) -> dict[str, Any]:
        try:
            held = json.loads((self.folder / SETTINGS).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return held if isinstance(held, dict) and held.get("version") == 1 else {}


def _by_first(looks: Looks) -> dict[str, ShotLook]:
    return {str(one.first): one for one in looks.shots}


def _listed(looks: Collection[ShotLook]) -> dict[str, Any]:
    return {"shots": [one.as_entry() for one in sorted(looks, key=lambda one: one.first)]}
