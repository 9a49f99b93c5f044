"""Which pictures and clips lie in folders, links followed, each once; what was passed over."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from vidcolor.errors import InputError
from vidcolor.media.suffixes import PICTURE_WRITERS, may_be_film, may_be_picture
from vidcolor.train.sources import names, why


class Listed(NamedTuple):
    """A file as it was when it was listed.

    Attributes:
        path: where it was found.
        size: in bytes.
        changed_ns: time of its last change.
    """

    path: Path
    size: int
    changed_ns: int


@dataclass(frozen=True)
class Listing:
    """What lies in folders.

    Attributes:
        files: pictures and clips, folder by folder, sorted.
        passed_over: (path, reason) of what cannot be read.
    """

    files: tuple[Listed, ...]
    passed_over: tuple[tuple[str, str], ...]


def list_files(folders: Sequence[Path]) -> Listing:
    """All pictures and clips below some folders.

    Links to files and folders are followed. What is reached in two ways counts once, so that a link
    to a folder above ends nowhere.

    Raises:
        InputError: a folder is missing, or nothing usable lies in them.
    """
    walk = _Walk()
    for folder in folders:
        if not folder.is_dir():
            raise InputError(f"There is no folder {folder}.", "Check --data and --val.")
        walk.through(folder)
    if not walk.files:
        left = f" ({reasons})" if (reasons := names(why for _, why in walk.passed_over)) else ""
        raise InputError(
            f"No pictures lie in {', '.join(map(str, folders))}{left}.",
            f"Give folders that hold {', '.join(PICTURE_WRITERS)} files, or clips.",
        )
    return Listing(tuple(walk.files), tuple(walk.passed_over))


class _Walk:
    def __init__(self) -> None:
        self.files: list[Listed] = []
        self.passed_over: list[tuple[str, str]] = []
        self._seen: set[tuple[int, int]] = set()

    def through(self, top: Path) -> None:
        found: list[Path] = []
        self._is_new(top.stat())
        for folder, inner, files in os.walk(top, followlinks=True, onerror=self._unreadable):
            inner[:] = [name for name in sorted(inner) if self._is_new_folder(Path(folder, name))]
            found += (path for name in files if _is_wanted(path := Path(folder, name)))
        for path in sorted(found):
            self._take(path)

    def _take(self, path: Path) -> None:
        try:
            status = path.stat()
        except OSError as problem:
            self.passed_over.append((str(path), why(path, problem)))
            return
        if not stat.S_ISREG(status.st_mode):
            self.passed_over.append((str(path), "is no file"))
        elif not os.access(path, os.R_OK):
            self.passed_over.append((str(path), "may not be read"))
        elif self._is_new(status):
            self.files.append(Listed(path, status.st_size, status.st_mtime_ns))

    def _is_new_folder(self, path: Path) -> bool:
        try:
            return self._is_new(path.stat())
        except OSError as problem:
            self._unreadable(problem)
            return False

    def _is_new(self, status: os.stat_result) -> bool:
        identity = status.st_dev, status.st_ino
        if identity in self._seen:
            return False
        self._seen.add(identity)
        return True

    def _unreadable(self, problem: OSError) -> None:
        self.passed_over.append((str(problem.filename), why(Path(problem.filename), problem)))


def _is_wanted(path: Path) -> bool:
    """Whether a file is to be looked at: by its name, or as a link to what may be a folder."""
    known = may_be_picture(path) or may_be_film(path)
    return known or (path.is_symlink() and not path.exists())
