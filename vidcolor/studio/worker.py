"""One thread that owns the network: the most urgent call first, of equal ones the newest."""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from vidcolor.infer.predictor import FloatArray, LumaBatch, Prediction, Wrapper

T = TypeVar("T")

FRAME, POINT, SHOT, THUMB = range(4)
"""How urgent: the frame looked at, colours for a place, a shot to be played, a thumbnail."""


class StaleError(Exception):
    """Nobody waits for this any more."""


@dataclass(order=True)
class _Call:
    urgency: int
    age: int
    call: Callable[[], Any] = field(compare=False)
    answer: Future[Any] = field(compare=False)


class Worker:
    """The thread.

    Calls that were asked for in one slot replace each other: who asks for another frame waits for
    the one before no more.
    """

    def __init__(self) -> None:
        self._waiting: list[_Call] = []
        self._slots: dict[Hashable, Future[Any]] = {}
        self._ages = itertools.count(0, -1)
        self._changed = threading.Condition()
        self._ended = False
        self._thread = threading.Thread(target=self._work, name="studio-network", daemon=True)
        self._thread.start()

    def ask(self, urgency: int, call: Callable[[], T], slot: Hashable | None = None) -> Future[T]:
        """Have a call made; its future is cancelled where a newer call takes its slot."""
        answer: Future[T] = Future()
        with self._changed:
            if self._ended:
                answer.cancel()
                return answer
            if slot is not None:
                before = self._slots.get(slot)
                if before:
                    before.cancel()
                self._slots[slot] = answer
            heapq.heappush(self._waiting, _Call(urgency, next(self._ages), call, answer))
            self._changed.notify()
        return answer

    def close(self) -> None:
        """Drop all that waits, and end the thread when its call has ended."""
        with self._changed:
            self._ended = True
            for one in self._waiting:
                one.answer.cancel()
            self._waiting.clear()
            self._changed.notify()
        self._thread.join(5)

    def _next(self) -> _Call | None:
        with self._changed:
            while not self._waiting and not self._ended:
                self._changed.wait()
            return None if self._ended else heapq.heappop(self._waiting)

    def _work(self) -> None:
        while one := self._next():
            if not one.answer.set_running_or_notify_cancel():
                continue
            try:
                one.answer.set_result(one.call())
            except BaseException as error:
                one.answer.set_exception(error)


@dataclass(frozen=True)
class Lent(Wrapper):
    """The network for a thread with much to do: asked frame by frame, between what is more urgent.

    Attributes:
        worker: whose turn it waits for.
        urgency: of its calls.
        wanted: whether somebody still waits for what is made.
    """

    worker: Worker
    urgency: int
    wanted: Callable[[], bool]

    def predict(self, luma: LumaBatch, hints: FloatArray | None = None) -> Prediction:
        """See `Predictor.predict`; raises StaleError where nobody waits any more."""
        made = [
            self._one(luma[i : i + 1], None if hints is None else hints[i : i + 1])
            for i in range(len(luma))
        ]
        return Prediction(
            np.concatenate([one.chroma for one in made]),
            np.concatenate([one.confidence for one in made]),
        )

    def _one(self, luma: LumaBatch, hints: FloatArray | None) -> Prediction:
        if not self.wanted():
            raise StaleError
        answer = self.worker.ask(self.urgency, lambda: self.predictor.predict(luma, hints))
        return answer.result()
