"""Which files are there: folders are looked through, links are followed, each file comes once."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Walk:
    """A look into files and folders.

    Files that are no links come first, then what links lead to: a file that can be reached twice
    keeps its own name, and a link to a folder above ends there.

    Args:
        is_wanted: whether a file of a folder is one, by its name.
        target: a folder that is not looked into, wherever it is met.
        recursive: whether folders in folders are looked into too.

    Attributes:
        closed: folders that may not be looked into.
        others: files of folders that are not wanted.
        notes: sentences on links that lead nowhere or to what is there already.
    """

    is_wanted: Callable[[Path], bool]
    target: Path
    recursive: bool
    closed: list[Path] = field(default_factory=list)
    others: list[Path] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    _seen: dict[str, Path] = field(default_factory=dict)

    def files(self, top: Path) -> Iterator[Path]:
        """Wanted files of a folder, by name; those behind links last."""
        links: deque[Path] = deque()
        yield from self._folder(top, links)
        while links:
            link = links.popleft()
            if link.is_dir():
                yield from self._folder(link, links) if self.recursive else ()
            elif not link.exists():
                self.notes.append(
                    f"the link {link} leads nowhere ({link.readlink()}) and is left out"
                )
            else:
                yield from self._file(link)

    def is_new(self, path: Path) -> bool:
        """Whether a file or folder is met for the first time; if not, a link to it is noted."""
        first = self._seen.setdefault(os.path.realpath(path), path)
        if first is not path and path != first:
            self.notes.append(f"{path} is {first} again, and is taken once")
        return first is path

    def _folder(self, folder: Path, links: deque[Path]) -> Iterator[Path]:
        """Files that are not hidden; job folders are left out, links put off."""
        if folder.resolve() == self.target.resolve():
            self.notes.append(f"{folder} is the output folder, and is left out")
            return
        if not self.is_new(folder):
            return
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError:
            self.closed.append(folder)
            return
        for entry in entries:
            path = Path(entry.path)
            if entry.name.startswith(".") or path.suffix == ".vidcolor":
                continue
            if entry.is_symlink():
                links.append(path)
            elif entry.is_file():
                yield from self._file(path)
            elif self.recursive and entry.is_dir():
                yield from self._folder(path, links)

    def _file(self, path: Path) -> Iterator[Path]:
        if not self.is_wanted(path):
            self.others.append(path)
        elif self.is_new(path):
            yield path
