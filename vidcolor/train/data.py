"""Training pictures: decoded once into a cache, the colourless left out, split by content."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from vidcolor.color.chroma import count_chroma
from vidcolor.errors import InputError
from vidcolor.files import finished_file, write_error, write_text
from vidcolor.machine import cores
from vidcolor.media.suffixes import may_be_film
from vidcolor.train.listing import Listed, list_files
from vidcolor.train.settings import VALIDATION_SHARE
from vidcolor.train.sources import Found, Picture, read
from vidcolor.train.words import SILENT, Words

LEAST_COLOR = 3.0
LEAST_SECOND_HUE = 0.8
"""Least standard deviation of chroma across its main direction: sepia has one direction alone."""
TYPICAL_BYTES = 256 * 352 * 3
SPARE_BYTES = 2 * 10**9
NOT_STORED = -1
MANY = 1000
"""Looking at fewer decoded pictures than this is over before anybody asks."""

FloatArray = NDArray[np.float32]

Given = TypeVar("Given")
Made = TypeVar("Made")


class _Entry(NamedTuple):
    offset: int
    height: int
    width: int
    digest: str


@dataclass(frozen=True)
class PictureStore:
    """Decoded pictures in one memory-mapped file.

    Attributes:
        pixels: uint8, all pictures one behind the other.
        entries: where each lies; the digest is that of the source file's bytes.
        files: where each comes from, for those that had no room in the cache.
        fingerprint: count and hash over the digests, for the record.
        skipped: (file, reason) of what was left out.
        histogram: int64 (256, 256), Cb by Cr of every fourth pixel and row of the training split.
        color: float32 (pictures, 2): mean distance from neutral, and deviation across the main
            direction of chroma, units of 255.
    """

    pixels: NDArray[np.uint8]
    entries: tuple[_Entry, ...]
    files: tuple[str, ...]
    fingerprint: str
    skipped: tuple[tuple[str, str], ...]
    histogram: NDArray[np.int64]
    color: FloatArray

    def __len__(self) -> int:
        return len(self.entries)

    @property
    def is_stored(self) -> bool:
        """Whether all pictures had room in the cache."""
        return all(entry.offset != NOT_STORED for entry in self.entries)

    def picture(self, index: int) -> Picture:
        """uint8 (height, width, 3): luma, Cb, Cr of full-range BT.601."""
        entry = self.entries[index]
        if entry.offset != NOT_STORED:
            return _stored(self.pixels, entry)
        found = read(Path(self.files[index]))
        if not found.pictures:
            raise InputError(
                f"The picture {self.files[index]} {found.problem}, and was there at the start.",
                "Bring it back.",
            )
        return found.pictures[0]

    def split(self) -> tuple[list[int], list[int]]:
        """Indexes for training and for validation, decided by content alone."""
        held_out = [is_held_out(entry.digest) for entry in self.entries]
        train = [i for i, held in enumerate(held_out) if not held]
        return train, [i for i, held in enumerate(held_out) if held]

    def without(self, other: PictureStore) -> list[int]:
        """Indexes of the pictures that another store does not hold as well."""
        theirs = {entry.digest for entry in other.entries}
        return [i for i, entry in enumerate(self.entries) if entry.digest not in theirs]


def open_store(
    folders: Sequence[Path],
    cache: Path,
    limit: int | None = None,
    least_color: float = LEAST_COLOR,
    words: Words = SILENT,
) -> PictureStore:
    """Decode every usable picture below some folders, or take them from the cache.

    Args:
        folders: searched with all that lies below them.
        cache: folder for the decoded pictures; made where it is missing.
        limit: at most this many files.
        least_color: mean distance from neutral, units of 255, under which a picture is grey.
        words: says how far the decoding is.

    Raises:
        InputError: a folder is missing, or no usable picture is in them.
        OutputError: the cache cannot be written.
    """
    listing = list_files(folders)
    listed = listing.files[:limit]
    files = [entry.path for entry in listed]
    floor = min(least_color, LEAST_COLOR)
    shelf = _Shelf(cache, _name(listed, floor), words)
    if not shelf.index.is_file():
        shelf.fill(files, floor)
    store = shelf.load(files, least_color)
    store = replace(store, skipped=listing.passed_over + store.skipped)
    if not len(store):
        raise InputError(
            f"None of the {len(files)} files in {', '.join(map(str, folders))} can be used"
            f" (the first: {store.skipped[0][0]}: {store.skipped[0][1]}).",
            "Give folders of colour photographs.",
        )
    return store


def _name(listed: Sequence[Listed], floor: float) -> str:
    """What the files of a store are called: the same as long as no file has changed."""
    text = "\n".join(f"{path} {size} {changed_ns}" for path, size, changed_ns in listed)
    text += f"\n{floor}" if floor < LEAST_COLOR else ""
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()[:16]


class _Shelf:
    """The files of one store in the cache.

    The index (JSON) lists what was decoded, `.u8` holds the pixels, `.color.npy` how much colour
    each picture has, and one `.hues-*.npy` for each threshold the histogram of chroma.
    """

    def __init__(self, cache: Path, name: str, words: Words) -> None:
        self.cache, self.name, self.words = cache, name, words
        self.index = cache / f"{name}.json"
        self.pixels = cache / f"{name}.u8"
        self.color = cache / f"{name}.color.npy"

    def fill(self, files: Sequence[Path], floor: float) -> None:
        try:
            self.cache.mkdir(parents=True, exist_ok=True)
            room = shutil.disk_usage(self.cache).free > TYPICAL_BYTES * len(files) + SPARE_BYTES
            self._decode(files, floor, room)
        except OSError as problem:
            raise write_error(self.pixels, problem) from problem

    def _decode(self, files: Sequence[Path], floor: float, room: bool) -> None:
        entries: list[_Entry] = []
        origins: list[str] = []
        skipped: list[tuple[str, str]] = []
        colors: list[tuple[float, float]] = []
        offset = 0
        with finished_file(self.pixels) as partial, partial.open("wb") as stream:
            ahead = self.words.counted(
                _ahead(_weighed, files), "decoding pictures", "files", len(files)
            )
            for file, (found, weights) in zip(files, ahead, strict=True):
                pairs = zip(found.pictures, weights, strict=True)
                colored = [(picture, color) for picture, color in pairs if color[0] >= floor]
                if not colored:
                    skipped.append((str(file), found.problem or "is grey"))
                for picture, color in colored:
                    colors.append(color)
                    place = NOT_STORED
                    if room or may_be_film(file):
                        place = offset
                        stream.write(picture.tobytes())
                        offset += picture.size
                    height, width, _ = picture.shape
                    entries.append(_Entry(place, height, width, found.digest))
                    origins.append(str(file))
        record = {
            "entries": entries,
            "skipped": skipped,
            "fingerprint": _fingerprint(entries),
            "files": origins,
        }
        _save(self.color, np.array(colors, np.float32).reshape(-1, 2))
        write_text(self.index, json.dumps(record))

    def load(self, listed: Sequence[Path], least_color: float) -> PictureStore:
        stored = json.loads(self.index.read_text())
        entries = [_Entry(*row) for row in stored["entries"]]
        # Caches filled by 0.1.0 name no files: they hold one picture of each that wasn't skipped.
        out = {file for file, _ in stored["skipped"]}
        files = stored.get("files") or [str(f) for f in listed if str(f) not in out]
        size = self.pixels.stat().st_size
        pixels = np.memmap(self.pixels, np.uint8, "r") if size else np.empty(0, np.uint8)
        none, unknown = np.empty((0, 0), int), np.empty((0, 2), np.float32)
        every = PictureStore(pixels, tuple(entries), tuple(files), "", (), none, unknown)
        color = self._colors(every)
        grey = color[:, 0] < least_color
        tinted = ~grey & (color[:, 1] < LEAST_SECOND_HUE)
        kept = [i for i, out in enumerate(grey | tinted) if not out]
        skipped = [(file, reason) for file, reason in stored["skipped"]]
        for i in np.flatnonzero(grey | tinted):
            skipped.append((files[i], "is grey" if grey[i] else "is tinted, not coloured"))
        chosen = tuple(entries[i] for i in kept)
        return PictureStore(
            pixels,
            chosen,
            tuple(files[i] for i in kept),
            _fingerprint(chosen),
            tuple(skipped),
            self._histogram(every, kept, least_color),
            color[kept],
        )

    def _colors(self, every: PictureStore) -> FloatArray:
        if not self.color.is_file():
            words = self._words_on(every)
            indexes = words.counted(range(len(every)), "weighing colour", "pictures")
            found = list(_ahead(lambda i: _color(every.picture(i)), indexes))
            _save(self.color, np.array(found, np.float32).reshape(-1, 2))
        return np.asarray(np.load(self.color), np.float32)

    def _histogram(
        self, every: PictureStore, kept: Sequence[int], least_color: float
    ) -> NDArray[np.int64]:
        path = self.cache / f"{self.name}.hues-{least_color:g}.npy"
        if not path.is_file():
            train = [i for i in kept if not is_held_out(every.entries[i].digest)] or kept
            histogram = np.zeros((256, 256), np.int64)
            for i in self._words_on(train).counted(train, "counting hues", "pictures"):
                count_chroma(every.picture(i)[::4, ::4, 1:], histogram)
            _save(path, histogram)
        return np.asarray(np.load(path), np.int64)

    def _words_on(self, things: Sized) -> Words:
        """Words for work that is over at once on few things."""
        return self.words if len(things) >= MANY else SILENT


def _ahead(function: Callable[[Given], Made], items: Iterable[Given]) -> Iterator[Made]:
    """The function of each item, in order, some made ahead in threads."""
    threads = cores()
    with ThreadPoolExecutor(threads) as pool:
        waiting: deque[Future[Made]] = deque()
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) > 4 * threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _weighed(file: Path) -> tuple[Found, list[tuple[float, float]]]:
    """What a file gives, and how much colour each of its pictures has."""
    found = read(file)
    return found, [_color(picture) for picture in found.pictures]


def _stored(pixels: NDArray[np.uint8], entry: _Entry) -> Picture:
    size = entry.height * entry.width * 3
    return pixels[entry.offset : entry.offset + size].reshape(entry.height, entry.width, 3)


def _color(picture: Picture) -> tuple[float, float]:
    """Mean distance of chroma from neutral, and its deviation across its main direction."""
    chroma = picture[::2, ::2, 1:].reshape(-1, 2).astype(np.float32) - 128.0
    mean = float(np.hypot(chroma[:, 0], chroma[:, 1]).mean())
    covariance = np.cov(chroma.T)
    return mean, float(np.sqrt(max(0.0, np.linalg.eigvalsh(covariance)[0])))


def is_held_out(digest: str) -> bool:
    """Whether a file of this sha256 is kept for validation."""
    return int(digest[:8], 16) < int(VALIDATION_SHARE * 2**32)


def _fingerprint(entries: Iterable[_Entry]) -> str:
    digests = sorted(entry.digest for entry in entries)
    joined = hashlib.sha256("".join(digests).encode()).hexdigest()
    return f"{len(digests)} pictures, sha256 {joined[:16]}"


def _save(path: Path, array: NDArray[np.generic]) -> None:
    with finished_file(path) as partial, partial.open("wb") as stream:
        np.save(stream, array)
