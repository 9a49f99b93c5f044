"""Files that appear under their name only when they are complete."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Literal

from vidcolor.errors import OutputError

LONGEST_NAME = 255
"""Bytes of a file's name on nearly every disk."""
_ROOM = 80
"""Bytes that names made in a folder or beside a file may add to its path."""
_TEMPORARY_ENDING = 32
"""Bytes at most of a process number and what is around it in a temporary name."""
_ALONE = secrets.token_hex(4)
"""Tells this process from those of other machines that have its number."""


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
    except OSError as error:
        raise write_error(path, error) from error
    finally:
        with contextlib.suppress(OSError):  # a path that is too long can't be looked for either
            temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str, errors: str = "strict") -> None:
    """Write a file anew in UTF-8, whole or not at all; errors as of `finished_file`.

    Args:
        path: of the file.
        text: all of it.
        errors: as of `Path.write_text`.
    """
    with finished_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8", errors=errors)


@contextlib.contextmanager
def finished_folder(path: Path) -> Iterator[Path]:
    """Give a folder beside `path`, which takes its name on a clean exit and else is removed.

    What stood at `path` is replaced. The files in it are to be written by `flushed_file`.

    Raises:
        OutputError: it cannot be made or named.
    """
    temporary = temporary_name(path)
    try:
        remove(temporary)
        temporary.mkdir()
    except OSError as error:
        raise write_error(path, error) from error
    try:
        yield temporary
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    try:
        remove(path)
        temporary.replace(path)
    except OSError as error:
        raise write_error(path, error) from error


@contextlib.contextmanager
def flushed_file(path: Path, mode: Literal["wb", "ab"]) -> Iterator[BinaryIO]:
    """A file that is opened, written, and then on the disk."""
    with path.open(mode) as stream:
        yield stream
        stream.flush()
        os.fsync(stream.fileno())


def temporary_name(path: Path) -> Path:
    """A name beside `path` with its suffix, which the muxer goes by, for this process alone."""
    return path.with_name(f"{_temporary_start(path)}{os.getpid()}-{_ALONE}.part{path.suffix}")


def leftovers(path: Path) -> Iterator[Path]:
    """Temporary files of `path` that a process left which was killed."""
    start, end = _temporary_start(path), f".part{path.suffix}"
    for other in path.parent.iterdir():
        if other.name.startswith(start) and other.name.endswith(end):
            yield other


def _temporary_start(path: Path) -> str:
    room = LONGEST_NAME - _TEMPORARY_ENDING - len(os.fsencode(path.suffix))
    return f".{_shortened(path.stem, room)}."


def with_ending(path: Path, ending: str, name: str) -> Path:
    """A name beside `path` made of `name` and `ending`, as long as names may be at most.

    Where it would be longer, `name` is cut, and a hash of it says what was left out.
    """
    room = LONGEST_NAME - len(os.fsencode(ending))
    return path.with_name(f"{_shortened(name, room)}{ending}")


def _shortened(name: str, room: int) -> str:
    """A name of so many bytes at most; a hash stands for what is cut off."""
    if len(os.fsencode(name)) <= room:
        return name
    rest = f"~{hashlib.sha256(os.fsencode(name)).hexdigest()[:12]}"
    while name and len(os.fsencode(name + rest)) > room:
        name = name[:-1]
    return name + rest


def check_length(path: Path) -> None:
    """Refuse a file or folder whose path leaves no room for the names that are made with it.

    Raises:
        OutputError: the system takes no path that long.
    """
    try:
        os.lstat(f"{path}{'/x' * (_ROOM // 2)}")
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise write_error(path, error) from error


def check_output(source: Path, output: Path, overwrite: bool) -> None:
    """Refuse an output that would destroy something or cannot be made.

    Raises:
        OutputError: it is the source itself, no file, it exists, or its folder is missing or
            closed, or its path is too long.
    """
    check_length(output)
    try:
        mode = output.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        check_folder(output.parent)
        return
    except OSError as error:
        raise write_error(output, error) from error
    if output.is_dir():
        raise OutputError(f"The output {output} is a folder.", "Give the name of a file in it.")
    if output.exists() and source.exists() and output.samefile(source):
        raise OutputError(f"The output {output} is the source itself.", "Give it another name.")
    if kind := special_kind(_mode_behind(output) or mode):
        raise OutputError(f"The output {output} is {kind}, not a file.", "Give another name.")
    if stat.S_ISLNK(mode):
        raise OutputError(
            f"The output {output} is a link to {output.readlink()}.",
            "Give the name of the file itself, or another name.",
        )
    if not overwrite:
        raise OutputError(
            f"The output {output} exists already.", "Give another name, or `overwrite`."
        )
    check_folder(output.parent)


def _mode_behind(path: Path) -> int:
    """The mode of what a link leads to, or of the file itself; 0 for a link to nothing."""
    return path.stat().st_mode if path.exists() else 0


def check_folder(folder: Path) -> None:
    """Refuse a folder in which nothing can be made.

    Raises:
        OutputError: it is no folder, is missing, or may not be written to.
    """
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"{folder} is a file, not a folder.", "Give another name.")
    if not folder.is_dir():
        raise OutputError(f"The folder {folder} does not exist.", f"Make it: mkdir -p {folder}")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OutputError(f"The folder {folder} may not be written to.", "Choose another folder.")


def special_kind(mode: int) -> str:
    """What a thing is that is neither file nor folder, from its mode; "" for those two."""
    kinds = {
        stat.S_IFIFO: "a pipe",
        stat.S_IFSOCK: "a socket",
        stat.S_IFCHR: "a device",
        stat.S_IFBLK: "a device",
    }
    return kinds.get(stat.S_IFMT(mode), "")


@contextlib.contextmanager
def trial_folder(beside: Path) -> Iterator[Path]:
    """A folder for what is only tried, gone afterwards: the system's, else one beside a file.

    Raises:
        OutputError: neither can be written.
    """
    with contextlib.ExitStack() as made:
        try:
            name = made.enter_context(tempfile.TemporaryDirectory(prefix="vidcolor-"))
        except OSError:  # no folder for such things can be written, or its disk is full
            try:
                hidden = tempfile.TemporaryDirectory(prefix=".vidcolor-", dir=beside.parent)
                name = made.enter_context(hidden)
            except OSError as error:
                raise write_error(beside, error) from error
        yield Path(name)


def remove(path: Path) -> None:
    """Take a file away, or a folder with all that is in it, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def size_of(path: Path) -> int:
    """Bytes of a file, or of the files in a folder."""
    if path.is_dir():
        return sum(one.stat().st_size for one in path.iterdir())
    return path.stat().st_size


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
    if number == errno.ENAMETOOLONG:
        if len(os.fsencode(path.name)) > LONGEST_NAME:
            sentence = f"The name {path.name} is too long for the disk."
            return OutputError(sentence, "Give a shorter one.")
        length = len(os.fsencode(path))
        return OutputError(
            f"The path of {path.name} ({length} bytes) is too long for the system.",
            "Choose a folder with a shorter one.",
        )
    if number == errno.ENOENT:
        return OutputError(f"The folder {path.parent} does not exist.", "Make it first.")
    return OutputError(f"{path} could not be written ({error}).", "Try another folder or format.")
