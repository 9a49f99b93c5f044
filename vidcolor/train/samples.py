"""Training samples: crops with their true chroma, damaged luma, simulated hints, second views."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vidcolor.infer.predictor import network_input
from vidcolor.train.data import PictureStore
from vidcolor.train.draw import Order
from vidcolor.train.hints import Hinted, simulate
from vidcolor.train.settings import Simulation
from vidcolor.train.sources import Picture
from vidcolor.truth.degrade import degrade, disturb

LEAST_CROP = 0.67
AHEAD = 3
MARGIN = 12
"""Pixels around a first view that a second view may show."""
LARGEST_TURN = 0.03
LARGEST_SHIFT = 8.0
OWN_SHIFT = 0.04
"""Standard deviation of the shift of a network's own colour, as a share of half a side."""

FloatArray = NDArray[np.float32]


@dataclass(frozen=True)
class Own:
    """Samples whose hints are the averaged network's own colour of them, warped.

    Attributes:
        places: int64 (m,), which samples of the batch.
        seen: float32 (m, size / 4, size / 4), 1 where the hint is given.
        warps: float32 (m, 2, 3), for `affine_grid`.
    """

    places: NDArray[np.int64]
    seen: FloatArray
    warps: FloatArray


@dataclass(frozen=True)
class Pairs:
    """How second views (places 1, 3, ...) lie on first views (0, 2, ...).

    Attributes:
        warps: float32 (n / 2, 2, 3), from second to first, for `affine_grid`.
        agree: bool (n / 2,), false where hints make the colours of the two differ.
    """

    warps: FloatArray
    agree: NDArray[np.bool_]


@dataclass(frozen=True)
class Batch:
    """What one step trains on.

    Attributes:
        inputs: float32 (n, 4, size, size), as the generator takes it.
        luma: uint8 (n, size, size), the true luma, undamaged.
        target: uint8 (n, 2, size / 4, size / 4), Cb and Cr.
        own: samples that get the network's own colour as hints, or None.
        pairs: where samples are pairs of views, or None.
    """

    inputs: FloatArray
    luma: NDArray[np.uint8]
    target: NDArray[np.uint8]
    own: Own | None = None
    pairs: Pairs | None = None


@dataclass(frozen=True)
class Share:
    """Which part of every batch this process makes: number `rank` of `world`."""

    rank: int = 0
    world: int = 1


@dataclass(frozen=True)
class _View:
    seen: NDArray[np.uint8]
    luma: NDArray[np.uint8]
    hinted: Hinted


@dataclass(frozen=True)
class Maker:
    """Makes samples by their number alone, so that any process and any start makes the same.

    Attributes:
        store: pictures.
        order: which picture each sample shows.
        seed: of all chance.
        simulation: damage and hints.
        paired: make two views of each photograph.
    """

    store: PictureStore
    order: Order
    seed: int
    simulation: Simulation
    paired: bool = False

    def batch(self, first: int, size: int, count: int) -> Batch:
        """Samples `first` to `first + count`, crops of `size` pixels."""
        if self.paired:
            return self._batch_of_pairs(first // 2, size, count // 2)
        views, rngs = [], []
        for number in range(first, first + count):
            rng = np.random.default_rng([self.seed, 1, number])
            crop = _crop(self.store.picture(self.order.at(number)), size, rng)
            views.append(self._view(crop, rng))
            rngs.append(rng)
        return _assemble(views, rngs)

    def _view(self, crop: Picture, rng: np.random.Generator) -> _View:
        luma = np.ascontiguousarray(crop[..., 0])
        seen = luma
        if rng.random() < self.simulation.damaged:
            seen = degrade(luma, rng.uniform(0, self.simulation.damage), rng)
        return _View(seen, luma, simulate(quarter_chroma(crop), rng, self.simulation))

    def _batch_of_pairs(self, first: int, size: int, count: int) -> Batch:
        views, rngs, warps, agree = [], [], [], []
        for number in range(first, first + count):
            rng = np.random.default_rng([self.seed, 1, number])
            wide = _crop(self.store.picture(self.order.at(number)), size + 2 * MARGIN, rng)
            matrix = _motion(rng)
            inner = slice(MARGIN, MARGIN + size)
            both = self._view(wide[inner, inner], rng), self._view(_moved(wide, matrix, size), rng)
            pair = [_View(disturb(v.seen, rng), v.luma, v.hinted) for v in both]
            views += pair
            rngs += [rng, rng]
            warps.append(_normalised(matrix, size))
            agree.append(not any(_is_hinted(view) for view in pair))
        pairs = Pairs(np.stack(warps), np.array(agree))
        return _assemble(views, rngs, pairs)


def batches(
    maker: Maker, first: int, sizes: Iterator[tuple[int, int]], share: Share = Share()
) -> Iterator[Batch]:
    """Batches from sample number `first` on, made ahead in a thread.

    Args:
        maker: of the samples.
        first: how many samples all processes together have seen.
        sizes: (pixels, pictures) of each batch of one process; ends when training does.
        share: which part of the samples is this process's.
    """
    with ThreadPoolExecutor(1) as pool:
        waiting: list[Future[Batch]] = []
        for size, count in sizes:
            waiting.append(pool.submit(maker.batch, first + share.rank * count, size, count))
            first += share.world * count
            if len(waiting) == AHEAD:
                yield waiting.pop(0).result()
        for future in waiting:
            yield future.result()


def quarter_chroma(picture: Picture) -> FloatArray:
    """Chroma float32 (2, height / 4, width / 4) of a picture, averaged over 4 x 4 pixels."""
    height, width, _ = picture.shape
    small = cv2.resize(
        picture[..., 1:].astype(np.float32), (width // 4, height // 4), interpolation=cv2.INTER_AREA
    )
    return np.ascontiguousarray(small.transpose(2, 0, 1))


def _assemble(
    views: Sequence[_View], rngs: Sequence[np.random.Generator], pairs: Pairs | None = None
) -> Batch:
    hints = np.stack([view.hinted.hints for view in views])
    target = np.stack([(view.hinted.target + 0.5).astype(np.uint8) for view in views])
    return Batch(
        network_input(np.stack([view.seen for view in views]), hints),
        np.stack([view.luma for view in views]),
        target,
        _own(views, rngs),
        pairs,
    )


def _own(views: Sequence[_View], rngs: Sequence[np.random.Generator]) -> Own | None:
    chosen = [(i, v.hinted.own) for i, v in enumerate(views) if v.hinted.own is not None]
    if not chosen:
        return None
    warps = np.tile(np.eye(2, 3, dtype=np.float32), (len(chosen), 1, 1))
    for matrix, (place, _) in zip(warps, chosen, strict=True):
        matrix[:, 2] = rngs[place].normal(0, OWN_SHIFT, 2)
    places = np.array([place for place, _ in chosen], np.int64)
    return Own(places, np.stack([seen for _, seen in chosen]), warps)


def _is_hinted(view: _View) -> bool:
    return view.hinted.own is not None or bool(view.hinted.hints[2].any())


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


def _motion(rng: np.random.Generator) -> FloatArray:
    """From pixels of a second view to pixels of the first, both from their middle: (2, 3)."""
    matrix = np.eye(2, 3) + np.pad(
        rng.uniform(-LARGEST_TURN, LARGEST_TURN, (2, 2)), ((0, 0), (0, 1))
    )
    length, angle = rng.uniform(1, LARGEST_SHIFT), rng.uniform(0, 2 * np.pi)
    matrix[:, 2] = length * np.cos(angle), length * np.sin(angle)
    return matrix.astype(np.float32)


def _moved(wide: Picture, matrix: FloatArray, size: int) -> Picture:
    """The second view, `size` pixels, of a picture that is `MARGIN` wider on all sides."""
    middle = (size - 1) / 2
    own = np.array([[1, 0, -middle], [0, 1, -middle], [0, 0, 1]])
    theirs = np.array([[1, 0, middle + MARGIN], [0, 1, middle + MARGIN], [0, 0, 1]])
    total = theirs @ np.vstack([matrix, [0, 0, 1]]) @ own
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    view = cv2.warpAffine(
        wide, total[:2], (size, size), flags=flags, borderMode=cv2.BORDER_REFLECT_101
    )
    return np.asarray(view, np.uint8)


def _normalised(matrix: FloatArray, size: int) -> FloatArray:
    """The same motion on -1..1."""
    scaled = matrix.copy()
    scaled[:, 2] *= 2.0 / size
    return scaled
