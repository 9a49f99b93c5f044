"""The executor of this machine: while one segment is written, the next one's shots are coloured."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future
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
    shots_looked_at,
)
from vidcolor.run.stages import Timings, ahead, one_ahead
from vidcolor.run.survey import Looking
from vidcolor.steady.kept import Keep, keep_nothing
from vidcolor.steady.people import Reach
from vidcolor.steady.settle import Settling

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


@dataclass(frozen=True, eq=False)
class _Shot:
    """A shot that was looked at.

    Attributes:
        surveyed: the segment it is of.
        settle: gives its chroma.
        reached: how far dots of the segment reach.
        tail: what the segment saw of the next one, once it is settled.
    """

    surveyed: Surveyed
    settle: Settling
    reached: list[Reach]
    tail: Future[FloatArray | None]


@dataclass(frozen=True)
class _Coloring:
    """Looks at each shot while the one before is settled."""

    plan: Plan
    predictor: Predictor
    motion: Motion
    reports: Reports

    def parts(self, stretches: Iterable[Stretch]) -> Iterator[_Part]:
        for stretch in stretches:
            before = stretch.before
            with closing(one_ahead(self._looks(stretch), "look")) as shots:
                for first in shots:
                    try:
                        for part in self._segment(first, shots, before):
                            yield part
                        before = part.tail
                        first.tail.set_result(before)
                    finally:
                        first.tail.cancel()  # Whoever waits for it waits in vain.

    def _looks(self, stretch: Stretch) -> Generator[_Shot]:
        with closing(one_ahead(stretch.segments, "cut")) as segments:
            yield from self._looks_at(segments, stretch.before)

    def _looks_at(self, segments: Iterable[Surveyed], before: FloatArray | None) -> Iterator[_Shot]:
        tail: Future[FloatArray | None] = Future()
        tail.set_result(before)
        for surveyed in segments:
            reached: list[Reach] = []
            looked_at = shots_looked_at(
                self.plan,
                surveyed,
                self.predictor,
                tail.result() if surveyed.handed else None,
                self.motion,
                reached.append,
            )
            tail = Future()
            lengths = surveyed.segment.shot_lengths()
            metered = self.reports.meter.each_shot(looked_at, lengths)
            for settle in self.reports.timings.each("colour", metered):
                yield _Shot(surveyed, settle, reached, tail)

    def _segment(
        self, first: _Shot, shots: Iterator[_Shot], before: FloatArray | None
    ) -> Iterator[_Part]:
        """A segment's chroma: of its first shot, and as many of the next ones as it has."""
        segment = first.surveyed.segment
        own = itertools.chain([first], itertools.islice(shots, len(segment.cuts)))
        blended = blended_shots(map(self._settled, own), segment.lead, before)
        for chroma, tail in parted(blended, segment.count):
            self.reports.meter.colored(len(chroma))
            yield _Part(segment, chroma, tail, tuple(first.reached))

    def _settled(self, shot: _Shot) -> FloatArray:
        with self.reports.timings.measure("settle"):
            return shot.settle()


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
