"""`batch --jobs 1` beside `--jobs 2` over many small clips: writes batch.md.

    python benchmarks/batch.py [--pairs 3] [--clips 12] [--frames 48] [OPTION...]

Pairs run in turns. OPTIONs go to `vidcolor batch`. The table has the time on the clock and that of
the processors, so that it can be seen whether a single process leaves a core idle.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Run:
    """Seconds on the clock and of the processors."""

    wall_s: float
    cpu_s: float


def make_clips(folder: Path, count: int, frames: int, width: int, height: int) -> None:
    """Moving noise, small films of one shot."""
    import av
    import numpy as np

    chance = np.random.default_rng(1)
    for number in range(count):
        texture = chance.integers(30, 220, (height, width)).astype(np.uint8)
        with av.open(str(folder / f"{number:02d}.mp4"), "w") as container:
            film = container.add_stream("libx264", rate=24, options={"preset": "ultrafast"})
            film.width, film.height, film.pix_fmt = width, height, "yuv420p"
            for index in range(frames):
                picture = np.full((height * 3 // 2, width), 128, np.uint8)
                picture[:height] = np.roll(texture, index, axis=1)
                container.mux(film.encode(av.VideoFrame.from_ndarray(picture, "yuv420p")))
            container.mux(film.encode(None))


def batch(source: Path, jobs: int, options: list[str]) -> Run:
    """One batch into an empty folder."""
    with tempfile.TemporaryDirectory() as folder:
        words = ["batch", str(source), str(Path(folder) / "out"), "--quiet", "--jobs", str(jobs)]
        before, began = processors(), time.perf_counter()
        subprocess.run([sys.executable, "-m", "vidcolor", *words, *options], check=True)
        return Run(time.perf_counter() - began, processors() - before)


def processors() -> float:
    """Seconds that finished children kept the processors busy."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def others() -> float:
    """Share of the last minute in which other programs wanted a core, in cores."""
    return os.getloadavg()[0]


def main() -> None:
    """Measure and write the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--clips", type=int, default=12)
    parser.add_argument("--frames", type=int, default=48)
    parser.add_argument("--size", type=int, nargs=2, default=(128, 96))
    parser.add_argument("--out", type=Path, default=Path(__file__).with_suffix(".md"))
    chosen, options = parser.parse_known_args()
    load = others()
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder)
        make_clips(source, chosen.clips, chosen.frames, *chosen.size)
        batch(source, 1, options)  # converts the model, warms the disk's cache
        pairs = [
            (batch(source, 1, options), batch(source, 2, options)) for _ in range(chosen.pairs)
        ]
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True
    ).stdout.strip()
    lines = [
        "# Many small clips, one process and two",
        "",
        f"{chosen.clips} films of {chosen.frames} frames at {chosen.size[0]}x{chosen.size[1]};"
        f" {os.cpu_count()} cores, load of other programs before the start {load:.1f}."
        f" Commit {commit}. Command: `{' '.join(['python', *sys.argv])}`.",
        "",
        "| run | jobs 1, s | CPU s | cores busy | jobs 2, s | CPU s | cores busy | faster |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for number, (one, two) in enumerate(pairs, 1):
        cells = [f"{x:.1f}" for r in (one, two) for x in (r.wall_s, r.cpu_s, r.cpu_s / r.wall_s)]
        lines.append(f"| {number} | {' | '.join(cells)} | {one.wall_s / two.wall_s:.2f} |")
    median = statistics.median(one.wall_s / two.wall_s for one, two in pairs)
    text = "\n".join([*lines, "", f"Median of the ratios: {median:.2f}.", ""])
    chosen.out.write_text(text)
    print(text)


if __name__ == "__main__":
    main()
