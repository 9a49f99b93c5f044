"""What stays of a batch in its output folder: reports, the page, the pictures that it shows."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from vidcolor.files import finished_file, write_text
from vidcolor.run.batch_page import batch_page
from vidcolor.run.exhibit import Shown
from vidcolor.run.results import Report, Result, Status
from vidcolor.run.settings import ColorizeSettings

MEMORY = ".vidcolor-batch"
"""Folder in the output folder: the ledger, the lock, the pictures of the page."""
LEDGER = "ledger.jsonl"
PAGE = "report.html"


class Records:
    """Keeps the records of one run up to date.

    Args:
        target: the output folder.
        settings: of all files.
        left_alone: files that are neither film nor photograph.
    """

    def __init__(
        self, target: Path, settings: ColorizeSettings, left_alone: Sequence[Path]
    ) -> None:
        self._target = target
        self._pictures = target / MEMORY / "pictures"
        self._began = datetime.now()
        self._report = Report(target, settings, left_alone, self._began)
        self._written: object = None

    def keep(self, output: Path, shown: Shown) -> None:
        """Keep the pictures of a file; later runs that skip it show them again.

        Raises:
            OutputError: they cannot be written.
        """
        self._written = None
        self._pictures.mkdir(exist_ok=True)
        for path, jpeg in zip(self._paths(output), (shown.before, shown.after), strict=True):
            with finished_file(path) as temporary:
                temporary.write_bytes(jpeg)

    def write(self, results: Sequence[Result], interrupted: bool = False) -> None:
        """Write reports and page, unless nothing has changed.

        Raises:
            OutputError: they cannot be written.
        """
        state = len(results), interrupted
        if state == self._written:
            return
        self._report.write(results, interrupted)
        page = batch_page(results, self._shown, self._target, self._began)
        write_text(self._target / PAGE, page)
        self._written = state

    def _shown(self, result: Result) -> Shown:
        if result.status == Status.FAILED:
            return Shown()
        paths = self._paths(Path(result.output))
        if not all(path.exists() for path in paths):
            return Shown()
        return Shown(*(path.read_bytes() for path in paths))

    def _paths(self, output: Path) -> tuple[Path, Path]:
        below = output.relative_to(self._target).as_posix()
        name = hashlib.sha256(below.encode()).hexdigest()[:16]
        return self._pictures / f"{name}-before.jpg", self._pictures / f"{name}-after.jpg"
