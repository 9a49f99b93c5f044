"""What is kept of one row of a clip while it is walked: running sums and figures, no frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from vidcolor.truth.figures import jensen_shannon

DISTANCES = (1, 8, 24)
"""Frames apart at which residual flicker is taken."""
CDC_STEPS = (1, 2, 4)
"""Frames apart at which colour distributions are compared (Liu et al. 2021)."""


@dataclass(frozen=True)
class ClipSeries:
    """Figures over time: `psnr` of each frame; `flicker` and `cdc` from each frame to the next."""

    psnr: tuple[float, ...]
    flicker: tuple[float, ...]
    cdc: tuple[float, ...]


@dataclass(frozen=True)
class ClipScore:
    """Figures of one row of one clip; NaN where the clip is too short or nothing is visible.

    Attributes:
        frames: frames scored.
        psnr, delta_e, cf: means over frames (dB; CIEDE2000; Hasler and Süsstrunk). Frames whose
            truth is grey are left out of Delta E and CF; those that are perfect, out of PSNR.
        flicker: residual flicker at 1, 8 and 24 frames, in chroma levels of 255, mean over the
            visible pixels of the whole clip.
        visible: share of pixels that were visible at those distances.
        cdc: colour distribution consistency in nats (papers write it times 1e-3).
        warp_error: mean squared sRGB difference (0-1) of visible pixels along the motion.
        uncovered_delta_e: Delta E of pixels with no visible counterpart in the frame before.
        series: the figures over time, for plots.
    """

    frames: int
    psnr: float
    delta_e: float
    cf: float
    flicker: tuple[float, ...]
    visible: tuple[float, ...]
    cdc: float
    warp_error: float
    uncovered_delta_e: float
    series: ClipSeries

    def figures(self) -> dict[str, float]:
        """All but the series, by the tables' column keys."""
        plain = ("psnr", "delta_e", "cf", "cdc", "warp_error", "uncovered_delta_e")
        result: dict[str, float] = {"frames": self.frames}
        result.update({key: float(getattr(self, key)) for key in plain})
        for distance, flicker, share in zip(DISTANCES, self.flicker, self.visible, strict=True):
            result[f"flicker_{distance}"] = flicker
            result[f"visible_{distance}"] = share
        return result


def mean(values: Sequence[float]) -> float:
    """Mean of what is there; NaN of nothing."""
    return float(np.mean(values)) if values else np.nan


def decibels(values: Sequence[float]) -> float:
    """Mean of finite PSNRs: one perfect frame does not hide the others; infinite if all are."""
    return mean([value for value in values if np.isfinite(value)] or values)


@dataclass
class Pooled:
    """A mean over pixels of many frames."""

    total: float = 0.0
    count: int = 0

    def add(self, values: NDArray[np.floating]) -> float:
        """Take more pixels in; returns their own mean (NaN of none)."""
        total = float(values.sum(dtype=np.float64))
        self.total += total
        self.count += values.size
        return total / values.size if values.size else np.nan

    @property
    def mean(self) -> float:
        """Mean over all pixels so far; NaN of none."""
        return self.total / self.count if self.count else np.nan


@dataclass
class CdcSums:
    """Jensen-Shannon divergences between frames at `CDC_STEPS`."""

    values: dict[int, list[float]] = field(default_factory=lambda: {s: [] for s in CDC_STEPS})
    _recent: list[NDArray[np.float64]] = field(default_factory=list)

    def add(self, histogram: NDArray[np.float64]) -> None:
        """Take in the histograms (3, 256) of the next frame."""
        self._recent.insert(0, histogram)
        del self._recent[max(CDC_STEPS) + 1 :]
        for step in CDC_STEPS:
            if step < len(self._recent):
                self.values[step].append(jensen_shannon(self._recent[step], histogram))

    @property
    def mean(self) -> float:
        """Mean over the steps of the means over time; NaN where no step fits into the clip."""
        return mean([mean(values) for values in self.values.values() if values])


class RowSums:
    """Running sums of one row.

    Args:
        distances: frames apart at which residual flicker is taken.
    """

    def __init__(self, distances: tuple[int, ...]) -> None:
        self.psnr: list[float] = []
        self.delta_e: list[float] = []
        self.cf: list[float] = []
        self.cdc = CdcSums()
        self.warp = Pooled()
        self.uncovered = Pooled()
        self._flicker = {distance: Pooled() for distance in distances}
        self._pixels = dict.fromkeys(distances, 0)
        self._over_time: list[float] = []

    def add_flicker(self, distance: int, lengths: NDArray[np.floating], pixels: int) -> None:
        """Take in the error's change at the visible ones of `pixels` pixels of a pair of frames."""
        own = self._flicker[distance].add(lengths)
        self._pixels[distance] += pixels
        if distance == 1:
            self._over_time.append(own)

    def score(self) -> ClipScore:
        """The figures of what was taken in."""
        pairs = self._pixels.items()
        visible = tuple(self._flicker[d].count / n if n else np.nan for d, n in pairs)
        return ClipScore(
            frames=len(self.psnr),
            psnr=decibels(self.psnr),
            delta_e=mean(self.delta_e),
            cf=mean(self.cf),
            flicker=tuple(pooled.mean for pooled in self._flicker.values()),
            visible=visible,
            cdc=self.cdc.mean,
            warp_error=self.warp.mean,
            uncovered_delta_e=self.uncovered.mean,
            series=ClipSeries(tuple(self.psnr), tuple(self._over_time), tuple(self.cdc.values[1])),
        )
