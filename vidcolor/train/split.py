"""Which pictures a run is trained on and which it is judged by, and whether the judgement holds."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from vidcolor.media.suffixes import may_be_film
from vidcolor.train.data import PictureStore, is_held_out, open_store
from vidcolor.train.draw import FloatArray, weights_of
from vidcolor.train.group import Group
from vidcolor.train.listing import list_files
from vidcolor.train.settings import TrainSettings
from vidcolor.train.sources import APART_S, MOST_FRAMES
from vidcolor.train.words import Words

VALIDATION_PICTURES = 200
FEW = 30


@dataclass(frozen=True)
class Split:
    """The pictures of a run.

    Attributes:
        store: holds those that are trained on.
        train: their indexes.
        judged: holds those for validation; may be the same store.
        held_out: their indexes there.
    """

    store: PictureStore
    train: list[int]
    judged: PictureStore
    held_out: list[int]

    def weights(self, settings: TrainSettings) -> FloatArray | None:
        """How often each training picture is shown, of the mean; None for all alike."""
        return weights_of(
            [self.store.files[index] for index in self.train],
            self.store.color[self.train, 0],
            settings.data,
            settings.shares,
            settings.colorful,
        )

    def doubts(self) -> list[str]:
        """What makes the validation figures doubtful, a sentence each."""
        return doubts(len(self.held_out), self._shared())

    def _shared(self) -> int:
        """How many validation pictures are trained on too, pixel by pixel the same."""
        alike = defaultdict(list)
        for index in self.held_out:
            alike[self.judged.color[index].tobytes()].append(index)
        found: set[int] = set()
        for index in self.train:
            for other in alike.get(self.store.color[index].tobytes(), ()):
                if np.array_equal(self.store.picture(index), self.judged.picture(other)):
                    found.add(other)
        return len(found)


def divide(settings: TrainSettings, cache: Path, group: Group, words: Words) -> Split:
    """Decode the pictures of a run, the leading process first, and divide them.

    Raises:
        InputError, OutputError: as `open_store`.
    """
    if not group.leads:
        group.wait()
    folders, least = [Path(d) for d in settings.data], settings.least_color
    store = open_store(folders, cache, settings.limit, least, words)
    judged = store
    if settings.val:
        judged = open_store([Path(d) for d in settings.val], cache, None, least, words)
    if group.leads:
        group.wait()
    train, held_out = store.split()
    if settings.val:
        train, held_out = store.without(judged), list(range(len(judged)))
    train = train or list(range(len(store)))
    return Split(store, train, judged, (held_out or train)[:VALIDATION_PICTURES])


def foreseen_doubts(settings: TrainSettings, words: Words) -> list[str]:
    """The doubts that `Split.doubts` would have, told from the files' bytes; nothing is decoded.

    Raises:
        InputError: a folder is missing, or no pictures lie in it.
    """
    files = [entry.path for entry in list_files([Path(d) for d in settings.data]).files]
    data = dict(_digests(files[: settings.limit], words))
    if settings.val:
        judged = dict(_digests((e.path for e in list_files(_paths(settings.val)).files), words))
        train = set(data.values()) - set(judged.values()) or set(data.values())
    else:
        train = {digest for digest in data.values() if not is_held_out(digest)}
        judged = {file: digest for file, digest in data.items() if digest not in train} or data
        train = train or set(data.values())
    return _doubts_about(judged, train)


def _paths(folders: Iterable[str]) -> list[Path]:
    return [Path(folder) for folder in folders]


def _doubts_about(judged: dict[Path, str], train: Collection[str]) -> list[str]:
    counts = {file: _frames(file) if may_be_film(file) else 1 for file in judged}
    shared = sum(counts[file] for file, digest in judged.items() if digest in train)
    most = VALIDATION_PICTURES
    return doubts(min(most, sum(counts.values())), min(most, shared))


def _digests(files: Iterable[Path], words: Words) -> Iterable[tuple[Path, str]]:
    for file in words.counted(list(files), "looking at pictures", "files"):
        try:
            with file.open("rb") as stream:
                yield file, hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError:  # It counts for nothing: a run passes it over.
            continue


def _frames(clip: Path) -> int:
    """How many pictures a clip will give, by its length."""
    try:
        with av.open(str(clip)) as container:
            return min(MOST_FRAMES, 1 + int((container.duration or 0) / 1e6 / APART_S))
    except (av.error.FFmpegError, OSError):
        return 0


def doubts(validation: int, shared: int) -> list[str]:
    """Sentences on a validation by so many pictures, of which some are trained on too."""
    found = []
    if validation < FEW:
        pictures = "1 picture is" if validation == 1 else f"{validation} pictures are"
        found.append(
            f"only {pictures} held out for validation, and figures of fewer than {FEW} are mostly"
            " chance: give a folder of more by --val."
        )
    if shared:
        which = "all" if shared == validation else str(shared)
        verb = "is" if shared == 1 else "are"
        found.append(
            f"{which} of the {validation} validation pictures {verb} trained on too, so the figures"
            " flatter: give a folder of other pictures by --val."
        )
    return found
