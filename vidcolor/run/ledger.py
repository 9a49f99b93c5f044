"""What a batch has done, a line an event: the next run knows it, whatever stopped this one."""

from __future__ import annotations

import contextlib
import hashlib
import json
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path

from vidcolor.errors import OutputError
from vidcolor.files import flushed_file, write_error
from vidcolor.run.identity import Identity
from vidcolor.run.settings import CHOOSES_MACHINE, ColorizeSettings

_OF_THE_MACHINE = (*CHOOSES_MACHINE, "threads")
"""Settings that leave a finished film as good as it is."""


class Event(StrEnum):
    """What happened to an output last."""

    BEGUN = "begun"
    DONE = "done"
    FAILED = "failed"


class Standing(StrEnum):
    """What is to be done about an output."""

    MISSING = "missing"
    DONE = "done"
    OWN = "own"
    """There, and made by a run of this batch that was stopped before it could say so."""


@dataclass(frozen=True)
class Made:
    """What a run made of a file.

    Attributes:
        frames: of the film, 1 for a photograph.
        seconds: that the run spent on it.
        resumed: frames that a run before it had made.
        notes: sentences that a person should know.
    """

    frames: int = 0
    seconds: float = 0.0
    resumed: int = 0
    notes: tuple[str, ...] = ()


NOTHING = Made()


@dataclass(frozen=True)
class Line:
    """One event.

    Attributes:
        event: what happened.
        output: path below the output folder.
        source: a hash of the source's identity.
        settings: from `settings_key`, with what people said of the film.
        size: of the output in bytes, where it is done.
        mtime_ns: likewise.
        made: likewise.
    """

    event: Event
    output: str
    source: str
    settings: str
    size: int = 0
    mtime_ns: int = 0
    made: Made = NOTHING


def _read(text: str) -> Line:
    """A line of the file; raises ValueError or TypeError where it is none."""
    values = json.loads(text)
    made = Made(**values.pop("made", {}))
    return Line(**values, made=replace(made, notes=tuple(made.notes)))


def settings_key(settings: ColorizeSettings, model_hash: str) -> str:
    """A hash of all that a person would see a change of in the output."""
    values = asdict(settings)
    for name in _OF_THE_MACHINE:
        del values[name]
    return _hash({**values, "model": model_hash})


class Ledger:
    """The events of an output folder.

    Args:
        path: of the file; made with the first line.
        target: the output folder.
        settings: from `settings_key`.
    """

    def __init__(self, path: Path, target: Path, settings: str) -> None:
        self._path, self._target, self._settings = path, target, settings
        self._last: dict[str, Line] = {}
        stored = path.read_text() if path.exists() else ""
        # The last line of a killed run may be half a line.
        self._start = "" if not stored or stored.endswith("\n") else "\n"
        for text in stored.splitlines():
            with contextlib.suppress(ValueError, TypeError):
                line = _read(text)
                self._last[line.output] = line

    def standing(self, source: Identity, output: Path, overwrite: bool, said: str = "") -> Standing:
        """What is to be done about an output.

        Args:
            source: its source.
            output: where it goes.
            overwrite: whether another file there is replaced.
            said: a hash of the stills and hints; "" without.

        Raises:
            OutputError: a file is there that must not be replaced.
        """
        try:
            status = output.stat()
        except FileNotFoundError:
            return Standing.MISSING
        line = self._last.get(self._name(output))
        if line and line.event == Event.DONE:
            ours = (line.size, line.mtime_ns) == (status.st_size, status.st_mtime_ns)
            if ours and (line.source, line.settings) == (_hash(asdict(source)), self._key(said)):
                return Standing.DONE
            why = "was made from another source or with other settings, stills or hints"
            why = why if ours else "was changed since it was made"
        elif line and line.event == Event.BEGUN:
            return Standing.OWN
        else:
            why = "was not made by this batch"
        if overwrite:
            return Standing.OWN
        raise OutputError(
            f"The output {output} exists already and {why}.",
            "Give --overwrite, or another output folder.",
        )

    def was_stopped(self, output: Path) -> bool:
        """Whether an earlier run was killed while it worked on an output."""
        line = self._last.get(self._name(output))
        return line is not None and line.event == Event.BEGUN

    def made(self, output: Path) -> Made:
        """What the run that did an output last made of it; nothing where that is not known."""
        line = self._last.get(self._name(output))
        return line.made if line else Made()

    def all_made(self) -> dict[str, Made]:
        """What was made of all that is done, by path below the output folder."""
        return {name: line.made for name, line in self._last.items() if line.event == Event.DONE}

    def write(
        self,
        event: Event,
        source: Identity,
        output: Path,
        said: str = "",
        made: Made = NOTHING,
    ) -> None:
        """Add a line, and have it on the disk; arguments as in `standing`.

        Args:
            made: with what is done.

        Raises:
            OutputError: it cannot be written.
        """
        name, digest = self._name(output), _hash(asdict(source))
        line = Line(event, name, digest, self._key(said), made=made)
        try:
            if event == Event.DONE:
                status = output.stat()
                line = replace(line, size=status.st_size, mtime_ns=status.st_mtime_ns)
            self._last[line.output] = line
            with flushed_file(self._path, "ab") as stream:
                stream.write(f"{self._start}{json.dumps(asdict(line))}\n".encode())
            self._start = ""
        except OSError as error:
            raise write_error(self._path, error) from error

    def _key(self, said: str) -> str:
        return _hash({"settings": self._settings, "said": said}) if said else self._settings

    def _name(self, output: Path) -> str:
        return output.relative_to(self._target).as_posix()


def _hash(values: dict[str, object]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:32]
