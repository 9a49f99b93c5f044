"""What became of the files of a batch, and the report of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from vidcolor import __version__
from vidcolor.files import write_text
from vidcolor.run.settings import ColorizeSettings

REPORT = "report.json"


class Status(StrEnum):
    """What became of a file."""

    DONE = "done"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True)
class Result:
    """What became of one file.

    Attributes:
        source: where it is.
        output: where its colour went or should have gone.
        status: done, skipped (an earlier run had done it) or failed.
        frames: of the film, 1 for a photograph, 0 where nothing was made; of a skipped file, as
            the next three, what the run that did it made.
        seconds: on the clock.
        resumed: frames that an earlier run had made.
        error: the cause of a failure, with the remedy.
        code: exit code that this failure would have alone.
        trace: of a defect.
        notes: sentences that a person should know.
    """

    source: str
    output: str
    status: Status
    frames: int = 0
    seconds: float = 0.0
    resumed: int = 0
    error: str = ""
    code: int = 0
    trace: str = ""
    notes: tuple[str, ...] = ()

    @property
    def own_frames(self) -> int:
        """Frames that this run made."""
        return self.frames - self.resumed if self.status == Status.DONE else 0


def counts(results: Sequence[Result]) -> dict[str, int]:
    """How many files were done, skipped and failed."""
    return {str(status): sum(r.status == status for r in results) for status in Status}


def with_notes(results: Sequence[Result]) -> int:
    """How many files of this run have notes."""
    return sum(bool(r.notes) for r in results if r.status != Status.SKIPPED)


@dataclass
class Report:
    """The reports of one run: `report.json` is the latest, a dated one of each run stays.

    Attributes:
        folder: the output folder.
        settings: of all files.
        left_alone: files that are neither film nor photograph.
        began: when the run began, on the clock of this place.
    """

    folder: Path
    settings: ColorizeSettings
    left_alone: Sequence[Path] = ()
    began: datetime = field(default_factory=datetime.now)
    _dated: Path | None = None

    def write(self, results: Sequence[Result], interrupted: bool = False) -> None:
        """Write what became of every file so far.

        Raises:
            OutputError: it cannot be written.
        """
        report = {
            "version": __version__,
            "began": self.began.isoformat(timespec="seconds"),
            "interrupted": interrupted,
            "settings": asdict(self.settings),
            "counts": counts(results),
            "with_notes": with_notes(results),
            "files": [asdict(result) for result in results],
            "left_alone": [str(path) for path in self.left_alone],
        }
        self._dated = self._dated or self._free_name()
        for path in (self._dated, self.folder / REPORT):
            write_text(path, json.dumps(report, indent=2))

    def _free_name(self) -> Path:
        stem = f"report-{self.began:%Y-%m-%dT%H-%M-%S}"
        number = 1
        while (path := self.folder / f"{stem}{f'-{number}' * (number > 1)}.json").exists():
            number += 1
        return path
