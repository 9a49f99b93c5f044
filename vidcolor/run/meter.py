"""How far a film is: what its stages did, weighed by what they cost, as frames' worth of work."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

from vidcolor.infer.predictor import FloatArray, LumaBatch, Prediction, Wrapper
from vidcolor.run.settled import Motion
from vidcolor.run.stages import Timings
from vidcolor.steady.flow import Flow, LumaPlane

T = TypeVar("T")

ASK_EFFORT = 8.0
"""Of one frame seen by the network, in estimates of motion."""
FIRST_EFFORT = 10.0
"""Of a frame of a shot, before any is settled."""
_SURE_AFTER = 8
_STEADY = 0.6


class Meter:
    """Counts what is done to a film's frames; any thread may tell it and ask it.

    A frame is done when it is coloured and written. How much of the work each of the two is comes
    from what they were expected to cost, then from what they took.

    Args:
        frames: that are to be made.
        costs: seconds that colouring and writing a frame are expected to take.
        timings: what the stages took so far.
    """

    def __init__(self, frames: int, costs: tuple[float, float], timings: Timings) -> None:
        self._frames, self._expected, self._timings = frames, costs, timings
        self._colored = self._written = self._settled = self._shot = 0
        self._effort = self._efforts = self._told = 0.0
        self._lock = threading.Lock()

    def each_shot(self, shots: Iterable[T], lengths: Iterable[int]) -> Iterator[T]:
        """Pass on what was made of shots; before each is made, note how many frames it has."""
        coming = iter(shots)
        for length in lengths:
            with self._lock:
                self._shot, self._effort = length, 0.0
            shot = next(coming)
            with self._lock:
                self._settled += length
                self._efforts += self._effort
                self._shot, self._effort = 0, 0.0
            yield shot

    def worked(self, effort: float) -> None:
        """Something was done for the shot at work, in estimates of motion."""
        with self._lock:
            self._effort += effort

    def colored(self, frames: int) -> None:
        """So many frames have their chroma."""
        with self._lock:
            self._colored += frames

    def written(self, frames: int) -> None:
        """So many frames are encoded."""
        with self._lock:
            self._written += frames

    def gained(self) -> float:
        """Frames' worth of work done since this was last asked; never less than 0."""
        with self._lock:
            gain = max(0.0, self._worth() - self._told)
            self._told += gain
            return gain

    def _worth(self) -> float:
        if self._written >= self._frames:
            return float(self._frames)
        color, write = self._weights()
        colored = min(self._frames, self._colored + self._within())
        return (color * colored + write * self._written) / (color + write)

    def _weights(self) -> tuple[float, float]:
        seconds = self._timings.seconds
        if min(self._colored, self._written) < _SURE_AFTER or not seconds.get("colour"):
            return self._expected
        writing = max(seconds.get(stage, 0.0) for stage in ("decode", "upscale", "encode"))
        return seconds["colour"] / self._colored, writing / self._written

    def _within(self) -> float:
        """Frames' worth of the shot at work."""
        if not self._shot:
            return 0.0
        usual = self._efforts / self._settled if self._efforts else FIRST_EFFORT
        share = self._effort / (usual * self._shot)
        # Some shots need more than others: near the end it slows down, and never stands still.
        late = (share - _STEADY) / (1 - _STEADY)
        return self._shot * (share if late < 0 else 1 - (1 - _STEADY) * math.exp(-late))


@dataclass(frozen=True)
class MeteredPredictor(Wrapper):
    """A predictor whose frames are counted."""

    meter: Meter

    def predict(self, luma: LumaBatch, hints: FloatArray | None = None) -> Prediction:
        """See `Predictor.predict`."""
        said = self.predictor.predict(luma, hints)
        self.meter.worked(ASK_EFFORT * len(luma))
        return said


def metered(motion: Motion, meter: Meter) -> Motion:
    """What estimates motion, counted."""
    directed = motion.directed
    exact, glance = _MeteredFlow(directed.exact, meter), _MeteredFlow(directed.glance, meter)
    counted = replace(directed, exact=exact, glance=glance)
    return Motion(_MeteredFlow(motion.alone, meter), counted)


@dataclass(frozen=True)
class _MeteredFlow:
    flow: Flow
    meter: Meter

    def __call__(self, first: LumaPlane, second: LumaPlane) -> FloatArray:
        found = self.flow(first, second)
        self.meter.worked(1.0)
        return found
