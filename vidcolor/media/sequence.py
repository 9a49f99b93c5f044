"""Numbered pictures as one film: which files a pattern, a glob or a folder stands for.

Names alone are looked at here; no file is opened.
"""

from __future__ import annotations

import glob
import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

from vidcolor.errors import InputError, UsageError

KINDS = (
    *(".png", ".tif", ".tiff", ".dpx", ".jpg", ".jpeg", ".jp2"),
    *(".bmp", ".webp", ".pgm", ".ppm", ".tga"),
)
"""Suffixes of pictures that are taken as frames."""
_NOT_TAKEN = (".exr", ".hdr", ".cin", ".dng", ".ari", ".r3d")
"""Of pictures whose light is linear, unbounded or a sensor's, so that none of it is luma."""
_NAMED = 5
"""How many names a sentence has at most."""
_FORMAT = re.compile(r"%%|%0?\d*d")
_RUNS = re.compile(r"(\d+)")


@dataclass(frozen=True)
class PictureSequence:
    """Pictures of one name but for their number.

    Args:
        path: as a person gave it: a pattern, a glob or a folder.
        pattern: the same in printf's form, such as `scan/frame_%05d.png`.
        numbers: rising.
        names: of the files, one a number.
        others: how many pictures of the folder are no part of it.
    """

    path: Path
    pattern: Path
    numbers: tuple[int, ...]
    names: tuple[str, ...]
    others: int = 0

    @property
    def files(self) -> tuple[Path, ...]:
        """One a number."""
        return tuple(self.pattern.parent / name for name in self.names)

    @property
    def frame_count(self) -> int:
        """Frames of the film: missing numbers are frames too."""
        return self.numbers[-1] - self.numbers[0] + 1

    def missing(self) -> list[int]:
        """Numbers between the first and the last that no file has."""
        return [gone for a, b in pairwise(self.numbers) for gone in range(a + 1, b)]

    def frames(self) -> tuple[Path, ...]:
        """A file a frame; where a number is missing, the file before."""
        steps = [b - a for a, b in pairwise(self.numbers)] + [1]
        return tuple(f for f, step in zip(self.files, steps, strict=True) for _ in range(step))


def sequence_of(path: Path) -> PictureSequence | None:
    """The sequence that a path stands for.

    Args:
        path: a folder, a pattern such as `frame_%05d.png`, or a glob such as `scan/*.dpx`.

    Returns:
        None where it is a file, stands for nothing, or is a folder without numbered pictures.

    Raises:
        InputError: it stands for several sequences, for pictures that are not taken, or for
            numbers that occur twice or are mostly missing; or nothing has the pattern's form.
    """
    if os.path.isdir(path):  # noqa: PTH112 - Path's own raises where the name is too long
        return _in_folder(path)
    if os.path.exists(path):  # noqa: PTH110 - likewise
        return None
    if is_pattern(path):
        return _of_pattern(path)
    return _of_glob(path) if glob.has_magic(path.name) else None


def check_rate(source: Path, rate: str | Fraction | None) -> None:
    """Refuse a rate for what is no sequence.

    Raises:
        UsageError: a rate is given and the source has its own times, or is a photograph.
        InputError: as `sequence_of`.
    """
    if rate is not None and sequence_of(source) is None:
        raise UsageError(
            f"`frame_rate` is for numbered pictures, and {source} is none.", "Leave it out."
        )


def is_pattern(path: Path) -> bool:
    """Whether a name has one place for a number, as printf writes it: %d, %5d, %05d."""
    return len([part for part in _FORMAT.findall(path.name) if part != "%%"]) == 1


def numbered(pattern: Path, number: int) -> Path:
    """The file of a number."""
    return pattern.with_name(
        _FORMAT.sub(lambda m: "%" if m[0] == "%%" else m[0] % number, pattern.name)
    )


def named_after(source: Path) -> Path:
    """Beside what, and by which name, things go that are named after a source.

    A file or folder itself; of a pattern or glob, something beside its folder, so that nothing
    comes to lie among the pictures.
    """
    if source.exists() or not (is_pattern(source) or glob.has_magic(source.name)):
        return source
    stem = re.sub(r"[^\w.-]+", "", _FORMAT.sub("", source.stem)).strip("._- ")
    folder = source.parent.resolve()
    return folder.with_name("_".join(filter(None, (folder.name, stem))) or "film")


def _in_folder(folder: Path) -> PictureSequence | None:
    names = [name for name in _names(folder) if not name.startswith(".")]
    pictures = [name for name in names if _suffix(name) in KINDS]
    found = [group for group in _grouped(folder, pictures) if len(group.names) > 1]
    if not found:
        refused = [name for name in sorted(names) if _suffix(name) in _NOT_TAKEN]
        if len(refused) > 1:
            raise _not_taken(folder / refused[0])
        return None
    return _only(folder, found, len(pictures))


def _names(folder: Path) -> list[str]:
    """Names of a folder's files."""
    try:
        return [entry.name for entry in os.scandir(folder) if entry.is_file()]
    except OSError as error:
        raise InputError(
            f"The folder {folder} may not be looked into ({error.strerror}).",
            "Change its permissions.",
        ) from error


def _of_pattern(path: Path) -> PictureSequence:
    form = re.compile("".join(_regex(part) for part in _parts(path.name)))
    folder = path.parent
    names = _names(folder) if folder.is_dir() else []
    found = [(int(match[1]), match[0]) for match in map(form.fullmatch, names) if match]
    if not found:
        raise InputError(f"No file has a name like {path}.", "Check folder, name and suffix.")
    if _suffix(path.name) not in KINDS:
        raise _not_taken(path)
    return _checked(_sequence(path, path, found))


def _of_glob(path: Path) -> PictureSequence | None:
    folders: dict[str, list[str]] = defaultdict(list)
    for word in sorted(glob.glob(str(path))):  # noqa: PTH207 - its names are enough
        if os.path.isfile(word):  # noqa: PTH113 - likewise
            folder, name = os.path.split(word)
            folders[folder].append(name)
    if not folders:
        return None
    pictures = {f: [n for n in names if _suffix(n) in KINDS] for f, names in folders.items()}
    count = sum(map(len, pictures.values()))
    if not count:
        folder, names = next(iter(folders.items()))
        raise _not_taken(Path(folder) / names[0])
    found = [group for f, names in pictures.items() for group in _grouped(Path(f), names)]
    return _only(path, [one for one in found if len(one.names) > 1] or found, count)


def _suffix(name: str) -> str:
    return os.path.splitext(name)[1].lower()  # noqa: PTH122 - of a hundred thousand names


def _not_taken(path: Path) -> InputError:
    if path.suffix.lower() in _NOT_TAKEN:
        return InputError(
            f"{path} holds linear light without bounds, or a sensor's, of which no luma is known.",
            "Convert the sequence to DPX, or to TIFF or PNG of 16 bits.",
        )
    return InputError(
        f"{path} is no kind of picture that is taken as a frame.",
        f"Use one of {', '.join(KINDS)}; for many films there is vidcolor batch.",
    )


def _only(path: Path, found: Sequence[PictureSequence], pictures: int) -> PictureSequence:
    """The one sequence of those found; raises InputError where there is none or are more."""
    if not found:
        raise InputError(f"The pictures of {path} have no numbers.", "Number them: frame_0001.png.")
    if len(found) > 1:
        words = [
            f"{one.pattern.name} ({one.numbers[0]} to {one.numbers[-1]})" for one in found[:_NAMED]
        ]
        more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
        raise InputError(
            f"{path} holds {len(found)} sequences: {', '.join(words)}{more}.",
            f"Give one of them, such as '{found[0].pattern}'.",
        )
    one = found[0]
    return _checked(replace(one, path=path, others=pictures - len(one.names)))


def _checked(found: PictureSequence) -> PictureSequence:
    path = found.path
    doubled = [place for place, (a, b) in enumerate(pairwise(found.numbers)) if a == b]
    if doubled:
        one, other = found.names[doubled[0] : doubled[0] + 2]
        raise InputError(
            f"{path} has number {found.numbers[doubled[0]]} twice: {one} and {other}.",
            "Move one of the two elsewhere.",
        )
    if found.frame_count > 2 * len(found.names):
        raise InputError(
            f"{path} has {len(found.names)} pictures with numbers from {found.numbers[0]} to"
            f" {found.numbers[-1]}: most are missing.",
            "Number them anew, or give a part that is whole, such as 'frame_00*.png'.",
        )
    return found


def _grouped(folder: Path, names: Iterable[str]) -> Iterator[PictureSequence]:
    """Files by all of their name but the number: the last digits in which they differ."""
    alike: dict[tuple[str, ...], list[list[str]]] = defaultdict(list)
    for name in names:
        stem, suffix = os.path.splitext(name)  # noqa: PTH122 - of a hundred thousand names
        parts = [*_RUNS.split(stem), suffix]
        if len(parts) > 2:
            alike[(*parts[::2], suffix)].append(parts)
    for _, split in sorted(alike.items()):
        place = _number_place(split)
        series: dict[tuple[str, ...], list[tuple[int, str]]] = defaultdict(list)
        for parts in split:
            rest = (*parts[:place], "", *parts[place + 1 :])
            series[rest].append((int(parts[place]), "".join(parts)))
        for rest, pairs in sorted(series.items()):
            form = [part.replace("%", "%%") for part in rest]
            ends = len("".join(rest[:place])), len("".join(rest[place:]))
            form[place] = _format([name[ends[0] : len(name) - ends[1]] for _, name in pairs])
            pattern = folder / "".join(form)
            yield _sequence(pattern, pattern, pairs)


def _number_place(split: Sequence[Sequence[str]]) -> int:
    """Which of the parts of names is the number: the last digits that differ, else the last."""
    digits = range(1, len(split[0]) - 1, 2)
    differing = [place for place in digits if len({parts[place] for parts in split}) > 1]
    return (differing or list(digits))[-1]


def _format(digits: Sequence[str]) -> str:
    """%05d where all numbers are filled up to one length, else %d."""
    width = min(map(len, digits))
    padded = any(d.startswith("0") and len(d) > 1 for d in digits) or len(set(map(len, digits))) < 2
    fits = all(len(d) == width or not d.startswith("0") for d in digits)
    return f"%0{width}d" if padded and fits and width > 1 else "%d"


def _sequence(path: Path, pattern: Path, pairs: Iterable[tuple[int, str]]) -> PictureSequence:
    numbers, names = zip(*sorted(pairs), strict=True)
    return PictureSequence(path, pattern, numbers, names)


def _parts(name: str) -> list[str]:
    return re.split(f"({_FORMAT.pattern})", name)


def _regex(part: str) -> str:
    if part == "%%":
        return "%"
    if not _FORMAT.fullmatch(part):
        return re.escape(part)
    width = int(part[1:-1] or 0) if part.startswith("%0") else 0
    # More digits than the format has are a number that outgrew it, and begin with no 0.
    return rf"(\d{{{width}}}|[1-9]\d{{{width},}})" if width else r"(\d+)"
