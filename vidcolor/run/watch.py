"""A folder that fills: files are taken once they have stood still, each state of a file once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from vidcolor.run.inputs import Pair, Search

SCAN_EVERY_S = 1.0
STILL_S = 4.0
"""A copy over a network may pause, and a network disk tells the size some seconds late."""


@dataclass
class _Sight:
    """A file as it was last seen.

    Attributes:
        state: size in bytes and time of the last change in nanoseconds.
        since: when it was first seen so, on the monotonic clock.
        taken: whether it was handed out in that state.
    """

    state: tuple[int, int]
    since: float
    taken: bool = False


@dataclass
class Arrivals:
    """What is new in the places of a search.

    Args:
        search: where to look.
    """

    search: Search
    _sights: dict[Path, _Sight] = field(default_factory=dict)
    _looked: float = float("-inf")

    def __iter__(self) -> Iterator[Pair | None]:
        """Pairs as they come, without end; None where there is none at the moment."""
        while True:
            yield from self._ready()
            yield None

    def _ready(self) -> Iterator[Pair]:
        """Files that have stood still and were not taken as they are now; one look a second."""
        now = time.monotonic()
        if now - self._looked < SCAN_EVERY_S:
            return
        self._looked = now
        for source, name in list(self.search.files(self.search.walk())):
            if self._is_ready(source, now):
                yield self.search.pair(source, name)

    def _is_ready(self, source: Path, now: float) -> bool:
        try:
            status = source.stat()
        except OSError:
            self._sights.pop(source, None)
            return False
        state = status.st_size, status.st_mtime_ns
        sight = self._sights.get(source)
        if sight is None or sight.state != state:
            self._sights[source] = _Sight(state, now)
            return False
        if sight.taken or not status.st_size or now - sight.since < STILL_S:
            return False
        sight.taken = True
        return True
