"""Motion of shots kept between runs: what was estimated comes in, and is there the next time.

A shot's estimates are one file by what the shot shows, an uncompressed zip of arrays: it can be
added to, and says by its checksums what is damaged. What is damaged is estimated anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import shutil
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

LumaStack = NDArray[np.uint8]

MOST_BYTES = 1 << 30
"""Of all shots of a job together. At a working size of 192x256 a frame takes about 0.2 MB for the
first frame that people coloured in its shot, and 0.1 MB more for each further one."""


class Kept(Protocol):
    """Estimates of one shot."""

    def of(self, name: str, make: Callable[[], NDArray[Any]]) -> NDArray[Any]:
        """That of a name, made where it is not there; any thread may ask."""


class Nothing:
    """Keeps nothing."""

    def of(self, name: str, make: Callable[[], NDArray[Any]]) -> NDArray[Any]:
        """See `Kept`."""
        return make()


Keep = Callable[[LumaStack], AbstractContextManager[Kept]]
"""Gives what is kept of a shot, by its luma uint8 (frames, height, width)."""


@contextmanager
def keep_nothing(_: LumaStack) -> Iterator[Kept]:
    """See `Keep`."""
    yield Nothing()


class Archive:
    """See `Kept`: a file.

    Args:
        path: made when there is something to keep.
        most: bytes that it may grow to.
    """

    def __init__(self, path: Path, most: int) -> None:
        self._path, self._most = path, most
        self._lock = threading.Lock()
        self._zip: zipfile.ZipFile | None = None
        try:
            self._zip = self._opened()
        except (OSError, ValueError, zipfile.BadZipFile):
            self._begin_anew()

    def _opened(self) -> zipfile.ZipFile:
        if self._path.exists():
            zipfile.ZipFile(self._path).close()  # to append it would take any file
        return zipfile.ZipFile(self._path, "a", zipfile.ZIP_STORED)

    def _begin_anew(self) -> None:
        self._drop()
        with contextlib.suppress(OSError):
            self._zip = self._opened()

    def of(self, name: str, make: Callable[[], NDArray[Any]]) -> NDArray[Any]:
        """See `Kept`."""
        with self._lock:
            found = self._read(name)
        if found is not None:
            return found
        made = make()
        with self._lock:
            self._write(name, made)
        return made

    def _read(self, name: str) -> NDArray[Any] | None:
        if self._zip is None or name not in self._zip.NameToInfo:
            return None
        try:
            return np.asarray(np.load(io.BytesIO(self._zip.read(name)), allow_pickle=False))
        except (OSError, ValueError, EOFError, zipfile.BadZipFile):
            self._begin_anew()
            return None

    def _write(self, name: str, made: NDArray[Any]) -> None:
        """Add an estimate; a full disk ends the keeping and frees what it took."""
        if self._zip is None or name in self._zip.NameToInfo:
            return
        if self._zip.start_dir + made.nbytes > self._most:
            return
        held = io.BytesIO()
        np.save(held, made, allow_pickle=False)
        try:
            self._zip.writestr(name, held.getbuffer())
        except OSError:
            self._drop()

    def _drop(self) -> None:
        self.close()
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)

    def close(self) -> None:
        """Write what says where each estimate is."""
        held, self._zip = self._zip, None
        if held is not None:
            try:
                held.close()
            except (OSError, ValueError):
                held.fp = None  # or it would be tried again when it is forgotten
                with contextlib.suppress(OSError):
                    self._path.unlink(missing_ok=True)


@dataclass(frozen=True)
class KeptMotion:
    """The motion of a job's shots.

    Attributes:
        folder: where it is; made when it is needed.
        estimator: what made it, as far as that may change while the folder stays.
        spare: bytes that the disk needs for other things; where it has no more, none is kept.
        most: bytes of all shots; the one that was used longest ago goes first.
    """

    folder: Path
    estimator: str
    spare: int = 0
    most: int = MOST_BYTES

    @contextmanager
    def of(self, luma: LumaStack) -> Iterator[Kept]:
        """See `Keep`."""
        words = f"{self.estimator} {cv2.__version__} {luma.shape}"
        digest = hashlib.sha256(words.encode() + luma.tobytes()).hexdigest()[:24]
        if not self.make_room():
            yield Nothing()
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{digest}.zip"
        archive = Archive(path, self.most)
        try:
            yield archive
        finally:
            archive.close()
            self._thin_out(path)

    def make_room(self) -> bool:
        """Whether the disk has room for motion beside all else; if not, what is kept goes."""
        if shutil.disk_usage(self.folder.parent).free > self.spare:
            return True
        shutil.rmtree(self.folder, ignore_errors=True)
        return False

    def _thin_out(self, used: Path) -> None:
        with contextlib.suppress(OSError):
            os.utime(used)
            files = sorted(self.folder.glob("*.zip"), key=lambda path: path.stat().st_mtime_ns)
            excess = sum(path.stat().st_size for path in files) - self.most
            for path in files:
                if excess <= 0:
                    break
                excess -= path.stat().st_size
                path.unlink()
