"""How fast and how large coloured films are made, beside a plain transcode: writes speed.md.

python benchmarks/speed.py ../shared/data/clips/bw_nosferatu_multishot.mp4 \
    ../shared/data/clips/multi_montage_davis.mp4 -o benchmarks/speed.md

The first film is film as it is, the second a reel of short shots in fast motion. Both are brought
to each height. Runs go in turns with a transcode by PyAV, whole processes, start-up and all; one
more run is looked at from outside: which of its threads took how much of a processor.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path

import av

TRANSCODE = """
import sys, av
source, target, preset = sys.argv[1:4]
with av.open(source) as i, av.open(target, "w") as o:
    film = i.streams.video[0]
    film.thread_type = "AUTO"
    out = o.add_stream("libx264", rate=film.average_rate, options={"crf": "17", "preset": preset})
    out.width, out.height, out.pix_fmt = film.width, film.height, film.pix_fmt
    out.codec_context.time_base = film.time_base
    out.thread_type = "FRAME"
    for frame in i.decode(film):
        frame.pict_type = 0
        o.mux(out.encode(frame))
    o.mux(out.encode(None))
"""
STAGES = ("survey", "network", "flow", "settle", "decode", "upscale", "encode")
TICK = os.sysconf("SC_CLK_TCK")
FRAMES = {360: 600, 480: 500, 1080: 250, 2160: 75}
"""How many frames of each height: a run takes some ten seconds."""
MEMORY_HEIGHT = 480
COLUMN = "film, lines, preset, cores"


@dataclass(frozen=True)
class Run:
    """One process.

    Attributes:
        wall_s: seconds on the clock.
        cpu_s: of processors.
        peak_mb: largest resident size.
        output: what it printed.
        threads: processor seconds by name of threads, where they were looked at.
    """

    wall_s: float
    cpu_s: float
    peak_mb: float
    output: str
    threads: dict[str, float]


@dataclass(frozen=True)
class Case:
    """A film to be coloured."""

    source: Path
    height: int
    preset: str
    cores: int
    precision: str = "auto"

    @property
    def name(self) -> str:
        """In the tables."""
        return f"{self.source.stem.rsplit('-', 1)[0]}, {self.height} lines, {self.preset}"


def run(command: Sequence[str], cores: int, look: bool = False) -> Run:
    """Run a process on so many processors to its end, and measure it."""
    allowed = sorted(os.sched_getaffinity(0))[:cores]
    began = time.perf_counter()
    with tempfile.TemporaryFile("w+") as words, tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(
            command,
            stdout=words,
            stderr=errors,
            preexec_fn=lambda: os.sched_setaffinity(0, allowed),
        )
        seen: dict[tuple[str, str], tuple[str, float]] = {}
        ended = threading.Event()
        looking = threading.Thread(target=_look, args=(process.pid, seen, ended))
        if look:
            looking.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        ended.set()
        if look:
            looking.join()
        words.seek(0)
        errors.seek(0)
        if status:
            raise SystemExit(f"{command} failed:\n{errors.read()}")
        threads: dict[str, float] = defaultdict(float)
        for name, spent in seen.values():
            threads[name] += spent
        cpu = usage.ru_utime + usage.ru_stime
        return Run(wall, cpu, usage.ru_maxrss / 1024, words.read(), dict(threads))


def _look(
    process: int, seen: dict[tuple[str, str], tuple[str, float]], ended: threading.Event
) -> None:
    """Note what each thread of a process has taken, again and again while it runs."""
    tasks = Path(f"/proc/{process}/task")
    while not ended.wait(0.03):
        for task in _listed(tasks):
            try:
                head, _, rest = (task / "stat").read_text().rpartition(")")
            except OSError:
                continue
            fields = rest.split()
            spent = (int(fields[11]) + int(fields[12])) / TICK
            name = head.partition("(")[2]
            key = task.name, fields[19]
            # FFmpeg gives its threads names of their own; who began them counts.
            if name.startswith("av:") and key in seen:
                name = seen[key][0]
            seen[key] = name, spent


def _listed(tasks: Path) -> list[Path]:
    try:
        return list(tasks.iterdir())
    except OSError:
        return []


def transcode(case: Case, folder: Path) -> Run:
    """The film decoded and encoded, and no more."""
    target = folder / "plain.mp4"
    words = [sys.executable, "-c", TRANSCODE, str(case.source), str(target), case.preset]
    return run(words, case.cores)


def colorize(case: Case, folder: Path, *options: str, look: bool = False) -> Run:
    """`vidcolor colorize` with its result as JSON."""
    begin = [str(Path(__file__).with_name("named.py"))] if look else ["-m", "vidcolor"]
    words = [sys.executable, *begin, "colorize", str(case.source), str(folder / "colour.mp4")]
    words += ["--overwrite", "--quiet", "--json", "--preset", case.preset]
    words += ["--precision", case.precision, *options]
    return run(words, case.cores, look)


def at_height(film: Path, height: int, count: int, folder: Path) -> Path:
    """The first frames of a film at another height, again from its start where it is short."""
    target = folder / f"{film.stem}-{height}.mp4"
    with av.open(str(target), "w") as sink:
        made = None
        for number, frame in enumerate(_again_and_again(film, count)):
            if made is None:
                options = {"crf": "14", "preset": "superfast"}
                made = sink.add_stream("libx264", rate=25, options=options)
                made.width = round(frame.width * height / frame.height / 2) * 2
                made.height, made.pix_fmt = height, "yuv420p"
            plain = frame.reformat(made.width, height, "yuv420p")
            plain.pts, plain.time_base, plain.pict_type = number, Fraction(1, 25), 0
            sink.mux(made.encode(plain))
        assert made
        sink.mux(made.encode())
    return target


def _again_and_again(film: Path, count: int) -> Iterator[av.VideoFrame]:
    left = count
    while left:
        with av.open(str(film)) as source:
            for frame in source.decode(video=0):
                yield frame
                left -= 1
                if not left:
                    return


def swaying(film: Path, count: int, folder: Path, rate: int = 25) -> Path:
    """One shot of so many frames: the film's first second forward and backward, again and again."""
    target = folder / f"{film.stem}-{count}-{rate}.mp4"
    with av.open(str(film)) as source:
        frames = islice(source.decode(video=0), 25)
        pictures = [frame.to_ndarray(format="yuv420p") for frame in frames]
    both = pictures + pictures[-2:0:-1]
    with av.open(str(target), "w") as sink:
        made = sink.add_stream("libx264", rate=rate, options={"preset": "ultrafast"})
        made.height, made.width = pictures[0].shape[0] * 2 // 3, pictures[0].shape[1]
        for number in range(count):
            picture = both[number % len(both)]
            sink.mux(made.encode(av.VideoFrame.from_ndarray(picture, "yuv420p")))
        sink.mux(made.encode())
    return target


def processor() -> str:
    """The processor's name and what matters of it here."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    name = next((x.split(":")[1].strip() for x in lines if x.startswith("model name")), "")
    flags = next((x for x in lines if x.startswith("flags")), "")
    known = [f for f in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if f in flags]
    return f"{name or platform.processor()}, {os.cpu_count()} cores, {', '.join(known)}"


def measured(case: Case, pairs: int, folder: Path) -> tuple[str, str]:
    """A film's lines in the two tables."""
    plain, made = [], []
    for _ in range(pairs):
        plain.append(transcode(case, folder))
        made.append(colorize(case, folder))
    frames = json.loads(made[0].output)["frames"]
    wall = statistics.median(one.wall_s for one in made)
    ratio = statistics.median(m.wall_s / p.wall_s for m, p in zip(made, plain, strict=True))
    spent = statistics.median(one.cpu_s for one in made)
    floor = case.cores * frames / spent
    peak = max(one.peak_mb for one in made)
    reached = f"{frames / wall:.1f} | {floor:.1f} | {frames / wall / floor:.0%}"
    speed = f"| {case.name}, {case.cores} | {reached} | {ratio:.2f} | {peak:.0f} |"
    seen = colorize(case, folder, look=True)
    by_stage = [seen.threads.get(name, 0.0) / frames * 1000 for name in STAGES]
    rest = seen.cpu_s / frames * 1000 - sum(by_stage)
    cells = " | ".join(f"{value:.1f}" for value in (*by_stage, rest))
    return speed, f"| {case.name}, {case.cores} | {cells} |"


def memory(film: Path, folder: Path) -> str:
    """Peak memory of one shot: of a minute and of ten, of many frames a second, long and tall."""
    small = at_height(film, MEMORY_HEIGHT, 25, folder)
    lines = ["| one shot | peak MB |", "|---|---|"]
    for count, rate, options in (
        (250, 25, ()),
        (1500, 25, ()),
        (1500, 120, ()),
        (15000, 25, ("--render-size", "64")),
        (1500, 25, ("--render-size", "64")),
    ):
        source = swaying(small, count, folder, rate)
        case = Case(source, MEMORY_HEIGHT, "ultrafast", os.cpu_count() or 1)
        words = f"{count} frames, {rate} a second {' '.join(options)}"
        lines.append(f"| {words} | {colorize(case, folder, *options).peak_mb:.0f} |")
        source.unlink()
    return "\n".join(lines)


def main() -> None:
    """Measure and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("film", type=Path)
    parser.add_argument("reel", type=Path)
    parser.add_argument("--heights", type=int, nargs="+", default=list(FRAMES))
    parser.add_argument("--presets", nargs="+", default=["veryfast", "medium"])
    parser.add_argument("--cores", type=int, nargs="+", default=[os.cpu_count() or 1])
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--precision", default="auto", help="float32 with ONEDNN_MAX_CPU_ISA=AVX2")
    parser.add_argument("--no-memory", action="store_true")
    parser.add_argument("-o", "--output", type=Path)
    given = parser.parse_args()
    speeds, stages = [], []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for film in (given.film, given.reel):
            for height in given.heights:
                source = at_height(film, height, FRAMES[height], folder)
                warm = Case(source, height, "ultrafast", max(given.cores), given.precision)
                colorize(warm, folder)  # fills the cache
                for preset in given.presets:
                    for cores in given.cores:
                        case = Case(source, height, preset, cores, given.precision)
                        speed, stage = measured(case, given.pairs, folder)
                        print(speed, stage, sep="\n", flush=True)
                        speeds.append(speed)
                        stages.append(stage)
                source.unlink()
        held = "" if given.no_memory else f"\n\n## Memory\n\n{memory(given.film, folder)}"
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True
    ).stdout.strip()
    text = "\n".join(
        [
            "# Speed and memory",
            "",
            f"Commit {commit}; {processor()}; medians of {given.pairs} runs in turns, whole"
            f" processes. Command: `python benchmarks/speed.py {' '.join(sys.argv[1:])}`.",
            "",
            "Frames a second; the floor, which the same work would reach if no core were ever idle;"
            " what share of it is reached; seconds to those of a plain transcode of that preset.",
            "",
            f"| {COLUMN} | frames a second | floor | reached | to transcode | peak MB |",
            "|---|---|---|---|---|---|",
            *speeds,
            "",
            "Where it goes: core-milliseconds a frame by thread (`rest`: start-up, the end, and"
            " threads that no stage began).",
            "",
            f"| {COLUMN} | {' | '.join(STAGES)} | rest |",
            f"|---|{'---|' * (len(STAGES) + 1)}",
            *stages,
        ]
    )
    text += held + "\n"
    print(text)
    if given.output:
        given.output.write_text(text)


if __name__ == "__main__":
    main()
