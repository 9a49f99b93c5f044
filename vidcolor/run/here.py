"""The executor of this machine: while one segment is written, the next one's shots are coloured."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vidcolor.infer.predictor import LumaBatch, Prediction, Predictor, Wrapper
from vidcolor.media.mux import Join
from vidcolor.run.executor import Made, Reports, Stretch
from vidcolor.run.meter import MeteredPredictor, metered
from vidcolor.run.plan import Plan
from vidcolor.run.segment import Segment, join_plan, save_tail, write_segment
from vidcolor.run.settled import (
    Motion,
    Surveyed,
    blended_shots,
    named_motion,
    parted,
    settled_shots,
)
from vidcolor.run.stages import Timings, ahead
from vidcolor.run.survey import Looking
from vidcolor.steady.kept import Keep, keep_nothing
from vidcolor.steady.people import Reach

SHOTS_AHEAD = 2

FloatArray = NDArray[np.float32]


@dataclass(frozen=True)
class Here(Wrapper):
    """See `Executor`.

    Args:
        predictor: what colours.
    """

    @property
    def crew(self) -> str:
        """See `Executor.crew`."""
        return ""

    def survey(self, plan: Plan, timings: Timings) -> Looking:
        """See `Executor.survey`."""
        return Looking(plan, timings)

    def joining(self, plan: Plan, film: Path) -> Join:
        """See `Executor.joining`."""
        return Join(join_plan(plan, film))

    def make(
        self,
        plan: Plan,
        stretches: Iterable[Stretch],
        place: Callable[[Segment], Path],
        reports: Reports,
        keep: Keep = keep_nothing,
    ) -> Generator[Made]:
        """See `Executor.make`."""
        stopped = threading.Event()
        predictor = _Stoppable(MeteredPredictor(self.predictor, reports.meter), stopped)
        motion = metered(named_motion(plan, keep), reports.meter)
        coloring = _Coloring(plan, predictor, motion, reports)
        colored = ahead(coloring.parts(stretches), SHOTS_AHEAD, "settle")
        try:
            for segment, parts in itertools.groupby(colored, attrgetter("segment")):
                reports.begun(segment)
                yield _written(plan, segment, parts, place(segment), reports)
        finally:
            stopped.set()
            colored.close()


@dataclass(frozen=True, eq=False)
class _Part:
    """Chroma of a segment's next frames; the last part has the tail, and how far dots reach."""

    segment: Segment
    chroma: FloatArray
    tail: FloatArray | None
    reached: tuple[Reach, ...]


@dataclass(frozen=True)
class _Coloring:
    """What the colouring thread does."""

    plan: Plan
    predictor: Predictor
    motion: Motion
    reports: Reports

    def parts(self, stretches: Iterable[Stretch]) -> Iterator[_Part]:
        for stretch in stretches:
            before = stretch.before
            with closing(stretch.segments) as segments:
                for surveyed in segments:
                    segment = surveyed.segment
                    reached: list[Reach] = []
                    shots = self._shots(surveyed, before, reached.append)
                    for chroma, tail in parted(shots, segment.count):
                        self.reports.meter.colored(len(chroma))
                        yield _Part(segment, chroma, tail, tuple(reached))
                    before = tail

    def _shots(
        self, surveyed: Surveyed, before: FloatArray | None, told: Callable[[Reach], None]
    ) -> Iterator[FloatArray]:
        """Chroma of a segment's frames and those behind them, shot by shot."""
        settled = settled_shots(self.plan, surveyed, self.predictor, before, self.motion, told)
        meter, lengths = self.reports.meter, surveyed.segment.shot_lengths()
        timed = self.reports.timings.each("colour", meter.each_shot(settled, lengths))
        yield from blended_shots(timed, surveyed.segment.lead, before)


def _written(
    plan: Plan, segment: Segment, parts: Iterator[_Part], path: Path, reports: Reports
) -> Made:
    ends: list[tuple[FloatArray, tuple[Reach, ...]]] = []

    def chroma() -> Iterator[FloatArray]:
        for part in parts:
            if part.tail is not None:
                ends.append((part.tail, part.reached))
            yield part.chroma

    tally = write_segment(
        plan, segment, chroma(), path, reports.timings, lambda: reports.written(1)
    )
    tail, reached = ends[-1]
    save_tail(path, tail)
    return Made(segment, tally, reached)


class _StoppedError(Exception):
    """Ends the colouring thread; nobody is there any more to see it."""


@dataclass(frozen=True)
class _Stoppable(Wrapper):
    """A predictor that gives up once the run has ended: nobody waits for a whole segment."""

    stopped: threading.Event

    def predict(self, luma: LumaBatch, hints: FloatArray | None = None) -> Prediction:
        """See `Predictor.predict`."""
        if self.stopped.is_set():
            raise _StoppedError
        return self.predictor.predict(luma, hints)
