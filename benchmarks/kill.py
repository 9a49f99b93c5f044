"""Runs killed with SIGKILL at random moments and gone on with by the same command: kill.md.

    python benchmarks/kill.py [--runs 20] [--seed 0] [--out benchmarks/kill.md] [OPTION...]

OPTIONs go to `vidcolor colorize`. Every film that comes out is compared with that of a run that
nobody disturbed: bytes, pts, dts and duration of every video packet.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

POLL_S = 0.0005
MOMENTS = ("survey", "segment", "join", "rename")


@dataclass(frozen=True)
class Row:
    """One killed run and the one that went on with it."""

    moment: str
    found: str
    kept: int
    equal: bool


@dataclass(frozen=True)
class Spans:
    """Seconds between the events of a run that nobody disturbed."""

    survey: float
    segment: float
    join: float
    rename: float


def make_film(path: Path, frames: int) -> None:
    """Moving noise at about 2 frames a second, one shot: it is split, its seams are blended."""
    import av
    import numpy as np

    chance = np.random.default_rng(1)
    texture = chance.integers(30, 220, (64, 96)).astype(np.uint8)
    with av.open(str(path), "w") as container:
        film = container.add_stream("libx264", rate=2, options={"preset": "ultrafast"})
        film.width, film.height, film.pix_fmt = 96, 64, "yuv420p"
        film.time_base = film.codec_context.time_base = Fraction(1, 24000)
        pts = 0
        for index in range(frames):
            picture = np.full((96, 96), 128, np.uint8)
            picture[:64] = np.roll(texture, index // 2, axis=1)
            frame = av.VideoFrame.from_ndarray(picture, "yuv420p")
            frame.pts, frame.time_base = pts, Fraction(1, 24000)
            pts += int(chance.integers(9600, 14400))
            container.mux(film.encode(frame))
        container.mux(film.encode(None))


def packets(path: Path) -> str:
    """A hash of all that the video packets are."""
    import av

    digest = hashlib.sha256()
    with av.open(str(path)) as container:
        for packet in container.demux(video=0):
            if packet.size:
                digest.update(f"{packet.pts} {packet.dts} {packet.duration} ".encode())
                digest.update(bytes(packet))
    return digest.hexdigest()


class Command:
    """`vidcolor colorize` on one film."""

    def __init__(self, source: Path, output: Path, options: list[str]) -> None:
        self.output = output
        self.folder = output.with_name(output.name + ".vidcolor")
        words = ["colorize", str(source), str(output), "--quiet", "--json", *options]
        self._words = [sys.executable, "-m", "vidcolor", *words]

    def start(self) -> subprocess.Popen[str]:
        """Run, and do not wait."""
        return subprocess.Popen(self._words, stdout=subprocess.PIPE, text=True)

    def finish(self) -> dict[str, object]:
        """Run to the end."""
        process = self.start()
        words, _ = process.communicate()
        if process.returncode:
            raise SystemExit(f"the run ended with {process.returncode}")
        result: dict[str, object] = json.loads(words)
        return result

    def records(self) -> int:
        """How many segments are finished."""
        return len(list(self.folder.glob("[0-9]*.json")))

    def reached(self, moment: str, segment: int) -> bool:
        """Whether a run has come so far; in "join" so many segments are all that there are."""
        if moment == "survey":
            return (self.folder / "plan.json").exists()
        if moment in ("segment", "join"):
            return self.records() >= segment
        return (self.folder / "film.json").exists() or self.output.exists()

    def found(self) -> str:
        """What a killed run left, in words."""
        parts = [f"{self.records()} segments finished"]
        names = [p.name for p in self.folder.iterdir()] if self.folder.exists() else []
        if any(n.startswith(".0") for n in names):
            parts.append("one half written")
        if any(n.startswith(".film.") and "json" not in n for n in names):
            parts.append("film half joined")
        if any(n.startswith("film.") and n != "film.json" for n in names):
            parts.append("film joined")
        if "film.json" in names:
            parts.append("noted")
        if self.output.exists():
            parts.append("film in its place")
        return ", ".join(parts)


def wait(process: subprocess.Popen[str], reached: Callable[[], bool]) -> bool:
    """Wait for an event; False if the process ended before."""
    while process.poll() is None:
        if reached():
            return True
        time.sleep(POLL_S)
    return False


def timed(command: Command) -> tuple[Spans, int]:
    """An undisturbed run: how long it stays in each moment, and how many segments there are."""
    process = command.start()
    wait(process, lambda: command.reached("survey", 0))
    began = time.perf_counter()
    wait(process, lambda: command.reached("segment", 1))
    first = last = time.perf_counter()
    segments = 1
    while process.poll() is None and not command.reached("rename", 0):
        if command.records() > segments:
            segments, last = command.records(), time.perf_counter()
        time.sleep(POLL_S)
    named = time.perf_counter()
    process.communicate()
    if process.returncode:
        raise SystemExit(f"the undisturbed run ended with {process.returncode}")
    each = (last - first) / max(1, segments - 1)
    return Spans(first - began, each, named - last, 0.006), segments


def killed(command: Command, moment: str, segment: int, delay_s: float) -> str | None:
    """Run, kill, say what is left; None where the run was done before."""
    process = command.start()
    if wait(process, lambda: command.reached(moment, segment)):
        time.sleep(delay_s)
    process.kill()
    process.communicate()
    return command.found() if process.returncode == -9 and command.folder.exists() else None


def attempt(
    source: Path,
    options: list[str],
    moment: str,
    spans: Spans,
    segments: int,
    chance: random.Random,
) -> tuple[str, int, str]:
    """One run killed in `moment` and resumed: what was left, frames kept, the film's hash."""
    while True:
        with tempfile.TemporaryDirectory() as folder:
            command = Command(source, Path(folder) / "film.mp4", options)
            delay = chance.uniform(0, getattr(spans, moment))
            some = chance.randint(1, max(1, segments - 1))
            left = killed(command, moment, segments if moment == "join" else some, delay)
            if left is None:
                continue
            kept = command.finish()["resumed"]
            if list(Path(folder).iterdir()) != [command.output]:
                raise SystemExit(f"something is left: {list(Path(folder).iterdir())}")
            return left, int(str(kept)), packets(command.output)


def table(rows: list[Row], title: list[str]) -> str:
    """Markdown."""
    lines = ["| # | killed in | what it left | frames kept | identical |", "|---|---|---|---|---|"]
    for number, row in enumerate(rows, 1):
        equal = "yes" if row.equal else "NO"
        lines.append(f"| {number} | {row.moment} | {row.found} | {row.kept} | {equal} |")
    return "\n".join([*title, "", *lines, ""])


def main() -> None:
    """Kill, resume, compare, write the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--frames", type=int, default=200)
    parser.add_argument("--out", type=Path, default=Path(__file__).with_suffix(".md"))
    chosen, options = parser.parse_known_args()
    chance = random.Random(chosen.seed)
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "source.mp4"
        make_film(source, chosen.frames)
        straight = Command(source, Path(folder) / "straight.mp4", options)
        spans, segments = timed(straight)
        print(f"undisturbed: {segments} segments, {spans}", flush=True)
        wanted = packets(straight.output)
        for number in range(chosen.runs):
            moment = MOMENTS[number % len(MOMENTS)]
            left, kept, got = attempt(source, options, moment, spans, segments, chance)
            rows.append(Row(moment, left, kept, got == wanted))
            print(rows[-1], flush=True)
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True
    ).stdout.strip()
    same = sum(row.equal for row in rows)
    text = table(
        rows,
        [
            "# Killed and gone on with",
            "",
            f"{same} of {len(rows)} films are identical to that of an undisturbed run: bytes, pts,"
            " dts and duration of every video packet.",
            "",
            f"Commit {commit}; {os.cpu_count()} cores; {chosen.frames} frames at a varying"
            f" rate, {segments} segments of one shot, blended at the seams. Command:"
            f" `{' '.join(['python', *sys.argv])}`.",
        ],
    )
    chosen.out.write_text(text)
    print(text)
    if same < len(rows):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
