"""Stages that overlap, and the clock that times them."""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeVar

T = TypeVar("T")

PATIENCE_S = 0.1


@dataclass
class Timings:
    """Seconds each stage was busy; stages overlap, so the sum may exceed the wall clock's."""

    seconds: dict[str, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @contextmanager
    def measure(self, stage: str) -> Iterator[None]:
        """Count the time of a block for a stage."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.add({stage: time.perf_counter() - began})

    def each(self, stage: str, items: Iterable[T]) -> Iterator[T]:
        """Pass items on, counting the time that it takes to make them."""
        iterator = iter(items)
        while True:
            with self.measure(stage):
                try:
                    item = next(iterator)
                except StopIteration:
                    return
            yield item

    def add(self, seconds: Mapping[str, float]) -> None:
        """Count what passed elsewhere."""
        with self._lock:
            for stage, spent in seconds.items():
                self.seconds[stage] = self.seconds.get(stage, 0.0) + spent

    def busiest(self) -> str:
        """The stage that took longest so far, "" before any has."""
        with self._lock:
            return max(self.seconds, key=self.seconds.__getitem__, default="")


@contextmanager
def every(seconds: float, call: Callable[[], None]) -> Iterator[None]:
    """Call something again and again while a block runs.

    An error of it ends the calls, and is raised when the block has ended.
    """
    done = threading.Event()
    failed: list[BaseException] = []

    def run() -> None:
        try:
            while not done.wait(seconds):
                call()
        except BaseException as error:
            failed.append(error)

    # No pool: the program waits for a pool's threads at its end, also for one that an interrupt as
    # it began left without anybody who ends it.
    thread = threading.Thread(target=run, daemon=True)
    try:
        thread.start()
        yield
    finally:
        done.set()
        if thread.is_alive():
            thread.join()
    if failed:
        raise failed[0]


@dataclass(frozen=True)
class _Failure:
    error: BaseException


class _End:
    """Marks the end of a queue."""


def ahead(items: Iterable[T], depth: int, name: str | None = None) -> Generator[T]:
    """Make items in a thread of their own, at most `depth` of them ahead of their use.

    The thread may have a name, for those who look what a run is busy with.

    An error in the thread is raised again here. Closing this generator ends the thread.
    """
    waiting: queue.Queue[T | _Failure | _End] = queue.Queue(depth)
    stopped = threading.Event()

    def put(item: T | _Failure | _End) -> bool:
        while not stopped.is_set():
            try:
                waiting.put(item, timeout=PATIENCE_S)
            except queue.Full:
                continue
            return True
        return False

    def work() -> None:
        iterator = iter(items)
        try:
            for item in iterator:
                if not put(item):
                    break
        except BaseException as error:
            put(_Failure(error))
        else:
            put(_End())
        finally:
            close = getattr(iterator, "close", None)
            if close is not None:
                close()

    thread = threading.Thread(target=work, name=name, daemon=True)
    thread.start()
    try:
        while not isinstance(item := waiting.get(), _End):
            if isinstance(item, _Failure):
                raise item.error
            yield item
    finally:
        stopped.set()
        thread.join()


def one_ahead(items: Generator[T], name: str) -> Generator[T]:
    """Make each item in a thread of that name from when the one before is taken.

    So no more than two are there at a time. Closing this generator waits for the one that is being
    made, and closes that which makes them.
    """
    with closing(items), ThreadPoolExecutor(1, name) as pool:
        coming = pool.submit(_first, items)
        while found := coming.result():
            coming = pool.submit(_first, items)
            yield found[0]


def side_by_side(
    work: Iterable[Callable[[], T]], threads: int, depth: int, name: str
) -> Generator[T]:
    """What pieces of work give, in their order, made by threads of that name.

    No more than `depth` are made ahead of their use. Closing this generator waits for those.
    """
    waiting: deque[Future[T]] = deque()
    with ThreadPoolExecutor(threads, name) as pool:
        for piece in work:
            waiting.append(pool.submit(piece))
            if len(waiting) > depth:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _first(items: Iterator[T]) -> tuple[T, ...]:
    """The next item, or nothing."""
    return tuple(islice(items, 1))
