"""What stills and dots are worth: carried by hand, by this program, and by luma alone.

python benchmarks/directing.py ../shared/data/clips ../shared/data/eval -o benchmarks/directing.md

Figures of a clip are kept in --cache, so that a run that was stopped goes on.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from motion import Scene, scenes

from vidcolor.cli.colorings import said_of
from vidcolor.color.convert import SampleSpec, small_luma
from vidcolor.color.hint import Hint
from vidcolor.color.srgb import LUMA_WEIGHTS, Picture, Planes, scale_chroma, to_picture, to_planes
from vidcolor.color.upscale import enlarge
from vidcolor.direct.reference import Still
from vidcolor.direct.register import register
from vidcolor.evaluate.flow import Estimated
from vidcolor.evaluate.given import Given, carried, spread_by_luma
from vidcolor.evaluate.read import find, read_clip, read_picture
from vidcolor.evaluate.series import CdcSums
from vidcolor.infer.choose import load_predictor
from vidcolor.infer.predictor import Predictor, working_shape
from vidcolor.media.suffixes import may_be_picture
from vidcolor.steady.directed import settle_directed
from vidcolor.steady.settings import SteadySettings
from vidcolor.steady.settle import colorize_shots
from vidcolor.truth.figures import histograms, psnr

FRAMES, SIDE, LATER = 49, 192, 24
SATURATION = 1.3
DOTS = 10
PHOTOGRAPHS, TRIAL_SHAPE, SEED = 25, (144, 192), 29
DOT_COLOR = (90.0, 190.0)


@dataclass(frozen=True)
class Clip:
    """A clip of known colour."""

    name: str
    pictures: list[Picture]
    planes: list[Planes]
    luma: np.ndarray

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width) of the luma."""
        return self.luma.shape[1], self.luma.shape[2]


def read(path: Path) -> Clip:
    pictures = list(read_clip(path, FRAMES))
    planes = [to_planes(picture) for picture in pictures]
    shape = working_shape(*planes[0].luma.shape, SIDE)
    luma = np.stack([small_luma(one.luma_bytes, SampleSpec(), shape) for one in planes])
    return Clip(path.stem, pictures, planes, luma)


def single_shots(folder: Path) -> list[Path]:
    listed = json.loads((folder / "manifest.json").read_text())
    return [folder / e["file"] for e in listed if e["colour"] and not e["cuts_at_frame"]]


def given(clip: Clip, index: int, dots: int = 0) -> Given:
    return Given("first", 0, clip.planes[0].chroma, clip.planes[0].luma_bytes, dots, SEED + index)


def edited_still(clip: Clip, cropped: bool) -> Hint:
    """Enlarged by 2 %, shifted by 3 pixels, gamma 1.2, and put back by registration.

    What is shifted out comes in again on the other side. Cropped, it is cut to the frame's size as
    well, which takes 6 % of the picture away.
    """
    picture = clip.pictures[0]
    large = cv2.resize(picture, None, fx=1.02, fy=1.02, interpolation=cv2.INTER_CUBIC)
    if cropped:
        height, width = picture.shape[:2]
        top, left = (large.shape[0] - height) // 2, (large.shape[1] - width) // 2
        large = large[top : top + height, left : left + width]
    rgb = (255 * (np.roll(large, (3, 3), (0, 1)) / 255.0) ** 1.2).astype(np.float32)
    light = np.clip(rgb @ LUMA_WEIGHTS + 0.5, 0, 255)
    opaque = np.ones(light.shape, np.float32)
    still = Still(Path("still.png"), rgb, light.astype(np.uint8), opaque, "")
    laid = register(still, clip.luma[0])
    return Hint(0, laid.chroma, laid.confidence)


def by_hand_rows(clip: Clip, index: int) -> dict[str, list[np.ndarray]]:
    """The first frame's chroma and its dots by luma alone, carried at full size."""
    motion = Estimated()
    dots = given(clip, index, DOTS)
    colors = {
        "still, carried": clip.planes[0].chroma,
        "dots, by luma": spread_by_luma(dots, SIDE),
    }
    lumas = [planes.luma_bytes for planes in clip.planes]
    return {name: list(carried(iter(lumas), c, 0, motion)) for name, c in colors.items()}


def figures(clip: Clip, chroma: list[np.ndarray]) -> dict[str, float]:
    scores, cdc = [], CdcSums()
    for picture, planes, color in zip(clip.pictures, clip.planes, chroma, strict=True):
        large = color if color.shape[1:] == planes.luma.shape else None
        if large is None:
            large = enlarge(np.asarray(color, np.float32), planes.luma_bytes)
        result = to_picture(planes.luma, large)
        scores.append(psnr(result, picture))
        cdc.add(histograms(result))
    later = scores[LATER:]
    return {
        "first": scores[0],
        "clip": float(np.mean(scores[1:])),
        "whole": float(np.mean(scores)) if np.isfinite(scores[0]) else float("nan"),
        "at": scores[min(LATER, len(scores) - 1)],
        "later": float(np.mean(later)) if later else float("nan"),
        "cdc": cdc.mean,
    }


def rows(clip: Clip, index: int, predictor: Predictor) -> dict[str, dict[str, float]]:
    def directed(said: Hint) -> list[np.ndarray]:
        made = settle_directed(clip.luma, predictor, SteadySettings(), [said], None, SATURATION)
        return [scale_chroma(one.astype(np.float32), SATURATION) for one in made]

    by_hand = by_hand_rows(clip, index)
    alone = colorize_shots(clip.luma, predictor, SteadySettings(), [])
    made = {
        "grey": [np.full((2, 8, 8), 128, np.float32)] * len(clip.pictures),
        "automatic": [scale_chroma(one, SATURATION) for one in alone],
        "still, carried": by_hand["still, carried"],
        "still": directed(said_of(given(clip, index), clip.shape)),
        "still, edited": directed(edited_still(clip, cropped=False)),
        "still, edited and cropped": directed(edited_still(clip, cropped=True)),
        "dots, by luma": by_hand["dots, by luma"],
        "dots": directed(said_of(given(clip, index, DOTS), clip.shape)),
        "truth": [planes.chroma for planes in clip.planes],
    }
    return {name: figures(clip, chroma) for name, chroma in made.items()}


def dot_trial(scene: Scene, rng: np.random.Generator, predictor: Predictor) -> bool:
    """Whether a dot's colour is where its point is after 24 frames."""
    luma = np.stack([to_planes(scene.picture(t)).luma_bytes for t in range(LATER + 1)])
    motion = scene.motion(0, LATER, luma[0], luma[-1])
    ys, xs = np.nonzero(motion.visible)
    inside = (ys > 12) & (xs > 12) & (ys < luma.shape[1] - 12) & (xs < luma.shape[2] - 12)
    pick = rng.integers(int(inside.sum()))
    y, x = int(ys[inside][pick]), int(xs[inside][pick])
    height, width = luma.shape[1] // 2, luma.shape[2] // 2
    place = np.hypot(*np.mgrid[-y / 2 : height - y / 2 - 0.5, -x / 2 : width - x / 2 - 0.5]) <= 2.5
    chroma = np.empty((2, height, width), np.float32)
    chroma[:] = np.array(DOT_COLOR, np.float32)[:, None, None]
    said = Hint(0, chroma, place[:height, :width].astype(np.float32), spreads=True)
    made = settle_directed(luma, predictor, SteadySettings(), [said])[LATER]
    plain = enlarge(predictor.predict(luma[-1:]).chroma[0], luma[-1])
    there = motion.flow[y, x] + (x, y)
    column, row = (
        int(np.clip(round(float(v)), 0, n - 1))
        for v, n in zip(there, (2 * width, 2 * height), strict=True)
    )
    step = np.array(DOT_COLOR) - plain[:, row, column]
    moved = made[:, row, column].astype(np.float64) - plain[:, row, column]
    return float(moved @ step) > 0.5 * float(step @ step)


def trials(paths: list[Path], place: int, predictor: Predictor) -> list[bool]:
    """Four trials over a photograph and the one after it: pan, zoom, turn, a cut-out."""
    rng = np.random.default_rng(SEED + place)
    pair = [read_picture(paths[(place + step) % len(paths)]) for step in range(2)]
    made = scenes(pair, TRIAL_SHAPE, LATER + 1, rng)[:4]
    return [dot_trial(scene, rng, predictor) for scene in made]


def kept(cache: Path, name: str, make: Callable[[], object]) -> Any:
    path = cache / f"{name}.json"
    if not path.exists():
        held = make()
        path.write_text(json.dumps(held))
    return json.loads(path.read_text())


def table(results: dict[str, dict]) -> list[str]:
    names = list(next(iter(results.values())))
    lines = ["| row | first frame | frame 2 on | frame 25 | frame 25 on | CDC distance x 1e3 |"]
    lines.append("|---|---|---|---|---|---|")
    for name in names:
        if name == "truth":
            continue
        found = [clip[name] for clip in results.values()]
        means = [
            np.nanmean([one[key] for one in found]) for key in ("first", "clip", "at", "later")
        ]
        away = np.mean([abs(clip[name]["cdc"] - clip["truth"]["cdc"]) for clip in results.values()])
        lines.append(f"| {name} | {' | '.join(f'{m:.2f}' for m in means)} | {1e3 * away:.3f} |")
    return lines


def by_clip(results: dict[str, dict]) -> list[str]:
    shown = ["grey", "automatic", "still, carried", "still", "still, edited", "dots"]
    lines = [f"| clip | {' | '.join(shown)} |", "|---" * (len(shown) + 1) + "|"]
    for clip, found in results.items():
        cells = [f"{found[n]['clip']:.1f} / {found[n]['later']:.1f}" for n in shown]
        lines.append(f"| {clip} | {' | '.join(cells)} |")
    return lines


def processor() -> str:
    if Path("/proc/cpuinfo").exists():
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clips", type=Path)
    parser.add_argument("photographs", type=Path)
    parser.add_argument("--cache", type=Path, default=Path("scratch/directing"))
    parser.add_argument("-o", "--output", type=Path)
    given = parser.parse_args()
    given.cache.mkdir(parents=True, exist_ok=True)
    predictor = load_predictor()
    results = {}
    for index, path in enumerate(single_shots(given.clips)):
        results[path.stem] = kept(
            given.cache, path.stem, lambda p=path, i=index: rows(read(p), i, predictor)
        )
        print(
            path.stem, {n: round(f["clip"], 2) for n, f in results[path.stem].items()}, flush=True
        )
    everything = find(given.photographs, may_be_picture)
    chosen = np.linspace(0, len(everything) - 1, PHOTOGRAPHS).round().astype(int)
    paths = [everything[place] for place in chosen]
    stayed: list[bool] = []
    for place in range(PHOTOGRAPHS):
        stayed += kept(given.cache, f"trials-{place}", lambda p=place: trials(paths, p, predictor))
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    ).stdout.strip()
    text = "\n".join(
        [
            "# Stills and dots",
            "",
            f"Commit {commit}; {processor()}. Command:",
            "`python benchmarks/directing.py ../shared/data/clips ../shared/data/eval"
            " -o benchmarks/directing.md`.",
            "",
            f"{len(results)} single-shot colour clips, at most {FRAMES} frames, judged at"
            f" short side 240, coloured at short side {SIDE} by vidcolor-base. Given is the true"
            f" colour of the first frame, or {DOTS} dots of it. PSNR in dB, mean over"
            " frames, then over clips.",
            "Edited: enlarged by 2 %, shifted by 3 pixels, gamma 1.2, then registered; cropped: cut"
            " to the frame's size before the shift, so that 6 % of it are missing. Carried: along"
            " DIS flow from frame to frame at full size. By luma: Levin, Lischinski, Weiss 2004 on"
            " the first frame, then carried.",
            "",
            *table(results),
            "",
            f"A dot stays on its thing for {LATER} frames in {sum(stayed)} of {len(stayed)}"
            f" trials of known motion (seed {SEED}): at the point's true place more than"
            " half of the"
            " way from the network's colour to the dot's is gone.",
            "",
            "Frame 2 on / frame 25 on:",
            "",
            *by_clip(results),
            "",
        ]
    )
    print(text)
    if given.output:
        given.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
