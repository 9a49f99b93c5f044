"""Standard input and output: what comes is laid down first, what is made is sent on at the end.

A film is read more than once, first to find its shots and then to colour them, and most containers
are written out of order; so both ends are files in the cache while the work goes on.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from vidcolor.errors import InputError, OutputError, UsageError, VidcolorError
from vidcolor.files import write_error
from vidcolor.folders import cache_folder
from vidcolor.media.clip import ClipInfo
from vidcolor.media.probe import kind_of, probe
from vidcolor.media.suffixes import CONTAINERS
from vidcolor.media.y4m import HEADER, check_y4m, write_y4m
from vidcolor.run.lock import Lock
from vidcolor.run.space import size_words

Counting = Callable[[], contextlib.AbstractContextManager[Callable[[int], object]]]

STANDARD = "-"
Y4M = "y4m"
_BETWEEN = ".mkv"
"""Holds what y4m is made from."""
_PREFIX, _LOCK = "pipe-", "lock"
_CHUNK = 1 << 22
_LEAST_FREE = 1 << 28
"""Bytes that a pipe leaves free on the disk."""


@dataclass(frozen=True)
class Ends:
    """The source and the output of a command, as they were named.

    Attributes:
        source: a file, or "-".
        output: likewise.
        container: of what goes to standard output, such as "mkv"; None for mkv or png.
    """

    source: str
    output: str
    container: str | None = None

    @property
    def reads(self) -> bool:
        """Whether the source is standard input."""
        return self.source == STANDARD

    @property
    def writes(self) -> bool:
        """Whether the output is standard output."""
        return self.output == STANDARD

    def check(self) -> None:
        """Refuse ends that nothing can come from or go to.

        Raises:
            UsageError: an end is a terminal, or the container has no use.
        """
        if self.container and not self.writes:
            raise UsageError(
                "--container is for standard output alone.", "The output's suffix says it."
            )
        if self.reads and sys.stdin.isatty():
            raise UsageError(
                "Nothing comes through standard input, which is the keyboard.",
                "Send a film: ffmpeg ... -f nut - | vidcolor colorize - out.mp4",
            )
        if self.writes and sys.stdout.isatty():
            raise UsageError(
                "A film cannot be shown on the terminal.",
                "Send it on: vidcolor colorize ... - | ffmpeg -i - ...",
            )


@contextlib.contextmanager
def piped(ends: Ends, counting: Counting) -> Iterator[tuple[Path, Path]]:
    """Two files in the place of standard input and output; what was made is sent on at the end.

    Args:
        ends: as they were named.
        counting: gives a function that is told how many more bytes came.

    Raises:
        VidcolorError: as `Ends.check`; nothing came, the disk is full, or the reader went away.
    """
    ends.check()
    source, output = Path(ends.source), Path(ends.output)
    if not (ends.reads or ends.writes):
        yield source, output
        return
    with _folder() as folder, contextlib.ExitStack() as opened:
        if ends.reads:
            source = folder / "standard-input"
            with counting() as counted:
                _lay_down(source, counted)
        try:
            if not ends.writes:
                yield source, output
                return
            stream = opened.enter_context(_alone_on_stdout())
            output, clip = _output(ends.container, source, folder)
            yield source, output
            _send(output, clip, stream)
        except VidcolorError as error:
            raise _in_words(error, folder) from error


def _in_words(error: VidcolorError, folder: Path) -> VidcolorError:
    """The same error with the pipe's name in the place of its file's."""
    sentence = error.sentence
    for file in ("standard-input", "standard-output"):
        sentence = sentence.replace(str(folder / file), file.replace("-", " "))
    return type(error)(sentence[0].upper() + sentence[1:], error.remedy)


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    """A folder in the cache, gone at the end; what killed processes left goes before."""
    cache = cache_folder() or Path(tempfile.gettempdir())
    try:
        cache.mkdir(parents=True, exist_ok=True)
        _sweep(cache)
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=cache))
    except OSError as error:
        raise OutputError(
            f"{cache}, where a pipe's film is laid down, cannot be written.",
            "Name another folder in VIDCOLOR_CACHE.",
        ) from error
    lock = Lock(folder / _LOCK, "pipe")
    try:
        yield folder
    finally:
        lock.release()
        shutil.rmtree(folder, ignore_errors=True)


def _sweep(cache: Path) -> None:
    for folder in cache.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OutputError):  # its process is at work
            Lock(folder / _LOCK, "pipe").release()
            shutil.rmtree(folder, ignore_errors=True)


def _lay_down(path: Path, counted: Callable[[int], object]) -> None:
    total = 0
    try:
        with path.open("wb") as file:
            while chunk := sys.stdin.buffer.read(_CHUNK):
                if shutil.disk_usage(path.parent).free < _LEAST_FREE + len(chunk):
                    raise OutputError(
                        f"The disk of {path.parent.parent} is full: {size_words(total)} of standard"
                        " input are laid down there, and more comes.",
                        "Name a folder with more room in VIDCOLOR_CACHE, or send less:"
                        " compressed film, such as -c:v ffv1 -f nut.",
                    )
                file.write(chunk)
                total += len(chunk)
                counted(len(chunk))
    except OSError as error:
        raise write_error(path, error) from error
    if not total:
        raise InputError(
            "Nothing came through standard input.", "Look at what the program before it said."
        )
    # The same bytes are the same film, whenever they came: an unfinished job can be gone on with.
    os.utime(path, (0, 0))


@contextlib.contextmanager
def _alone_on_stdout() -> Iterator[BinaryIO]:
    """Standard output for data; whatever else is printed there goes to standard error."""
    sys.stdout.flush()
    with os.fdopen(os.dup(1), "wb") as stream:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.setmode(stream.fileno(), os.O_BINARY)
        os.dup2(2, 1)
        try:
            yield stream
        finally:
            with contextlib.suppress(OSError):
                os.dup2(stream.fileno(), 1)


def _output(container: str | None, source: Path, folder: Path) -> tuple[Path, ClipInfo | None]:
    """The file that is made, and what y4m is to say of the source where it becomes that."""
    picture = kind_of(source) == "picture"
    suffix = f".{container or ('png' if picture else 'mkv')}"
    if suffix != f".{Y4M}":
        return folder / f"standard-output{suffix}", None
    clip = probe(source)
    check_y4m(clip)
    return folder / f"standard-output{_BETWEEN}", clip


def _send(made: Path, source: ClipInfo | None, stream: BinaryIO) -> None:
    try:
        if source is None:
            with made.open("rb") as file:
                shutil.copyfileobj(file, stream, _CHUNK)
        else:
            known = {name: getattr(source, name) for name in HEADER}
            write_y4m(replace(probe(made), **known), stream)
        stream.flush()
    except OSError as error:
        raise OutputError(
            f"Standard output could not be written to its end ({error.strerror}).",
            "Look at what the program behind it said.",
        ) from error


def default_codec(ends: Ends, output: Path) -> str | None:
    """What encodes a film for standard output, where nobody chose: its reader encodes it again."""
    return "ffv1" if ends.writes and output.suffix in CONTAINERS else None
