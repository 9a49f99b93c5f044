"""How long and how much on many machines, by simulation: writes scaling.md.

    python benchmarks/scaling.py [--measure FILM]
    python benchmarks/scaling.py --check FILM
    python benchmarks/scaling.py --messages

With --measure the costs of each stage are measured anew on FILM (1080p, a thousand frames or more,
or fixed costs count too much) and kept in scaling.json;
otherwise those there are used. What is guessed stands in `Guessed` and in its own table. --check
colours FILM on a local Ray with 1, 2 and 4 workers of half a core each and prints that beside the
simulation; --messages measures what the process of the command does for each message. Both want a
machine that does nothing else.
"""

from __future__ import annotations

import argparse
import heapq
import itertools
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
HOURS, WORKERS = (1, 100, 10_000), (1, 8, 64, 512)
RATE, MOST = 24, 1024


@dataclass(frozen=True)
class Measured:
    """Milliseconds of processor time for one 1080p frame, unless said otherwise.

    Attributes:
        frames: measured over so many.
        all_ms: of a whole run, without its start.
        survey_ms: decode, shrink and sketch.
        cuts_ms: looking for cuts and segments, in windows that overlap.
        write_ms: decode, enlarge, encode.
        join_ms: copying packets.
        source_bytes: of the compressed film.
        colored_bytes: likewise, coloured.
        start_s: of a process until its model is ready, on the clock.
    """

    frames: int
    all_ms: float
    survey_ms: float
    cuts_ms: float
    write_ms: float
    join_ms: float
    source_bytes: float
    colored_bytes: float
    start_s: float

    @property
    def color_ms(self) -> float:
        """The network and the settling: what is left."""
        return self.all_ms - self.survey_ms - self.cuts_ms - self.write_ms - self.join_ms

    @property
    def moved_bytes(self) -> float:
        """Of a frame through the storage: read by survey, writer and join, and written twice."""
        return 2 * self.source_bytes + 3 * self.colored_bytes


@dataclass(frozen=True)
class Guessed:
    """What was not measured.

    Attributes:
        worker_cores: cores of a worker, all busy.
        film_hours: length of a film.
        segment_s: length of a segment.
        leg_s: length of a leg.
        hand_out_s: of who follows a film, for a segment.
        open_s: of a film, before its first leg: probe, trial of the encoder, lock.
        storage_gb_s: of the storage that all share.
        core_hour: price of a core for an hour, dollars.
        network_times: how many times faster the network is with a GPU.
        gpu_hour: price of a GPU for an hour, dollars.
        gpu_cores: cores beside the GPU that decode, enlarge and encode.
    """

    worker_cores: float = 8
    film_hours: float = 1.0
    segment_s: float = 8.0
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
    """A kind of worker: seconds for a frame of each stage, dollars an hour."""

    name: str
    work_s: float
    survey_s: float
    hour: float

    @property
    def frame_s(self) -> float:
        """All of them together."""
        return self.work_s + self.survey_s


@dataclass(frozen=True)
class Outcome:
    """Of one simulation: hours on the clock, dollars, and shares of the time.

    Attributes:
        hours: until the last film is joined.
        dollars: for the workers.
        busy: share of the time that workers were at work.
        storage: share that the storage was, 0..1.
    """

    hours: float
    dollars: float
    busy: float
    storage: float


def machines(m: Measured, g: Guessed) -> list[Machine]:
    """A worker without a GPU and one with."""
    alone = (m.color_ms + m.write_ms) / 1000 / g.worker_cores
    gpu = max(m.color_ms / g.network_times, m.write_ms / g.gpu_cores) / 1000
    survey, beside = (m.survey_ms / 1000 / cores for cores in (g.worker_cores, g.gpu_cores))
    price = g.gpu_hour + g.core_hour * g.gpu_cores
    return [
        Machine(f"{g.worker_cores:g} cores", alone, survey, g.core_hour * g.worker_cores),
        Machine(f"GPU and {g.gpu_cores} cores", gpu, beside, price),
    ]


@dataclass
class _Sim:
    """Workers that are all alike, what waits for them, and what happens when."""

    workers: int
    storage_s: float = 0.0
    now: float = 0.0
    at_work_s: float = 0.0
    moved_s: float = 0.0
    waiting: deque[tuple[float, float, Callable[[], None]]] = field(default_factory=deque)
    events: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    def at(self, when: float, call: Callable[[], None]) -> None:
        """Have something happen."""
        heapq.heappush(self.events, (when, next(self._numbers), call))

    def do(self, work_s: float, move_s: float, call: Callable[[], None]) -> None:
        """Have the next free worker do something that takes so long and moves so much."""
        self.waiting.append((work_s, move_s, call))
        self._begin()

    def _begin(self) -> None:
        while self.workers and self.waiting:
            work_s, move_s, call = self.waiting.popleft()
            self.workers -= 1
            self.at_work_s += work_s
            self.moved_s += move_s
            self.storage_s = max(self.storage_s, self.now) + move_s
            self.at(max(self.now + work_s, self.storage_s), lambda call=call: self._end(call))

    def _end(self, call: Callable[[], None]) -> None:
        self.workers += 1
        call()
        self._begin()

    def run(self) -> None:
        """Until nothing happens any more."""
        while self.events:
            self.now, _, call = heapq.heappop(self.events)
            call()


@dataclass
class _Film:
    """A film in legs and segments: as `Afield` and `Cluster` hand it out."""

    sim: _Sim
    frames: int
    kind: Machine
    m: Measured
    g: Guessed
    workers: int
    ended: Callable[[], None]
    legs_out: int = 0
    legs_in: int = 0
    segments: int = 0
    written: int = 0
    chain: float = 0.0

    def begin(self) -> None:
        """Open it and have its first legs surveyed."""
        self.leg, self.part = round(self.g.leg_s * RATE), round(self.g.segment_s * RATE)
        self.legs, self.parts = (max(1, round(self.frames / n)) for n in (self.leg, self.part))
        self.sim.at(self.sim.now + self.g.open_s, self._more)

    def _move_s(self, size: float) -> float:
        return size / (self.g.storage_gb_s * 1e9)

    def _more(self) -> None:
        under_way = self.legs_out - self.legs_in
        ready = self.segments - self.written
        while self.legs_out < self.legs and under_way <= self.workers and ready < 3 * self.workers:
            size = self.leg * self.m.source_bytes
            self.sim.do(self.leg * self.kind.survey_s, self._move_s(size), self._surveyed)
            self.legs_out += 1
            under_way += 1

    def _surveyed(self) -> None:
        """Cuts are found in one hand, leg after leg."""
        self.legs_in += 1
        self.chain = max(self.chain, self.sim.now) + self.leg * self.m.cuts_ms / 1000
        known = self.parts * self.legs_in // self.legs
        for _ in range(self.segments, known):
            self.chain += self.g.hand_out_s
            self.sim.at(self.chain, self._cut)
        self.segments = max(self.segments, known)
        self._more()

    def _cut(self) -> None:
        size = self.part * (self.m.source_bytes + self.m.colored_bytes)
        self.sim.do(self.part * self.kind.work_s, self._move_s(size), self._written)

    def _written(self) -> None:
        self.written += 1
        self._more()
        if self.written == self.parts:
            size = 2 * self.frames * self.m.colored_bytes
            self.sim.do(self.frames * self.m.join_ms / 1000, self._move_s(size), self.ended)


def simulate(hours: float, workers: int, kind: Machine, m: Measured, g: Guessed) -> Outcome:
    """Films go out whole while there are as many as workers; the last ones in segments."""
    left = max(1, round(hours / g.film_hours))
    frames = round(hours * 3600 / left * RATE)
    sim = _Sim(workers)
    sim.now = m.start_s
    held = following = 0
    # A film that one worker does moves its bytes all the time: what the storage cannot give makes
    # it longer.
    whole_s = frames * (kind.frame_s + (m.cuts_ms + m.join_ms) / 1000 / g.worker_cores) + g.open_s
    moved_s = frames * m.moved_bytes / (g.storage_gb_s * 1e9)
    whole_s *= max(1.0, workers * moved_s / whole_s)

    def give() -> None:
        nonlocal left, held, following
        while left >= workers and held < workers:
            left, held = left - 1, held + 1
            sim.moved_s += moved_s
            sim.do(whole_s, 0.0, took_back)
        while 0 < left < workers and following < max(1, (workers - held) // 2) and held < workers:
            left, following = left - 1, following + 1
            _Film(sim, frames, kind, m, g, workers - held, followed).begin()

    def took_back() -> None:
        nonlocal held
        held -= 1
        give()

    def followed() -> None:
        nonlocal following
        following -= 1
        give()

    give()
    sim.run()
    spent = sim.now / 3600
    busy = sim.at_work_s / (sim.now * workers)
    return Outcome(spent, workers * kind.hour * spent, busy, sim.moved_s / sim.now)


def rows(kind: Machine, m: Measured, g: Guessed) -> list[str]:
    """The table for one kind of worker."""
    lines = [
        "| film | workers | time | dollars | against one | workers busy | storage |",
        "|---|---|---|---|---|---|---|",
    ]
    for hours in HOURS:
        alone = simulate(hours, 1, kind, m, g)
        for workers in WORKERS:
            o = simulate(hours, workers, kind, m, g)
            lines.append(
                f"| {hours:,} h | {workers} | {words(o.hours)} | {o.dollars:,.2f}"
                f" | {alone.hours / o.hours:.1f} | {o.busy:.0%} | {o.storage:.0%} |"
            )
    return lines


def words(hours: float) -> str:
    """A length of time for people."""
    if hours < 1:
        return f"{hours * 60:.1f} min"
    return f"{hours:.1f} h" if hours < 48 else f"{hours / 24:,.1f} days"


def most_useful(hours: int, kind: Machine, m: Measured, g: Guessed) -> int:
    """The largest number of workers, in doublings, that are busy at least half of the time."""
    workers = 1
    while workers < MOST:
        if simulate(hours, 2 * workers, kind, m, g).busy < 0.5:
            break
        workers *= 2
    return workers


def fed(kind: Machine, m: Measured) -> float:
    """How many workers a gigabyte a second feeds."""
    return 1e9 / (m.moved_bytes / kind.frame_s)


def measure(film: Path) -> Measured:
    """Colour a film, then do its stages one by one and count the processors' time."""
    from vidcolor.machine import cores
    from vidcolor.media.decode import read_frames
    from vidcolor.media.mux import join
    from vidcolor.media.probe import probe
    from vidcolor.run.own import OwnColor
    from vidcolor.run.plan import make_plan
    from vidcolor.run.segment import Cutting, Segment, write_segment
    from vidcolor.run.settings import ColorizeSettings
    from vidcolor.run.stages import Timings
    from vidcolor.steady.shots import sketch

    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "all.mp4"
        _, whole_s, _ = _colorize(film, output)
        short, start_cpu_s, start_s = _colorize(
            film, Path(folder) / "one.mp4", "--duration", "0.01"
        )
        size = _film_bytes(output)
        clip = probe(film)
        count = clip.frame_count
        settings, threads = ColorizeSettings(), cores()
        plan = make_plan(clip, Path(folder) / "written.mp4", settings, threads)
        began = time.process_time()
        luma = list(OwnColor(plan.film).survey(0))
        sketches = [sketch(frame) for frame in luma]
        survey_s = time.process_time() - began
        limits = plan.film.segment_limits
        rounds = 3 * (limits.longest + limits.overlap) // count + 1
        cutting = Cutting(limits, 0, waiting=sketches * rounds)
        began = time.process_time()
        while cutting.next(ended=True):
            pass
        cuts_s = (time.process_time() - began) / rounds
        chroma = [plan.film.small_chroma(frame) for frame in read_frames(clip)]
        stack = np.stack(chroma).astype(np.float32)
        segment = Segment(0, count, np.stack(luma), 0, (), 0)
        began = time.process_time()
        write_segment(plan, segment, iter([stack]), plan.output, Timings(), lambda: None)
        write_s = time.process_time() - began
        again = Path(folder) / "joined.mp4"
        began = time.process_time()
        join([plan.output], [int(clip.pts[0])], clip, again, plan.streams)
        join_s = time.process_time() - began
    return Measured(
        frames=count,
        all_ms=1000 * (whole_s - start_cpu_s) / (count - short["frames"]),
        survey_ms=1000 * survey_s / count,
        cuts_ms=1000 * cuts_s / count,
        write_ms=1000 * write_s / count,
        join_ms=1000 * join_s / count,
        source_bytes=_film_bytes(film) / count,
        colored_bytes=size / count,
        start_s=start_s,
    )


def _children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _colorize(source: Path, output: Path, *options: str) -> tuple[dict, float, float]:
    """One run: what it said, seconds of the processors, seconds on the clock."""
    words = [sys.executable, "-m", "vidcolor", "colorize", str(source), str(output), "--quiet"]
    before, began = _children(), time.perf_counter()
    done = subprocess.run([*words, "--json", *options], capture_output=True, text=True, check=True)
    return json.loads(done.stdout), _children() - before, time.perf_counter() - began


def _film_bytes(path: Path) -> int:
    import av

    with av.open(str(path)) as container:
        return sum(packet.size for packet in container.demux(video=0))


def report(m: Measured, g: Guessed, measured_where: str) -> str:
    """All tables as Markdown."""
    lines = [
        "# Many machines, by simulation",
        "",
        f"1080p at {RATE} frames a second. Costs measured: {measured_where}. Simulated by"
        " `python benchmarks/scaling.py`: nothing below the tables of inputs has been run. Films go"
        " out whole while there are as many as workers; the last ones are surveyed in legs by all"
        " workers, cut into segments leg after leg, and their segments go to whoever is free;"
        " storage is one queue through which each frame is read twice, written, read and written"
        " again. Dollars are the workers'.",
        "",
        "| measured | |",
        "|---|---|",
        *(f"| {f.name} | {getattr(m, f.name):,.4g} |" for f in fields(m)),
        f"| colour_ms, what is left of all_ms | {m.color_ms:,.4g} |",
        f"| survey and cuts, of all | {(m.survey_ms + m.cuts_ms) / m.all_ms:.1%} |",
        f"| kB a frame through the storage | {m.moved_bytes / 1000:,.0f} |",
        "",
        "| guessed | |",
        "|---|---|",
        *(f"| {f.name} | {getattr(g, f.name):g} |" for f in fields(g)),
        "",
    ]
    for kind in machines(m, g):
        useful = {hours: most_useful(hours, kind, m, g) for hours in HOURS}
        slow = replace(g, storage_gb_s=1.0)
        alone = simulate(HOURS[-1], 1, kind, m, slow).hours
        many = simulate(HOURS[-1], WORKERS[-1], kind, m, slow)
        lines += [
            f"## Workers with {kind.name}: {1 / kind.frame_s:.1f} frames a second",
            "",
            *rows(kind, m, g),
            "",
            "Workers that are still busy half of the time: "
            + ", ".join(f"{count} for {hours:,} h" for hours, count in useful.items())
            + ".",
            "",
            f"A gigabyte a second of storage feeds {fed(kind, m):.0f} such workers. With no more"
            f" than that {HOURS[-1]:,} h on {WORKERS[-1]} workers take {words(many.hours)}:"
            f" {alone / many.hours:.0f} times as fast as one.",
            "",
        ]
    lines += [
        "What stops it: for one film the cuts, which are found leg after leg"
        f" ({1000 / m.cuts_ms:,.0f} frames a second, whatever the cluster), and its beginning and"
        " its join, during which the others wait; for many, the storage.",
        "",
    ]
    return "\n".join(lines)


def check(film: Path, m: Measured) -> str:
    """A film on 1, 2 and 4 workers of half a core each: seconds measured and simulated."""
    from half_cores import colored_on  # beside this file

    m, lines = replace(m, start_s=0.0), ["| workers | measured, s | simulated, s | error |"]
    lines.append("|---|---|---|---|")
    from vidcolor.media.probe import probe

    clip = probe(film)
    hours = clip.frame_count / RATE / 3600
    for workers in (1, 2, 4):
        seconds, segment_s = colored_on(film, workers)
        g = replace(Guessed(), worker_cores=0.5, film_hours=hours, segment_s=segment_s, open_s=0.0)
        sim = 3600 * simulate_in_segments(hours, workers, machines(m, g)[0], m, g)
        lines.append(f"| {workers} | {seconds:.1f} | {sim:.1f} | {sim / seconds - 1:+.0%} |")
    return "\n".join(lines)


def simulate_in_segments(
    hours: float, workers: int, kind: Machine, m: Measured, g: Guessed
) -> float:
    """Hours for one film in segments, however few the workers."""
    sim = _Sim(workers)
    _Film(sim, round(hours * 3600 * RATE), kind, m, g, workers, lambda: None).begin()
    sim.run()
    return sim.now / 3600


def messages(count: int = 400, hands: int = 8) -> str:
    """What the process of the command does for each message, and so for 100 workers."""
    import ray

    from vidcolor.run.hands import TELL_EVERY_S
    from vidcolor.run.workers import Moved

    ray.init("local", num_cpus=1, include_dashboard=False, log_to_driver=False)

    class Talking:
        def work(self):
            for number in range(count):
                time.sleep(0.02)
                yield [(0, Moved(number / count, count))]

    talking = ray.remote(Talking).options(num_cpus=0)
    coming = [talking.remote().work.remote() for _ in range(hands)]
    heard, began = 0, time.process_time()
    while coming:
        for one in ray.wait(coming, num_returns=len(coming), timeout=0.2)[0]:
            try:
                ray.get(next(one))
                heard += 1
            except StopIteration:
                coming.remove(one)
    spent = time.process_time() - began
    ray.shutdown()
    share = spent / heard * 100 / TELL_EVERY_S
    return (
        f"{heard} messages: {1000 * spent / heard:.3f} ms of the driver each; 100 workers that say"
        f" something every {TELL_EVERY_S:g} s take {share:.2%} of a core."
    )


def main() -> None:
    """Measure if asked, simulate, write."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--measure", type=Path)
    parser.add_argument("--check", type=Path)
    parser.add_argument("--messages", action="store_true")
    chosen = parser.parse_args()
    kept = HERE / "scaling.json"
    if chosen.messages:
        print(messages())
        return
    if chosen.check:
        print(check(chosen.check, measure(chosen.check)))
        return
    if chosen.measure:
        commit = subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True
        ).stdout.strip()
        where = f"{chosen.measure.name}, {os.cpu_count()} cores, commit {commit}"
        stored = {"where": where, "costs": asdict(measure(chosen.measure))}
        kept.write_text(json.dumps(stored, indent=2) + "\n")
    stored = json.loads(kept.read_text())
    text = report(Measured(**stored["costs"]), Guessed(), stored["where"])
    (HERE / "scaling.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
