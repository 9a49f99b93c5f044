"""Temporal figures on clips whose motion is known: no estimated flow is in them.

python benchmarks/known_motion.py ../shared/data/eval --model vidcolor-base --markdown FILE.md

`--clips FOLDER` keeps the clips: lossless films, and beside each the true flow and what is visible
from each frame to the next, as .npz.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path

import av
import numpy as np
from motion import Scene, scenes

from vidcolor.evaluate.clip_table import clip_table
from vidcolor.evaluate.clips import ClipResult, score_rows
from vidcolor.evaluate.coloring import ClipColoring, each, together, treated
from vidcolor.evaluate.models import Model
from vidcolor.evaluate.read import find, read_picture
from vidcolor.evaluate.report import About, Report, as_markdown, fingerprint, versions
from vidcolor.evaluate.smoothings import smoothings
from vidcolor.evaluate.table import Table, cells, plain
from vidcolor.media.suffixes import may_be_picture

SEED = 13
SHAPE = (240, 320)


def parser() -> argparse.ArgumentParser:
    result = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    result.add_argument("photographs", type=Path)
    result.add_argument("--model", default="vidcolor-base")
    result.add_argument("--count", type=int, default=4, help="photographs, four clips each")
    result.add_argument("--frames", type=int, default=30)
    result.add_argument("--jobs", type=int, default=2)
    result.add_argument("--markdown", type=Path, metavar="FILE")
    result.add_argument("--clips", type=Path, metavar="FOLDER")
    return result


def photographs(folder: Path, count: int) -> list[Path]:
    """The photographs that are taken, evenly spaced in sorted order."""
    paths = find(folder, may_be_picture)
    return [paths[i] for i in np.linspace(0, len(paths) - 1, count).round().astype(int)]


def make(paths: list[Path], frames: int) -> list[Scene]:
    """The scenes: the same for the same photographs and length."""
    pictures = [read_picture(path) for path in paths]
    return scenes(pictures, SHAPE, frames, np.random.default_rng(SEED))


def keep(scene: Scene, folder: Path) -> None:
    """Write a scene's film, true flow and true visibility."""
    folder.mkdir(parents=True, exist_ok=True)
    with av.open(str(folder / f"{scene.name}.mkv"), "w") as container:
        stream = container.add_stream("ffv1", rate=24)
        stream.height, stream.width = SHAPE
        stream.pix_fmt = "bgr0"
        for index in range(scene.frames):
            frame = av.VideoFrame.from_ndarray(scene.picture(index), format="rgb24")
            container.mux(stream.encode(frame.reformat(format="bgr0")))
        container.mux(stream.encode(None))
    nothing = np.zeros(SHAPE, np.uint8)
    steps = [scene.motion(t, t + 1, nothing, nothing) for t in range(scene.frames - 1)]
    flow = np.stack([step.flow for step in steps])
    visible = np.stack([step.visible for step in steps])
    np.savez_compressed(folder / f"{scene.name}.npz", flow=flow, visible=visible)


def judge(made: list[Scene], per_frame: ClipColoring, steady: ClipColoring, jobs: int) -> Table:
    """All rows on all scenes, with the true motion."""
    colorings = together([treated(per_frame, smoothings()), each({"vidcolor": steady})])
    results = []
    for scene in made:
        frames = (scene.picture(frame) for frame in range(scene.frames))
        scores = score_rows(frames, colorings, scene.motion, jobs=jobs)
        results.append(ClipResult(scene.name, scores))
        print(scene.name, file=sys.stderr)
    title = f"{len(made)} clips of known motion, seed {SEED}"
    return clip_table(title, results, "vidcolor")


def main() -> None:
    from vidcolor.cli.colorings import Way, steady_coloring
    from vidcolor.infer.choose import load_predictor
    from vidcolor.network import registry

    options = parser().parse_args()
    paths = photographs(options.photographs, options.count)
    made = make(paths, options.frames)
    if options.clips:
        for scene in made:
            keep(scene, options.clips)
    predictor = load_predictor(options.model)
    path = registry.find_model(options.model)
    info = registry.load_info(path)
    steady = steady_coloring(Way(predictor, None, 1, info.working_size, info.saturation))
    size, saturation = info.working_size, info.saturation
    alone = Model("", predictor, film_side=size, saturation=saturation)
    table = judge(made, alone.of_clips(), steady, options.jobs)
    print(plain(cells(table)), *table.notes, sep="\n")
    if options.markdown:
        data = {"photographs": fingerprint(paths, options.photographs)}
        models = {path.stem: registry.verified_hash(path)}
        about = About(data, models, {}, versions(), shlex.join(["python", *sys.argv]))
        report = as_markdown(Report(about, (table,)))
        options.markdown.write_text(report, encoding="utf-8")


if __name__ == "__main__":
    main()
