"""What rows of tables are called: bounds, baselines, and models by the shortest name that does."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

GREY = "grey"
MEAN = "mean chroma"
MEAN_BY_LUMA = "mean chroma by luma"
QUARTER = "quarter-size truth"
TRUTH = "truth"
PER_FRAME = "per frame"
OWN = "vidcolor"
NO_NAME = "model"
"""What every training run calls its weights."""
BASELINES = frozenset({GREY, MEAN, MEAN_BY_LUMA, QUARTER, TRUTH})
DIGITS = 12
"""Of a SHA-256 that a table shows."""

Words = tuple[str, ...]


@dataclass(frozen=True)
class Weights:
    """A model's file.

    Attributes:
        path: where it lies.
        digest: its SHA-256.
        on_shelf: whether it lies where models are looked for by name.
    """

    path: Path
    digest: str
    on_shelf: bool = False

    @property
    def words(self) -> Words:
        """Its own name and those of the folders above, the nearest first."""
        if self.on_shelf:
            return (self.path.stem,)
        place = Path(os.path.normpath(self.path.absolute()))
        words = (place.stem, *reversed(place.parent.parts[1:]))
        return words[1:] if words[0] == NO_NAME and words[1:] else words


def row_names(models: Sequence[Weights]) -> list[str]:
    """A name for each model; no two are the same, and none is a baseline's.

    A model that is found by its name keeps it. Others have the file's name without suffix, or the
    folder's where the file is called model.safetensors; several that would be called alike have the
    nearest folder's name that tells them apart, as many folders' names as it takes, or, where paths
    cannot tell, the beginning of their SHA-256.
    """
    groups: dict[tuple[bool, str], list[int]] = {}
    for index, model in enumerate(models):
        groups.setdefault((not model.on_shelf, model.words[0]), []).append(index)
    names: dict[int, str] = {}
    for _, places in sorted(groups.items()):
        found = _apart([models[i].words for i in places], BASELINES.union(names.values()))
        digests = (f"{models[i].words[0]} {models[i].digest[:DIGITS]}" for i in places)
        names.update(zip(places, found or digests, strict=True))
    return [names[index] for index in range(len(models))]


def _apart(group: Sequence[Words], taken: Iterable[str]) -> list[str]:
    """The first words, or the shortest run of words, that tell all apart; nothing if none do."""
    deepest = min(map(len, group))
    for length in range(1, deepest + 1):
        for start in range(deepest - length + 1):
            names = ["/".join(reversed(words[start : start + length])) for words in group]
            if len({*names, *taken}) == len(names) + len(set(taken)):
                return names
    return []
