"""A film from plan to file: segments coloured, encoded, kept in a folder, and joined."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace

from vidcolor.color.pale import Tally
from vidcolor.machine import give_back
from vidcolor.run.executor import Executor, Joining, Made, Reports, Stretch
from vidcolor.run.film import COLOR_COST_S
from vidcolor.run.folder import Gap, JobFolder, Record, Standing
from vidcolor.run.meter import Meter
from vidcolor.run.plan import Plan
from vidcolor.run.segment import Segment
from vidcolor.run.settled import Surveyed
from vidcolor.run.space import check_space, needed_bytes
from vidcolor.run.stages import Timings, every
from vidcolor.run.survey import Survey
from vidcolor.steady.kept import keep_nothing

__all__ = ["Finished", "JobFolder", "Told", "run_job"]

TELL_EVERY_S = 0.5


def _nothing(*_: object) -> None:
    pass


@dataclass(frozen=True)
class Told:
    """Who is told what becomes of a job; each is called by one thread at a time.

    Attributes:
        progress: frames' worth of work done since the last time, and the stage that takes longest
            or "join", or who is at work. After every frame that is written, and now and then
            between.
        in_colour: frames that have colour of their own, by index, before they are written.
        kept: how many of the film's frames are left, where the job does not come to its end.
    """

    progress: Callable[[float, str], None] = _nothing
    in_color: Callable[[range], None] = _nothing
    kept: Callable[[int], None] = _nothing


@dataclass(frozen=True)
class Finished:
    """What a job did.

    Attributes:
        frames: of the film.
        resumed: frames that an earlier run had made.
        timings: seconds by stage.
        tally: how much colour the frames got that this run made.
        notes: sentences on what could not be spread over machines, or joined.
        damaged: frames that could not be decoded, so that the ones before stand in.
        segments: of the whole film, by their first frames.
    """

    frames: int
    resumed: int
    timings: Timings
    tally: Tally
    damaged: int = 0
    notes: tuple[str, ...] = ()
    segments: tuple[Record, ...] = ()


def run_job(
    plan: Plan, executor: Executor, folder: JobFolder, told: Told, keep: bool = False
) -> Finished:
    """Colour a film.

    What an earlier, interrupted run finished is not done again.

    Args:
        plan: what is to be done.
        executor: what colours, here or elsewhere.
        folder: of this job; let go of in any case, and taken away if all went well or nothing is
            finished.
        told: who hears of it.
        keep: whether the folder stays; then each shot is a segment by itself, so that what is said
            of one later costs that one alone.

    Raises:
        InputError: the source changed or went away, or cannot be decoded.
        OutputError: the disk has no room, or writing failed.
    """
    standing = folder.standing()
    resumed = sum(record.count for record in standing.done)
    timings = Timings()
    meter = Meter(plan.count - resumed, (COLOR_COST_S, plan.film.write_cost_s), timings)
    work = _Work(plan, executor, folder, told, timings, meter, by_shot=keep)
    try:
        if folder.film_is_out():
            resumed = plan.count
            work.parts.update({part.first: part for part in standing.done})
            folder.put_out()
        else:
            work.make(standing)
        folder.finish(keep)
    finally:
        if folder.is_held:
            told.kept(sum(record.count for record in folder.standing().done))
        folder.leave()
    parts = tuple(part for _, part in sorted(work.parts.items()))
    damaged = sum(part.damaged for part in parts)
    return Finished(plan.count, resumed, timings, work.tally, damaged, tuple(work.said), parts)


@dataclass(frozen=True)
class _Work:
    """One run at a job: what it works on, its clock and its stop sign."""

    plan: Plan
    executor: Executor
    folder: JobFolder
    told: Told
    timings: Timings
    meter: Meter
    by_shot: bool
    tally: Tally = field(default_factory=Tally)
    parts: dict[int, Record] = field(default_factory=dict)
    joined: list[Record] = field(default_factory=list)
    directions: dict[int, str] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)
    telling: threading.Lock = field(default_factory=threading.Lock)

    def tell(self) -> None:
        """Report what was done."""
        with self.telling:
            said = self.executor.crew or self.timings.busiest()
            self.told.progress(self.meter.gained(), said)

    def make(self, standing: Standing) -> None:
        """Colour what is missing, join all, and put the film or its pictures in place."""
        with self._source_watched(), self._joining() as film:
            self.color(standing, film)
            with self.telling:
                self.told.progress(self.meter.gained(), "join")
            with self.timings.measure("join"):
                if film:
                    self.said.extend(film.finish())
                self._check_source()
                self.folder.publish_film()

    def color(self, standing: Standing, film: Joining | None) -> None:
        """Make the segments that are missing, and have all joined that follow on.

        Motion that is kept makes room first where the disk has little.
        """
        motion = self.folder.motion(needed_bytes(self.plan, standing.done))
        motion.make_room()
        check_space(self.plan, standing.done)
        self.parts.update({part.first: part for part in standing.done})
        with every(TELL_EVERY_S, self.tell):
            reports = Reports(self.timings, self.meter, self._begun, self._written)
            survey = self.executor.survey(self.plan, self.timings)
            stretches = (self._stretch(gap, survey) for gap in standing.gaps)
            keep = motion.of if self.by_shot else keep_nothing
            made = self.executor.make(self.plan, stretches, self.folder.segment, reports, keep)
            with closing(made):
                self._join_on(film)
                for one in made:
                    self.tally.include(one.tally)
                    self._close(one)
                    self._join_on(film)
                    give_back()
            self.said.extend(survey.said)

    @contextmanager
    def _joining(self) -> Iterator[Joining | None]:
        """What joins the film; None where frames become pictures."""
        if self.plan.encoder.pictures:
            yield None
            return
        with closing(self.executor.joining(self.plan, self.folder.film)) as film:
            yield film

    def _join_on(self, film: Joining | None) -> None:
        """Have everything joined that is finished up to the first segment that is not."""
        if film is None:
            return
        with self.timings.measure("join"):
            place = self.joined[-1].stop if self.joined else self.plan.first
            while (part := self.parts.get(place)) is not None:
                film.add(self.folder.segment(part), int(self.plan.clip.pts[place]))
                self.joined.append(part)
                place = part.stop

    def _stretch(self, gap: Gap, survey: Survey) -> Stretch:
        seen_before = self.folder.load_tail(gap.before) if gap.before else None
        return Stretch(self._segments(gap, survey), seen_before)

    def _begun(self, segment: Segment) -> None:
        looks = self.plan.direction.looks
        for frames in segment.own_frames():
            if not (look := looks.at(frames.start)) or not look.leave:
                self.told.in_color(frames)

    def _written(self, frames: int) -> None:
        self.meter.written(frames)
        self.tell()

    def _close(self, made: Made) -> None:
        self._check_source()
        segment, direction = made.segment, self.directions[made.segment.first]
        self.parts[segment.first] = self.folder.close_segment(
            segment, direction, made.tally.damaged, made.reached
        )

    def _segments(self, gap: Gap, survey: Survey) -> Generator[Surveyed]:
        """Segments of a gap: as they were cut, then as they are found."""
        before = gap.before
        for surveyed in self._cut(gap, survey):
            segment = surveyed.segment
            direction = self.folder.direction_of(segment, before)
            self.directions[segment.first] = direction
            self.folder.open_segment(segment)
            yield replace(surveyed, handed=before is not None and bool(before.direction))
            before = replace(Record.of(segment), direction=direction)

    def _cut(self, gap: Gap, survey: Survey) -> Iterator[Surveyed]:
        for record in gap.known:
            yield survey.again(record.segment())
        before = gap.known[-1] if gap.known else gap.before
        first = before.stop if before else gap.first
        if first < gap.stop:
            with closing(survey.onward(first, before.shared if before else 0)) as found:
                for whole in found:
                    parts = whole.apart() if self.by_shot else [whole]
                    # From the last on: whoever is killed meanwhile looks for all of them again.
                    for part in reversed(parts):
                        self.folder.cut_segment(part.segment)
                    yield from parts

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
