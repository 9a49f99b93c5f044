"""Many small files by `batch`: files a second, and beside them what the network alone would do.

    python benchmarks/small_files.py ../shared/data/eval ../shared/data/clips [--beside CHECKOUT]

Photographs are pictures of the first folder, grey, enlarged to --megapixels; clips are cut out of
the films of the second. Each batch is a whole process, into an empty folder. The table is Markdown
on standard output. `--photographs 24 --clips 8` is a rehearsal of some minutes.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import cycle, islice
from pathlib import Path

import av
import PIL.Image

HERE = Path(__file__).resolve().parents[1]
RATE = 24
SIZE = 640, 480
LIMIT = """
import time
import numpy as np
from vidcolor.infer.mirror import Mirrored
from vidcolor.run.loading import load
from vidcolor.run.settings import ColorizeSettings
asked = Mirrored(load(ColorizeSettings()))
grey = np.random.default_rng(0).integers(0, 256, (1, 256, 340)).astype(np.uint8)
asked.predict(grey)
began = time.perf_counter()
for _ in range(20):
    asked.predict(grey)
print(20 / (time.perf_counter() - began))
"""


@dataclass(frozen=True)
class Run:
    """One batch, a process: seconds on the clock and of processors, megabytes of its largest."""

    wall_s: float
    cpu_s: float
    peak_mb: float


def make_photographs(folder: Path, sources: Sequence[Path], megapixels: float) -> None:
    """Grey pictures of that size."""
    folder.mkdir()
    for number, source in enumerate(sources):
        with PIL.Image.open(source) as picture:
            scale = (megapixels * 1e6 / (picture.width * picture.height)) ** 0.5
            size = round(picture.width * scale), round(picture.height * scale)
            grey = picture.convert("L").resize(size, PIL.Image.Resampling.BICUBIC)
        grey.save(folder / f"{number:03d}.jpg", quality=92)


def make_clips(folder: Path, films: Sequence[Path], count: int, seconds: float) -> None:
    """Clips of that length: of each film in turn the first, then each the next such piece."""
    folder.mkdir()
    running = [frames_of(film) for film in films]
    for number, frames in enumerate(islice(cycle(running), count)):
        with av.open(str(folder / f"{number:03d}.mp4"), "w") as made:
            stream = made.add_stream("libx264", rate=RATE, options={"preset": "veryfast"})
            stream.width, stream.height = SIZE
            for index, frame in enumerate(islice(frames, round(seconds * RATE))):
                shown = frame.reformat(*SIZE, "yuv420p")
                shown.pts, shown.time_base, shown.pict_type = index, Fraction(1, RATE), 0
                made.mux(stream.encode(shown))
            made.mux(stream.encode(None))


def frames_of(film: Path) -> Iterator[av.VideoFrame]:
    """All frames, from the start again after the end."""
    while True:
        with av.open(str(film)) as source:
            yield from source.decode(video=0)


def batch(checkout: Path, source: Path, options: Sequence[str]) -> Run:
    """A batch of a folder by a checkout."""
    with tempfile.TemporaryDirectory() as folder:
        words = ["-m", "vidcolor", "batch", str(source), f"{folder}/out", "--quiet", *options]
        began = time.perf_counter()
        process = subprocess.Popen([sys.executable, *words], env=of(checkout))
        _, status, usage = os.wait4(process.pid, 0)
        if status:
            raise SystemExit(f"{words} failed")
        cpu = usage.ru_utime + usage.ru_stime
        return Run(time.perf_counter() - began, cpu, usage.ru_maxrss / 1024)


def of(checkout: Path) -> dict[str, str]:
    """The environment in which a checkout's program is run."""
    return {**os.environ, "PYTHONPATH": str(checkout)}


def limit(checkout: Path) -> float:
    """Photographs a second that the network alone would do, picture and mirror image."""
    said = subprocess.run(
        [sys.executable, "-c", LIMIT], env=of(checkout), capture_output=True, text=True, check=True
    )
    return float(said.stdout)


def arguments() -> tuple[argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pictures", type=Path, help="a folder of pictures, in folders or not")
    parser.add_argument("films", type=Path, help="a folder of films")
    parser.add_argument("--photographs", type=int, default=500)
    parser.add_argument("--clips", type=int, default=200)
    parser.add_argument("--megapixels", type=float, default=1.9)
    parser.add_argument("--seconds", type=float, default=2.0, help="of a clip")
    parser.add_argument("--beside", type=Path, help="another checkout, run in turns with this one")
    parser.add_argument("--pairs", type=int, default=1)
    return parser.parse_known_args()


def main() -> None:
    chosen, options = arguments()
    checkouts = [*([chosen.beside.resolve()] if chosen.beside else []), HERE]
    with tempfile.TemporaryDirectory() as folder:
        photographs, clips = Path(folder) / "photographs", Path(folder) / "clips"
        found = [path for path in sorted(chosen.pictures.rglob("*")) if path.is_file()]
        make_photographs(
            photographs, list(islice(cycle(found), chosen.photographs)), chosen.megapixels
        )
        make_clips(clips, sorted(chosen.films.glob("*.mp4")), chosen.clips, chosen.seconds)
        batch(HERE, next(photographs.iterdir()), ())  # the network is made ready, disks are warm
        print(heading(chosen))
        for source in (photographs, clips):
            count = len(list(source.iterdir()))
            for _ in range(chosen.pairs if count else 0):
                for checkout in checkouts:
                    print(row(source.name, count, checkout, batch(checkout, source, options)))
    for checkout in checkouts:
        print(
            f"\nThe network alone ({named(checkout)}): {limit(checkout):.1f} photographs a second."
        )


def heading(chosen: argparse.Namespace) -> str:
    command = " ".join(["python", *sys.argv])
    return "\n".join(
        [
            f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores. `{command}`.",
            f"Photographs of {chosen.megapixels:g} megapixels to JPEG, clips of"
            f" {chosen.seconds:g} s at {SIZE[0]}x{SIZE[1]}.",
            "",
            "| batch | commit | seconds | of processors | files a second | peak MB |",
            "|---|---|---|---|---|---|",
        ]
    )


def row(name: str, count: int, checkout: Path, run: Run) -> str:
    cells = f"{run.wall_s:.1f} | {run.cpu_s:.1f} | {count / run.wall_s:.2f} | {run.peak_mb:.0f}"
    return f"| {count} {name} | {named(checkout)} | {cells} |"


def named(checkout: Path) -> str:
    """The commit of a checkout."""
    git = ["git", "-C", str(checkout), "rev-parse", "--short", "HEAD"]
    return subprocess.run(git, capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    main()
