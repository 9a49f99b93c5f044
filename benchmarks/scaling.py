"""How long and how much on many machines, by simulation: writes scaling.md.

    python benchmarks/scaling.py [--measure FILM]
    python benchmarks/scaling.py --check FILM
    python benchmarks/scaling.py --messages

With --measure the costs of each stage are measured anew on FILM (1080p, a thousand frames or more,
or fixed costs count too much) and kept in scaling.json; otherwise those there are used. What is
guessed stands in `Guessed` and in its own table. --check colours FILM on a local Ray with 1, 2 and
4 workers of half a core each and prints that beside the simulation; --messages measures what the
process of the command does for each message. All but the simulation want a machine that does
nothing else.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, fields, replace
from pathlib import Path

import numpy as np
from scaling_sim import (  # beside this file
    RATE,
    Guessed,
    Machine,
    Measured,
    Outcome,
    Shape,
    machines,
    seconds_of,
    simulate,
)

HERE = Path(__file__).parent
HOURS, WORKERS = (1, 100, 10_000), (1, 8, 64, 512)
MOST = 512

simulated = functools.cache(simulate)


def rows(kind: Machine, m: Measured, g: Guessed) -> list[str]:
    """The table for one kind of worker."""
    lines = [
        "| film | workers | time | dollars | against one | workers busy | storage |",
        "|---|---|---|---|---|---|---|",
    ]
    for hours in HOURS:
        alone = simulated(hours, 1, kind, m, g)
        for workers in WORKERS:
            o: Outcome = simulated(hours, workers, kind, m, g)
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
        if simulated(hours, 2 * workers, kind, m, g).busy < 0.5:
            break
        workers *= 2
    return workers


def fed(kind: Machine, m: Measured) -> float:
    """How many workers a gigabyte a second feeds."""
    return 1e9 / (m.moved_bytes / kind.frame_s(m))


def measure(film: Path) -> Measured:
    """Colour a film, then do its stages one by one and count the processors' time."""
    from vidcolor.machine import cores
    from vidcolor.media.decode import read_frames
    from vidcolor.media.mux import Join, JoinPlan
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
        film_join = Join(JoinPlan(clip, again, plan.streams))
        began = time.process_time()
        film_join.add(plan.output, int(clip.pts[0]))
        join_s = time.process_time() - began
        film_join.finish()
        finish_s = time.process_time() - began - join_s
    return Measured(
        frames=count,
        all_ms=1000 * (whole_s - start_cpu_s) / (count - short["frames"]),
        survey_ms=1000 * survey_s / count,
        cuts_ms=1000 * cuts_s / count,
        write_ms=1000 * write_s / count,
        join_ms=1000 * join_s / count,
        finish_ms=1000 * finish_s / count,
        source_bytes=_film_bytes(film) / count,
        colored_bytes=size / count,
        start_s=start_s,
        process_s=_process_s(),
    )


def _process_s() -> float:
    """Seconds of a processor until a process that Ray starts can do what `painter.py` says."""
    import ray

    def began() -> float:
        import scenedetect  # noqa: F401 - the cuts are looked for by it

        import vidcolor.run.painter  # noqa: F401

        return time.process_time()

    ray.init("local", num_cpus=1, include_dashboard=False, log_to_driver=False)
    try:
        return float(ray.get(ray.remote(began).remote()))
    finally:
        ray.shutdown()


def _children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _colorize(source: Path, output: Path, *options: str) -> tuple[dict, float, float]:
    """One run: what it said, seconds of the processors, seconds on the clock."""
    words = [sys.executable, "-m", "vidcolor", "colorize", str(source), str(output), "--quiet"]
    before, began = _children(), time.perf_counter()
    done = subprocess.run([*words, "--json", *options], capture_output=True, text=True, check=True)
    return json.loads(done.stdout), _children() - before, time.perf_counter() - began


def _where(film: Path) -> str:
    import av

    with av.open(str(film)) as container:
        picture = container.streams.video[0]
        size = f"{picture.width}x{picture.height}"
    words = ["git", "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()
    return f"{film.name}, {size}, {os.cpu_count()} cores, commit {commit}"


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
        " workers, cut into segments leg after leg, and each segment goes to the painter that has"
        " least to do, at most three a painter ahead of the first that is not written. Behind that"
        " one the film is joined, by a process of its own. Whatever a worker does at a time shares"
        " its cores alike; a process that a task finds no idle one of is started, and one that is"
        " idle for a second ends where a node has more of them than CPUs. Storage is one queue"
        " through which each frame is read twice, written, read and written again, and once more"
        " for mp4's index. Dollars are the workers'.",
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
    for kind in machines(g):
        useful = {hours: most_useful(hours, kind, m, g) for hours in HOURS}
        slow = replace(g, storage_gb_s=1.0)
        alone = simulated(HOURS[-1], 1, kind, m, slow).hours
        many = simulated(HOURS[-1], WORKERS[-1], kind, m, slow)
        lines += [
            f"## Workers with {kind.name}: {1 / kind.frame_s(m):.1f} frames a second",
            "",
            *rows(kind, m, g),
            "",
            "Workers that are still busy half of the time: "
            + ", ".join(f"{count} for {hours:,} h" for hours, count in useful.items())
            + f" ({MOST} is the most that was tried).",
            "",
            f"A gigabyte a second of storage feeds {fed(kind, m):.0f} such workers. With no more"
            f" than that {HOURS[-1]:,} h on {WORKERS[-1]} workers take {words(many.hours)}:"
            f" {alone / many.hours:.0f} times as fast as one.",
            "",
        ]
    lines += [
        "What stops it: for one film the cuts, which are found leg after leg"
        f" ({1000 / m.cuts_ms:,.0f} frames a second, whatever the cluster), and its beginning; for"
        " many, the storage.",
        "",
    ]
    return "\n".join(lines)


def check(film: Path, where: str) -> str:
    """A film on 1, 2 and 4 workers of half a core each: seconds measured and simulated.

    What the simulation is given was measured without a cluster: the costs on one core with one
    thread, how much they grow where so many processes run by turns, and what Ray takes when idle.
    """
    from half_cores import colored_on, crowded  # beside this file

    os.environ["OMP_NUM_THREADS"] = "1"
    everywhere = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(everywhere)})
    m = measure(film)
    os.sched_setaffinity(0, everywhere)
    print(m, flush=True)
    g = replace(Guessed(), open_s=0.0)
    lines = [
        "# The simulation beside a local Ray",
        "",
        f"{where}, by `python benchmarks/scaling.py --check`: a film on workers of half a core each"
        " (`half_cores.py`), and the simulation with costs measured on one core with one thread"
        f" ({m.all_ms:.1f} ms a frame, {m.process_s:.2f} s a process), by how much they grow where"
        " so many runs have half a core each, and the share of the cores that Ray takes when idle.",
        "",
        "| workers | processes | their seconds of a core | costs grow | Ray's share | measured, s"
        " | simulated, s | error |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for workers in (1, 2, 4):
        grown, run = crowded(film, workers), colored_on(film, workers)
        print(run, flush=True)
        half = Machine("half a core", 0.5 * (1 - run.ray_share) / grown, 2, 0, 0)
        sim = seconds_of(Shape(run.segments, run.legs), run.ahead, workers, half, m, g)
        lines.append(
            f"| {workers} | {run.processes} | {run.core_s:.0f} | {grown:.2f} | {run.ray_share:.1%}"
            f" | {run.seconds:.1f} | {sim:.1f} | {sim / run.seconds - 1:+.0%} |"
        )
        print(lines[-1], flush=True)
    return "\n".join([*lines, ""])


def messages(count: int = 400, hands: int = 8) -> str:
    """What the process of the command does for each message, and so for 100 workers."""
    import ray

    from vidcolor.run.hands import TELL_EVERY_S
    from vidcolor.run.messages import Moved

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
        (HERE / "scaling_check.md").write_text(check(chosen.check, _where(chosen.check)))
        return
    if chosen.measure:
        stored = {"where": _where(chosen.measure), "costs": asdict(measure(chosen.measure))}
        kept.write_text(json.dumps(stored, indent=2) + "\n")
    stored = json.loads(kept.read_text())
    text = report(Measured(**stored["costs"]), Guessed(), stored["where"])
    (HERE / "scaling.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
