"""The checkpoints of nogan's joint phase: measured, kept, and one of them chosen to ship.

Measured as `vidcolor evaluate` does, at the size of the validation pictures: KID through the judge,
colourfulness, PSNR; and how far colour moves when a picture does.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from vidcolor.color.colorfulness import colorfulness
from vidcolor.color.srgb import compose_rgb, scale_chroma
from vidcolor.errors import MachineError
from vidcolor.files import finished_file, write_text
from vidcolor.infer.predictor import network_input
from vidcolor.network.generator import Decoder
from vidcolor.train.data import PictureStore
from vidcolor.train.log import read_rows, write_rows
from vidcolor.train.settings import NoGan
from vidcolor.train.sources import Picture
from vidcolor.train.validate import resized
from vidcolor.truth.degrade import disturb
from vidcolor.truth.figures import psnr
from vidcolor.truth.judge import first_judge
from vidcolor.truth.kid import kid, pair_terms

FOLDER = "candidates"
ROWS = "candidates.jsonl"
TABLE = "candidates.md"
RESAMPLES = 500
MOVED = 4
EDGE = 3

FloatArray = NDArray[np.float32]


@dataclass(frozen=True)
class Figures:
    """What was measured of one candidate.

    Attributes:
        step: when it was taken.
        kid: times 1000; 0 is the truth's.
        kid_error: half the width of its 68 % interval, over resampled pictures.
        delta_cf: mean colourfulness less the truth's.
        psnr: mean over pictures, dB.
        flicker: mean change of chroma, units of 255, when a picture moves by four pixels under
            other grain, gamma and compression.
    """

    step: int
    kid: float
    kid_error: float
    delta_cf: float
    psnr: float
    flicker: float


def choose(figures: Sequence[Figures], nogan: NoGan) -> Figures:
    """The candidate to ship; the first is the supervised network.

    Of those whose PSNR and flicker are not too much worse than the supervised network's, the one
    with the least KID; where others' KID lies within its error, the one of them whose
    colourfulness is nearest the truth's.
    """
    before = figures[0]
    admitted = [
        f
        for f in figures
        if f.psnr >= before.psnr - nogan.floor_db and f.flicker <= before.flicker * nogan.flicker
    ]
    best = min(admitted, key=lambda f: f.kid)
    near = [f for f in admitted if f.kid <= best.kid + best.kid_error]
    return min(near, key=lambda f: abs(f.delta_cf))


class Candidates:
    """Measures, keeps and chooses checkpoints.

    Args:
        run: folder of the run.
        nogan: how to choose.
        store: with the validation pictures.
        chosen: their indexes.
        step: where the run goes on; candidates behind it belong to a lost part.
    """

    def __init__(
        self,
        run: Path,
        nogan: NoGan,
        store: PictureStore,
        chosen: Sequence[int],
        step: int = 0,
    ) -> None:
        if len(chosen) < 2:
            raise MachineError(
                "KID needs at least two validation pictures.", "Give more data, or --val."
            )
        self.run, self.nogan = run, nogan
        self._store, self._chosen = store, chosen
        self._judge = first_judge()
        rows = [row for row in read_rows(run / ROWS) if row["step"] <= step]
        self.figures = [Figures(**row) for row in rows]

    @cached_property
    def _pictures(self) -> list[Picture]:
        return list(resized(self._store, self._chosen))

    @cached_property
    def _truths(self) -> list[NDArray[np.uint8]]:
        return [_rgb(p[..., 0], p[..., 1:].transpose(2, 0, 1)) for p in self._pictures]

    @cached_property
    def _features(self) -> FloatArray:
        return self._judge.look(self._truths).features

    def add(self, decoder: Decoder, step: int, model: Path) -> dict[str, float]:
        """Measure a network and keep its file.

        Args:
            decoder: in evaluation mode.
            step: when it was taken.
            model: its checkpoint, which is copied.

        Returns:
            the figures by name, for the log.
        """
        figures = self._measure(decoder, step)
        kept = self.run / FOLDER / _name(step)
        kept.parent.mkdir(exist_ok=True)
        shutil.copyfile(model, kept)
        self.figures = [f for f in self.figures if f.step != step] + [figures]
        write_rows(self.run / ROWS, [vars(f) for f in self.figures])
        named = vars(figures).items()
        return {name: round(value, 4) for name, value in named if name != "step"}

    def ship(self, model: Path) -> tuple[int, str]:
        """Copy the candidate that is best to `model`, and write the table.

        Returns:
            the step it was taken at, and a line that says how it compares.
        """
        best = choose(self.figures, self.nogan)
        with finished_file(model) as temporary:
            shutil.copyfile(self.run / FOLDER / _name(best.step), temporary)
        write_text(self.run / TABLE, as_table(self.figures, best))
        before = self.figures[0]
        return best.step, (
            f"shipped: step {best.step}, KID {best.kid:.2f} (supervised {before.kid:.2f}),"
            f" Delta CF {best.delta_cf:+.2f} ({before.delta_cf:+.2f}),"
            f" PSNR {best.psnr:.2f} dB ({before.psnr:.2f}),"
            f" flicker {best.flicker:.3f} ({before.flicker:.3f})"
        )

    @torch.inference_mode()
    def _measure(self, decoder: Decoder, step: int) -> Figures:
        rng = np.random.default_rng(0)
        device = next(decoder.parameters()).device
        results, changes = [], []
        for picture in self._pictures:
            luma = np.ascontiguousarray(picture[..., 0])
            chroma = _chroma(decoder, luma, device)
            shown = scale_chroma(_enlarged(chroma, luma.shape), self.nogan.saturation)
            results.append(_rgb(luma, shown))
            # Four pixels of luma are one of chroma, so the moved picture's can be moved back.
            moved = disturb(np.roll(luma, (MOVED, MOVED), (0, 1)), rng)
            back = np.roll(_chroma(decoder, moved, device), (-1, -1), (1, 2))
            changes.append(float(np.abs(back - chroma)[:, EDGE:-EDGE, EDGE:-EDGE].mean()))
        features = self._judge.look(results).features
        terms = pair_terms(features, self._features)
        drawn = rng.multinomial(len(results), [1 / len(results)] * len(results), RESAMPLES)
        spread = np.nanpercentile(kid(terms, drawn.astype(np.float64)), [16, 84])
        pairs = list(zip(results, self._truths, strict=True))
        return Figures(
            step=step,
            kid=1e3 * float(kid(terms)[0]),
            kid_error=1e3 * float(spread[1] - spread[0]) / 2,
            delta_cf=float(np.mean([colorfulness(r) - colorfulness(t) for r, t in pairs])),
            psnr=float(np.mean([psnr(r, t) for r, t in pairs])),
            flicker=float(np.mean(changes)),
        )


def as_table(figures: Sequence[Figures], best: Figures) -> str:
    """The validation curve as Markdown."""
    lines = [
        "| step | KID x 1e3 | Delta CF | PSNR, dB | flicker | |",
        "|---:|---:|---:|---:|---:|---|",
    ]
    for f in figures:
        words = [
            word
            for word, holds in (("supervised", f is figures[0]), ("shipped", f.step == best.step))
            if holds
        ]
        lines.append(
            f"| {f.step} | {f.kid:.2f} ± {f.kid_error:.2f} | {f.delta_cf:+.2f} | {f.psnr:.2f}"
            f" | {f.flicker:.3f} | {', '.join(words)} |"
        )
    return "\n".join(lines) + "\n"


def _name(step: int) -> str:
    return f"step-{step:07d}.safetensors"


def _chroma(decoder: Decoder, luma: NDArray[np.uint8], device: torch.device) -> FloatArray:
    """Expected chroma (2, height / 4, width / 4)."""
    batch = torch.from_numpy(network_input(luma[None], None)).to(device)
    height, width = luma.shape
    planes = decoder(batch, torch.ones(1, device=device))
    small = planes[0, :2, : height // 4, : width // 4].float().cpu().numpy()
    return np.asarray(small, np.float32)


def _enlarged(chroma: FloatArray, shape: tuple[int, ...]) -> FloatArray:
    height, width = shape
    large = cv2.resize(chroma.transpose(1, 2, 0), (width, height))
    return np.asarray(large.transpose(2, 0, 1), np.float32)


def _rgb(luma: NDArray[np.uint8], chroma: NDArray[Any]) -> NDArray[np.uint8]:
    return compose_rgb(np.ascontiguousarray(luma), chroma.astype(np.float32))
