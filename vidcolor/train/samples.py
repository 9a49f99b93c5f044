"""Training samples: crops with their true chroma, damaged luma, simulated hints."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vidcolor.infer.predictor import network_input
from vidcolor.train import hints as hint_simulation
from vidcolor.train.data import Picture, PictureStore
from vidcolor.train.degrade import degrade

LEAST_CROP = 0.67
SHARE_CLEAN = 0.35
AHEAD = 3


@dataclass(frozen=True)
class Batch:
    """What one step trains on.

    Attributes:
        inputs: float32 (n, 4, size, size), as the generator takes it.
        target: uint8 (n, 2, size / 4, size / 4), Cb and Cr.
    """

    inputs: NDArray[np.float32]
    target: NDArray[np.uint8]


def batches(
    store: PictureStore,
    train: Sequence[int],
    seed: int,
    first: int,
    sizes: Iterator[tuple[int, int]],
) -> Iterator[Batch]:
    """Batches number `first` and on, made ahead in a thread, the same for the same seed.

    Args:
        sizes: (pixels, pictures) of each batch; ends when training does.
    """
    order = _Order(train, seed)
    with ThreadPoolExecutor(1) as pool:
        waiting: list[Future[Batch]] = []
        for number, (size, count) in enumerate(sizes, first):
            waiting.append(pool.submit(_make, store, order, seed, number, size, count))
            if len(waiting) == AHEAD:
                yield waiting.pop(0).result()
        for future in waiting:
            yield future.result()


class _Order:
    """A new permutation for every pass over the pictures, found from a batch's number alone."""

    def __init__(self, train: Sequence[int], seed: int) -> None:
        self._train = np.asarray(train)
        self._seed = seed
        self._epoch = -1
        self._permutation = self._train

    def at(self, position: int) -> int:
        epoch, place = divmod(position, len(self._train))
        if epoch != self._epoch:
            self._epoch = epoch
            rng = np.random.default_rng([self._seed, epoch])
            self._permutation = rng.permutation(self._train)
        return int(self._permutation[place])


def _make(
    store: PictureStore, order: _Order, seed: int, number: int, size: int, count: int
) -> Batch:
    rng = np.random.default_rng([seed, 1, number])
    lumas = np.empty((count, size, size), np.uint8)
    hints = np.empty((count, 3, size // 4, size // 4), np.float32)
    targets = np.empty((count, 2, size // 4, size // 4), np.uint8)
    for i in range(count):
        crop = _crop(store.picture(order.at(number * count + i)), size, rng)
        chroma = quarter_chroma(crop)
        lumas[i] = crop[..., 0]
        if rng.random() > SHARE_CLEAN:
            lumas[i] = degrade(lumas[i], rng.uniform(0, 0.8), rng)
        target, hints[i] = hint_simulation.simulate(chroma, rng)
        targets[i] = (target + 0.5).astype(np.uint8)
    return Batch(network_input(lumas, hints), targets)


def quarter_chroma(picture: Picture) -> NDArray[np.float32]:
    """Chroma float32 (2, height / 4, width / 4) of a picture, averaged over 4 x 4 pixels."""
    height, width, _ = picture.shape
    small = cv2.resize(
        picture[..., 1:].astype(np.float32), (width // 4, height // 4), interpolation=cv2.INTER_AREA
    )
    return np.ascontiguousarray(small.transpose(2, 0, 1))


def _crop(picture: Picture, size: int, rng: np.random.Generator) -> Picture:
    height, width, _ = picture.shape
    side = max(16, round(min(height, width) * rng.uniform(LEAST_CROP, 1.0)))
    y, x = rng.integers(height - side + 1), rng.integers(width - side + 1)
    crop = picture[y : y + side, x : x + side]
    if rng.random() < 0.5:
        crop = crop[:, ::-1]
    method = cv2.INTER_AREA if side >= size else cv2.INTER_LINEAR
    return np.asarray(
        cv2.resize(np.ascontiguousarray(crop), (size, size), interpolation=method), np.uint8
    )
