"""How far a batch is: files are weighed by their frames while the first ones are coloured."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean

from vidcolor.errors import VidcolorError
from vidcolor.media.count import frames_by_header
from vidcolor.run.folder import job_folder, records_in
from vidcolor.run.inputs import Pair

WINDOW_S = 300.0
"""Frames a second are those of the last minutes: films of one batch differ."""
LEAST_S = 5.0
"""Time that must have gone before they mean anything."""
PHOTOGRAPH = 1.0


@dataclass(frozen=True)
class Progress:
    """How far a batch is.

    Attributes:
        made: frames that this run made.
        left: frames that it has yet to make; files that are not weighed yet count as the mean.
        remaining_s: how long that will take; None while nobody can know.
        workers: of a cluster, 0 where this machine colours.
        busy: share of them that is at work, 0..1.
    """

    made: float = 0.0
    left: float = 0.0
    remaining_s: float | None = None
    workers: int = 0
    busy: float = 0.0

    @property
    def share(self) -> float:
        """Of the work, 0..1."""
        return self.made / (self.made + self.left) if self.made else 0.0


@dataclass(frozen=True)
class Weight:
    """Frames of a file.

    Attributes:
        frames: of the whole; None where the header does not say.
        resumed: that an earlier run made.
    """

    frames: float | None
    resumed: float = 0.0

    def made(self, share: float) -> float:
        """Frames that this run made, where `share` of the whole is done."""
        return max(0.0, share * (self.frames or 0.0) - self.resumed)


def weigh(pair: Pair, restart: bool, stream: int | None = None) -> Weight:
    """The weight of a file that is to be coloured, by its header and its job's folder.

    Args:
        pair: the file.
        restart: whether what an earlier run made is thrown away.
        stream: which one the film is, None for the likeliest.

    Raises:
        InputError: it cannot be read.
        UsageError: there is no such stream.
    """
    if not pair.is_film:
        return Weight(PHOTOGRAPH)
    done = [] if restart else records_in(job_folder(pair.output))
    return Weight(frames_by_header(pair.source, stream), sum(record.count for record in done))


class Scales:
    """Weighs files in a thread of its own, in their order.

    Args:
        pairs: all that are known at the start.
        weigh: gives a pair's weight; where it raises a VidcolorError there is nothing to be made.
    """

    def __init__(self, pairs: Sequence[Pair], weigh: Callable[[Pair], Weight]) -> None:
        self._weigh, self._pairs = weigh, pairs
        self._weights: dict[Path, Weight] = {}
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._all, daemon=True)
        self._thread.start()

    def of(self, source: Path) -> Weight | None:
        """The weight of a file, None where it is not known yet."""
        return self._weights.get(source)

    def put(self, pair: Pair) -> None:
        """Weigh a file now, unless that is done."""
        if pair.source not in self._weights:
            weight = Weight(0.0)
            with suppress(VidcolorError):
                weight = self._weigh(pair)
            self._weights[pair.source] = weight

    def correct(self, source: Path, frames: int) -> None:
        """A file that was put here has so many frames, whatever its header says."""
        self._weights[source] = replace(self._weights[source], frames=frames)

    def _all(self) -> None:
        for pair in self._pairs:
            if self._stopped.is_set():
                return
            self.put(pair)

    def stop(self) -> None:
        """Weigh nothing more."""
        self._stopped.set()
        self._thread.join()


class Gauge:
    """Adds up how far the files are.

    Args:
        scales: know the files' weights.
        sources: all files that are known at the start.
    """

    def __init__(self, scales: Scales, sources: Sequence[Path]) -> None:
        self._scales = scales
        self._open = dict.fromkeys(sources, 0.0)
        self._made_before = 0.0
        self._seen: deque[tuple[float, float]] = deque()

    def moved(self, source: Path, share: float) -> None:
        """`share` of a file is done, 0..1."""
        self._open[source] = share

    def ended(self, source: Path, own_frames: int) -> None:
        """A file is done with, and this run made so many frames of it."""
        self._open.pop(source, None)
        self._made_before += own_frames

    def read(self) -> Progress:
        """How far it is now."""
        made, left = self._made_before, 0.0
        known = {source: self._scales.of(source) for source in self._open}
        weights = [w.frames for w in known.values() if w and w.frames is not None]
        usual = fmean(weights) if weights else None
        for source, weight in known.items():
            if weight is None or weight.frames is None:
                weight = Weight(usual or 0.0, weight.resumed if weight else 0.0)
            done = weight.made(self._open[source])
            made += done
            left += max(0.0, (weight.frames or 0.0) - weight.resumed - done)
        return Progress(made, left, self._remaining_s(made, left))

    def _remaining_s(self, made: float, left: float) -> float | None:
        now = time.monotonic()
        if made or self._seen:
            self._seen.append((now, made))
        while self._seen and now - self._seen[0][0] > WINDOW_S:
            self._seen.popleft()
        if not self._seen or now - self._seen[0][0] < LEAST_S:
            return None
        began, before = self._seen[0]
        return left * (now - began) / (made - before) if made > before else None
