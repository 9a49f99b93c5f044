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

TRANSCODE = """
import sys, av
from fractions import Fraction
source, target, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
with av.open(source) as i, av.open(target, "w") as o:
    film = i.streams.video[0]
    film.thread_type = "AUTO"
    out = o.add_stream("libx264", rate=film.average_rate, options={"crf": "17", "preset": "medium"})
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


def lengthened(source: Path, target: Path, times: int) -> None:
    """The film joined to itself, packet by packet."""
    import av

    with av.open(str(target), "w") as o:
        out = shift = None
        for _ in range(times):
            with av.open(str(source)) as i:
                film = i.streams.video[0]
                if out is None:
                    out = o.add_stream_from_template(film, opaque=True)
                    shift = 0
                end = 0
                for packet in i.demux(film):
                    if packet.size:
                        end = max(end, packet.pts + packet.duration)
                        packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                        packet.stream = out
                        o.mux(packet)
                shift += end


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
    parser.add_argument("--longer", type=int, default=10)
    parser.add_argument("--out", type=Path, default=Path(__file__).with_suffix(".md"))
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        text = measure(chosen.film, chosen.pairs, chosen.longer, Path(folder))
    chosen.out.write_text(text)
    print(text)


def measure(film: Path, pairs: int, longer: int, folder: Path) -> str:
    """The table as Markdown."""
    threads = str(os.cpu_count() or 1)
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
    clip = long_pair(film, longer, folder)
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
        clip,
        "",
    ]
    return "\n".join(rows)


def _row(name: str, seconds: float, transcode: float, frames: int, runs: list[Run]) -> str:
    peak = max(r.peak_mb for r in runs)
    return (
        f"| {name} | {seconds:.2f} | {seconds / transcode:.2f} | {seconds / frames * 1e3:.1f} "
        f"| {frames / seconds:.1f} | {peak:.0f} |"
    )


def long_pair(film: Path, longer: int, folder: Path) -> str:
    """Peak memory of a film of several segments and of one that is many times longer."""
    short, long = folder / "short.mp4", folder / "long.mp4"
    lengthened(film, short, 10)
    lengthened(film, long, 10 * longer)
    fast = ("--preset", "ultrafast", "--render-size", "96")
    one = colorize(short, folder / "s.mp4", *fast)
    many = colorize(long, folder / "g.mp4", *fast)
    counts = [json.loads(r.output)["frames"] for r in (one, many)]
    return (
        f"Peak memory of {counts[0]} frames {one.peak_mb:.0f} MB, of {counts[1]} frames "
        f"{many.peak_mb:.0f} MB: ratio {many.peak_mb / one.peak_mb:.3f} "
        f"(`{' '.join(fast)}`, to save time)."
    )


if __name__ == "__main__":
    main()
