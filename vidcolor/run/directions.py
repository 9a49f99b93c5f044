"""What people said of the files of a batch: folders come in, each file's stills and hints go out.

refs/one/ref_000040.png      of one.mp4
hints/one.json
hints/two/hint_000012.png    of two.mkv
hints/portrait.csv           of portrait.jpg
hints/group/strokes.png      of group.jpg
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from vidcolor.direct.paint import is_overlay
from vidcolor.direct.prepare import Request
from vidcolor.direct.reference import is_still
from vidcolor.errors import UsageError
from vidcolor.media.suffixes import may_be_picture

DOT_FILES = (".json", ".csv")


@dataclass(frozen=True)
class Directions:
    """Where a batch finds what people said of its films and photographs.

    Attributes:
        references: a folder with a folder of stills for each file, by its name without suffix.
        hints: likewise with overlays, or with a JSON or CSV file for each.
        reach: how far stills give their colour.
    """

    references: Path | None = None
    hints: Path | None = None
    reach: str = "shot"

    def check(self, sources: Sequence[Path] | None) -> None:
        """Refuse what can direct nothing, before any work.

        Args:
            sources: all files of the batch; None where more may come.

        Raises:
            UsageError: a folder is missing or empty, or something in it names no file, or two.
        """
        for folder, entries in ((self.references, _folders), (self.hints, _hints_in)):
            if folder is None:
                continue
            if not folder.is_dir():
                raise UsageError(f"The folder {folder} is not there.", "Check the name.")
            found = list(entries(folder))
            if not found and sources is not None:
                raise UsageError(
                    f"{folder} holds nothing that is named after a film or photograph.",
                    f"Put what is meant for reel.mp4 into {folder / 'reel'}.",
                )
            for entry in found:
                self._check_entry(entry, sources)

    def _check_entry(self, entry: Path, sources: Sequence[Path] | None) -> None:
        if entry.is_dir() and not any(is_still(p) or is_overlay(p) for p in _listed(entry)):
            raise UsageError(
                f"The folder {entry} holds no picture.", "Put stills or overlays there."
            )
        name = entry.name if entry.is_dir() else entry.stem
        named = [source for source in sources or () if source.stem == name]
        if sources is not None and not named:
            raise UsageError(
                f"{entry} is named after no file of this batch.",
                "Rename it, or give the file that it is meant for.",
            )
        if len(named) > 1:
            raise UsageError(
                f"{entry} is named after {named[0]} and {named[1]} alike.",
                "Rename one of the two, or give them in two runs.",
            )

    def of(self, source: Path) -> Request:
        """What was said of a file; nothing where there is nothing of its name."""
        stills = _of(self.references, source, is_still)
        hints = _of(self.hints, source, may_be_picture if may_be_picture(source) else is_overlay)
        if self.hints is not None:
            files = (self.hints / f"{source.stem}{suffix}" for suffix in DOT_FILES)
            # Path's own raises where the name is too long.
            hints += tuple(path for path in files if os.path.isfile(path))  # noqa: PTH113
        return Request(stills, hints, self.reach)


def _of(folder: Path | None, source: Path, fits: Callable[[Path], bool]) -> tuple[Path, ...]:
    own = folder / source.stem if folder is not None else None
    if own is None or not own.is_dir():
        return ()
    return tuple(path for path in _listed(own) if fits(path))


def _folders(folder: Path) -> Iterator[Path]:
    found = (path for path in _listed(folder) if path.is_dir())
    yield from (path for path in found if not path.name.startswith("."))


def _hints_in(folder: Path) -> Iterator[Path]:
    yield from _folders(folder)
    yield from (path for path in _listed(folder) if path.suffix.lower() in DOT_FILES)


def digest(request: Request) -> str:
    """A hash of all files of a request, which are no folders; "" of none.

    Raises:
        UsageError: one cannot be read.
    """
    if not request:
        return ""
    found = hashlib.sha256(request.reach.encode())
    for path in (*request.references, *request.hints):
        found.update(f"\n{path.name} ".encode())
        try:
            found.update(hashlib.sha256(path.read_bytes()).digest())
        except OSError as error:
            raise _closed(path, error) from error
    return found.hexdigest()[:32]


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise _closed(folder, error) from error


def _closed(path: Path, error: OSError) -> UsageError:
    return UsageError(f"{path} cannot be read ({error.strerror}).", "Change its permissions.")
