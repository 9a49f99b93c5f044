"""What is estimated once for a pair of frames, ahead of its use, by threads that end with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Generic, TypeVar

Made = TypeVar("Made")

# The network takes the other cores meanwhile.
FLOW_THREADS = 2


class Estimates(Generic[Made]):
    """Estimates by pairs of frames, kept.

    Args:
        estimate: makes that of a pair.
        pool: where it is called, see `estimators`.
    """

    def __init__(self, estimate: Callable[[int, int], Made], pool: ThreadPoolExecutor) -> None:
        self._estimate, self._pool = estimate, pool
        self._begun: dict[tuple[int, int], Future[Made]] = {}

    def __contains__(self, pair: tuple[int, int]) -> bool:
        return pair in self._begun

    def begin(self, frame: int, other: int) -> Future[Made]:
        """See to it that a pair's estimate will be there."""
        if (frame, other) not in self._begun:
            self._begun[frame, other] = self._pool.submit(self._estimate, frame, other)
        return self._begun[frame, other]

    def of(self, frame: int, other: int) -> Made:
        """A pair's estimate."""
        return self.begin(frame, other).result()


@contextmanager
def estimators() -> Iterator[ThreadPoolExecutor]:
    """Threads that estimate motion while a block runs; what they have not begun is dropped."""
    pool = ThreadPoolExecutor(FLOW_THREADS, "flow")
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)
