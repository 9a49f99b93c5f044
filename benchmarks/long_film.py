"""Peak memory while a long film is coloured: writes long_film.md.

    python benchmarks/long_film.py CLIP [--hours 2] [--rate 24] [OPTION...]

CLIP is made small and joined to itself packet by packet until it is long enough. OPTIONs go to
`vidcolor colorize`. How far the film is, is read from the finished segments in the job's folder;
the peak from the system's own count of the process (Linux).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path

WIDTH, HEIGHT = 320, 180
MARKS_S = (600, 1200, 1800, 3600, 5400, 7200, 10800, 14400)
POLL_S = 0.5


def small_clip(source: Path, target: Path, rate: int) -> None:
    """The clip at 320x180, its frames at another rate, encoded without B-frames."""
    import av

    with av.open(str(source)) as i, av.open(str(target), "w") as o:
        film = o.add_stream("libx264", rate=rate, options={"bf": "0", "preset": "veryfast"})
        film.width, film.height, film.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for number, frame in enumerate(i.decode(video=0)):
            small = frame.reformat(WIDTH, HEIGHT, "yuv420p")
            small.pict_type, small.pts, small.time_base = 0, number, Fraction(1, rate)
            o.mux(film.encode(small))
        o.mux(film.encode(None))


def joined_to_itself(clip: Path, target: Path, seconds: float) -> int:
    """Repeat a clip's packets for so many seconds; returns how many frames that is."""
    import av

    with av.open(str(clip)) as i, av.open(str(target), "w") as o:
        film = o.add_stream_from_template(i.streams.video[0], opaque=True)
        stored = [(bytes(p), p.pts, p.is_keyframe) for p in i.demux(video=0) if p.size]
        base = i.streams.video[0].time_base
        step = stored[1][1] - stored[0][1]
        frames = round(seconds / float(step * base))
        o.start_encoding()
        for place in range(frames):
            payload, _, key = stored[place % len(stored)]
            packet = av.Packet(payload)
            packet.stream, packet.time_base = film, base
            packet.pts = packet.dts = place * step
            packet.duration, packet.is_keyframe = step, key
            o.mux(packet)
    return frames


def peak_mb(process: int) -> float:
    """Largest resident size so far, in MB."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


def finished_frames(folder: Path) -> int:
    """Frames in the finished segments of a job."""
    names = [path.stem.split("-") for path in folder.glob("[0-9]*.json")]
    return sum(int(count) for _, count in names)


def watched(source: Path, output: Path, rate: int, options: list[str]) -> tuple[list[str], dict]:
    """Colour the film; a row of the table at each mark, and what the run said in the end."""
    words = [sys.executable, "-m", "vidcolor", "colorize", str(source), str(output), "--quiet"]
    process = subprocess.Popen([*words, "--json", *options], stdout=subprocess.PIPE, text=True)
    began, rows, marks = time.perf_counter(), [], list(MARKS_S)
    folder = output.with_name(output.name + ".vidcolor")
    peak = 0.0
    while process.poll() is None:
        time.sleep(POLL_S)
        try:
            peak = max(peak, peak_mb(process.pid))
        except OSError:
            break
        done = finished_frames(folder) / rate if folder.exists() else 0
        while marks and done >= marks[0]:
            spent = time.perf_counter() - began
            rows.append(f"| {marks.pop(0) / 60:g} min | {spent:.0f} | {peak:.0f} |")
            print(rows[-1], flush=True)
    said = process.communicate()[0]
    if process.returncode:
        raise SystemExit(f"the run ended with {process.returncode}")
    rows.append(f"| end, joined | {time.perf_counter() - began:.0f} | {peak:.0f} |")
    return rows, json.loads(said)


def main() -> None:
    """Make the film, colour it, write the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("clip", type=Path)
    parser.add_argument("--hours", type=float, default=2.0)
    parser.add_argument("--rate", type=int, default=24)
    parser.add_argument("--out", type=Path, default=Path(__file__).with_suffix(".md"))
    chosen, options = parser.parse_known_args()
    with tempfile.TemporaryDirectory() as folder:
        small, film = Path(folder) / "small.mp4", Path(folder) / "film.mp4"
        small_clip(chosen.clip, small, chosen.rate)
        frames = joined_to_itself(small, film, chosen.hours * 3600)
        rows, said = watched(film, Path(folder) / "out.mp4", chosen.rate, options)
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True
    ).stdout.strip()
    text = "\n".join(
        [
            "# Memory over a long film",
            "",
            f"{chosen.hours:g} h at {chosen.rate} frames a second, {frames} frames of"
            f" {WIDTH}x{HEIGHT}: {chosen.clip.name} joined to itself. {said['fps']} frames a second"
            f" on {os.cpu_count()} cores. Commit {commit}. Command:"
            f" `{' '.join(['python', *sys.argv])}`.",
            "",
            "| film finished up to | seconds | peak MB |",
            "|---|---|---|",
            *rows,
            "",
        ]
    )
    chosen.out.write_text(text)
    print(text)


if __name__ == "__main__":
    main()
