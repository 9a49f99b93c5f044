"""A network that is not asked the same twice: a new dot costs what it changes."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from copy import copy
from typing import Generic, TypeVar

import numpy as np

from vidcolor.infer.predictor import FloatArray, LumaBatch, Prediction, Predictor

T = TypeVar("T")


class Kept(Generic[T]):
    """Things by key, the least recently used of them dropped where they grow too large.

    Args:
        most: the sum of all sizes.
        size: of one thing; 1 unless told.
    """

    def __init__(self, most: int, size: Callable[[T], int] = lambda _: 1) -> None:
        self._most, self._size = most, size
        self._held: OrderedDict[Hashable, T] = OrderedDict()
        self._sum = 0
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> T | None:
        """The thing of a key, if it is still there."""
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
            return self._held.get(key)

    def put(self, key: Hashable, thing: T) -> T:
        """Keep a thing, and give it back."""
        with self._lock:
            if (before := self._held.pop(key, None)) is not None:
                self._sum -= self._size(before)
            self._held[key] = thing
            self._sum += self._size(thing)
            while self._sum > self._most and len(self._held) > 1:
                self._sum -= self._size(self._held.popitem(last=False)[1])
        return thing

    def drop(self, key: Hashable) -> None:
        """Forget a thing."""
        with self._lock:
            if (before := self._held.pop(key, None)) is not None:
                self._sum -= self._size(before)


class Remembering:
    """A predictor that remembers the latest of what it was asked.

    Args:
        predictor: who is asked.
        most: bytes of answers that are remembered.
    """

    _vividness: float | None

    def __init__(self, predictor: Predictor, most: int = 64 << 20) -> None:
        self._predictor, self._vividness = predictor, None
        self._kept: Kept[Prediction] = Kept(most, lambda one: one.chroma.nbytes * 3 // 2)

    @property
    def description(self) -> str:
        """See `Predictor.description`."""
        return self._predictor.description

    def predict(self, luma: LumaBatch, hints: FloatArray | None = None) -> Prediction:
        """See `Predictor.predict`."""
        made = [
            self._one(luma[i : i + 1], None if hints is None else hints[i : i + 1])
            for i in range(len(luma))
        ]
        if len(made) == 1:
            return made[0]
        return Prediction(
            np.concatenate([one.chroma for one in made]),
            np.concatenate([one.confidence for one in made]),
        )

    def vivid(self, vividness: float) -> Remembering:
        """See `Predictor.vivid`; they remember together."""
        other = copy(self)
        other._predictor, other._vividness = self._predictor.vivid(vividness), vividness
        return other

    def _one(self, luma: LumaBatch, hints: FloatArray | None) -> Prediction:
        digest = hashlib.blake2b(np.ascontiguousarray(luma).tobytes(), digest_size=16)
        if hints is not None:
            digest.update(np.ascontiguousarray(hints).tobytes())
        key = (self._vividness, luma.shape, digest.digest())
        found = self._kept.get(key) or self._kept.put(key, self._predictor.predict(luma, hints))
        # Who asks may work in what it gets.
        return Prediction(found.chroma.copy(), found.confidence.copy())
