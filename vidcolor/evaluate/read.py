"""What is compared, from disk: pictures and clips of a folder as upright 8-bit sRGB."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path

import av

from vidcolor.color.srgb import Picture
from vidcolor.errors import InputError
from vidcolor.infer.predictor import working_shape
from vidcolor.media import picture as media
from vidcolor.media.films import film_stream
from vidcolor.media.shown import upright
from vidcolor.media.source import media_url

Kind = Callable[[Path], bool]
EVALUATION_SIDE = 240
"""Short side at which clips are judged."""
NAMED = 10
"""Files that a note names; of more it says how many."""


@dataclass(frozen=True)
class Found:
    """What lies at a path, links followed; hidden files and folders are left out.

    Attributes:
        files: sorted by path.
        dangling: links that lead nowhere, or where nobody may look.
        closed: folders that may not be looked into.
    """

    files: tuple[Path, ...]
    dangling: tuple[Path, ...] = ()
    closed: tuple[Path, ...] = ()

    def of(self, kind: Kind) -> list[Path]:
        """Files of a kind by their names; a link may have that of what it leads to."""
        return [
            path
            for path in self.files
            if kind(path) or (path.is_symlink() and kind(path.resolve()))
        ]

    def notes(self) -> list[str]:
        """What was passed over, in words."""
        parts = {
            "Links that lead nowhere, passed over": self.dangling,
            "Folders that may not be looked into, passed over": self.closed,
        }
        return [f"{words}: {_listed(paths)}." for words, paths in parts.items() if paths]


def _listed(paths: Sequence[Path]) -> str:
    more = f" and {len(paths) - NAMED} more" if len(paths) > NAMED else ""
    return ", ".join(map(str, paths[:NAMED])) + more


def search(path: Path) -> Found:
    """All files in a folder and the folders in it; a single file stands for itself.

    A folder that links lead to as well is taken once, under its own name where it has one here: so
    a link to a folder above makes no circle.

    Raises:
        InputError: there is nothing at the path.
    """
    if not path.exists():
        leads = f" (it is a link to {path.readlink()})" if path.is_symlink() else ""
        raise InputError(
            f"{path} is not there{leads}.", "Give a folder of pictures or clips, or a file."
        )
    if path.is_file():
        return Found((path,))
    files: list[Path] = []
    dangling: list[Path] = []
    closed: list[Path] = []
    folders, links = [path], list[Path]()
    seen: set[Path] = set()
    while folders or links:
        # Links wait: what has a place of its own is called by that.
        folder = (folders or links).pop(0)
        if folder.resolve() in seen:
            continue
        seen.add(folder.resolve())
        try:
            entries = [e for e in os.scandir(folder) if not e.name.startswith(".")]
        except OSError:
            closed.append(folder)
            continue
        lists = {"file": files, "folder": folders, "link to a folder": links, "nowhere": dangling}
        for entry in sorted(entries, key=lambda entry: entry.name):
            lists.get(_kind(entry), []).append(folder / entry.name)
    return Found(tuple(sorted(files)), tuple(sorted(dangling)), tuple(sorted(closed)))


def _kind(entry: os.DirEntry[str]) -> str:
    try:
        mode = entry.stat().st_mode
    except OSError:
        return "nowhere"
    if stat.S_ISDIR(mode):
        return "link to a folder" if entry.is_symlink() else "folder"
    return "file" if stat.S_ISREG(mode) else "neither"


def find(path: Path, kind: Kind) -> list[Path]:
    """Files of a kind at a path, as `search` finds them.

    Args:
        path: a folder or a file.
        kind: `may_be_picture` or `may_be_film`.

    Raises:
        InputError: there is nothing at the path.
    """
    return search(path).of(kind)


def read_picture(path: Path) -> Picture:
    """A picture as uint8 sRGB (height, width, 3), turned upright.

    Raises:
        InputError: it is no picture, or damaged.
    """
    return media.read_picture(path).rgb_bytes()


def clip_shape(path: Path) -> tuple[int, int]:
    """Coded (height, width) of a clip's film.

    Raises:
        InputError: it is no clip, or has no picture.
    """
    try:
        with av.open(media_url(path)) as container:
            stream = film_stream(container, path)
            return stream.height, stream.width
    except av.FFmpegError as error:
        raise InputError(
            f"{path} cannot be opened ({error}).", "Leave it out or mend it."
        ) from error


def read_clip(path: Path, limit: int | None = None) -> Iterator[Picture]:
    """Frames of a clip at the evaluation size, uint8 sRGB (height, width, 3), upright.

    Square pixels, short side 240 (or the clip's own, where that is smaller), both sides multiples
    of 4; area averaging.

    Args:
        path: the clip.
        limit: frames to read at most.

    Raises:
        InputError: it is no clip, has no picture, or is damaged.
    """
    for frame, aspect in islice(_decoded(path), limit):
        yield _evaluation_picture(frame, aspect)


def start_times(path: Path, limit: int) -> list[float | None]:
    """When each of the first frames of a clip begins, in seconds from the first; None if unknown.

    Raises:
        InputError: as `read_clip`.
    """
    times = [frame.time for frame, _ in islice(_decoded(path), limit)]
    return [None if time is None else time - (times[0] or 0.0) for time in times]


def _decoded(path: Path) -> Iterator[tuple[av.VideoFrame, Fraction]]:
    """Frames of a clip's film, and the aspect of their pixels."""
    try:
        with av.open(media_url(path)) as container:
            stream = film_stream(container, path)
            stream.thread_type = "AUTO"
            for frame in container.decode(stream):
                yield frame, stream.sample_aspect_ratio or Fraction(1)
    except av.FFmpegError as error:
        raise InputError(
            f"{path} cannot be decoded ({error}).", "Leave it out or mend it."
        ) from error


def _evaluation_picture(frame: av.VideoFrame, aspect: Fraction) -> Picture:
    height, width = frame.height, max(1, round(frame.width * aspect))
    rows, columns = working_shape(height, width, min(EVALUATION_SIDE, height, width))
    return upright(frame, rows, columns)
