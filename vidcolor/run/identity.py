"""Which file a source is, so that a changed one is noticed before and during the work."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, replace
from pathlib import Path

from vidcolor.errors import InputError
from vidcolor.media.sequence import PictureSequence, sequence_of
from vidcolor.media.source import check_file

SAMPLE_BYTES = 1 << 16


@dataclass(frozen=True)
class Identity:
    """What tells one source from another without reading all of it.

    Attributes:
        size: in bytes; of a sequence of pictures, of all together.
        mtime_ns: when it was written last, nanoseconds since 1970; of a sequence, the latest.
        sample: a hash of its beginning, middle and end; of a sequence, of its files' names, sizes
            and times.
    """

    size: int
    mtime_ns: int
    sample: str

    def check(self, path: Path) -> None:
        """Look whether `path` still is this file; costs a question a file to the file system.

        Raises:
            InputError: it was changed or is gone.
        """
        try:
            now = self._now(path)
        except (OSError, InputError) as error:
            raise InputError(
                f"{path} went away during the run.", "Put it back and run the command again."
            ) from error
        if now != self:
            raise InputError(
                f"{path} changed during the run.",
                "Wait until it is complete, then begin again with `restart`.",
            )

    def _now(self, path: Path) -> Identity:
        """What `path` is by now, a file's content taken to be what it was."""
        if found := sequence_of(path):
            return _of_pictures(found)
        status = path.stat()
        return replace(self, size=status.st_size, mtime_ns=status.st_mtime_ns)


def identify(path: Path) -> Identity:
    """The identity of a file or a sequence of pictures.

    Raises:
        InputError: it is missing, no file, empty, or may not be read.
    """
    if found := sequence_of(path):
        return _of_pictures(found)
    check_file(path)
    digest = hashlib.sha256()
    try:
        status = path.stat()
        with path.open("rb") as stream:
            for place in (0, status.st_size // 2, max(0, status.st_size - SAMPLE_BYTES)):
                stream.seek(place)
                digest.update(stream.read(SAMPLE_BYTES))
    except OSError as error:
        raise InputError(
            f"{path} may not be read ({error.strerror}).", "Change its permissions, or copy it."
        ) from error
    return Identity(status.st_size, status.st_mtime_ns, digest.hexdigest()[:32])


def _of_pictures(found: PictureSequence) -> Identity:
    digest = hashlib.sha256()
    size = latest = 0
    folder = os.fspath(found.pattern.parent)
    for name in found.names:
        try:
            status = os.stat(os.path.join(folder, name))  # noqa: PTH116, PTH118 - of very many
        except OSError as error:
            raise InputError(f"{name} went away.", "Wait until the sequence is whole.") from error
        size += status.st_size
        latest = max(latest, status.st_mtime_ns)
        digest.update(f"{status.st_size} {status.st_mtime_ns} ".encode() + os.fsencode(name))
    return Identity(size, latest, digest.hexdigest()[:32])
