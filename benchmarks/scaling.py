"""How long and how much on many machines, by simulation: writes scaling.md.

    python benchmarks/scaling.py [--measure FILM]

With --measure the costs of each stage are measured anew on FILM (1080p) and kept in scaling.json;
otherwise those there are used. What is guessed stands in `Guessed` and in its own table.
"""

from __future__ import annotations

import argparse
import heapq
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
HOURS, WORKERS = (1, 100, 10_000), (1, 8, 64, 512)
RATE = 24
SIMULATED_FILMS = 400
"""Of more films the time is that of so many, multiplied."""


@dataclass(frozen=True)
class Measured:
    """Milliseconds of processor time for one 1080p frame, unless said otherwise.

    Attributes:
        frames: measured over so many.
        all_ms: of a whole run, without its start.
        survey_ms: decode and shrink.
        cuts_ms: looking for cuts.
        write_ms: decode, enlarge, encode.
        join_ms: copying packets.
        source_bytes: of the compressed film.
        coloured_bytes: likewise, coloured.
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


@dataclass(frozen=True)
class Guessed:
    """What was not measured.

    Attributes:
        worker_cores: cores of a worker, all busy.
        driver_cores: of the machine that surveys and joins.
        survey_cores: how many of them one film's survey can use (decoding has threads).
        film_hours: length of a film.
        segment_s: length of a segment.
        hand_out_s: of Ray for a segment, on the driver.
        storage_mb_s: of the storage that all share.
        core_hour: price of a core for an hour, dollars.
        network_times: how many times faster the network is with a GPU.
        gpu_hour: price of a GPU for an hour, dollars.
        gpu_cores: cores beside the GPU that decode, enlarge and encode.
    """

    worker_cores: int = 8
    driver_cores: int = 16
    survey_cores: int = 4
    film_hours: float = 1.0
    segment_s: float = 20.0
    hand_out_s: float = 0.02
    storage_mb_s: float = 1000.0
    core_hour: float = 0.04
    network_times: float = 40.0
    gpu_hour: float = 0.80
    gpu_cores: int = 8


@dataclass(frozen=True)
class Machine:
    """A kind of worker: frames a second, dollars an hour."""

    name: str
    frame_s: float
    hour: float


@dataclass(frozen=True)
class Outcome:
    """Of one simulation: hours on the clock, dollars, share of the time that each was busy."""

    hours: float
    dollars: float
    busy: dict[str, float]


def machines(m: Measured, g: Guessed) -> list[Machine]:
    """A worker without a GPU and one with."""
    alone = (m.color_ms + m.write_ms) / 1000 / g.worker_cores
    gpu = max(m.color_ms / g.network_times, m.write_ms / g.gpu_cores) / 1000
    return [
        Machine(f"{g.worker_cores} cores", alone, g.core_hour * g.worker_cores),
        Machine(f"GPU and {g.gpu_cores} cores", gpu, g.gpu_hour + g.core_hour * g.gpu_cores),
    ]


def simulate(hours: int, workers: int, kind: Machine, m: Measured, g: Guessed) -> Outcome:
    """Films surveyed on the driver's cores, segments done by workers as they close, then joined.

    Storage is one queue: each segment is read by the survey and by a worker, written, read and
    written again by the join.
    """
    frames = round(g.segment_s * RATE)
    wanted = max(1, round(hours / g.film_hours))
    segments = round(hours * 3600 / g.segment_s / wanted)
    films = min(wanted, SIMULATED_FILMS)
    survey_s = frames * (m.survey_ms / g.survey_cores + m.cuts_ms) / 1000 + g.hand_out_s
    at_a_time = g.driver_cores // g.survey_cores
    join_s = segments * frames * m.join_ms / 1000
    move_s = frames * (2 * m.source_bytes + 3 * m.colored_bytes) / (g.storage_mb_s * 1e6)
    work_s = frames * kind.frame_s
    cores = [(0.0, film) for film in range(min(films, at_a_time))]
    heapq.heapify(cores)
    waiting, left = len(cores), [segments] * films
    free = [m.start_s] * workers
    storage, end, last = 0.0, 0.0, [0.0] * films
    while cores:
        now, film = heapq.heappop(cores)
        if left[film]:
            closed = now + survey_s
            start = max(heapq.heappop(free), closed)
            storage = max(storage, start) + move_s
            done = max(start + work_s, storage)
            heapq.heappush(free, done)
            last[film] = max(last[film], done)
            left[film] -= 1
            # No more than three segments a worker are under way.
            held = max(closed, done - 3 * work_s)
            heapq.heappush(cores, (held, film))
            continue
        joined = max(now, last[film]) + join_s
        end = max(end, joined)
        if waiting < films:
            heapq.heappush(cores, (joined, waiting))
            waiting += 1
    total = films * segments
    busy = {
        "workers": total * work_s / (end * workers),
        "driver": (total * survey_s + films * join_s) / (end * min(films, at_a_time)),
        "storage": total * move_s / end,
    }
    spent = end / 3600 * wanted / films
    return Outcome(spent, (workers * kind.hour + g.driver_cores * g.core_hour) * spent, busy)


def rows(kind: Machine, m: Measured, g: Guessed) -> list[str]:
    """The table for one kind of worker."""
    lines = [
        "| film | workers | time | dollars | against one | workers busy | driver | storage |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for hours in HOURS:
        alone = simulate(hours, 1, kind, m, g)
        for workers in WORKERS:
            o = simulate(hours, workers, kind, m, g)
            shares = " | ".join(f"{share:.0%}" for share in o.busy.values())
            lines.append(
                f"| {hours:,} h | {workers} | {words(o.hours)} | {o.dollars:,.2f}"
                f" | {alone.hours / o.hours:.1f} | {shares} |"
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
    while workers < 4096:
        if simulate(hours, 2 * workers, kind, m, g).busy["workers"] < 0.5:
            break
        workers *= 2
    return workers


def measure(film: Path) -> Measured:
    """Colour a film, then do its stages one by one and count the processors' time."""
    from vidcolor.machine import cores
    from vidcolor.media.decode import read_frames
    from vidcolor.media.mux import join
    from vidcolor.media.probe import probe
    from vidcolor.run.own import OwnColor
    from vidcolor.run.plan import make_plan
    from vidcolor.run.segment import Segment, write_segment
    from vidcolor.run.settings import ColorizeSettings
    from vidcolor.run.stages import Timings
    from vidcolor.steady.shots import find_cuts

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
        survey_s = time.process_time() - began
        began = time.process_time()
        find_cuts(luma)
        cuts_s = time.process_time() - began
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
        " `python benchmarks/scaling.py`: nothing below the tables of inputs has been run. The"
        " machine of the command (driver) surveys some films at a time and joins; workers colour"
        " and encode segments as they close; storage is one queue through which each segment is"
        " read twice, written, read and written again. Dollars include the driver.",
        "",
        "| measured | |",
        "|---|---|",
        *(f"| {f.name} | {getattr(m, f.name):,.4g} |" for f in fields(m)),
        f"| colour_ms, what is left of all_ms | {m.color_ms:,.4g} |",
        f"| survey and cuts, of all | {(m.survey_ms + m.cuts_ms) / m.all_ms:.1%} |",
        "",
        "| guessed | |",
        "|---|---|",
        *(f"| {f.name} | {getattr(g, f.name):g} |" for f in fields(g)),
        "",
    ]
    for kind in machines(m, g):
        useful = {hours: most_useful(hours, kind, m, g) for hours in HOURS}
        lines += [
            f"## Workers with {kind.name}: {1 / kind.frame_s:.1f} frames a second",
            "",
            *rows(kind, m, g),
            "",
            "Workers that are still busy half of the time: "
            + ", ".join(f"{count} for {hours:,} h" for hours, count in useful.items())
            + ".",
            "",
        ]
    lines += [
        "What stops it is the survey: of one film it is one after the other, and of many films the"
        " driver's cores do it. Storage and join are far from their limits. Past that point give"
        " parts of a folder to commands on several machines, each with a survey of its own.",
        "",
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure if asked, simulate, write."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--measure", type=Path)
    chosen = parser.parse_args()
    kept = HERE / "scaling.json"
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
