"""A cluster by simulation, for `scaling.py`: what is handed out when, and who has time for it.

Each worker shares its cores alike among all that it does at a moment. Films are handed out as
`vidcolor.run.afield`, `cluster`, `joiner` and `hands` do it: legs in order, cuts leg after leg,
segments to the painter with least to do and at most three a painter ahead of the first that is not
written, the join behind that one.
"""

from __future__ import annotations

import heapq
import itertools
import math
import random
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

RATE = 24
SEGMENTS_A_PAINTER, LEGS, SPREAD = 3, 16, 7919
AHEAD = 1
"""Segments that are found before they are wanted."""
KEPT_S = 1.0
"""Ray ends a process that is idle for so long, where a node has more of them than CPUs."""

Call = Callable[[], None]


@dataclass(frozen=True)
class Measured:
    """Milliseconds of processor time for one 1080p frame, unless said otherwise.

    Attributes:
        frames: measured over so many.
        all_ms: of a whole run, without its start.
        survey_ms: decode, shrink and sketch.
        cuts_ms: looking for cuts and segments, in windows that overlap.
        write_ms: decode, enlarge, encode.
        join_ms: copying packets, while segments are made.
        finish_ms: moving all to make room for an index at the beginning, once, at the end (mp4).
        source_bytes: of the compressed film.
        colored_bytes: likewise, coloured.
        start_s: of a process until its model is ready, on the clock.
        process_s: seconds of a processor until a process of Ray's can do its first task.
    """

    frames: int
    all_ms: float
    survey_ms: float
    cuts_ms: float
    write_ms: float
    join_ms: float
    finish_ms: float
    source_bytes: float
    colored_bytes: float
    start_s: float
    process_s: float

    @property
    def color_ms(self) -> float:
        """The network and the settling: what is left."""
        others = self.survey_ms + self.cuts_ms + self.write_ms + self.join_ms + self.finish_ms
        return self.all_ms - others

    @property
    def moved_bytes(self) -> float:
        """Of a frame through the storage.

        Read by survey and writer; written, read by the join and written, and again (`finish_ms`).
        """
        return 2 * self.source_bytes + 5 * self.colored_bytes


@dataclass(frozen=True)
class Guessed:
    """What was not measured.

    Attributes:
        worker_cores: cores of a worker, all busy.
        film_hours: length of a film.
        segment_s: mean length of a segment.
        uneven_s: by so much segments are longer or shorter.
        longest_s: so much behind a segment's beginning is surveyed before it is cut.
        leg_s: length of a leg.
        hand_out_s: of who follows a film, for a segment.
        open_s: of a film, before its first leg: probe, trial of the encoder, lock.
        storage_gb_s: of the storage that all share.
        core_hour: price of a core for an hour, dollars.
        network_times: how many times faster the network is with a GPU.
        gpu_hour: price of a GPU for an hour, dollars.
        gpu_cores: cores beside the GPU that decode, enlarge and encode.
    """

    worker_cores: int = 8
    film_hours: float = 1.0
    segment_s: float = 8.0
    uneven_s: float = 3.0
    longest_s: float = 14.0
    leg_s: float = 10.0
    hand_out_s: float = 0.005
    open_s: float = 3.0
    storage_gb_s: float = 8.0
    core_hour: float = 0.04
    network_times: float = 40.0
    gpu_hour: float = 0.80
    gpu_cores: int = 8


@dataclass(frozen=True)
class Machine:
    """A kind of worker.

    Attributes:
        name: in words.
        cores: of it.
        cpus: that Ray counts there.
        network_times: how many times faster than a core its GPU does the network; 0 without one.
        hour: dollars.
    """

    name: str
    cores: float
    cpus: int
    network_times: float
    hour: float

    def frame_s(self, m: Measured) -> float:
        """Seconds for a frame where there is no end of them."""
        if not self.network_times:
            return m.all_ms / 1000 / self.cores
        beside = (m.all_ms - m.color_ms) / self.cores
        return max(m.color_ms / self.network_times, beside) / 1000


@dataclass(frozen=True)
class Shape:
    """How many frames the segments and the legs of a film have."""

    segments: Sequence[int]
    legs: Sequence[int]


@dataclass(frozen=True)
class Outcome:
    """Of one simulation: hours on the clock, dollars, and shares of the time.

    Attributes:
        hours: until the last film is joined.
        dollars: for the workers.
        busy: share of the time that workers had something to do.
        storage: share that the storage had, 0..1.
    """

    hours: float
    dollars: float
    busy: float
    storage: float


def machines(g: Guessed) -> list[Machine]:
    """A worker without a GPU and one with."""
    w, price = g.worker_cores, g.gpu_hour + g.core_hour * g.gpu_cores
    return [
        Machine(f"{w} cores", w, w, 0, g.core_hour * w),
        Machine(f"GPU and {g.gpu_cores} cores", g.gpu_cores, g.gpu_cores, g.network_times, price),
    ]


def shape_of(frames: int, g: Guessed) -> Shape:
    """A film of so many frames: segments that are not alike, legs that are."""
    chance = random.Random(0)
    segments, legs = [], []
    while (left := frames - sum(segments)) > 0:
        length = chance.uniform(g.segment_s - g.uneven_s, g.segment_s + g.uneven_s)
        segments.append(min(left, round(length * RATE)))
    leg = round(g.leg_s * RATE)
    legs = [min(leg, frames - first) for first in range(0, frames, leg)]
    return Shape(segments, legs)


@dataclass
class Clock:
    """What happens when."""

    now: float = 0.0
    _events: list[tuple[float, int, Call]] = field(default_factory=list)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    def at(self, when: float, call: Call) -> None:
        """Have something happen."""
        heapq.heappush(self._events, (when, next(self._numbers), call))

    def run(self) -> None:
        """Until nothing happens any more."""
        while self._events:
            self.now, _, call = heapq.heappop(self._events)
            call()


@dataclass
class Storage:
    """One queue for all bytes."""

    clock: Clock
    bytes_s: float
    moved_s: float = 0.0
    free: float = 0.0

    def move(self, size: float) -> float:
        """When so many bytes will be moved."""
        self.moved_s += size / self.bytes_s
        self.free = max(self.free, self.clock.now) + size / self.bytes_s
        return self.free


@dataclass
class _Lane:
    """Jobs that get the same: how much each has got, and with how much each ends."""

    got: float = 0.0
    rate: float = 0.0
    jobs: list[tuple[float, int, Call]] = field(default_factory=list)


class Worker:
    """Cores that all jobs share alike, of which one of a single thread takes no more than one.

    Attributes:
        busy_s: how long it had something to do.
    """

    def __init__(self, clock: Clock, kind: Machine, process_s: float, storage: Storage) -> None:
        self._clock, self._kind, self._process_s, self._storage = clock, kind, process_s, storage
        self.busy_s = 0.0
        self._many, self._single = _Lane(), _Lane()
        self._idle: deque[float] = deque()
        self._processes = 1
        self._paints: deque[tuple[float, Call]] = deque()
        self._painting = False
        self._looked, self._wakes = 0.0, math.inf
        self._numbers = itertools.count()

    def run(self, core_s: float, call: Call, single: bool = False) -> None:
        """Do something that takes so much of a processor."""
        self._pass()
        lane = self._single if single else self._many
        heapq.heappush(lane.jobs, (lane.got + core_s, next(self._numbers), call))
        self._plan()

    def move(self, core_s: float, size: float, call: Call, single: bool = False) -> None:
        """The same, and move bytes meanwhile."""
        moved = self._storage.move(size)
        self.run(core_s, lambda: self._clock.at(max(moved, self._clock.now), call), single)

    def task(self, core_s: float, size: float, call: Call, single: bool = False) -> None:
        """The same in a process of Ray's, which is started where none is idle."""

        def end() -> None:
            self._idle.append(self._clock.now)
            call()

        self.move(core_s + self._process(), size, end, single)

    def _process(self) -> float:
        """Take an idle process, or start one: what that takes of a processor."""
        while self._processes > self._kind.cpus and self._idle:
            if self._clock.now - self._idle[0] < KEPT_S:
                break
            self._idle.popleft()
            self._processes -= 1
        if self._idle:
            self._idle.pop()
            return 0.0
        self._processes += 1
        return self._process_s

    def stay(self, call: Call) -> None:
        """Start a process that does nothing else, as an actor's."""
        self._processes += 1
        self.run(self._process_s, call, single=True)

    def paint(self, core_s: float, call: Call) -> None:
        """The network and the settling, one segment after the other."""
        self._paints.append((core_s, call))
        self._paint_next()

    def _paint_next(self) -> None:
        if self._painting or not self._paints:
            return
        core_s, call = self._paints.popleft()
        self._pass()
        self._painting = True

        def end() -> None:
            self._pass()
            self._painting = False
            call()
            self._paint_next()

        if self._kind.network_times:
            self._clock.at(self._clock.now + core_s / self._kind.network_times, end)
        else:
            self.run(core_s, end)

    def _pass(self) -> None:
        """Give all jobs what they got since it was looked last."""
        spent, self._looked = self._clock.now - self._looked, self._clock.now
        if self._many.jobs or self._single.jobs or self._painting:
            self.busy_s += spent
        for lane in (self._many, self._single):
            lane.got += spent * lane.rate

    def _plan(self) -> None:
        many, single, cores = len(self._many.jobs), len(self._single.jobs), self._kind.cores
        if not many + single:
            return
        self._single.rate = min(1.0, cores / (many + single))
        self._many.rate = (cores - single * self._single.rate) / many if many else 0.0
        lanes = [lane for lane in (self._many, self._single) if lane.jobs]
        left = min((lane.jobs[0][0] - lane.got) / lane.rate for lane in lanes)
        when = self._clock.now + max(0.0, left)
        if when < self._wakes:  # else it looks early, and again
            self._wakes = when
            self._clock.at(when, self._due)

    def _due(self) -> None:
        if self._clock.now < self._wakes:
            return
        self._wakes = math.inf
        self._pass()
        ended = []
        for lane in (self._many, self._single):
            while lane.jobs and lane.jobs[0][0] <= lane.got + 1e-9:
                ended.append(heapq.heappop(lane.jobs)[2])
        self._plan()
        for call in ended:
            call()


class _Loads:
    """As `vidcolor.run.painters.Loads`, for hundreds."""

    def __init__(self, first: int) -> None:
        self._first = first
        self._loads: list[int] = []
        self._queue: list[tuple[int, int, int]] = []
        self._turns = itertools.count()

    def grow(self, count: int) -> None:
        new = range(len(self._loads), count)
        self._loads += [0] * len(new)
        for number in sorted(new, key=lambda number: (number - self._first) % count):
            self._wait(number)

    def take(self) -> int:
        while True:
            load, _, number = heapq.heappop(self._queue)
            if load == self._loads[number]:
                break
        self._loads[number] += 1
        self._wait(number)
        return number

    def give(self, number: int) -> None:
        self._loads[number] -= 1
        self._wait(number)

    def _wait(self, number: int) -> None:
        heapq.heappush(self._queue, (self._loads[number], next(self._turns), number))


@dataclass
class Film:
    """A film in legs and segments.

    Attributes:
        clock: of the simulation.
        painters: the workers; more may come.
        shape: of the film.
        m: what was measured.
        g: what was guessed.
        first: number of the painter that is asked first.
        longest: frames behind a segment's beginning that are surveyed before it is cut.
        ended: called when it is joined.
    """

    clock: Clock
    painters: list[Worker]
    shape: Shape
    m: Measured
    g: Guessed
    first: int
    longest: int
    ended: Call
    _legs_out: int = 0
    _legs_taken: int = 0
    _legs_seen: set[int] = field(default_factory=set)
    _seen: int = 0
    _cut: int = 0
    _cut_frames: int = 0
    _is_surveying: bool = False
    _found: deque[int] = field(default_factory=deque)
    _sent: int = 0
    _written: set[int] = field(default_factory=set)
    _in_order: int = 0
    _joined: int = 0
    _is_joining: bool = True
    _driver: float = 0.0

    def begin(self) -> None:
        """Open it, have each node look at the storage, and begin with the survey."""
        self._turn, self._loads = itertools.count(self.first), _Loads(self.first)
        self._cutter, self._joiner = self._next(), self._next()
        self._joiner.stay(self._join_ready)
        self.clock.at(self.clock.now + self.g.open_s, self._look)

    def _next(self) -> Worker:
        return self.painters[next(self._turn) % len(self.painters)]

    def _look(self) -> None:
        left = len(self.painters)

        def looked() -> None:
            nonlocal left
            left -= 1
            if not left:
                self._survey()

        for painter in list(self.painters):
            painter.task(0.0, 0.0, looked, single=True)

    def _survey(self) -> None:
        """Go on with the next leg: `Afield.onward`."""
        if self._legs_taken == len(self.shape.legs):
            return
        self._is_surveying = True
        room = min(LEGS, len(self.painters) + 1) - (self._legs_out - self._legs_taken)
        for leg in range(self._legs_out, min(self._legs_out + room, len(self.shape.legs))):
            frames = self.shape.legs[leg]
            work_s, size = frames * self.m.survey_ms / 1000, frames * self.m.source_bytes
            self._next().task(work_s, size, lambda leg=leg: self._surveyed(leg))
            self._legs_out += 1
        self._legs_taken += 1
        self._take()

    def _surveyed(self, leg: int) -> None:
        self._legs_seen.add(leg)
        if self._is_surveying:
            self._take()

    def _take(self) -> None:
        """Look for cuts in the leg that is waited for, once it is there."""
        leg = self._legs_taken - 1
        if leg in self._legs_seen:
            self._legs_seen.remove(leg)
            work_s = self.shape.legs[leg] * self.m.cuts_ms / 1000
            self._cutter.task(work_s, 0.0, lambda: self._cut_on(leg), single=True)

    def _cut_on(self, leg: int) -> None:
        self._seen += self.shape.legs[leg]
        segments, ended = self.shape.segments, leg + 1 == len(self.shape.legs)
        while self._cut < len(segments):
            if not ended and self._cut_frames + self.longest > self._seen:
                break
            self._found.append(self._cut)
            self._cut_frames += segments[self._cut]
            self._cut += 1
        self._is_surveying = False
        self._hand_out()

    def _hand_out(self) -> None:
        """As many segments as may be under way: `Cluster.make`."""
        self._loads.grow(len(self.painters))
        most = SEGMENTS_A_PAINTER * len(self.painters)
        while self._found and self._sent - self._in_order < most:
            self._sent += 1
            segment = self._found.popleft()
            self._driver = max(self._driver, self.clock.now) + self.g.hand_out_s
            self.clock.at(self._driver, lambda segment=segment: self._color(segment))
        if len(self._found) <= AHEAD and not self._is_surveying:
            self._survey()

    def _color(self, segment: int) -> None:
        number = self._loads.take()
        painter, frames = self.painters[number], self.shape.segments[segment]
        size = frames * (self.m.source_bytes + self.m.colored_bytes)

        def colored() -> None:
            self._loads.give(number)
            work_s = frames * self.m.write_ms / 1000
            painter.task(work_s, size, lambda: self._is_written(segment))

        painter.paint(frames * self.m.color_ms / 1000, colored)

    def _is_written(self, segment: int) -> None:
        self._written.add(segment)
        while self._in_order in self._written:
            self._written.remove(self._in_order)
            self._in_order += 1
        self._hand_out()
        self._join_on()

    def _join_ready(self) -> None:
        self._is_joining = False
        self._join_on()

    def _join_on(self) -> None:
        """Join the next segment behind which none is missing; behind the last, end."""
        if self._is_joining or self._joined == self._in_order:
            return
        self._is_joining = True
        frames, last = self.shape.segments[self._joined], len(self.shape.segments) - 1
        work_s, size = frames * self.m.join_ms / 1000, 2 * frames * self.m.colored_bytes
        if self._joined == last:
            all_frames = sum(self.shape.segments)
            work_s += all_frames * self.m.finish_ms / 1000
            size += 2 * all_frames * self.m.colored_bytes
        call = self.ended if self._joined == last else self._join_ready
        self._joined += 1
        self._joiner.move(work_s, size, call, single=True)


@dataclass
class _Batch:
    """Films one after the other: `Hands`."""

    clock: Clock
    storage: Storage
    workers: list[Worker]
    kind: Machine
    m: Measured
    g: Guessed
    left: int
    frames: int
    following: int = 0
    foremen: int = 0
    ended: float = 0.0
    painters: list[Worker] = field(default_factory=list)

    def begin(self) -> None:
        """Films go out whole while there are as many as workers."""
        count = len(self.workers)
        self.shape = shape_of(self.frames, self.g)
        free = list(self.workers)
        while free and self.left >= count:
            self._give_whole(free.pop())
        for worker in free:
            self._calls(worker)

    def _give_whole(self, worker: Worker) -> None:
        self.left -= 1
        size = self.frames * self.m.moved_bytes
        moved_s = size / self.storage.bytes_s
        self.storage.moved_s += moved_s
        # It moves its bytes all the time: what the storage cannot give makes it longer.
        whole_s = self.frames * self.kind.frame_s(self.m)
        core_s = whole_s * self.kind.cores * max(1.0, len(self.workers) * moved_s / whole_s)
        begin = self.clock.now + self.g.open_s
        self.clock.at(begin, lambda: worker.run(core_s, lambda: self._took_back(worker)))

    def _took_back(self, worker: Worker) -> None:
        self.ended = self.clock.now
        if self.left >= len(self.workers) and not self.painters:
            self._give_whole(worker)
        else:
            self.clock.at(self.clock.now + self.m.start_s, lambda: self._calls(worker))

    def _calls(self, worker: Worker) -> None:
        self.painters.append(worker)
        self._follow()

    def _follow(self) -> None:
        while self.left and self.following < max(1, len(self.painters) // 2):
            self.left -= 1
            self.following += 1
            longest = round(self.g.longest_s * RATE)
            film = Film(
                self.clock,
                self.painters,
                self.shape,
                self.m,
                self.g,
                self.foremen * SPREAD,
                longest,
                self._followed,
            )
            self.foremen += 1
            film.begin()

    def _followed(self) -> None:
        self.ended = self.clock.now
        self.following -= 1
        self._follow()


def simulate(hours: float, workers: int, kind: Machine, m: Measured, g: Guessed) -> Outcome:
    """Films of a batch, or one, by so many workers of a kind."""
    clock = Clock(m.start_s)
    storage = Storage(clock, g.storage_gb_s * 1e9)
    films = max(1, round(hours / g.film_hours))
    crew = [Worker(clock, kind, m.process_s, storage) for _ in range(workers)]
    frames = round(hours * 3600 / films * RATE)
    batch = _Batch(clock, storage, crew, kind, m, g, films, frames)
    batch.begin()
    clock.run()
    spent = batch.ended / 3600
    busy = sum(worker.busy_s for worker in crew) / (batch.ended * workers)
    return Outcome(spent, workers * kind.hour * spent, busy, storage.moved_s / batch.ended)


def seconds_of(
    shape: Shape, longest: int, workers: int, kind: Machine, m: Measured, g: Guessed
) -> float:
    """Seconds that one film takes in segments, however few the workers, which are ready.

    Args:
        shape: of the film.
        longest: as that of `Film`.
        workers: how many.
        kind: of which kind.
        m: what was measured.
        g: what was guessed.
    """
    clock = Clock()
    storage = Storage(clock, g.storage_gb_s * 1e9)
    crew = [Worker(clock, kind, m.process_s, storage) for _ in range(workers)]
    Film(clock, crew, shape, m, g, 0, longest, lambda: None).begin()
    clock.run()
    return clock.now
