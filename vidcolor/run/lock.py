"""One process at a time in a folder: a lock that the system lets go of when its holder dies.

Not `filelock`: its file cannot say who holds the lock. Release 3.12 empties it at every attempt;
4.3 locks its first byte on Windows, so that nobody else can read it. Nor does 3.12 tell a disk
that answers ENOLCK from a lock that is held.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import platform
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from vidcolor.errors import OutputError
from vidcolor.files import write_error

_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP)
"""What a network drive answers that knows no locks, or whose lock service is not there."""
ATTEMPTS = 20
"""How often to begin again where the folder goes away between making and locking it."""


@dataclass(frozen=True)
class Holder:
    """Who holds or held a lock.

    Attributes:
        process: its number.
        host: the name of its machine.
    """

    process: int
    host: str

    def __str__(self) -> str:
        return f"process {self.process} on {self.host}"


class Lock:
    """A lock file inside a folder, held until `release` or the end of the process.

    The lock itself is the operating system's, so a dead process holds none, whoever has its number
    now; the file's text only says who it was. Where the disk knows no locks, as some network
    drives, that text is all there is: then a holder counts as dead only if it was on this machine
    and is gone.

    Attributes:
        is_guarded: whether the disk knows locks; without them two that begin in the same moment do
            not see each other.

    Args:
        path: of the lock file; its folder is made if it is missing.
        purpose: what two processes would collide on, for the words: "job", "batch".

    Raises:
        OutputError: another process holds it, or the folder cannot be made.
    """

    def __init__(self, path: Path, purpose: str) -> None:
        self.path = path
        self.taken_from: Holder | None = None
        self.is_guarded = True
        try:
            self._stream = self._take(purpose)
            self._sign()
        except OSError as error:
            place = path if path.parent.is_dir() else path.parent
            self._clear_away()
            raise write_error(place, error) from error

    def _sign(self) -> None:
        """Write down who holds the lock, in the place of who held it."""
        self.taken_from = _holder(self._stream.read())
        self._stream.seek(0)
        self._stream.truncate()
        me = Holder(os.getpid(), platform.node())
        self._stream.write(json.dumps(asdict(me)).encode())
        self._stream.flush()

    def _clear_away(self) -> None:
        """Leave no lock file and no folder that were made for nothing."""
        with contextlib.suppress(OSError):
            if not self.path.stat().st_size:
                self.path.unlink()
            self.path.parent.rmdir()

    def _take(self, purpose: str) -> BinaryIO:
        for _ in range(ATTEMPTS):
            stream = self._opened()
            if stream is None:
                continue
            try:
                free = _lock(stream)
            except OSError as error:
                if error.errno not in _NO_LOCKS:
                    stream.close()
                    raise
                self.is_guarded = False
                free = _has_no_holder(stream)
            if not free:
                raise self._taken(stream, purpose)
            with contextlib.suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(stream.fileno()), self.path.stat()):
                    return stream
            stream.close()  # its holder finished and took the folder away in the meantime
        raise OutputError(f"{self.path.parent} keeps going away.", "Run the command again.")

    def _taken(self, stream: BinaryIO, purpose: str) -> OutputError:
        with stream:
            holder = _holder(stream.read()) or "Another process"
        remedy = "Wait until it is done, or stop it."
        if not self.is_guarded:
            remedy = f"Wait until it is done; if it is gone already, remove {self.path}."
        return OutputError(f"{holder} works on this {purpose} ({self.path.parent}).", remedy)

    def _opened(self) -> BinaryIO | None:
        self.path.parent.mkdir(exist_ok=True)
        try:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o666)
        except FileNotFoundError:
            return None
        return os.fdopen(descriptor, "r+b")

    @property
    def held(self) -> bool:
        """Whether `release` has not been called yet."""
        return not self._stream.closed

    def release(self) -> None:
        """Take the lock file away and let go; calling it again does nothing."""
        if not self.held:
            return
        if sys.platform == "win32":
            self._stream.close()  # an open file cannot be removed there
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)
        self._stream.close()


def _holder(text: bytes) -> Holder | None:
    try:
        stored = json.loads(text)
        return Holder(int(stored["process"]), str(stored["host"]))
    except (ValueError, KeyError, TypeError):
        return None


def _has_no_holder(stream: BinaryIO) -> bool:
    """Whether nobody is written down in a lock file, or one of this machine who is gone."""
    holder = _holder(stream.read())
    stream.seek(0)
    if holder is None or holder == Holder(os.getpid(), platform.node()):
        return True
    if holder.host != platform.node():
        return False
    try:
        with contextlib.suppress(PermissionError):  # it lives, as another user's
            os.kill(holder.process, 0)
    except ProcessLookupError:
        return True
    return False


def _lock(stream: BinaryIO) -> bool:
    """Lock an open file without waiting; False if another process has it.

    Raises:
        OSError: the disk knows no locks, or has none to give.
    """
    if sys.platform == "win32":
        import msvcrt

        stream.seek(1 << 20)  # behind the text, which others are to read
        try:
            msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        finally:
            stream.seek(0)
        return True
    import fcntl

    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
