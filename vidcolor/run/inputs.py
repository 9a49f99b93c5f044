"""What a batch is to work on: files, folders and patterns become pairs of source and output."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from vidcolor.errors import InputError, OutputError
from vidcolor.media.codecs import CONTAINERS
from vidcolor.media.picture import is_animation

_OTHER_FILMS = (
    *(".mpg", ".mpeg", ".m2v", ".vob", ".ts", ".m2ts", ".mts", ".mxf", ".wmv", ".asf", ".flv"),
    *(".ogv", ".3gp", ".divx", ".dv", ".y4m", ".nut", ".h264", ".hevc", ".apng"),
)
_PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff")
"""Those whose format is kept."""
_OTHER_PICTURES = (".bmp", ".gif", ".jp2", ".pgm", ".ppm", ".avif", ".tga")
_MAY_MOVE = (".png", ".webp", ".gif", ".avif")
_FILM_SUFFIX, _PICTURE_SUFFIX = ".mkv", ".png"


@dataclass(frozen=True)
class Pair:
    """One file of a batch: where it is, where its colour goes."""

    source: Path
    output: Path

    @property
    def is_film(self) -> bool:
        """Whether it becomes a film, not a photograph."""
        return self.output.suffix.lower() in CONTAINERS


@dataclass(frozen=True)
class Inputs:
    """What was found.

    Attributes:
        pairs: in the order of the command line, folders in the order of their names.
        closed: folders that may not be looked into.
        others: how many files of folders are neither film nor photograph by their suffix.
    """

    pairs: tuple[Pair, ...]
    closed: tuple[Path, ...] = ()
    others: int = 0


@dataclass(frozen=True)
class Search:
    """Where a batch looks for files.

    What is named is taken whatever its suffix; of a folder, what looks like a film or photograph.
    The tree below a folder is kept; several folders keep their names.

    Attributes:
        given: files, folders and patterns such as 'reels/*.mkv'.
        target: folder of the outputs.
        recursive: whether folders in folders are taken too.
    """

    given: Sequence[str]
    target: Path
    recursive: bool

    def find(self) -> Inputs:
        """What is there now.

        Raises:
            InputError: a pattern fits nothing, or nothing is to be done at all.
            OutputError: as `look`, or two inputs have one output.
        """
        for word in self.given:
            if not _expanded(word):
                raise InputError(f"Nothing fits {word}.", "Check the pattern.")
        inputs = self.look()
        _check_distinct(inputs.pairs)
        if not inputs.pairs and not inputs.closed:
            hint = "" if self.recursive else ", or --recursive for the folders in it"
            raise InputError(
                f"There is no film or photograph in {', '.join(map(str, self.given))}.",
                f"Give files or a folder that holds some{hint}.",
            )
        return inputs

    def look(self) -> Inputs:
        """What is there now, if only nothing.

        Raises:
            OutputError: the output folder lies in an input folder.
        """
        closed: list[Path] = []
        others: list[Path] = []
        pairs = [self.pair(source, name) for source, name in self.files(closed, others)]
        return Inputs(tuple(pairs), tuple(closed), len(others))

    def files(self, closed: list[Path], others: list[Path]) -> Iterator[tuple[Path, Path]]:
        """Each file that is there now, with its name below the output folder.

        Args:
            closed: folders that may not be looked into are added.
            others: files of folders that are neither film nor photograph are added.

        Raises:
            OutputError: the output folder lies in an input folder.
        """
        paths = [path for word in self.given for path in _expanded(word)]
        folders = [path for path in paths if path.is_dir()]
        for folder in folders:
            _check_apart(folder, self.target, self.recursive)
        for path in paths:
            if not path.is_dir():
                yield path, Path(path.name)
                continue
            above = path.resolve().name if len(folders) > 1 else ""
            for file in _files(path, self.recursive, closed):
                if _is_known(file):
                    yield file, Path(above) / file.relative_to(path)
                else:
                    others.append(file)

    def pair(self, source: Path, name: Path) -> Pair:
        """A file with its output, whose suffix is one that can be written."""
        return Pair(source, self.target / _output_name(source, name))


def output_in(folder: Path, source: Path) -> Path:
    """Where a source's colour goes in a folder: its own name, with a suffix that can be written."""
    name = Path(source.name)
    return folder / (_output_name(source, name) if source.exists() else name)


def _expanded(word: str) -> list[Path]:
    if not glob.has_magic(word) or Path(word).exists():
        return [Path(word)]
    found = sorted(glob.glob(word, recursive=True))  # noqa: PTH207 - Path.glob knows no absolute ones
    return [Path(name) for name in found]


def _files(folder: Path, recursive: bool, closed: list[Path]) -> Iterator[Path]:
    """Files that are not hidden, by name; job folders are left out."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        closed.append(folder)
        return
    for entry in entries:
        path = Path(entry.path)
        if entry.name.startswith(".") or path.suffix == ".vidcolor":
            continue
        if entry.is_file():
            yield path
        elif recursive and entry.is_dir(follow_symlinks=False):
            yield from _files(path, recursive, closed)


def _is_known(path: Path) -> bool:
    known = (*CONTAINERS, *_OTHER_FILMS, *_PICTURES, *_OTHER_PICTURES)
    return path.suffix.lower() in known


def _output_name(source: Path, name: Path) -> Path:
    """The name with its suffix, or that of a format which can be written and holds anything."""
    suffix = name.suffix.lower()
    if suffix in CONTAINERS:
        return name
    if suffix not in (*_PICTURES, *_OTHER_PICTURES):
        return name.with_suffix(_FILM_SUFFIX)
    if suffix in _MAY_MOVE and is_animation(source):
        return name.with_suffix(_FILM_SUFFIX)
    return name if suffix in _PICTURES else name.with_suffix(_PICTURE_SUFFIX)


def _check_apart(folder: Path, target: Path, recursive: bool) -> None:
    inside, outside = target.resolve(), folder.resolve()
    if inside == outside:
        raise OutputError(
            f"The output folder {target} is the input folder.", "Give another output folder."
        )
    if recursive and outside in inside.parents:
        raise OutputError(
            f"The output folder {target} lies inside the input folder {folder}.",
            "With --recursive, give one outside of it.",
        )


def _check_distinct(pairs: Sequence[Pair]) -> None:
    seen: dict[str, Path] = {}
    for pair in pairs:
        other = seen.setdefault(os.path.normcase(pair.output), pair.source)
        if other is not pair.source:
            raise collision(other, pair)


def collision(other: Path, pair: Pair) -> OutputError:
    """The error where two files would have one output."""
    return OutputError(
        f"{other} and {pair.source} would both become {pair.output}.",
        "Rename one of them, or give them in two runs with two output folders.",
    )
