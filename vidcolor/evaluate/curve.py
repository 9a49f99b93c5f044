"""Quality against colourfulness: what is won and lost as colours are made stronger."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from vidcolor.color.srgb import Floats, scale_chroma
from vidcolor.evaluate.coloring import enlarge
from vidcolor.evaluate.pictures import Bench, PictureScores
from vidcolor.evaluate.samples import PictureColoring, Sample
from vidcolor.truth.judge import FIRST
from vidcolor.truth.kid import kid, pair_terms

SATURATIONS = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0)
VIVIDNESSES = (0.5, 0.75, 1.0, 1.5, 2.0, 3.0)


@dataclass(frozen=True)
class Point:
    """One setting: means over the pictures; KID is NaN without a judge."""

    setting: float
    cf: float
    psnr: float
    delta_e: float
    kid: float


@dataclass(frozen=True)
class Curve:
    """A row as one setting varies: "saturation" (chroma times it) or "vividness"."""

    row: str
    what: str
    points: tuple[Point, ...]


def saturation_curve(
    bench: Bench,
    truth: PictureScores,
    row: str,
    coloring: PictureColoring,
    factors: Sequence[float],
) -> Curve:
    """The row with its chroma multiplied; the network runs once."""
    chromas = {s.name: enlarge(coloring(s), s.seen).astype(np.float16) for s in bench.samples}

    def scaled(factor: float) -> PictureColoring:
        def color(sample: Sample) -> Floats:
            return scale_chroma(chromas[sample.name].astype(np.float32), factor)

        return color

    points = [_point(bench, truth, factor, scaled(factor)) for factor in factors]
    return Curve(row, "saturation", tuple(points))


def vividness_curve(
    bench: Bench,
    truth: PictureScores,
    row: str,
    at: Callable[[float], PictureColoring],
    values: Sequence[float],
) -> Curve:
    """The row with the model's vividness varied."""
    points = [_point(bench, truth, value, at(value)) for value in values]
    return Curve(row, "vividness", tuple(points))


def _point(bench: Bench, truth: PictureScores, setting: float, coloring: PictureColoring) -> Point:
    scores, _ = bench.score("", coloring)
    distance = float("nan")
    if FIRST in scores.verdicts:
        features = scores.verdicts[FIRST].features
        distance = float(kid(pair_terms(features, truth.verdicts[FIRST].features))[0])
    return Point(
        setting,
        cf=_mean(scores.cf),
        psnr=float(scores.psnr.mean()),
        delta_e=_mean(scores.delta_e),
        kid=distance,
    )


def _mean(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
    kept = values[~np.isnan(values)]
    return float(kept.mean()) if kept.size else float("nan")
