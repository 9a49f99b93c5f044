"""What a batch is to work on: files, folders and patterns become pairs of source and output."""

from __future__ import annotations

import glob
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from vidcolor.errors import InputError, OutputError
from vidcolor.files import with_ending
from vidcolor.media.frame_file import KINDS as FRAME_KINDS
from vidcolor.media.frame_file import is_of_pictures
from vidcolor.media.frame_picture import read_header
from vidcolor.media.moving import is_animation
from vidcolor.media.sequence import KINDS as SEQUENCE_KINDS
from vidcolor.media.sequence import is_pattern, named_after, sequence_of
from vidcolor.media.suffixes import (
    CONTAINERS,
    MAY_MOVE,
    PICTURE_WRITERS,
    may_be_film,
    may_be_picture,
)
from vidcolor.run.walk import Walk

_FILM_SUFFIX, _PICTURE_SUFFIX = ".mkv", ".png"
_LIKE_A_FILM = 24
"""Numbered pictures of one size that make a folder look like a film."""


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
        others: files of folders that are neither film nor photograph by their suffix.
        notes: sentences on links that lead nowhere or to what is there already.
    """

    pairs: tuple[Pair, ...]
    closed: tuple[Path, ...] = ()
    others: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Search:
    """Where a batch looks for files.

    What is named is taken whatever its suffix; of a folder, what looks like a film or photograph.
    The tree below a folder is kept; several folders keep their names.

    Attributes:
        given: files, folders and patterns such as 'reels/*.mkv'.
        target: folder of the outputs.
        recursive: whether folders in folders are taken too.
        keep_suffix: whether an output of another format has the source's suffix before its own.
        sequence: whether a folder of numbered pictures is one film.
    """

    given: Sequence[str]
    target: Path
    recursive: bool = False
    keep_suffix: bool = False
    sequence: bool = False

    def find(self) -> Inputs:
        """What is there now.

        Raises:
            InputError: as `check_given`, or nothing is to be done at all.
            OutputError: as `look`, or two inputs have one output.
        """
        self.check_given(patterns=True)
        inputs = self.look()
        self._check_distinct(inputs.pairs)
        if not inputs.pairs and not inputs.closed:
            hint = "" if self.recursive else ", or --recursive for the folders in it"
            raise InputError(
                f"There is no film or photograph in {', '.join(map(str, self.given))}.",
                f"Give files or a folder that holds some{hint}.",
            )
        return inputs

    def check_given(self, patterns: bool) -> None:
        """Refuse words that stand for nothing, all at once.

        Args:
            patterns: whether patterns must fit something already.

        Raises:
            InputError: files or folders are not there, or patterns fit nothing.
        """
        words = [word for word in self.given if not self._is_sequence(word)]
        idle = [word for word in words if patterns and not _expanded(word)]
        gone = [word for word in words if not _is_pattern(word) and not _exists(word)]
        fits = [f"Nothing fits {', '.join(idle)}."] if idle else []
        many = len(gone) > 1
        there = [f"{', '.join(gone)} do{'' if many else 'es'} not exist."] if gone else []
        if there or fits:
            raise InputError(
                " ".join(there + fits), "Check the names." if many else "Check the name."
            )

    def look(self) -> Inputs:
        """What is there now, if only nothing.

        Raises:
            OutputError: the output folder lies in an input folder.
        """
        walk = self.walk()
        pairs = [self.pair(source, name) for source, name in self.files(walk)]
        notes = (*walk.notes, *(() if self.sequence else _taken_apart(pairs)))
        return Inputs(tuple(pairs), tuple(walk.closed), tuple(walk.others), notes)

    def walk(self) -> Walk:
        """A fresh look at the places of this search."""
        wanted = _is_known_or_frame if self.sequence else _is_known
        return Walk(wanted, self.target, self.recursive)

    def files(self, walk: Walk) -> Iterator[tuple[Path, Path]]:
        """Each file or sequence that is there now, with its name below the output folder.

        Args:
            walk: looks into folders, and learns what is passed over.

        Raises:
            OutputError: the output folder lies in an input folder.
        """
        sequences = [word for word in self.given if self._is_sequence(word)]
        for word in sequences:
            yield Path(word), Path(named_after(Path(word)).name)
        files = [word for word in self.given if word not in sequences]
        paths = [path for word in files for path in _expanded(word)]
        folders = [path for path in paths if path.is_dir()]
        for folder in folders:
            _check_apart(folder, self.target, self.recursive)
        for path in paths:
            if not path.is_dir():
                if walk.is_new(path):
                    yield path, Path(path.name)
                continue
            above = path.resolve().name if len(folders) > 1 else ""
            found = ((file, Path(above) / file.relative_to(path)) for file in walk.files(path))
            yield from _with_films(found) if self.sequence else found

    def _is_sequence(self, word: str) -> bool:
        """Whether a word is itself a sequence: %05d always, a pattern of files where asked."""
        path = Path(word)
        meant = is_pattern(path) or (self.sequence and _is_pattern(word))
        return meant and not path.exists() and sequence_of(path) is not None

    def pair(self, source: Path, name: Path) -> Pair:
        """A file with its output, whose suffix is one that can be written."""
        if not source.is_file():  # a sequence
            return Pair(source, self.target / with_ending(name, _FILM_SUFFIX, name.name))
        suffix = _output_suffix(source, name.suffix.lower())
        if not suffix:
            return Pair(source, self.target / name)
        kept = name.suffix if self.keep_suffix else ""
        return Pair(source, self.target / with_ending(name, kept + suffix, name.stem))

    def _check_distinct(self, pairs: Sequence[Pair]) -> None:
        shared = _shared_outputs(pairs)
        if not shared:
            return
        kept = replace(self, keep_suffix=True)
        if self.keep_suffix or _shared_outputs(kept.look().pairs):
            raise collision(
                shared, "Rename them, or give their folders: two or more keep their names."
            )
        one = kept.look().pairs[pairs.index(shared[0][-1])].output.name
        raise collision(shared, f"Give --keep-suffix for names such as {one}, or rename them.")


def _is_pattern(word: str) -> bool:
    return glob.has_magic(word) and not _exists(word)


def _exists(word: str) -> bool:
    return os.path.exists(word)  # noqa: PTH110 - Path's own raises where the name is too long


def output_in(folder: Path, source: Path) -> Path:
    """Where a source's colour goes in a folder: its own name, with a suffix that can be written.

    Of a sequence of pictures, pictures of the same names.
    """
    if found := sequence_of(source):
        kept = found.pattern.suffix.lower() in FRAME_KINDS
        return folder / (found.pattern if kept else found.pattern.with_suffix(".png")).name
    name = Path(source.name)
    return Search((), folder).pair(source, name).output if _exists(str(source)) else folder / name


def is_film_in_pictures(folder: Path, output: Path) -> bool:
    """Whether a folder is meant as a film: numbered pictures that are to become one or pictures.

    Raises:
        InputError: as `sequence_of`.
    """
    of_film = is_of_pictures(output) or output.suffix.lower() in CONTAINERS
    return of_film and sequence_of(folder) is not None


def _expanded(word: str) -> list[Path]:
    if not _is_pattern(word):
        return [Path(word)]
    found = sorted(glob.glob(word, recursive=True))  # noqa: PTH207 - Path.glob knows no absolute ones
    return [Path(name) for name in found]


def _is_known(path: Path) -> bool:
    return may_be_picture(path) or may_be_film(path)


def _is_known_or_frame(path: Path) -> bool:
    return _is_known(path) or path.suffix.lower() in SEQUENCE_KINDS


def _with_films(found: Iterable[tuple[Path, Path]]) -> Iterator[tuple[Path, Path]]:
    """Files of folders with their names; pictures that are a film together, as their folder."""
    frames: dict[Path, set[Path]] = {}
    for file, name in found:
        folder = file.parent
        if folder not in frames:
            frames[folder] = _frames_in(folder)
            if frames[folder]:
                yield folder, name.parent if name.parent.name else Path(folder.resolve().name)
        if file not in frames[folder]:
            yield file, name


def _frames_in(folder: Path) -> set[Path]:
    """The pictures of a folder that are a film; all where it is not clear which."""
    try:
        found = sequence_of(folder)
    except InputError:  # which is said when its turn comes
        return {path for path in folder.iterdir() if path.suffix.lower() in SEQUENCE_KINDS}
    return set(found.files) if found else set()


def _taken_apart(pairs: Sequence[Pair]) -> tuple[str, ...]:
    """Sentences on folders of photographs that look like a film."""
    folders = Counter(pair.source.parent for pair in pairs if not pair.is_film)
    found = [folder for folder, count in folders.items() if count >= _LIKE_A_FILM]
    return tuple(
        f"{folder} looks like a film of numbered pictures, and they are taken as photographs;"
        " --sequence makes one film of them"
        for folder in found
        if _looks_like_film(folder)
    )


def _looks_like_film(folder: Path) -> bool:
    """Whether a folder's pictures are numbered without a gap, and the first ones are alike."""
    try:
        found = sequence_of(folder)
        if found is None or len(found.files) < _LIKE_A_FILM or found.missing():
            return False
        first, *others = (read_header(path) for path in found.files[:_LIKE_A_FILM])
    except InputError:
        return False
    return all(other.fits(first) for other in others)


def _output_suffix(source: Path, suffix: str) -> str:
    """That of a format which can be written and holds anything; "" where the source's own can."""
    if suffix in CONTAINERS:
        return ""
    if not may_be_picture(source):
        return _FILM_SUFFIX
    if suffix in MAY_MOVE and is_animation(source):
        return _FILM_SUFFIX
    return "" if suffix in PICTURE_WRITERS else _PICTURE_SUFFIX


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


def _shared_outputs(pairs: Sequence[Pair]) -> list[list[Pair]]:
    """Pairs that have one output, together."""
    by_output: dict[str, list[Pair]] = {}
    for pair in pairs:
        by_output.setdefault(os.path.normcase(pair.output), []).append(pair)
    return [group for group in by_output.values() if len(group) > 1]


def collision(shared: Sequence[Sequence[Pair]], remedy: str) -> OutputError:
    """The error where files would have one output.

    Args:
        shared: groups of at least two.
        remedy: what to do about it.
    """
    lines = [
        f"{' and '.join(str(pair.source) for pair in group)} would"
        f" {'both' if len(group) == 2 else 'all'} become {group[0].output}."
        for group in shared
    ]
    return OutputError("\n  ".join(lines), remedy)
