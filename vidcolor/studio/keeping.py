"""Files of a studio that windows, other studios and people by hand change side by side."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Generic, TypeVar

from filelock import FileLock, Timeout

from vidcolor.errors import OutputError
from vidcolor.files import finished_file, write_error

T = TypeVar("T")
_LOCKED_S = 5.0


class KeptFile(Generic[T]):
    """Things by name in a JSON file that is there only while there are some.

    Each change is applied to what the disk holds by then. What the disk refuses is kept in memory,
    and `save` tries again.

    Args:
        path: the file.
        read: gives what it holds; raises UsageError where that cannot be.
        written: what the file is to hold.
        alone: nobody else changes it meanwhile.
    """

    def __init__(
        self,
        path: Path,
        read: Callable[[Path], dict[str, T]],
        written: Callable[[Collection[T]], dict[str, Any]],
        alone: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self.path = path
        self._read, self._written, self._alone = read, written, alone
        self._held: dict[str, T] = {}
        self._pending: dict[str, T | None] = {}
        self._stamp: tuple[int, int] | None = None
        self.refresh()

    @property
    def held(self) -> dict[str, T]:
        """What there is, oldest first."""
        return dict(self._held)

    def change(self, changes: Mapping[str, T | None]) -> None:
        """Put things or, by None, take them away; in memory until it is saved."""
        self._pending |= changes
        self._held = _changed(self._held, changes)

    def refresh(self) -> bool:
        """Read the file anew where somebody else changed it; whether that was so.

        Raises:
            UsageError: it holds what cannot be.
        """
        stamp = _stamp(self.path)
        if stamp == self._stamp:
            return False
        self._held = _changed(self._there(), self._pending)
        self._stamp = stamp
        return True

    def save(self) -> None:
        """Write what is not yet written.

        Raises:
            VidcolorError: that cannot be done now.
        """
        if not self._pending:
            return
        with self._alone():
            if _stamp(self.path) != self._stamp:
                self._held = _changed(self._there(), self._pending)
            if self._held:
                write_json(self.path, self._written(self._held.values()))
            else:
                _remove(self.path)
            self._stamp = _stamp(self.path)
            self._pending.clear()

    def _there(self) -> dict[str, T]:
        return self._read(self.path) if self.path.is_file() else {}


def make_folder(folder: Path) -> None:
    """A folder of a studio, made if it is missing.

    Raises:
        OutputError: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_error(folder, error) from error


def write_json(path: Path, held: dict[str, Any]) -> None:
    """Write a file of a studio, and the folder it is in.

    Raises:
        OutputError: that cannot be done.
    """
    make_folder(path.parent)
    with finished_file(path) as temporary:
        temporary.write_text(json.dumps(held, indent=1), encoding="utf-8")


@contextlib.contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Nobody else changes a studio meanwhile; where the disk knows no locks, that is hoped.

    Raises:
        OutputError: somebody else does for too long, or the folder cannot be written.
    """
    make_folder(folder)
    lock = FileLock(folder / ".lock")
    try:
        lock.acquire(timeout=_LOCKED_S)
    except Timeout as error:
        raise OutputError(
            f"{folder} is in use by another studio.", "Close that one, or wait."
        ) from error
    except (OSError, NotImplementedError) as error:
        if getattr(error, "errno", None) in (13, 28, 30):
            raise write_error(folder, error) from error
    try:
        yield
    finally:
        lock.release()


def _changed(held: dict[str, T], changes: Mapping[str, T | None]) -> dict[str, T]:
    made = dict(held)
    for name, thing in changes.items():
        if thing is None:
            made.pop(name, None)
        else:
            made[name] = thing
    return made


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise write_error(path, error) from error


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size
