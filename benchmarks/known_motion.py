"""Temporal figures on clips whose motion is known: no estimated flow is in them.

python benchmarks/known_motion.py ../shared/data/eval --model vidcolor-base -o FILE.md
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from vidcolor.evaluate.clip_table import clip_table
from vidcolor.evaluate.clips import ClipResult, score_rows
from vidcolor.evaluate.colouring import Colouring, each, together, treated
from vidcolor.evaluate.motion import Scene, scenes
from vidcolor.evaluate.painters import film
from vidcolor.evaluate.read import PICTURES, find, read_picture
from vidcolor.evaluate.smoothings import smoothings
from vidcolor.evaluate.table import Table, cells, difference_cells, markdown, plain

SEED = 13
SHAPE = (240, 320)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photographs", type=Path)
    parser.add_argument("--model", default="vidcolor-base")
    parser.add_argument("--count", type=int, default=4, help="photographs, four clips each")
    parser.add_argument("--frames", type=int, default=30)
    parser.add_argument("-o", "--output", type=Path)
    return parser.parse_args()


def make(folder: Path, count: int, frames: int) -> list[Scene]:
    """The scenes: the same for the same folder, count and length."""
    paths = find(folder, PICTURES)
    chosen = np.linspace(0, len(paths) - 1, count).round().astype(int)
    photographs = [read_picture(paths[index]) for index in chosen]
    return scenes(photographs, SHAPE, frames, np.random.default_rng(SEED))


def judge(made: list[Scene], per_frame: Colouring, steady: Colouring) -> Table:
    """All rows on all scenes, with the true motion."""
    paint = together([treated(per_frame, smoothings()), each({"vidcolor": steady})])
    results = []
    for scene in made:
        frames = (scene.picture(frame) for frame in range(scene.frames))
        results.append(ClipResult(scene.name, score_rows(frames, paint, scene.motion)))
    return clip_table(f"{len(made)} clips of known motion, seed {SEED}", results)


def main() -> None:
    from vidcolor.cli.evaluate import steady_colouring
    from vidcolor.infer.choose import load_predictor
    from vidcolor.network import shelf

    options = arguments()
    predictor = load_predictor(options.model)
    info = shelf.load_info(shelf.find_model(options.model))
    made = make(options.photographs, options.count, options.frames)
    steady = steady_colouring(predictor, None, info.working_size, info.saturation)
    table = judge(made, film(predictor, info.working_size, info.saturation), steady)
    print(plain(cells(table)), *table.notes, sep="\n")
    if options.output:
        parts = [f"## {table.title}", markdown(cells(table, intervals=True))]
        if differences := difference_cells(table):
            parts.append(markdown(differences))
        options.output.write_text("\n\n".join([*parts, *table.notes]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
