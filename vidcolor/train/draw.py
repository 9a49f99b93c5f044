"""Which picture each sample shows: all alike, or some kinds and some pictures more often."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vidcolor.errors import UsageError

FloatArray = NDArray[np.float64]


class Order:
    """A new order for every pass over the pictures, found from a sample's number alone.

    A pass has as many samples as there are pictures. Where they weigh alike each is shown once a
    pass; else a picture of weight w (of the mean) is shown w times, rounded down or up by
    systematic sampling (Madow 1949), so that over the passes it gets its share.

    Args:
        train: indexes of the pictures.
        seed: of all chance.
        weights: float (pictures,), how often each is shown, as a share or by any other measure;
            None for all alike.
    """

    def __init__(self, train: Sequence[int], seed: int, weights: FloatArray | None = None) -> None:
        self._train = np.asarray(train)
        self._weights = weights
        self._seed = seed
        self._epoch = -1
        self._order = self._train

    def at(self, position: int) -> int:
        """Index of the picture that sample number `position` shows."""
        epoch, place = divmod(position, len(self._train))
        if epoch != self._epoch:
            self._epoch = epoch
            self._order = self._drawn(np.random.default_rng([self._seed, epoch]))
        return int(self._order[place])

    def _drawn(self, chance: np.random.Generator) -> NDArray[np.int64]:
        if self._weights is None:
            return chance.permutation(self._train)
        count = len(self._train)
        mixed = chance.permutation(count)
        ends = np.cumsum(self._weights[mixed])
        marks = (np.arange(count) + chance.random()) * ends[-1] / count
        drawn = mixed[np.searchsorted(ends, marks, side="right").clip(max=count - 1)]
        return chance.permutation(self._train[drawn])


def weights_of(
    files: Sequence[str],
    color: NDArray[np.float32],
    folders: Sequence[str],
    shares: Mapping[str, float],
    power: float,
) -> FloatArray | None:
    """How often each picture is shown, of the mean; None for all alike.

    Args:
        files: where each comes from.
        colour: (pictures,), mean distance of its chroma from neutral.
        folders: those of the data.
        shares: of the samples, by the name of a folder; the other folders share what is left by
            the number of their pictures.
        power: of a picture's colour, by which it is shown more often than others of its folder.

    Raises:
        UsageError: a share is of no folder, or of two.
    """
    if not shares and not power:
        return None
    weights = np.asarray(color, np.float64) ** power
    rest = np.ones(len(files), bool)
    for name, share in shares.items():
        folder = _folder(name, folders)
        inside = np.array([Path(file).is_relative_to(folder) for file in files])
        if inside.any():
            weights[inside] *= share / weights[inside].sum()
            rest &= ~inside
    left = 1 - sum(shares.values())
    if rest.any():
        weights[rest] *= max(left, 0) / weights[rest].sum()
    scaled: FloatArray = weights * len(files) / weights.sum()
    return scaled


def _folder(name: str, folders: Sequence[str]) -> Path:
    found = [Path(folder) for folder in folders if Path(folder).name == name]
    if len(found) != 1:
        names = ", ".join(Path(folder).name for folder in folders)
        what = "is of no folder" if not found else "could be of several folders"
        raise UsageError(
            f"--share {name} {what} of the data ({names}).", "Give the last name of one of --data."
        )
    return found[0]
