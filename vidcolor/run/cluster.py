"""Segments on the machines of a Ray cluster: paths and records go out, encoded files come to be.

Who gave the command hands out and keeps the records. Tasks without a device survey legs of the
film, cut segments, blend seams, decode, encode, and join; each segment appears where the job's
folder is, a path that all nodes see. A painter holds the model on a device and turns small luma
into chroma. Pictures stay where they were made, until somebody needs them. Ray calls again whatever
was lost with a worker.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing, suppress
from copy import copy
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vidcolor.infer.predictor import LumaBatch, Prediction
from vidcolor.run.afield import Afield, Far
from vidcolor.run.executor import Made, Reports, Stretch
from vidcolor.run.folder import job_folder
from vidcolor.run.joiner import Joiner
from vidcolor.run.nodes import RETRIES, LostError, check_storage, connected, understood
from vidcolor.run.painter import Colored, blend, write
from vidcolor.run.painters import Painters, Where
from vidcolor.run.plan import Plan
from vidcolor.run.segment import Segment, join_plan, load_tail
from vidcolor.run.settings import ColorizeSettings
from vidcolor.run.settled import Surveyed
from vidcolor.run.stages import Timings, ahead
from vidcolor.steady.kept import Keep, keep_nothing

SEGMENTS_A_PAINTER = 3
"""One is coloured, one waits, one is being written."""
STRAGGLING = 2.0
"""What takes so many times as long as usual is handed out once more, to who has nothing to do."""
LOOK_EVERY_S = 2.0
STOPPING_PATIENCE_S = 20.0

FloatArray = NDArray[np.float32]


@dataclass(eq=False)
class _Try:
    """A segment at a painter and at who writes it: references to what will be."""

    painter: int
    said: Any
    tail: Any
    writing: Any
    is_colored: bool = False


@dataclass(eq=False)
class _Pending:
    """A segment on its way, and all that is wanted to hand it out again.

    Attributes:
        far: the segment.
        before: what the one before saw of it, or a reference to that.
        previous: beside which file it lies when that one is done.
        path: where it is to be.
        began: when it was handed out.
        tries: who is at it.
        promised: the first one's reference to what it sees of the next segment.
        lost: how many of them were lost.
    """

    far: Far
    before: Any
    previous: Path | None
    path: Path
    began: float = field(default_factory=time.monotonic)
    tries: list[_Try] = field(default_factory=list)
    promised: Any = None
    lost: int = 0

    @property
    def took_s(self) -> float:
        """How long it has been on its way."""
        return time.monotonic() - self.began


class Cluster:
    """A cluster as `Executor`.

    Args:
        where: which cluster.
        settings: of what is to be coloured.

    Raises:
        MachineError: Ray is not installed, there is no such cluster, or it is too small.
        ModelError: a node has other weights or another version of this program.
        UsageError: as `load_predictor`.
    """

    def __init__(self, where: Where, settings: ColorizeSettings) -> None:
        self._ray = connected(where.address)
        self._vividness = settings.vividness
        self.painters = Painters(self._ray, where, settings)
        self._blend, self._write = self._ray.remote(blend), self._ray.remote(write)

    @property
    def description(self) -> str:
        """Device, backend and precision of the painters."""
        return self.painters.description

    @property
    def crew(self) -> str:
        """See `Executor.crew`."""
        count = len(self.painters) - len(self.painters.loads.away)
        return f"{count} worker{'s' * (count != 1)}, {self.painters.loads.busy:.0%} busy"

    def predict(self, luma: LumaBatch, hints: FloatArray | None = None) -> Prediction:
        """See `Predictor.predict`."""
        for _ in range(RETRIES):
            with suppress(LostError):
                return self._predicted(luma, hints)
        return self._predicted(luma, hints)

    def vivid(self, vividness: float) -> Cluster:
        """See `Predictor.vivid`."""
        other = copy(self)
        other._vividness = vividness
        return other

    def _predicted(self, luma: LumaBatch, hints: FloatArray | None) -> Prediction:
        self.painters.look()
        number = self.painters.loads.take()
        try:
            with understood():
                asked = self.painters[number].predict.remote(luma, hints, self._vividness)
                said: Prediction = self._ray.get(asked)
        except LostError:
            self.painters.lose(number)
            raise
        finally:
            self.painters.loads.give(number)
        return said

    def survey(self, plan: Plan, timings: Timings) -> Afield:
        """See `Executor.survey`.

        Raises:
            MachineError: a node has other storage.
        """
        check_storage(self._ray, plan.clip.path, plan.source, job_folder(plan.output))
        return Afield(self._ray, plan, timings, self.painters)

    def make(
        self,
        plan: Plan,
        stretches: Iterable[Stretch],
        place: Callable[[Segment], Path],
        reports: Reports,
        keep: Keep = keep_nothing,
    ) -> Generator[Made]:
        """See `Executor.make`."""
        out = _Out(self._ray, self.painters, self._blend, self._write, self._ray.put(plan))
        waiting: deque[_Pending] = deque()
        try:
            for stretch in stretches:
                tail: Any = stretch.before
                previous: Path | None = None
                with closing(ahead(stretch.segments, 1)) as segments:
                    for surveyed in segments:
                        self.painters.look()
                        path = place(surveyed.segment)
                        pending = out.send(surveyed, tail, previous, path)
                        waiting.append(pending)
                        out.relieve(waiting)
                        tail, previous = pending.promised, path
                        limit = SEGMENTS_A_PAINTER * len(self.painters)
                        while waiting and (len(waiting) >= limit or out.is_there(waiting[0])):
                            yield out.finish(waiting, reports)
            while waiting:
                yield out.finish(waiting, reports)
        finally:
            out.call_off(waiting)

    def joining(self, plan: Plan, film: Path) -> Joiner:
        """See `Executor.joining`."""
        return Joiner(self._ray, self.painters, join_plan(plan, film))


@dataclass(eq=False)
class _Out:
    """The segments of a film that are handed out.

    Attributes:
        ray: connected.
        painters: who colours.
        blend: the task that blends.
        write: the task that writes.
        plan: a reference to it.
        took_s: how long each segment took that is done.
        given_up: what writes segments that another one has written.
    """

    ray: Any
    painters: Painters
    blend: Any
    write: Any
    plan: Any
    took_s: list[float] = field(default_factory=list)
    given_up: list[Any] = field(default_factory=list)

    def send(self, surveyed: Surveyed, before: Any, previous: Path | None, path: Path) -> _Pending:
        """Hand out a segment.

        Args:
            surveyed: as `Afield` gives it.
            before: what the segment before saw of it.
            previous: that one's file, if it is of this run.
            path: where it is to be.
        """
        assert isinstance(surveyed, Far)
        # Who need not know what the segment before saw does not wait for it.
        if not surveyed.segment.lead:
            before = previous = None
        pending = _Pending(surveyed, before, previous, path)
        first = self._try(pending)
        pending.tries.append(first)
        pending.promised = first.tail
        return pending

    def _try(self, pending: _Pending) -> _Try:
        far, segment, before = pending.far, pending.far.segment, pending.before
        number = self.painters.loads.take()
        chroma = self.painters[number].chroma.options(num_returns=2)
        firsts = [piece.frames.start for piece in far.pieces]
        seen = [*(piece.luma for piece in far.pieces), *(piece.chroma for piece in far.pieces)]
        said_before = before if far.handed else None
        shots, said = chroma.remote(self.plan, segment, far.handed, said_before, firsts, *seen)
        near = self.painters.near(number)
        blended = self.blend.options(**near, num_returns=2, max_retries=RETRIES)
        written = self.write.options(**near, max_retries=RETRIES)
        parts, tail = blended.remote(shots, segment.lead, segment.count, before)
        writing = written.remote(self.plan, segment, said, parts, tail, pending.path)
        return _Try(number, said, tail, writing)

    def send_again(self, waiting: Iterable[_Pending]) -> None:
        """Give painters that have nothing to do segments that take others too long."""
        self.relieve(waiting)
        if not self.took_s:
            return
        late = STRAGGLING * fmean(self.took_s)
        for pending in waiting:
            if pending.took_s > late and len(pending.tries) == 1 and self.painters.loads.idle():
                pending.tries.append(self._try(pending))

    def relieve(self, waiting: Iterable[_Pending]) -> None:
        """Count no more as laden who has coloured what he was given."""
        tries = {one.said: one for each in waiting for one in each.tries if not one.is_colored}
        if tries:
            ready, _ = self.ray.wait(list(tries), num_returns=len(tries), timeout=0)
            for said in ready:
                self._relieved(tries[said])

    def _relieved(self, one: _Try) -> None:
        if not one.is_colored:
            one.is_colored = True
            self.painters.loads.give(one.painter)

    def is_there(self, pending: _Pending, patience_s: float = 0) -> bool:
        """Whether a segment is written, after so many seconds at the latest."""
        writing = [one.writing for one in pending.tries]
        return bool(self.ray.wait(writing, num_returns=1, timeout=patience_s)[0])

    def finish(self, waiting: deque[_Pending], reports: Reports) -> Made:
        """Wait for the first segment, take it away and report what became of it."""
        written: dict[str, float]
        said: Colored
        while True:
            done = self._first(waiting)
            try:
                with understood():
                    written, tally = self.ray.get(done.writing)
                    said = self.ray.get(done.said)
                break
            except LostError as error:
                self._lose(waiting[0], done, error)
        segment = waiting[0].far.segment
        self._settle(waiting, done)
        reports.begun(replace(segment, own=said.own))
        reports.timings.add({"colour": said.seconds, **written})
        reports.meter.colored(segment.count)
        reports.written(segment.count)
        return Made(segment, tally, said.reached)

    def _first(self, waiting: Sequence[_Pending]) -> _Try:
        """Who is first to be done with the first segment."""
        tries = waiting[0].tries
        while not self.is_there(waiting[0], LOOK_EVERY_S):
            self.painters.look()
            self.send_again(waiting)
        ready, _ = self.ray.wait([one.writing for one in tries], num_returns=1)
        return next(one for one in tries if one.writing in ready)

    def _lose(self, pending: _Pending, gone: _Try, error: LostError) -> None:
        """Go on without a try of the first segment; raises the error where too many were lost."""
        pending.lost += 1
        if pending.lost > RETRIES:
            raise error
        self._relieved(gone)
        pending.tries.remove(gone)
        self.painters.lose(gone.painter)
        if pending.previous is not None:
            pending.before = load_tail(pending.previous)  # it may have been lost as well
        if not pending.tries:
            pending.tries.append(self._try(pending))

    def _settle(self, waiting: deque[_Pending], done: _Try) -> None:
        pending = waiting.popleft()
        if waiting and waiting[0].before is pending.promised:
            waiting[0].before = done.tail
        self.took_s.append(pending.took_s)
        for one in pending.tries:
            self._relieved(one)
            if one is not done:
                self.ray.cancel(one.writing, force=True)
                self.given_up.append(one.writing)

    def call_off(self, waiting: Iterable[_Pending]) -> None:
        """Leave nobody writing into the job's folder."""
        calls = [one.writing for pending in waiting for one in pending.tries] + self.given_up
        for call in calls:
            self.ray.cancel(call, force=True)
        if calls:
            self.ray.wait(calls, num_returns=len(calls), timeout=STOPPING_PATIENCE_S)
