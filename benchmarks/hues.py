"""Which hue a model gives to what: confusion by kind of thing, and what decoding does to it.

    python benchmarks/hues.py DATA [--model NAME|PATH] [--split even] [--limit N] [--out hues.md]

DATA holds pictures, in a folder for each kind (or in none). First the confusion of hue, true
against made, of each kind and of all: shares of the true chroma, at a quarter of the size. Then the
same distribution decoded in other ways, judged as `vidcolor evaluate` judges: annealed means (Zhang
et al. 2016), the likeliest colour of each segment of even luma, other saturations. Each picture is
seen with its mirror image, as photographs are. `--unjudged` leaves the second part's networks off.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from vidcolor.color.convert import BLUE_SCALE, NEUTRAL, RED_SCALE, SampleSpec, small_luma
from vidcolor.color.srgb import GREEN_OF_BLUE, GREEN_OF_RED, Floats, scale_chroma
from vidcolor.evaluate.baselines import baselines, working
from vidcolor.evaluate.picture_table import picture_table
from vidcolor.evaluate.pictures import Bench, evaluate_pictures
from vidcolor.evaluate.samples import PictureColoring, Sample, quarter_chroma
from vidcolor.evaluate.session import load_samples
from vidcolor.evaluate.settings import Settings, find_data
from vidcolor.evaluate.table import cells, markdown
from vidcolor.infer.predictor import QUARTER, network_input
from vidcolor.network.checkpoint import Model, load_model
from vidcolor.network.registry import DEFAULT_MODEL, find_model
from vidcolor.truth.judge import judges
from vidcolor.truth.lpips import installed_lpips

HUES = {
    "red": 345,
    "orange": 10,
    "yellow": 42,
    "green": 70,
    "cyan": 165,
    "blue": 200,
    "violet": 260,
    "pink": 305,
}
"""The degree at which each begins; skin and wood are orange, maroon is a dark red."""
PALE = "pale"
TRUE_COLOR, MADE_COLOR = 10.0, 6.0
"""Distance from neutral (of 255) from which on a true colour has a hue, and a made one."""
TEMPERATURES = (0.8, 0.6, 0.5, 0.38)
SATURATIONS = (1.0, 1.15, 1.45)
AROUND = 18.0
"""Standard deviation of chroma about the likeliest colour of a segment, of 255."""
SHADES = 12
"""Levels of luma that one segment may hold."""


@dataclass(frozen=True)
class Said:
    """What a model says to a picture.

    Attributes:
        shares: float16 (bins, height, width), its distribution at a quarter of the size it saw.
        luma: uint8 (height, width), of that size.
        true: float32 (2, height, width), the true chroma there.
    """

    shares: NDArray[np.float16]
    luma: NDArray[np.uint8]
    true: Floats


Decode = Callable[[Said], Floats]
"""Chroma, float32 (2, height, width), of what was said."""


def main(arguments: Sequence[str] | None = None) -> None:
    asked = _arguments(arguments)
    settings = Settings(split=asked.split, limit=asked.limit)
    data = find_data(asked.data, settings)
    samples, _ = load_samples(settings.chosen(data.pictures), data.root, settings)
    model = load_model(find_model(asked.model))
    said = {sample.name: listen(model, sample) for sample in samples}
    factor = model.info.saturation
    parts = [f"# Hues: {model.name}, {len(samples)} pictures, {asked.split}"]
    parts += [_confusions(samples, said, annealed(model.bins.centers), factor)]
    rows = _rows(model, said)
    looking = [] if asked.unjudged else judges("cpu")
    bench = Bench(samples, looking, settings.jobs, lpips=installed_lpips())
    table = picture_table("Decodings", evaluate_pictures(bench, baselines(settings.side) | rows))
    parts += [f"## {table.title}", markdown(cells(table)), _right(samples, said, model)]
    text = "\n\n".join(parts) + "\n"
    print(text)
    if asked.out is not None:
        asked.out.write_text(text)


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--split", default="even", choices=["all", "even", "odd"])
    parser.add_argument("--limit", type=int)
    parser.add_argument("--unjudged", action="store_true")
    parser.add_argument("--out", type=Path)
    return parser.parse_args(given)


@torch.inference_mode()
def listen(model: Model, sample: Sample) -> Said:
    """What a model says to a picture and its mirror image together."""
    shape = working(sample.seen, model.info.still_size)
    luma = small_luma(sample.seen, SampleSpec(), shape)
    decoder = model.decoder()
    batch = torch.from_numpy(network_input(np.stack([luma, luma[:, ::-1]]), None))
    shares = decoder.decoding.shares(decoder.generator(batch).logits)
    height, width = (side // QUARTER for side in shape)
    plain, mirrored = shares[:, :, :height, :width]
    mean = ((plain + mirrored.flip(2)) / 2).numpy().astype(np.float16)
    small = cv2.resize(luma, (width, height), interpolation=cv2.INTER_AREA)
    return Said(mean, small, quarter_chroma(sample, shape))


def annealed(centers: Floats, temperature: float = 1.0) -> Decode:
    """The mean of the distribution at a temperature; 1 is what the program shows."""

    def decode(said: Said) -> Floats:
        return _mean(said.shares.astype(np.float32) ** (1 / temperature), centers)

    return decode


def by_segments(centers: Floats) -> Decode:
    """The mean about the likeliest colour of each segment."""
    apart = np.square(centers[:, None] - centers[None]).sum(2)
    about = np.exp(-apart / (2 * AROUND**2)).astype(np.float32)

    def decode(said: Said) -> Floats:
        shares, places = said.shares.astype(np.float32), segments(said.luma)
        count, flat = places.max() + 1, places.ravel()
        sums = np.stack([np.bincount(flat, one.ravel(), count) for one in shares])
        # A bin is likely with those around it: the grid is finer than what a colour is.
        likeliest = (about @ sums).argmax(0)
        return _mean(shares * about[likeliest][places].transpose(2, 0, 1), centers)

    return decode


def segments(luma: NDArray[np.uint8]) -> NDArray[np.int64]:
    """The number of the patch of even luma that each pixel lies in, from 0 on."""
    smooth = cv2.pyrMeanShiftFiltering(np.repeat(luma[..., None], 3, 2), 6, SHADES)[..., 0]
    levels, found, first = smooth // SHADES, np.zeros(luma.shape, np.int64), 0
    for level in np.unique(levels):
        inside = levels == level
        count, patches = cv2.connectedComponents(inside.astype(np.uint8), connectivity=4)
        found[inside] = patches[inside] - 1 + first
        first += count - 1
    return found


def _mean(shares: Floats, centers: Floats) -> Floats:
    weighed = np.tensordot(centers.T, shares, 1) / shares.sum(0).clip(1e-12)
    return np.asarray(weighed, np.float32)


def hue(chroma: Floats) -> Floats:
    """Degrees of hue as in HSV, which luma does not change, of chroma (2, ...) on 0..255."""
    blue, red = chroma - NEUTRAL
    r, g, b = RED_SCALE * red, -GREEN_OF_RED * red - GREEN_OF_BLUE * blue, BLUE_SCALE * blue
    return np.asarray(np.rad2deg(np.arctan2(np.sqrt(3) * (g - b), 2 * r - g - b)) % 360)


def named(chroma: Floats) -> NDArray[np.int64]:
    """Which of `HUES` each colour has, by number."""
    first, *later = HUES.values()
    turned = (hue(chroma) - first) % 360
    return np.digitize(turned, [(start - first) % 360 for start in later])


def confusion(true: Floats, made: Floats) -> NDArray[np.float64]:
    """Sums of true chroma (hues, hues and pale): rows are true hues, columns made ones."""
    strength = np.hypot(*(true - NEUTRAL))
    hued = strength >= TRUE_COLOR
    pale = np.hypot(*(made - NEUTRAL)) < MADE_COLOR
    column = np.where(pale, len(HUES), named(made))
    shape = len(HUES), len(HUES) + 1
    place = np.ravel_multi_index((named(true)[hued], column[hued]), shape)
    return np.bincount(place, strength[hued], shape[0] * shape[1]).reshape(shape)


def _confused(said: Sequence[Said], decode: Decode, factor: float) -> NDArray[np.float64]:
    return sum(confusion(one.true, scale_chroma(decode(one), factor)) for one in said)


def _confusions(
    samples: Sequence[Sample], said: dict[str, Said], decode: Decode, factor: float
) -> str:
    kinds = sorted({sample.category for sample in samples} - {""})
    parts = []
    for kind in [*kinds, ""]:
        chosen = [said[s.name] for s in samples if kind in ("", s.category)]
        parts.append(f"## {kind or 'all'} ({len(chosen)} pictures)")
        parts.append(markdown(_lines(_confused(chosen, decode, factor))))
    return "\n\n".join(parts)


def _lines(sums: NDArray[np.float64]) -> list[list[str]]:
    """A confusion as a table: of each true hue its share of all, and what was made of it."""
    names = [*HUES, PALE]
    lines = [["true", "of all", *names]]
    for name, row in zip(HUES, sums, strict=True):
        shares = row / row.sum() if row.sum() else row
        lines.append([name, f"{row.sum() / max(sums.sum(), 1):.0%}", *(f"{s:.0%}" for s in shares)])
    return lines


def _decodings(model: Model) -> dict[str, tuple[Decode, float]]:
    """Ways to decode, by name, and the saturation that goes with each."""
    centers, factor = model.bins.centers, model.info.saturation
    found = {"as it is": (annealed(centers), factor)}
    for temperature in TEMPERATURES:
        # A sharper distribution is less pale by itself: it is shown as strong as it is.
        found[f"T {temperature:g}, saturation 1"] = (annealed(centers, temperature), 1.0)
        found[f"T {temperature:g}"] = (annealed(centers, temperature), factor)
    found["likeliest of segments, saturation 1"] = (by_segments(centers), 1.0)
    for value in SATURATIONS:
        found[f"saturation {value:g}"] = (annealed(centers), value)
    return found


def _rows(model: Model, said: dict[str, Said]) -> dict[str, PictureColoring]:
    def row(decode: Decode, factor: float) -> PictureColoring:
        return lambda sample: scale_chroma(decode(said[sample.name]), factor)

    return {name: row(*way) for name, way in _decodings(model).items()}


def _right(samples: Sequence[Sample], said: dict[str, Said], model: Model) -> str:
    """Of each way to decode: how much of the true chroma has its hue, and what else it gets."""
    lines = [["decoding", "right hue", "pale", "green turned red or orange", "orange turned pink"]]
    hues = list(HUES)
    red, orange, green, pink = (hues.index(name) for name in ("red", "orange", "green", "pink"))
    for name, (decode, factor) in _decodings(model).items():
        sums = _confused([said[sample.name] for sample in samples], decode, factor)
        whole = sums.sum()
        shares = (
            np.trace(sums) / whole,
            sums[:, -1].sum() / whole,
            sums[green, [red, orange]].sum() / sums[green].sum(),
            sums[orange, [red, pink]].sum() / sums[orange].sum(),
        )
        lines.append([name, *(f"{share:.1%}" for share in shares)])
    return markdown(lines)


if __name__ == "__main__":
    main()
