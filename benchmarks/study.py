"""Small systems against each other, trained alike: writes the figures of docs/study.md.

    python benchmarks/study.py --data DIR --out RUNS [--samples 2000] [--size 96] [--minutes 60]

Each system is trained by `vidcolor.train` on the same number of samples, in the same order, and
judged on pictures that were held out. RUNS keeps each system's model and figures: what is there is
not computed again, so the program may be stopped and called anew; after `--minutes` it begins no
further system.
"""

from __future__ import annotations

import argparse
import json
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from vidcolor.color.srgb import Picture, to_planes
from vidcolor.evaluate.baselines import baselines, truth
from vidcolor.evaluate.bootstrap import Figure, difference, figure, means, resamples
from vidcolor.evaluate.models import Model
from vidcolor.evaluate.names import GREY, QUARTER, TRUTH
from vidcolor.evaluate.pictures import Bench
from vidcolor.evaluate.samples import PictureColoring, Sample
from vidcolor.infer.choose import load_predictor
from vidcolor.infer.predictor import working_shape
from vidcolor.network.config import GeneratorConfig
from vidcolor.network.cost import generator_cost
from vidcolor.train.data import open_store
from vidcolor.train.loop import MODEL, start
from vidcolor.train.settings import Simulation, TrainSettings
from vidcolor.truth.judge import first_judge
from vidcolor.truth.kid import kid, pair_terms

HERE = Path(__file__).parent
PICTURES = 200
BATCH = 8
SMALL, LARGE = 24, 48
CLEAN = Simulation(damage=0.0, damaged=0.0, hinted=0.0, recoloured=0.0, own=0.0)

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class System:
    """What is compared: a generator, a recipe, a lambda, a seed."""

    network: Mapping[str, Any]
    recipe: str = "l1"
    pixel_weight: float | None = None
    seed: int = 0


def unet(width: int = SMALL, **changes: Any) -> dict[str, Any]:
    return {"kind": "unet-plain", "width": width, "upsample": "transpose"} | changes


def resnet(width: int = SMALL, blocks: int = 6) -> dict[str, Any]:
    return {"kind": "resnet", "width": width, "blocks": blocks, "upsample": "transpose"}


SYSTEMS: Mapping[str, System] = {
    "unet l1": System(unet()),
    "unet gan+l1": System(unet(), "gan+l1"),
    "unet gan": System(unet(), "gan"),
    "unet l1+perceptual": System(unet(), "l1+perceptual"),
    "unet gan+perceptual": System(unet(), "gan+perceptual"),
    "unet gan+l1+perceptual": System(unet(), "gan+l1+perceptual"),
    "unet l1, seed 1": System(unet(), seed=1),
    "unet gan+l1, seed 1": System(unet(), "gan+l1", seed=1),
    "resnet l1": System(resnet()),
    "resnet gan+l1": System(resnet(), "gan+l1"),
    "unet gan+l1, lambda 10": System(unet(), "gan+l1", 10.0),
    "unet gan+l1, lambda 50": System(unet(), "gan+l1", 50.0),
    "unet gan+l1, resize": System(unet(upsample="resize"), "gan+l1"),
    "unet l1, resize": System(unet(upsample="resize")),
    "unet l1, fusion concat": System(unet(fusion="concat")),
    "unet gan+l1, fusion concat": System(unet(fusion="concat"), "gan+l1"),
    "unet classification": System(unet(), "default"),
    "large unet l1": System(unet(LARGE)),
    "large resnet l1": System(resnet(LARGE, 9)),
}


@dataclass(frozen=True)
class Claim:
    """Something to confirm or refute: a figure of one system is above or below another's.

    Attributes:
        words: the claim.
        metric: a key of `METRICS`.
        system, reference: keys of `SYSTEMS`, or grey.
        sign: +1 where the system's figure is claimed to be above the reference's, else -1.
    """

    words: str
    metric: str
    system: str
    reference: str
    sign: int


CLAIMS = (
    Claim("U-Net beats ResNet (l1)", "psnr", "unet l1", "resnet l1", +1),
    Claim("U-Net beats ResNet (l1)", "kid", "unet l1", "resnet l1", -1),
    Claim("U-Net beats ResNet (gan+l1)", "psnr", "unet gan+l1", "resnet gan+l1", +1),
    Claim("U-Net beats ResNet (gan+l1)", "kid", "unet gan+l1", "resnet gan+l1", -1),
    Claim("large beats small (U-Net)", "psnr", "large unet l1", "unet l1", +1),
    Claim("large beats small (U-Net)", "kid", "large unet l1", "unet l1", -1),
    Claim("large beats small (ResNet)", "psnr", "large resnet l1", "resnet l1", +1),
    Claim("large beats small (ResNet)", "kid", "large resnet l1", "resnet l1", -1),
    Claim("an adversary makes colour stronger", "cf", "unet gan+l1", "unet l1", +1),
    Claim("an adversary makes colour truer to photographs", "kid", "unet gan+l1", "unet l1", -1),
    Claim("an adversary costs accuracy", "closeness", "unet gan+l1", "unet l1", -1),
    Claim("without a pixel loss accuracy falls", "closeness", "unet gan", "unet gan+l1", -1),
    Claim("perceptual loss helps l1", "kid", "unet l1+perceptual", "unet l1", -1),
    Claim("perceptual loss helps the gan", "kid", "unet gan+perceptual", "unet gan", -1),
    Claim("all three together are best", "kid", "unet gan+l1+perceptual", "unet gan+l1", -1),
    Claim("all three together are best", "kid", "unet gan+l1+perceptual", "unet l1", -1),
    Claim("all three together are best", "kid", "unet gan+l1+perceptual", "unet gan", -1),
    Claim("all three together are best", "kid", "unet gan+l1+perceptual", "unet l1+perceptual", -1),
    Claim(
        "all three together are best", "kid", "unet gan+l1+perceptual", "unet gan+perceptual", -1
    ),
    Claim("a larger lambda is nearer", "closeness", "unet gan+l1", "unet gan+l1, lambda 10", +1),
    Claim("a larger lambda is nearer", "closeness", "unet gan+l1", "unet gan+l1, lambda 50", +1),
    Claim("a larger lambda is paler", "cf", "unet gan+l1", "unet gan+l1, lambda 10", -1),
    Claim("a larger lambda is paler", "cf", "unet gan+l1", "unet gan+l1, lambda 50", -1),
    Claim("resize leaves less checkerboard", "checker", "unet l1, resize", "unet l1", -1),
    Claim("resize leaves less checkerboard", "checker", "unet gan+l1, resize", "unet gan+l1", -1),
    Claim("resize is no less accurate", "psnr", "unet l1, resize", "unet l1", +1),
    Claim("fusion helps (l1)", "psnr", "unet l1, fusion concat", "unet l1", +1),
    Claim("fusion helps (l1)", "kid", "unet l1, fusion concat", "unet l1", -1),
    Claim("fusion helps (gan+l1)", "psnr", "unet gan+l1, fusion concat", "unet gan+l1", +1),
    Claim("fusion helps (gan+l1)", "kid", "unet gan+l1, fusion concat", "unet gan+l1", -1),
    Claim("closeness prefers grey to colour", "closeness", GREY, "unet gan+l1", +1),
    Claim("classification is more colourful than l1", "cf", "unet classification", "unet l1", 1),
    Claim("classification is truer than l1", "kid", "unet classification", "unet l1", -1),
)
METRICS = {
    "psnr": ("PSNR, dB", 2),
    "psnr_85": ("PSNR at 85 % CF, dB", 2),
    "delta_e": ("Delta E", 2),
    "cf": ("CF", 2),
    "closeness": ("closeness", 4),
    "kid": ("KID", 4),
    "checker": ("checkerboard", 3),
}
SEED_PAIRS = (("unet l1", "unet l1, seed 1"), ("unet gan+l1", "unet gan+l1, seed 1"))


@dataclass(frozen=True)
class Judged:
    """Figures of one system on every picture.

    Attributes:
        figures: float64 (pictures,) by metric.
        features: float32 (pictures, features), what the judge sees in its results.
        about: parameters, GFLOP a picture, seconds of training, and what it was.
    """

    figures: Mapping[str, Doubles]
    features: NDArray[np.float32]
    about: dict[str, Any] = field(default_factory=dict)


def main() -> None:
    """Train and judge what is missing, then write the tables of what is there."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of colour pictures")
    parser.add_argument("--out", type=Path, required=True, help="folder of the runs")
    parser.add_argument("--cache", type=Path, help="decoded pictures (default: in --out)")
    parser.add_argument("--samples", type=int, default=2000, help="each system is trained on")
    parser.add_argument("--size", type=int, default=96, help="side of crops and pictures")
    parser.add_argument("--minutes", type=float, default=np.inf, help="begin no system after them")
    chosen = parser.parse_args()
    begun = time.perf_counter()
    chosen.out.mkdir(parents=True, exist_ok=True)
    cache = chosen.cache or chosen.out / "cache"
    missing = [name for name in SYSTEMS if not kept(chosen.out, name).is_file()]
    if missing or not kept(chosen.out, GREY).is_file():
        bench = held_out(chosen.data, cache, chosen.size)
        if not kept(chosen.out, GREY).is_file():
            judge_bounds(bench, chosen.out, chosen.size)
        for name in missing:
            if time.perf_counter() - begun < 60 * chosen.minutes:
                train_and_judge(name, chosen, cache, bench)
    text = report(chosen.out, chosen.samples, chosen.size)
    (chosen.out / "tables.md").write_text(text)
    print(text)


def kept(out: Path, name: str) -> Path:
    """Where a system's figures lie."""
    return out / f"{slug(name)}.npz"


def slug(name: str) -> str:
    return name.replace(", ", "_").replace(" ", "-")


def held_out(data: Path, cache: Path, size: int) -> Bench:
    """The pictures that no system was trained on, at the size of the crops."""
    store = open_store([data], cache)
    _, chosen = store.split()
    samples = []
    for index in chosen[:PICTURES]:
        picture = store.picture(index)
        height, width = working_shape(picture.shape[0], picture.shape[1], size)
        small = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
        truth = cv2.cvtColor(np.ascontiguousarray(small[..., [0, 2, 1]]), cv2.COLOR_YCrCb2RGB)
        samples.append(Sample(str(index), "", truth, to_planes(truth).luma_bytes))
    return Bench(samples, [first_judge()])


def judge_bounds(bench: Bench, out: Path, size: int) -> None:
    """Grey, quarter-size truth and truth: what lies below and above every system."""
    rows = baselines(size) | {TRUTH: truth}
    for name in (QUARTER, TRUTH, GREY):
        save(out, name, judge(bench, name, rows[name], {}))


def train_and_judge(name: str, chosen: argparse.Namespace, cache: Path, bench: Bench) -> None:
    system, run = SYSTEMS[name], chosen.out / slug(name)
    config = GeneratorConfig(**system.network)
    steps = chosen.samples // BATCH
    settings = TrainSettings(
        data=(str(chosen.data),),
        out=str(run),
        steps=steps,
        size=chosen.size,
        batch=BATCH,
        final_share=0.0,
        recipe=system.recipe,
        pixel_weight=system.pixel_weight,
        discriminator_width=SMALL,
        discriminator_rate=5e-4,
        simulation=CLEAN,
        network=config,
        decoder_rate=1e-3,
        warm_up=steps // 20,
        ema=0.98,
        every=steps,
        seed=system.seed,
    )
    before = time.perf_counter()
    shutil.rmtree(run, ignore_errors=True)
    start(settings, cache).fit()
    cost = generator_cost(config, chosen.size, chosen.size)
    about = {
        "recipe": system.recipe,
        "parameters": cost.parameters,
        "gflop": round(cost.gflop, 3),
        "seconds": round(time.perf_counter() - before, 1),
    }
    predictor = load_predictor(str(run / MODEL), "cpu", precision="float32")
    model = Model(name, predictor, still_side=chosen.size)
    save(chosen.out, name, judge(bench, name, model.of_pictures(), about))


def judge(bench: Bench, name: str, coloring: PictureColoring, about: dict[str, Any]) -> Judged:
    scores, results = bench.score(name, coloring)
    figures = {
        key: np.asarray(getattr(scores, key), np.float64)
        for key in ("psnr", "psnr_85", "delta_e", "cf", "closeness")
    }
    figures["checker"] = np.array([checkerboard(result) for result in results])
    (verdicts,) = scores.verdicts.values()
    return Judged(figures, verdicts.features, about)


def checkerboard(result: Picture) -> float:
    """Share of chroma's fine detail that repeats every second quarter-size pixel, 0..1.

    The residue is quarter-size chroma less its 3 x 3 mean; its means at the four places of a 2 x 2
    cell are near zero for what is natural, which favours no place, and as large as the residue
    itself for a grid. Their root mean square over places and planes, by the residue's; NaN where
    there is no residue.
    """
    chroma = to_planes(result).chroma
    height, width = chroma.shape[1] // 8 * 8, chroma.shape[2] // 8 * 8
    quarter = chroma[:, :height, :width].reshape(2, height // 4, 4, width // 4, 4).mean((2, 4))
    residue = np.stack([plane - cv2.blur(plane, (3, 3)) for plane in quarter])[:, 1:-1, 1:-1]
    places = [residue[:, y::2, x::2].mean((1, 2)) for y in (0, 1) for x in (0, 1)]
    size = float(np.sqrt(np.square(residue).mean()))
    return float(np.sqrt(np.square(places).mean())) / size if size > 1e-3 else float("nan")


def save(out: Path, name: str, judged: Judged) -> None:
    with (out / "part.npz").open("wb") as stream:
        np.savez(stream, features=judged.features, about=json.dumps(judged.about), **judged.figures)
    (out / "part.npz").replace(kept(out, name))


def load(out: Path, name: str) -> Judged:
    with np.load(kept(out, name)) as stored:
        figures = {key: stored[key] for key in METRICS if key in stored}
        return Judged(figures, stored["features"], json.loads(str(stored["about"])))


class Results:
    """All systems that are there, in the same resamples of the pictures."""

    def __init__(self, out: Path) -> None:
        names = [GREY, *SYSTEMS, QUARTER]
        self.judged = {name: load(out, name) for name in names if kept(out, name).is_file()}
        truth = load(out, TRUTH)
        self.pictures = len(truth.features)
        weights = resamples(self.pictures)
        self.draws = {
            name: {key: means(weights, values) for key, values in judged.figures.items()}
            | {"kid": kid(pair_terms(judged.features, truth.features), weights)}
            for name, judged in self.judged.items()
        }

    def of(self, name: str, metric: str) -> Figure:
        """A system's mean figure."""
        return figure(self.draws[name][metric])

    def between(self, name: str, reference: str, metric: str) -> Figure:
        """The paired difference of two systems."""
        return difference(self.draws[name][metric], self.draws[reference][metric])

    def chance(self, metric: str) -> float:
        """The largest difference between two seeds: what training alone may change."""
        pairs = [pair for pair in SEED_PAIRS if all(name in self.draws for name in pair)]
        return max((abs(self.between(*pair, metric).value) for pair in pairs), default=np.nan)

    def verdict(self, claim: Claim) -> str:
        """Confirmed or refuted where chance of pictures and of seeds is exceeded, else open."""
        found = self.between(claim.system, claim.reference, claim.metric)
        if found.low <= 0 <= found.high or not abs(found.value) > self.chance(claim.metric):
            return "undecided"
        return "confirmed" if np.sign(found.value) == claim.sign else "refuted"


def report(out: Path, samples: int, size: int) -> str:
    """Tables in Markdown; writes study.json beside this program where all systems are there."""
    results = Results(out)
    lines = [
        f"{samples} samples a system, {size} pixels, {results.pictures} held-out pictures;"
        " 95 % intervals over pictures.",
        "",
        "| system | M parameters | GFLOP | " + " | ".join(t for t, _ in METRICS.values()) + " |",
        "|---" * (3 + len(METRICS)) + "|",
    ]
    lines += [row(results, name) for name in results.judged]
    lines += ["", "| claim | figure | difference | between seeds | |", "|---|---|---|---|---|"]
    there = [c for c in CLAIMS if {c.system, c.reference} <= results.judged.keys()]
    lines += [claim_row(results, claim) for claim in there]
    if all(name in results.judged for name in SYSTEMS):
        (HERE / "study.json").write_text(
            json.dumps(record(results, samples, size), indent=1) + "\n"
        )
    return "\n".join(lines) + "\n"


def row(results: Results, name: str) -> str:
    about = results.judged[name].about
    cells = [name, *("", "")]
    if about:
        cells[1:] = [f"{about['parameters'] / 1e6:.2f}", f"{about['gflop']:.2f}"]
    for metric, (_, digits) in METRICS.items():
        cells.append(shown(results.of(name, metric), digits))
    return "| " + " | ".join(cells) + " |"


def claim_row(results: Results, claim: Claim) -> str:
    title, digits = METRICS[claim.metric]
    found = results.between(claim.system, claim.reference, claim.metric)
    pair = f"{claim.words}: {claim.system} less {claim.reference}"
    chance = shown(Figure(results.chance(claim.metric)), digits)
    return (
        f"| {pair} | {title} | {shown(found, digits, sign='+')} | {chance}"
        f" | {results.verdict(claim)} |"
    )


def shown(value: Figure, digits: int, sign: str = "") -> str:
    if not np.isfinite(value.value):
        return ""
    text = f"{value.value:{sign}.{digits}f}"
    if not np.isfinite(value.low):
        return text
    return f"{text} ({value.low:{sign}.{digits}f} to {value.high:{sign}.{digits}f})"


def record(results: Results, samples: int, size: int) -> dict[str, Any]:
    """All figures as numbers: value, low, high."""

    def numbers(found: Figure) -> list[float | None]:
        ends = (found.value, found.low, found.high)
        return [round(float(v), 5) if np.isfinite(v) else None for v in ends]

    return {
        "samples": samples,
        "size": size,
        "pictures": results.pictures,
        "systems": {
            name: judged.about | {key: numbers(results.of(name, key)) for key in METRICS}
            for name, judged in results.judged.items()
        },
        "claims": [
            {
                "claim": claim.words,
                "metric": claim.metric,
                "system": claim.system,
                "reference": claim.reference,
                "difference": numbers(results.between(claim.system, claim.reference, claim.metric)),
                "between_seeds": round(results.chance(claim.metric), 5),
                "verdict": results.verdict(claim),
            }
            for claim in CLAIMS
        ],
    }


if __name__ == "__main__":
    main()
