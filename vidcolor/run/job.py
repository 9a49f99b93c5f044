"""A film from plan to file: segments coloured, encoded, kept in a folder, and joined."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from vidcolor.color.pale import Tally
from vidcolor.infer.predictor import LumaBatch, Prediction, Predictor
from vidcolor.media.mux import join
from vidcolor.run.cluster import Cluster
from vidcolor.run.folder import Gap, JobFolder, Record, Standing
from vidcolor.run.look import COLOUR_COST_S
from vidcolor.run.meter import Meter, MeteredPredictor, metered
from vidcolor.run.own import OwnColour
from vidcolor.run.plan import Plan
from vidcolor.run.segment import Segment, segments, write_segment
from vidcolor.run.settled import Surveyed, blended_shots, named_motion, parted, settled_shots
from vidcolor.run.space import check_space
from vidcolor.run.stages import Timings, ahead, every

__all__ = ["Finished", "JobFolder", "Told", "run_job"]

SMALL_FRAMES_AHEAD = 16
SHOTS_AHEAD = 2
TELL_EVERY_S = 0.5

FloatArray = NDArray[np.float32]


def _nothing(*_: object) -> None:
    pass


@dataclass(frozen=True)
class Told:
    """Who is told what becomes of a job; each is called by one thread at a time.

    Attributes:
        progress: frames' worth of work done since the last time, and the stage that takes longest
            or "join". After every frame that is written, and now and then between.
        in_colour: frames that have colour of their own, by index, before they are written.
        kept: how many of the film's frames are left, where the job does not come to its end.
    """

    progress: Callable[[float, str], None] = _nothing
    in_colour: Callable[[range], None] = _nothing
    kept: Callable[[int], None] = _nothing


@dataclass(frozen=True)
class Finished:
    """What a job did.

    Attributes:
        frames: of the film.
        resumed: frames that an earlier run had made.
        timings: seconds by stage.
        tally: how much colour the frames got that this run made.
        notes: sentences on what could not be joined.
        damaged: frames that could not be decoded, so that the ones before stand in.
    """

    frames: int
    resumed: int
    timings: Timings
    tally: Tally
    damaged: int = 0
    notes: tuple[str, ...] = ()


def run_job(
    plan: Plan, predictor: Predictor, folder: JobFolder, told: Told, keep: bool = False
) -> Finished:
    """Colour a film.

    What an earlier, interrupted run finished is not done again.

    Args:
        plan: what is to be done.
        predictor: what colours, here or on a cluster.
        folder: of this job; let go of in any case, and taken away if all went well or nothing is
            finished.
        told: who hears of it.
        keep: whether the folder stays.

    Raises:
        InputError: the source changed or went away, or cannot be decoded.
        OutputError: the disk has no room, or writing failed.
    """
    standing = folder.standing()
    resumed = sum(record.count for record in standing.done)
    timings = Timings()
    meter = Meter(plan.count - resumed, (COLOUR_COST_S, plan.view.write_cost_s), timings)
    work = _Work(plan, predictor, folder, told, timings, meter)
    try:
        if folder.film_is_out():
            resumed = plan.count
            folder.put_out()
        else:
            work.colour(standing)
            work.join()
        folder.finish(keep)
    finally:
        if folder.is_held:
            told.kept(sum(record.count for record in folder.standing().done))
        folder.leave()
    damaged = sum(part.damaged for part in work.parts)
    return Finished(plan.count, resumed, timings, work.tally, damaged, tuple(work.said))


@dataclass(frozen=True)
class _Work:
    """One run at a job: what it works on, its clock and its stop sign."""

    plan: Plan
    predictor: Predictor
    folder: JobFolder
    told: Told
    timings: Timings
    meter: Meter
    tally: Tally = field(default_factory=Tally)
    parts: list[Record] = field(default_factory=list)
    directions: dict[int, str] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)
    telling: threading.Lock = field(default_factory=threading.Lock)

    def tell(self) -> None:
        """Report what was done."""
        with self.telling:
            self.told.progress(self.meter.gained(), self.timings.busiest())

    def colour(self, standing: Standing) -> None:
        """Make the segments that are missing."""
        check_space(self.plan, standing.done)
        self.parts.extend(standing.done)
        with self._source_watched(), every(TELL_EVERY_S, self.tell):
            if isinstance(self.predictor, Cluster):
                for gap in standing.gaps:
                    self._colour_on(self.predictor, gap)
            else:
                self._colour_here(standing.gaps)

    def _colour_here(self, gaps: Sequence[Gap]) -> None:
        colored = ahead(self._colored_segments(gaps), SHOTS_AHEAD)
        try:
            for segment, shots in itertools.groupby(colored, itemgetter(0)):
                self._tell_own(segment)
                self._write(segment, (chroma for _, chroma in shots))
        finally:
            self.stopped.set()
            colored.close()

    def _colour_on(self, cluster: Cluster, gap: Gap) -> None:
        seen_before = self.folder.load_tail(gap.before) if gap.before else None
        with (
            closing(ahead(self._segments(gap), 1)) as surveyed,
            closing(cluster.make(self.plan, surveyed, seen_before, self.folder.segment)) as made,
        ):
            for one in made:
                self._tell_own(one.segment)
                self.folder.save_tail(one.segment, one.tail)
                self.timings.add(one.seconds)
                self.tally.include(one.tally)
                self.meter.coloured(one.segment.count)
                self._written(one.segment.count)
                self._close(one.segment, one.tally.damaged)

    def _tell_own(self, segment: Segment) -> None:
        for frames in segment.own_frames():
            self.told.in_colour(frames)

    def _write(self, segment: Segment, shots: Iterator[FloatArray]) -> None:
        path = self.folder.segment(segment)
        written = write_segment(self.plan, segment, shots, path, self.timings, self._written)
        self.tally.include(written)
        self._close(segment, written.damaged)

    def _written(self, frames: int = 1) -> None:
        self.meter.written(frames)
        self.tell()

    def _close(self, segment: Segment, damaged: int) -> None:
        self._check_source()
        direction = self.directions[segment.first]
        self.parts.append(self.folder.close_segment(segment, direction, damaged))

    def _segments(self, gap: Gap) -> Generator[Surveyed]:
        """Segments of a gap, as they are found."""
        view, folder, before = self.plan.view, self.folder, gap.before
        lead = before.shared if before else 0
        own = OwnColour(view)
        luma = ahead(self.timings.each("survey", own.survey(gap.first - lead)), SMALL_FRAMES_AHEAD)
        with closing(luma):
            for bare in segments(view.segment_limits, luma, gap.first, lead):
                found = own.find(bare)
                segment = replace(bare, own=tuple(found))
                folder.open_segment(segment)
                directed = folder.direction_of(segment, before)
                self.directions[segment.first] = directed
                yield Surveyed(segment, found, before is not None and bool(before.direction))
                before = Record(segment.first, segment.count, segment.shared, 0, direction=directed)
                if before.stop >= gap.stop:
                    return

    def _colored_segments(self, gaps: Sequence[Gap]) -> Iterator[tuple[Segment, FloatArray]]:
        """Segments that are missing, each once a shot with that shot's chroma."""
        for gap in gaps:
            seen_before = self.folder.load_tail(gap.before) if gap.before else None
            for surveyed in self._segments(gap):
                segment = surveyed.segment
                for part, tail in parted(self._shots(surveyed, seen_before), segment.count):
                    if tail is not None:
                        # Kept before the segment can be complete: a run that goes on needs it.
                        self.folder.save_tail(segment, tail)
                        seen_before = tail
                    self.meter.coloured(len(part))
                    yield segment, part

    def _shots(self, surveyed: Surveyed, before: FloatArray | None) -> Iterator[FloatArray]:
        """Chroma of a segment's frames and those behind them, shot by shot."""
        predictor = _Stoppable(MeteredPredictor(self.predictor, self.meter), self.stopped)
        motion = metered(named_motion(self.plan), self.meter)
        settled = settled_shots(self.plan, surveyed, predictor, before, motion)
        lengths = surveyed.segment.shot_lengths()
        timed = self.timings.each("colour", self.meter.each_shot(settled, lengths))
        yield from blended_shots(timed, surveyed.segment.lead, before)

    def join(self) -> None:
        """Join the segments where they are to be a film, and put it or its pictures in place."""
        plan = self.plan
        self.parts.sort(key=lambda part: part.first)
        with self.telling:
            self.told.progress(self.meter.gained(), "join")
        with self.timings.measure("join"), self._source_watched():
            if not plan.encoder.pictures:
                self._join_film()
            self._check_source()
            self.folder.publish_film()

    def _join_film(self) -> None:
        plan = self.plan
        clip, last = plan.clip, plan.first + plan.count - 1
        said = join(
            [self.folder.segment(part) for part in self.parts],
            [int(clip.pts[part.first]) for part in self.parts],
            clip,
            self.folder.film,
            plan.streams,
            start_pts=int(clip.pts[plan.first]) if plan.is_part else None,
            end_pts=clip.frame_end(last) if plan.is_part else None,
            tag=plan.tag,
        )
        self.said.extend(said)

    def _check_source(self) -> None:
        self.plan.source.check(self.plan.clip.path)

    @contextmanager
    def _source_watched(self) -> Iterator[None]:
        """Whatever fails because the source changed is said to be that."""
        try:
            yield
        except Exception:
            self._check_source()
            raise


class _StoppedError(Exception):
    """Ends the colouring thread; nobody is there any more to see it."""


@dataclass(frozen=True)
class _Stoppable:
    """A predictor that gives up once the run has ended: nobody waits for a whole segment."""

    predictor: Predictor
    stopped: threading.Event

    @property
    def description(self) -> str:
        """See `Predictor.description`."""
        return self.predictor.description

    def predict(self, luma: LumaBatch, hints: FloatArray | None = None) -> Prediction:
        """See `Predictor.predict`."""
        if self.stopped.is_set():
            raise _StoppedError
        return self.predictor.predict(luma, hints)
