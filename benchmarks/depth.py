"""How far the colour of a scene is from that of its twin of 8 bits, in every pixel format.

    python benchmarks/depth.py -o benchmarks/depth.md [--json now.json] [--before earlier.json]

A frame of samples/nosferatu.mp4 is put into each format by FFmpeg's own converter, made small luma
as films are, and coloured by the shipped model. Given is the mean distance of Cb and Cr, of 255.
`--json` keeps the figures; those kept at another commit are shown beside by `--before`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import PIL.Image

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.photographs import KINDS
from tests.scenes import (
    CHANGED,
    EVERY_FORMAT,
    STUDIO_RANGE,
    as_hlg,
    as_linear,
    as_pq,
    frame_of,
    light,
    scene,
    write_film,
)
from vidcolor.errors import InputError
from vidcolor.infer.choose import load_predictor
from vidcolor.infer.predictor import Predictor
from vidcolor.media.clip import ClipInfo
from vidcolor.media.planes import format_traits, unpack_luma
from vidcolor.media.probe import probe
from vidcolor.run.film import Film
from vidcolor.run.still import StillSettings, colorize_picture

BAR = 1.0
PHOTOGRAPH = "photograph"
CURVES = {"PQ": (16, as_pq), "HLG": (18, as_hlg), "linear light": (8, as_linear)}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("-o", "--out", type=Path)
    arguments.add_argument("--json", type=Path)
    arguments.add_argument("--before", type=Path)
    given = arguments.parse_args()
    predictor = load_predictor("vidcolor-base", "cpu", "openvino")
    figures = measured(predictor) | photographs(predictor)
    if given.json:
        given.json.write_text(json.dumps(figures, indent=1))
    before = json.loads(given.before.read_text()) if given.before else {}
    text = table(figures, before)
    print(text)
    if given.out:
        given.out.write_text(text + "\n")


def measured(predictor: Predictor) -> dict[str, float | None]:
    """Distance by "format, range" and by "curve, format"."""
    told = predictor.predict(scene()[None]).chroma[0]
    figures: dict[str, float | None] = {}

    def distance(twin: ClipInfo, signal: np.ndarray, name: str, full: bool) -> float | None:
        try:
            made = predictor.predict(seen(twin, signal, name, full)[None]).chroma[0]
        except ValueError:  # as earlier versions did where they knew no working format
            return None
        return float(np.abs(made - told).mean())

    with TemporaryDirectory() as folder:
        twin = probe(write_film(Path(folder) / "8.mkv", [light(scene())], "ffv1", "gray", True))
        wanted = [(n, True) for n in EVERY_FORMAT] + [(n, False) for n in STUDIO_RANGE]
        for name, full in wanted:
            if name.startswith(CHANGED):
                continue
            key = f"{name}, {'full' if full else 'limited'}"
            figures[key] = distance(twin, light(scene()), name, full)
        for curve, (number, curved) in CURVES.items():
            for name in ("yuv420p10le", "yuv422p10le", "gray16le", "gbrp12le"):
                hdr = replace(twin, transfer=number)
                figures[f"{curve}, {name}"] = distance(hdr, curved(light(scene())), name, True)
    return figures


def photographs(predictor: Predictor) -> dict[str, float | None]:
    """Distance of whole photographs in colour by "photograph, name"; None where one is refused."""
    figures: dict[str, float | None] = {}
    with TemporaryDirectory() as name:
        folder = Path(name)
        PIL.Image.fromarray(scene()).save(folder / "in.png")
        told = colored(folder / "in.png", predictor)
        for kind, write in KINDS.items():
            write()(folder / kind)
            try:
                made = colored(folder / kind, predictor)
            except InputError:
                figures[f"{PHOTOGRAPH}, {kind}"] = None
            else:
                figures[f"{PHOTOGRAPH}, {kind}"] = float(np.abs(made - told).mean())
    return figures


def colored(path: Path, predictor: Predictor) -> np.ndarray:
    """Cb and Cr of a coloured photograph."""
    output = path.with_name("out.png")
    colorize_picture(path, output, predictor, StillSettings(192, 1.3))
    rgb = np.asarray(PIL.Image.open(output).convert("RGB")).astype(float)
    luma = rgb @ [0.299, 0.587, 0.114]
    return np.stack([(rgb[..., 2] - luma) / 1.772, (rgb[..., 0] - luma) / 1.402])


def seen(twin: ClipInfo, signal: np.ndarray, name: str, full: bool) -> np.ndarray:
    traits = format_traits(name)
    range_is_full = full or bool(not traits.has_luma and traits.full_range)
    clip = replace(
        twin,
        pixel_format=name,
        depth=traits.depth,
        working_format=traits.working,
        full_range=range_is_full,
    )
    luma = unpack_luma(frame_of(signal, name, full), range_is_full)
    return Film(clip, 192, 0, 1).small(luma)


def group(key: str) -> str:
    first = key.split(", ")[0]
    if first in CURVES:
        return first
    if first == PHOTOGRAPH:
        deep = any(word in key for word in ("10.", "12.", "16.", "32.", "float"))
        return f"photographs, {'9 to 32 bits' if deep else '8 bits'}, coloured and written"
    traits = format_traits(first)
    kind = next(
        (
            word
            for start, word in (
                (("grayf", "yaf"), "grey, floats"),
                (("gray", "ya"), "grey"),
                (("nv", "p0", "p2", "p4"), "luma and pairs of chroma (nv, p0)"),
            )
            if first.startswith(start)
        ),
        "YUV" if traits.full_range is None or first.startswith("yuvj") else "RGB, palettes",
    )
    return f"{kind}, {'8 bits' if traits.depth == 8 else '9 to 16 bits'}"


def table(now: dict[str, float | None], before: dict[str, float | None]) -> str:
    groups: dict[str, list[str]] = defaultdict(list)
    for key in now:
        groups[group(key)].append(key)
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False
    ).stdout.strip()
    lines = [
        "# Colour at every depth",
        "",
        f"`python {' '.join(sys.argv)}`, commit {commit}. Mean distance of Cb and Cr, of 255,",
        f"from the twin of 8 bits before encoding; bar {BAR:g}. Cases are formats times ranges;",
        "formats of fewer than 8 bits and sensors' mosaics show another picture and are left to",
        "the tests.",
        "",
        "| | cases | over the bar before | worst before | over the bar | worst |",
        "|---|---|---|---|---|---|",
    ]
    for name, keys in sorted(groups.items()):
        lines.append(f"| {name} | {len(keys)} | {row(before, keys)} | {row(now, keys)} |")
    lines.append(f"| all | {len(now)} | {row(before, list(now))} | {row(now, list(now))} |")
    return "\n".join(lines)


def row(figures: dict[str, float | None], keys: list[str]) -> str:
    found = [figures[key] for key in keys if key in figures]
    if not found:
        return "- | -"
    worst = "fails" if None in found else f"{max(f for f in found if f is not None):.2f}"
    return f"{sum(f is None or f > BAR for f in found)} | {worst}"


if __name__ == "__main__":
    main()
