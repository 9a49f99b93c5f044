"""Files that appear under their name only when they are complete."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

import av

from vidcolor.errors import OutputError


@contextlib.contextmanager
def finished_file(path: Path) -> Iterator[Path]:
    """Give a temporary name beside `path` (same suffix); flush and rename it on a clean exit.

    On any error the temporary file is removed and whatever stood at `path` stays.

    Raises:
        OutputError: writing failed: disk full, no permission, no such folder.
    """
    temporary = temporary_name(path)
    try:
        yield temporary
        publish(temporary, path)
    except (OSError, av.error.FFmpegError) as error:
        raise write_error(path, error) from error
    finally:
        temporary.unlink(missing_ok=True)


def temporary_name(path: Path) -> Path:
    """A name beside `path` with its suffix, which the muxer goes by, for this process alone."""
    return path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")


def publish(temporary: Path, path: Path) -> None:
    """Flush a finished file to the disk and give it its name."""
    with temporary.open("rb") as written:
        os.fsync(written.fileno())
    temporary.replace(path)


def write_error(path: Path, error: Exception) -> OutputError:
    """Say in a user's words why a file could not be written."""
    number = getattr(error, "errno", None)
    if number in (errno.ENOSPC, errno.EDQUOT):
        return OutputError(f"The disk is full; {path} was not written.", "Free some space.")
    if number in (errno.EACCES, errno.EPERM, errno.EROFS):
        return OutputError(f"{path.parent} may not be written to.", "Choose another folder.")
    if number == errno.ENOENT:
        return OutputError(f"The folder {path.parent} does not exist.", "Make it first.")
    return OutputError(f"{path} could not be written ({error}).", "Try another folder or format.")
