"""Which file a source is, so that a changed one is noticed before and during the work."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from vidcolor.errors import InputError
from vidcolor.media.source import check_file

SAMPLE_BYTES = 1 << 16


@dataclass(frozen=True)
class Identity:
    """What tells one source from another without reading all of it.

    Attributes:
        size: in bytes.
        mtime_ns: when it was written last, nanoseconds since 1970.
        sample: a hash of its beginning, middle and end.
    """

    size: int
    mtime_ns: int
    sample: str

    def check(self, path: Path) -> None:
        """Look whether `path` still is this file; costs one question to the file system.

        Raises:
            InputError: it was changed or is gone.
        """
        try:
            status = path.stat()
        except OSError as error:
            raise InputError(
                f"{path} went away during the run.", "Put it back and run the command again."
            ) from error
        if (status.st_size, status.st_mtime_ns) != (self.size, self.mtime_ns):
            raise InputError(
                f"{path} changed during the run.",
                "Wait until it is complete, then run the command again with --restart.",
            )


def identify(path: Path) -> Identity:
    """The identity of a file.

    Raises:
        InputError: it is missing, no file, empty, or may not be read.
    """
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
