"""Whether a hint changes what it is on, and nothing else: cases of known answer.

python benchmarks/local.py ../shared/data/eval -o benchmarks/local.md

Of each photograph one thing, a patch of even colour, gets another hue. What is said of it is one
dot, all of it painted on an otherwise transparent still, or half of it painted as an overlay.
Outside, colour should be as without hints; inside it should be what was asked.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

import vidcolor
from vidcolor.color.srgb import Picture, to_picture, to_planes
from vidcolor.evaluate.read import find, read_picture
from vidcolor.media.suffixes import may_be_picture

SIDE, SEED = 256, 28
# A thing is a patch of so much of the picture, left in one piece by the mean shift of these radii.
SMALLEST, LARGEST = 0.015, 0.2
SPACE, COLOR = 8, 14
# Chroma of a thing is turned by this much at least, in degrees, and is so far from neutral.
LEAST_TURN, LEAST_CHROMA = 60, 24.0
# So many pixels on both sides of its edge belong to neither; luma differs by so much there, or
# nobody could see without colour where the thing ends.
EDGE, SEEN_EDGE = 4, 16.0
KINDS = {
    "dot": "one dot",
    "still": "all of it, a still else transparent",
    "part": "half of it, an overlay",
}
DOTS = 10

Row = dict[str, dict[str, float]]


@dataclass(frozen=True, eq=False)
class Case:
    """A photograph with one thing of another hue.

    Attributes:
        name: of the photograph.
        true: the photograph, sRGB bytes.
        picture: the same with the thing turned.
        thing: bool (height, width).
        middle: (x, y) furthest from the thing's edge.
    """

    name: str
    true: Picture
    picture: Picture
    thing: NDArray[np.bool_]
    middle: tuple[int, int]


def cases(folder: Path, count: int) -> Iterator[Case]:
    rng = np.random.default_rng(SEED)
    paths = find(folder, may_be_picture)
    for place in rng.permutation(len(paths)):
        picture = read_picture(paths[place])
        scale = SIDE / min(picture.shape[:2])
        picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        thing = a_thing(picture, rng)
        if thing is None:
            continue
        far = cv2.distanceTransform(thing.astype(np.uint8), cv2.DIST_L2, 5)
        y, x = np.unravel_index(int(far.argmax()), far.shape)
        turned = turn(picture, thing, rng)
        yield Case(paths[place].stem, picture, turned, thing, (int(x), int(y)))
        count -= 1
        if not count:
            return


def a_thing(picture: Picture, rng: np.random.Generator) -> NDArray[np.bool_] | None:
    """A patch of even colour, or None."""
    even = cv2.pyrMeanShiftFiltering(picture, SPACE, COLOR)
    height, width = even.shape[:2]
    for _ in range(40):
        seed = int(rng.integers(width)), int(rng.integers(height))
        mask = np.zeros((height + 2, width + 2), np.uint8)
        near = (3, 3, 3)
        flags = 4 | cv2.FLOODFILL_MASK_ONLY | (1 << 8)
        cv2.floodFill(even.copy(), mask, seed, 0, near, near, flags)
        patch = cv2.morphologyEx(mask[1:-1, 1:-1], cv2.MORPH_CLOSE, np.ones((5, 5)))
        patch = cv2.morphologyEx(patch, cv2.MORPH_OPEN, np.ones((7, 7)))
        count, labels, stats, _ = cv2.connectedComponentsWithStats(patch)
        if count < 2:
            continue
        largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
        thing = labels == largest
        inner = cv2.erode(thing.astype(np.uint8), np.ones((2 * EDGE + 1,) * 2))
        fits = SMALLEST < thing.mean() < LARGEST and inner.sum() > 0.3 * thing.sum()
        if fits and step_of(picture, thing) > SEEN_EDGE:
            return np.asarray(thing)
    return None


def step_of(picture: Picture, thing: NDArray[np.bool_]) -> float:
    """Mean difference of luma over a thing's edge."""
    luma = to_planes(picture).luma
    mask = thing.astype(np.float32)
    size = (2 * EDGE + 1,) * 2
    inner = cv2.blur(luma * mask, size) / np.maximum(cv2.blur(mask, size), 1e-3)
    outer = cv2.blur(luma * (1 - mask), size) / np.maximum(cv2.blur(1 - mask, size), 1e-3)
    edge = cv2.morphologyEx(thing.astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((3, 3))) > 0
    return float(np.abs(inner - outer)[edge].mean())


def turn(picture: Picture, thing: NDArray[np.bool_], rng: np.random.Generator) -> Picture:
    """The picture with the thing's hue turned, as strong as can be shown."""
    planes = to_planes(picture)
    offset = planes.chroma[:, thing] - 128
    mean = offset.mean(axis=1)
    angle = np.arctan2(mean[1], mean[0]) + np.radians(rng.uniform(LEAST_TURN, 360 - LEAST_TURN))
    length = max(LEAST_CHROMA, float(np.hypot(*mean)) * rng.uniform(0.8, 1.5))
    color = length * np.array([np.cos(angle), np.sin(angle)])
    chroma = planes.chroma.copy()
    chroma[:, thing] = 128 + color[:, None] + 0.5 * (offset - mean[:, None])
    made = np.array(picture)
    made[thing] = to_picture(planes.luma, chroma)[thing]
    return made


def said(case: Case, kind: str, folder: Path) -> dict[str, list[Path]]:
    """What a person would give, written to a folder."""
    if kind == "dot":
        x, y = case.middle
        red, green, blue = case.picture[y, x]
        color = f"#{red:02x}{green:02x}{blue:02x}"
        dot = {"points": [[x, y]], "colour": color}
        path = folder / "dot.json"
        path.write_text(json.dumps({"version": 1, "hints": [dot]}))
        return {"hints": [path]}
    alpha = painted(case, kind).astype(np.uint8) * 255
    path = folder / {"still": "ref_000000.png", "part": "hint_000000.png"}[kind]
    cv2.imwrite(str(path), np.dstack([case.picture[..., ::-1], alpha]))
    return {"references" if kind == "still" else "hints": [path]}


def painted(case: Case, kind: str) -> NDArray[np.bool_]:
    half = np.zeros_like(case.thing)
    half[:, : int(np.median(np.nonzero(case.thing)[1]))] = True
    return case.thing if kind == "still" else case.thing & half


def ten_dots(picture: Picture, rng: np.random.Generator, folder: Path) -> Path:
    """Ten dots of a picture's colours, anywhere."""
    height, width = picture.shape[:2]
    dots = []
    for _ in range(DOTS):
        x, y = int(rng.integers(width)), int(rng.integers(height))
        red, green, blue = picture[y, x]
        dots.append({"points": [[x, y]], "colour": f"#{red:02x}{green:02x}{blue:02x}"})
    path = folder / "ten.json"
    path.write_text(json.dumps({"version": 1, "hints": dots}))
    return path


def away(first: Picture, second: Picture) -> NDArray[np.float32]:
    """Distance of the chroma of two pictures, of 255, by pixel."""
    return np.hypot(*(to_planes(first).chroma - to_planes(second).chroma))


def psnr(first: Picture, second: Picture) -> float:
    error = float(((first.astype(np.float32) - second) ** 2).mean())
    return 10 * np.log10(255**2 / max(error, 1e-6))


def measure(case: Case, colorizer: vidcolor.Colorizer, sheets: Path | None) -> Row:
    """Distances of chroma, of 255, and gains in dB."""
    luma = to_planes(case.picture).luma_bytes
    automatic = colorizer.photo(luma)
    kernel = np.ones((2 * EDGE + 1,) * 2)
    inside = cv2.erode(case.thing.astype(np.uint8), kernel) > 0
    outside = cv2.dilate(case.thing.astype(np.uint8), kernel) == 0
    row: Row = {"automatic": {"missed": float(away(automatic, case.picture)[inside].mean())}}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for kind in KINDS:
            made = colorizer.photo(luma, **said(case, kind, folder))
            moved = away(made, automatic)[outside]
            row[kind] = {
                "moved": float(moved.mean()),
                "moved_95": float(np.percentile(moved, 95)),
                "missed": float(away(made, case.picture)[inside].mean()),
            }
            if sheets:
                three = np.hstack([case.picture, automatic, made])
                cv2.imwrite(str(sheets / f"{case.name}_{kind}.jpg"), three[..., ::-1])
        for kind, picture in (("ten", case.picture), ("true", case.true)):
            dots = ten_dots(picture, np.random.default_rng(SEED), folder)
            made = colorizer.photo(luma, hints=dots)
            row[kind] = {"gain": psnr(made, picture) - psnr(automatic, picture)}
    return row


def page(rows: Sequence[Row], command: str) -> str:
    def mean(kind: str, figure: str) -> float:
        return float(np.mean([row[kind][figure] for row in rows]))

    lines = [
        "# Whether a hint changes what it is on, and nothing else\n",
        f"{platform.processor() or platform.machine()}. Command: `{command}`.\n",
        f"{len(rows)} photographs, of each one thing in another hue; automatic colour is"
        f" {mean('automatic', 'missed'):.1f} of 255 from it. Distances of chroma, of 255: how far"
        " colour outside the thing moves from the automatic (mean, the pictures' mean 95th"
        " percentile, the mean of the worst picture in twenty), and how far colour inside is from"
        " what was asked.\n",
        "| said | outside | 95th percentile | worst in twenty | inside |",
        "|---|---|---|---|---|",
    ]
    for kind, words in KINDS.items():
        worst = np.percentile([row[kind]["moved"] for row in rows], 95)
        figures = mean(kind, "moved"), mean(kind, "moved_95"), worst, mean(kind, "missed")
        lines.append(f"| {words} | {' | '.join(f'{figure:.2f}' for figure in figures)} |")
    lines.append(
        f"\nTen dots anywhere, of the colours there: {mean('ten', 'gain'):+.2f} dB over automatic;"
        f" on the photographs as they were {mean('true', 'gain'):+.2f} dB.\n"
    )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--sheets", type=Path, help="folder for pictures: asked, automatic, made")
    parser.add_argument("-o", "--output", type=Path)
    given = parser.parse_args()
    if given.sheets:
        given.sheets.mkdir(parents=True, exist_ok=True)
    with vidcolor.Colorizer() as colorizer:
        rows = [measure(case, colorizer, given.sheets) for case in cases(given.folder, given.count)]
    made = page(rows, " ".join(["python benchmarks/local.py", *sys.argv[1:]]))
    print(made)
    if given.output:
        given.output.write_text(made, encoding="utf-8")


if __name__ == "__main__":
    main()
