"""What each metric costs: seconds by name, for `--verbose`."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter


class Costs:
    """Adds up seconds by name, from any thread.

    Threads add their times, so with two jobs the sum may be twice the time on the wall.
    """

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}
        self._lock = threading.Lock()

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        """Time what runs inside under `name`."""
        start = perf_counter()
        try:
            yield
        finally:
            with self._lock:
                self._seconds[name] = self._seconds.get(name, 0.0) + perf_counter() - start

    def seconds(self) -> dict[str, float]:
        """Seconds by name, the dearest first."""
        return dict(sorted(self._seconds.items(), key=lambda item: -item[1]))
