"""Which changes of scene are found, what is taken for one, and how much of a still's tint crosses.

python benchmarks/cuts.py ../shared/data/clips -o benchmarks/cuts.md

Scenes of the clips are put together by every make of change (benchmarks/transitions.py). Clips are
parted in two halves by name: thresholds were chosen on the first, the second was held out.
"""

from __future__ import annotations

import argparse
import itertools
import json
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from transitions import AROUND, Luma, Trial, changes, no_changes

from vidcolor.color.hint import HALF, Hint
from vidcolor.evaluate.read import read_clip
from vidcolor.infer.choose import load_predictor
from vidcolor.infer.predictor import Predictor
from vidcolor.steady.directed import settle_directed
from vidcolor.steady.settings import SteadySettings
from vidcolor.steady.shots import find_cuts

HEIGHT, WIDTH = 192, 256
LEAST, MOST, A_CLIP = 24, 40, 3
MARGIN = 6
TINT = (90.0, 190.0)


@dataclass
class Row:
    """What came out of one kind of change.

    Attributes:
        trials: how many.
        found: in how many every change was found, between its first and its last frame.
        extra: cuts where there is no change.
        tints: of some trials in which a change was missed: what of the still crossed it.
    """

    trials: int = 0
    found: int = 0
    extra: int = 0
    tints: list[float] = field(default_factory=list)


def scenes(folder: Path) -> list[list[Luma]]:
    """Scenes of the clips in two halves: uint8 (frames, 192, 256) each."""
    listed = json.loads((folder / "manifest.json").read_text())
    # The montage is made of the single shots.
    listed = [entry for entry in listed if "montage" not in entry["file"]]
    halves: list[list[Luma]] = [[], []]
    for number, entry in enumerate(sorted(listed, key=lambda entry: entry["file"])):
        count, cuts = entry["frames"], entry["cuts_at_frame"]
        luma = [small(np.asarray(p)) for p in read_clip(folder / entry["file"], count)]
        margin = MARGIN if cuts else 0
        shots = [(a + margin, b - margin) for a, b in itertools.pairwise([0, *cuts, count])]
        long = [(a, min(b, a + MOST)) for a, b in shots if b - a >= LEAST]
        halves[number % 2] += [np.stack(luma[a:b]) for a, b in long[:A_CLIP]]
    return halves


def small(picture: np.ndarray) -> Luma:
    """The middle of a picture, 4:3, as luma of the working size."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    width = min(grey.shape[1], grey.shape[0] * 4 // 3)
    left = (grey.shape[1] - width) // 2
    middle = grey[:, left : left + width]
    return cv2.resize(middle, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)


def trials(half: list[Luma]) -> Iterator[Trial]:
    for number, first in enumerate(half):
        second = half[(number + len(half) // 2) % len(half)]
        yield from changes(first, second)
        yield from no_changes(first, second)


def tint_across(trial: Trial, cuts: list[int], predictor: Predictor) -> float:
    """Mean difference (of 255) that a still of the first scene makes in the second one."""
    still = AROUND - MARGIN
    edges = [0, *cuts, len(trial.luma)]
    start, stop = next((a, b) for a, b in itertools.pairwise(edges) if a <= still < b)
    first = trial.changes[0][1]
    last = trial.changes[1][0] if len(trial.changes) > 1 else len(trial.luma)
    if stop <= first:
        return 0.0
    shot = trial.luma[start:stop]
    chroma = np.ones((2, HEIGHT, WIDTH), np.float32) * np.reshape(TINT, (2, 1, 1))
    law = np.ones((HEIGHT // HALF, WIDTH // HALF), np.float32)
    said = Hint(still - start, chroma.astype(np.float32), law)
    ruled = settle_directed(shot, predictor, SteadySettings(), [said])
    alone = settle_directed(shot, predictor, SteadySettings(), [])
    crossed = []
    for frame in range(first - start, min(last, stop) - start):
        change = ruled[frame].astype(np.float32) - alone[frame].astype(np.float32)
        crossed.append(np.abs(change).mean())
    return float(np.sum(crossed) / (last - first))


def measured(half: list[Luma], tinted: int, predictor: Predictor) -> dict[tuple[str, int], Row]:
    rows: dict[tuple[str, int], Row] = defaultdict(Row)
    for trial in trials(half):
        kind = "wipe" if trial.kind.startswith("wipe") else trial.kind
        row = rows[kind, trial.length]
        cuts = find_cuts(trial.luma)
        left, missed = list(cuts), 0
        for begin, end in trial.changes:
            hit = next((cut for cut in left if begin <= cut <= end), None)
            missed += hit is None
            left = [cut for cut in left if cut != hit]
        row.trials += 1
        row.found += not missed
        row.extra += len(left)
        if missed and len(row.tints) < tinted:
            row.tints.append(tint_across(trial, cuts, predictor))
    return rows


def cell(row: Row, real: bool) -> str:
    if not real:
        return f"{row.extra} in {row.trials}"
    text = f"{row.found} of {row.trials}"
    if row.extra:
        text += f" (+{row.extra})"
    if row.tints:
        text += f", {np.mean(row.tints):.1f}"
    return text


def table(halves: list[dict[tuple[str, int], Row]], real: bool, kinds: list[str]) -> str:
    lines = ["| change | frames | first half | held out |", "|---|---|---|---|"]
    for kind, length in halves[0]:
        if (kind in kinds) == real:
            cells = [cell(half[kind, length], real) for half in halves]
            lines.append(f"| {kind} | {length or ''} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("clips", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--model", default="vidcolor-base")
    parser.add_argument("--tinted", type=int, default=2, help="missed changes a row to colour")
    given = parser.parse_args()
    predictor = load_predictor(given.model)
    parts = scenes(given.clips)
    halves = [measured(half, given.tinted, predictor) for half in parts]
    kinds = ["hard cut", "blend", "through black", "wipe", "another scene"]
    git = ["git", "rev-parse", "--short=12", "HEAD"]
    commit = subprocess.run(git, capture_output=True, text=True, check=True).stdout.strip()
    text = [
        "# Changes of scene",
        f"Commit {commit}. Command: `python benchmarks/cuts.py ../shared/data/clips -o"
        " benchmarks/cuts.md`.",
        f"{len(parts[0])} and {len(parts[1])} scenes, each changed into another of its half; the"
        " thresholds were chosen on the first half. Wipes: four directions. Another scene: so many"
        " frames of it, then back. In brackets: cuts where there is no change. Behind the comma:"
        " by how much (of 255, mean) a still in one tint changes the second scene, in at most"
        f" {given.tinted} of the trials in which the change was missed; where it was found, by"
        " nothing.",
        "## Changes found",
        table(halves, True, kinds),
        "## Cuts where nothing changed",
        table(halves, False, kinds),
    ]
    given.output.write_text("\n\n".join(text) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
