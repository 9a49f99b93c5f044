"""What a still costs, and what one more dot costs a job that is done: writes directing_cost.md.

    python benchmarks/directing_cost.py ../shared/data/clips [--minutes 10]

Whole runs of `vidcolor colorize` are timed, with and without a still of one shot, in turns. Then a
film of some minutes is coloured with `--keep-job`, once more with one dot, and the segments that
were made anew are counted.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from directing import processor
from long_film import joined_to_itself, small_clip

from vidcolor.media.probe import probe

HERE = Path(__file__).parent
SAMPLE = HERE.parent / "samples" / "nosferatu.mp4"
PAIRS, RATE = 3, 24
DOT = {"version": 1, "hints": [{"points": [[160, 90]], "radius": 6, "colour": "#6b4a2e"}]}


def vidcolor(*words: str | Path) -> float:
    """Seconds of one run."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "vidcolor", *map(str, words)]
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - began


def still_cost(film: Path, folder: Path) -> str:
    """A row of the table: the film, its shots, and seconds without and with a still."""
    stills = folder / film.stem
    vidcolor("stills", film, stills)
    made = sorted(stills.glob("ref_*.png"))
    middle = made[len(made) // 2]
    out = folder / "out.mkv"
    times: dict[str, list[float]] = {"without": [], "with": []}
    for _ in range(PAIRS):
        times["without"].append(vidcolor("colorize", film, out, "--overwrite"))
        times["with"].append(vidcolor("colorize", film, out, "--overwrite", "--reference", middle))
    plain, told = (statistics.median(times[key]) for key in ("without", "with"))
    frames = probe(film).frame_count
    return (
        f"| {film.name} | {frames} | {len(made)} | {plain:.1f} | {told:.1f} | {told / plain:.2f} |"
    )


def added_dot(clip: Path, minutes: float, folder: Path) -> str:
    """What a dot costs a film that is coloured already."""
    small, film, out = folder / "small.mp4", folder / "film.mp4", folder / "film.mkv"
    small_clip(clip, small, RATE)
    frames = joined_to_itself(small, film, 60 * minutes)
    whole = vidcolor("colorize", film, out, "--keep-job")
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("[0-9]*-[0-9]*.m??")}
    said = folder / "dot.json"
    said.write_text(json.dumps(DOT | {"hints": [DOT["hints"][0] | {"frame": frames // 2}]}))
    again = vidcolor("colorize", film, out, "--overwrite", "--keep-job", "--hints", said)
    now = {path: path.stat().st_mtime_ns for path in before if path.exists()}
    anew = sum(now.get(path) != stamp for path, stamp in before.items())
    return (
        f"{minutes:g} minutes ({frames} frames, {len(before)} segments) of {clip.name} at 320x180:"
        f" {whole:.0f} s; with one dot on frame {frames // 2} after that: {again:.1f} s,"
        f" {anew} segment{'s' * (anew != 1)} made anew."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("clips", type=Path)
    parser.add_argument("--minutes", type=float, default=10)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        films = (SAMPLE, given.clips / "bw_film_interior.mp4")
        rows = [still_cost(film, folder) for film in films]
        dot = added_dot(given.clips / "bw_nosferatu_multishot.mp4", given.minutes, folder)
    text = "\n".join(
        [
            "# What directing costs",
            "",
            f"{processor()}; `python benchmarks/directing_cost.py ../shared/data/clips`. Whole"
            f" runs, start and end included, medians of {PAIRS} in turns; the still is of one"
            " shot.",
            "",
            "| film | frames | shots | seconds without | with a still | ratio |",
            "|---|---|---|---|---|---|",
            *rows,
            "",
            dot,
            "",
        ]
    )
    (HERE / "directing_cost.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
