"""How fast and how large a coloured film is made, beside a plain transcode: writes speed.md.

    python benchmarks/speed.py FILM [--pairs 5] [--out benchmarks/speed.md]

Pairs run in turns, each in a process of its own, so that both pay for starting Python.
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
import time
from dataclasses import dataclass
from pathlib import Path

from vidcolor.machine import cores

TRANSCODE = """
import sys, av
from fractions import Fraction
source, target, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
with av.open(source) as i, av.open(target, "w") as o:
    film = i.streams.video[0]
    film.thread_type = "AUTO"
    options = {"crf": "17", "preset": "veryfast"}
    out = o.add_stream("libx264", rate=film.average_rate, options=options)
    out.width, out.height, out.pix_fmt = film.width, film.height, film.pix_fmt
    out.codec_context.time_base = film.time_base
    out.thread_type = "FRAME"
    out.codec_context.thread_count = threads
    for frame in i.decode(film):
        frame.pict_type = 0
        o.mux(out.encode(frame))
    o.mux(out.encode(None))
"""


@dataclass(frozen=True)
class Run:
    """One process: seconds on the clock, seconds of CPU, largest resident size in MB."""

    wall_s: float
    cpu_s: float
    peak_mb: float
    output: str


def run(command: list[str]) -> Run:
    """Run a process to its end and measure it."""
    began = time.perf_counter()
    with tempfile.TemporaryFile("w+") as words:
        process = subprocess.Popen(command, stdout=words, stderr=subprocess.PIPE, text=True)
        errors = process.stderr.read() if process.stderr else ""
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        words.seek(0)
        output = words.read()
    if status:
        raise SystemExit(f"{command} failed:\n{errors}")
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, output)


def colorize(source: Path, target: Path, *options: str) -> Run:
    """`vidcolor colorize` with its result as JSON."""
    command = [sys.executable, "-m", "vidcolor", "colorize", str(source), str(target)]
    return run([*command, "--overwrite", "--quiet", "--json", *options])


def network_alone_ms(height: int, width: int, batch: int) -> float:
    """Milliseconds a frame of the network with nothing else running."""
    import numpy as np

    from vidcolor.infer.choose import load_predictor

    predictor = load_predictor()
    luma = np.random.default_rng(0).integers(0, 256, (batch, height, width), np.uint8)
    predictor.predict(luma)
    times = []
    for _ in range(12):
        began = time.perf_counter()
        predictor.predict(luma)
        times.append((time.perf_counter() - began) / batch * 1000)
    return statistics.median(times)


def swaying(source: Path, target: Path, count: int) -> None:
    """One shot of so many frames: the film forward and backward, again and again."""
    import av

    with av.open(str(source)) as i:
        rate = i.streams.video[0].average_rate
        pictures = [frame.to_ndarray(format="yuv420p") for frame in i.decode(video=0)]
    there_and_back = pictures + pictures[-2:0:-1]
    with av.open(str(target), "w") as o:
        out = o.add_stream("libx264", rate=rate, options={"preset": "ultrafast"})
        out.height, out.width = pictures[0].shape[0] * 2 // 3, pictures[0].shape[1]
        for number in range(count):
            picture = there_and_back[number % len(there_and_back)]
            o.mux(out.encode(av.VideoFrame.from_ndarray(picture, "yuv420p")))
        o.mux(out.encode(None))


def processor() -> str:
    """The processor's name and what matters of it here."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    name = next((x.split(":")[1].strip() for x in lines if x.startswith("model name")), "")
    flags = next((x for x in lines if x.startswith("flags")), "")
    known = [f for f in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if f in flags]
    return f"{name or platform.processor()}, {os.cpu_count()} cores, {', '.join(known)}"


def main() -> None:
    """Measure and write the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("film", type=Path)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--shot", type=Path, default=Path("samples/vtest.mp4"))
    parser.add_argument("--shot-frames", type=int, default=900)
    parser.add_argument("--out", type=Path, default=Path(__file__).with_suffix(".md"))
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        text = measure(chosen.film, chosen.pairs, Path(folder))
        text += long_pair(chosen.shot, chosen.shot_frames, Path(folder)) + "\n"
    chosen.out.write_text(text)
    print(text)


def measure(film: Path, pairs: int, folder: Path) -> str:
    """The table as Markdown."""
    threads = str(cores())
    plain, still, loose = [], [], []
    colorize(film, folder / "warm.mp4")
    for _ in range(pairs):
        plain.append(
            run([sys.executable, "-c", TRANSCODE, str(film), str(folder / "p.mp4"), threads])
        )
        still.append(colorize(film, folder / "c.mp4"))
        loose.append(colorize(film, folder / "l.mp4", "--steady", "0"))
    results = [json.loads(r.output) for r in still]
    frames = results[0]["frames"]
    alone = network_alone_ms(192, 340, 4)
    p, s, a = (statistics.median(r.wall_s for r in runs) for runs in (plain, still, loose))
    ratio = statistics.median(x.wall_s / y.wall_s for x, y in zip(still, loose, strict=True))
    stages = {
        name: statistics.median(r["stages"][name] for r in results) for name in results[0]["stages"]
    }
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True
    ).stdout.strip()
    rows = [
        "# Speed and memory",
        "",
        f"Commit {commit}; {processor()}; {film.name}, {frames} frames; medians of {pairs} runs in",
        f"turns, whole processes. Command: `python benchmarks/speed.py {film}`.",
        "",
        "| run | seconds | to transcode | ms a frame | frames a second | peak MB |",
        "|---|---|---|---|---|---|",
        _row("plain transcode", p, p, frames, plain),
        _row("colorize --steady 0", a, p, frames, loose),
        _row("colorize", s, p, frames, still),
        "",
        f"colorize to colorize --steady 0, median of the pairs' ratios: {ratio:.2f}.",
        "",
        "| stage of colorize (they overlap) | ms a frame |",
        "|---|---|",
        *(f"| {name} | {spent / frames * 1e3:.1f} |" for name, spent in stages.items()),
        f"| limit: the network alone, batch of 4, every frame | {alone:.1f} |",
        f"| limit: the plain transcode | {p / frames * 1e3:.1f} |",
        "",
        "",
    ]
    return "\n".join(rows)


def _row(name: str, seconds: float, transcode: float, frames: int, runs: list[Run]) -> str:
    peak = max(r.peak_mb for r in runs)
    return (
        f"| {name} | {seconds:.2f} | {seconds / transcode:.2f} | {seconds / frames * 1e3:.1f} "
        f"| {frames / seconds:.1f} | {peak:.0f} |"
    )


def long_pair(source: Path, count: int, folder: Path) -> str:
    """Peak memory of a shot of several segments, and of one that is ten times longer."""
    fast = ("--preset", "ultrafast", "--render-size", "64")
    runs = []
    for times in (1, 10):
        film = folder / f"long{times}.mp4"
        swaying(source, film, count * times)
        runs.append(colorize(film, folder / "long.mp4", *fast))
    one, many = runs
    frames = [json.loads(r.output)["frames"] for r in runs]
    return (
        f"Peak memory of one shot of {frames[0]} frames ({source.name} to and fro) "
        f"{one.peak_mb:.0f} MB, of one of {frames[1]} frames {many.peak_mb:.0f} MB: ratio "
        f"{many.peak_mb / one.peak_mb:.3f} (`{' '.join(fast)}`, to save time)."
    )


if __name__ == "__main__":
    main()
