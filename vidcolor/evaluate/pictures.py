"""Pictures against their truth: one row of a table at a time, all figures of every picture."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from vidcolor.color.colorfulness import colorfulness, colorfulness_abs
from vidcolor.color.srgb import Floats, Picture, scale_chroma, to_picture, to_planes
from vidcolor.evaluate.baselines import truth
from vidcolor.evaluate.bootstrap import Doubles
from vidcolor.evaluate.coloring import enlarge
from vidcolor.evaluate.costs import Costs
from vidcolor.evaluate.names import TRUTH
from vidcolor.evaluate.samples import PictureColoring, Sample
from vidcolor.truth import figures
from vidcolor.truth.delta_e import delta_e, to_lab
from vidcolor.truth.judge import Judge, Verdicts
from vidcolor.truth.lpips import Lpips

Given = TypeVar("Given")
Result = TypeVar("Result")

COLOR_SHARE = 0.85
"""Share of the truth's colourfulness at which rows are compared without the win of grey."""
MAX_FACTOR = 8.0


@dataclass(frozen=True)
class PictureScores:
    """All figures of one row; arrays are float64 (pictures,) in the samples' order.

    Attributes:
        row: name.
        psnr, delta_e, cf, cf_abs, closeness: see `truth.figures`; Delta E and CF are NaN where the
            truth is grey.
        factor: what the chroma was multiplied by for `psnr_85`; NaN where nothing brings the
            row's colourfulness there, and for results that came as pictures.
        verdicts: each judge's, by its name.
        lpips: as in `lpips`; None where it is not installed.
    """

    row: str
    psnr: Doubles
    psnr_85: Doubles
    factor: float
    delta_e: Doubles
    cf: Doubles
    cf_abs: Doubles
    closeness: Doubles
    verdicts: Mapping[str, Verdicts] = field(default_factory=dict)
    lpips: Doubles | None = None

    def measured(self) -> dict[str, Doubles]:
        """The figures that each picture has by itself, by column."""
        names = ("psnr", "psnr_85", "delta_e", "cf", "cf_abs", "closeness")
        found = {name: getattr(self, name) for name in names}
        return found if self.lpips is None else found | {"lpips": self.lpips}


@dataclass
class Bench:
    """Where rows are scored: the pictures, the judges, the threads.

    Attributes:
        samples: the pictures, all in memory.
        judges: who looks at the results.
        jobs: threads.
        lpips: where it is installed.
        costs: takes the seconds each metric took.
    """

    samples: Sequence[Sample]
    judges: Sequence[Judge] = ()
    jobs: int = 1
    costs: Costs = field(default_factory=Costs)
    lpips: Lpips | None = None

    def __post_init__(self) -> None:
        self.grey = np.array([sample.planes.is_grey for sample in self.samples], bool)
        with self.costs("CF"):
            found = self.map(lambda s: colorfulness(s.truth), self.samples)
        self.truth_cf = np.where(self.grey, np.nan, found)

    def map(self, function: Callable[[Given], Result], items: Iterable[Given]) -> list[Result]:
        """The function of each item, on all threads."""
        if self.jobs == 1:
            return [function(item) for item in items]
        with ThreadPoolExecutor(self.jobs) as pool:
            return list(pool.map(function, items))

    def score(self, row: str, coloring: PictureColoring) -> tuple[PictureScores, list[Picture]]:
        """Colour all pictures and score them; also returns the results, sRGB."""
        with self.costs("colouring"):
            chromas = [enlarge(coloring(sample), sample.seen) for sample in self.samples]
        with self.costs("sRGB"):
            results = self._compose(chromas)
        return self._scores(row, chromas, results), results

    def score_results(self, row: str, results: list[Picture]) -> PictureScores:
        """Score results that were made elsewhere, of the samples' sizes."""
        return self._scores(row, [to_planes(result).chroma for result in results], results)

    def _compose(self, chromas: list[Floats], factor: float = 1.0) -> list[Picture]:
        """The truth's own luma with the chroma, times a factor."""

        def compose(pair: tuple[Sample, Floats]) -> Picture:
            return to_picture(pair[0].planes.luma, scale_chroma(pair[1], factor))

        return self.map(compose, zip(self.samples, chromas, strict=True))

    def _figure(self, function: Callable[..., float], *lists: Iterable[Picture]) -> Doubles:
        values = self.map(lambda pair: function(*pair), zip(*lists, strict=True))
        return np.array(values, np.float64)

    def _scores(self, row: str, chromas: list[Floats], results: list[Picture]) -> PictureScores:
        truths = [sample.truth for sample in self.samples]
        costs = self.costs
        with costs("PSNR"):
            psnr = self._figure(figures.psnr, results, truths)
        with costs("closeness"):
            closeness = self._figure(figures.closeness, results, truths)
        with costs("CF"):
            cf = self._figure(colorfulness, results)
            cf_abs = self._figure(colorfulness_abs, results)
        with costs("Delta E"):
            difference = self._figure(_mean_delta_e, results, truths)
        with costs("PSNR at 85 %"):
            factor = self._factor(chromas, float(np.mean(cf)))
            psnr_85 = np.full(len(truths), np.nan)
            if not np.isnan(factor):
                psnr_85 = self._figure(figures.psnr, self._compose(chromas, factor), truths)
        return PictureScores(
            row=row,
            psnr=psnr,
            psnr_85=psnr_85,
            factor=factor,
            delta_e=np.where(self.grey, np.nan, difference),
            cf=np.where(self.grey, np.nan, cf),
            cf_abs=np.where(self.grey, np.nan, cf_abs),
            closeness=closeness,
            verdicts=self._judge(results),
            lpips=self._distances(results, truths),
        )

    def _distances(self, results: list[Picture], truths: list[Picture]) -> Doubles | None:
        if self.lpips is None:
            return None
        with self.costs("LPIPS"):  # torch shares its work among threads itself
            pairs = zip(results, truths, strict=True)
            return np.array([self.lpips(*pair) for pair in pairs], np.float64)

    def _judge(self, results: list[Picture]) -> dict[str, Verdicts]:
        verdicts = {}
        for judge in self.judges:
            # Judges share their work among threads themselves.
            with self.costs(f"judge {judge.name}"):
                verdicts[judge.name] = judge.look(results)
        return verdicts

    def _factor(self, chromas: list[Floats], unscaled: float) -> float:
        """What brings the mean CF to 85 % of the truth's, to a thousandth; NaN where nothing does.

        Found on every second pixel each way, whose mean CF is that of all pixels to a thousandth.
        """
        kept = ~self.grey
        if not kept.any() or unscaled < 1e-3:
            return np.nan
        lumas = [s.planes.luma[::2, ::2] for s, k in zip(self.samples, kept, strict=True) if k]
        thin = [c[:, ::2, ::2] for c, k in zip(chromas, kept, strict=True) if k]
        target = COLOR_SHARE * float(np.nanmean(self.truth_cf))

        def excess(factor: float) -> float:
            def cf(pair: tuple[Floats, Floats]) -> float:
                return colorfulness(to_picture(pair[0], scale_chroma(pair[1], factor)))

            return float(np.mean(self.map(cf, zip(lumas, thin, strict=True)))) - target

        return find_root(excess, target / unscaled)


def find_root(excess: Callable[[float], float], guess: float) -> float:
    """Where a rising function of 0..`MAX_FACTOR` crosses zero, by the secant method; NaN if not."""
    if not 0 < guess < MAX_FACTOR:
        return np.nan
    before, factor = 0.0, guess
    # Without colour there is no colourfulness: one end is known for nothing.
    value_before, value = -np.inf, excess(factor)
    for _ in range(8):
        if abs(value) < 0.005:
            return factor
        slope = (value - value_before) / (factor - before)
        step = 0.0 if np.isinf(slope) else value / slope
        before, value_before = factor, value
        factor = factor - step if step else factor * (0.95 if value > 0 else 1.05)
        if not 0 < factor < MAX_FACTOR:
            return np.nan
        value = excess(factor)
    return factor


def _mean_delta_e(result: Picture, truth: Picture) -> float:
    return float(delta_e(result, to_lab(truth)).mean(dtype=np.float64))


def evaluate_pictures(
    bench: Bench,
    rows: Mapping[str, PictureColoring],
    keep: Callable[[str, list[Picture]], None] | None = None,
) -> list[PictureScores]:
    """Score all rows, one after the other, and the truth as the last of them.

    Args:
        bench: the pictures and their judges.
        rows: colourings by name.
        keep: gets each row's results, for pages that show them.
    """
    scores = []
    for row, coloring in {**rows, TRUTH: truth}.items():
        score, results = bench.score(row, coloring)
        scores.append(score)
        if keep is not None:
            keep(row, results)
    return scores
