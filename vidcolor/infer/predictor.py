"""What every backend promises: small luma and hints in, chroma and confidence out."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

STRIDE = 32
QUARTER = 4
LONGEST = 40
"""Times as long as broad that a picture may be without being seen at a smaller size."""

LumaBatch = NDArray[np.uint8]
FloatArray = NDArray[np.float32]


@dataclass(frozen=True)
class Prediction:
    """Colour of a batch of frames at a quarter of the size the network saw.

    Attributes:
        chroma: float32 (frames, 2, height / 4, width / 4); Cb, then Cr of full-range BT.601,
            0..255, neutral 128.
        confidence: float32 (frames, height / 4, width / 4) in 0..1: the probability that the
            chroma is within 8/255 of the truth.
    """

    chroma: FloatArray
    confidence: FloatArray

    def __post_init__(self) -> None:
        frames, planes, height, width = self.chroma.shape
        if planes != 2 or self.confidence.shape != (frames, height, width):
            raise ValueError(f"chroma {self.chroma.shape}, confidence {self.confidence.shape}")


@dataclass(frozen=True)
class Statistics:
    """How a network's raw statistics become a `Prediction`.

    Attributes:
        sharpness: 1 / temperature of the distribution.
        spread: rising standard deviations of the distribution, units of 255.
        confidence: the probability of a small error at each of them.
    """

    sharpness: float
    spread: tuple[float, ...]
    confidence: tuple[float, ...]

    def prediction(self, planes: FloatArray, size: tuple[int, ...]) -> Prediction:
        """Cut the padding off and turn spread into confidence.

        Args:
            planes: float32 (frames, 3, padded height / 4, padded width / 4): Cb, Cr, spread.
            size: (height, width) of the luma.
        """
        height, width = size[0] // QUARTER, size[1] // QUARTER
        cut = planes[:, :, :height, :width]
        confidence = np.interp(cut[:, 2], self.spread, self.confidence)
        return Prediction(np.ascontiguousarray(cut[:, :2]), confidence.astype(np.float32))


class Predictor(Protocol):
    """A network on a device. Padding, batching and precision are its own business."""

    @property
    def description(self) -> str:
        """Device, backend and precision, for people: "CPU, OpenVINO, bf16"."""

    def predict(self, luma: LumaBatch, hints: FloatArray | None = None) -> Prediction:
        """Colour a batch of frames.

        Args:
            luma: uint8 (frames, height, width), full range; sides multiples of 4.
            hints: float32 (frames, 3, height / 4, width / 4): Cb and Cr on 0..255, confidence
                0..1 (0 where there is no hint); None for none at all.
        """

    def vivid(self, vividness: float) -> Predictor:
        """The same network, loaded once for both, decoding its distribution at another vividness.

        Args:
            vividness: 1 / temperature.
        """


@dataclass(frozen=True)
class Wrapper:
    """A predictor that asks another one; what it does otherwise its heirs say.

    Attributes:
        predictor: who is asked.
    """

    predictor: Predictor

    @property
    def description(self) -> str:
        """See `Predictor.description`."""
        return self.predictor.description

    def predict(self, luma: LumaBatch, hints: FloatArray | None = None) -> Prediction:
        """See `Predictor.predict`."""
        return self.predictor.predict(luma, hints)

    def vivid(self, vividness: float) -> Predictor:
        """See `Predictor.vivid`."""
        return replace(self, predictor=self.predictor.vivid(vividness))


def network_input(luma: LumaBatch, hints: FloatArray | None) -> FloatArray:
    """Stack luma and hints as the generator expects them, padded by reflection to its stride.

    Returns:
        float32 (frames, 4, padded height, padded width): luma (Y - 127) / 128, hint Cb and Cr as
        (C - 128) / 64, hint confidence; hints are constant over 4 x 4 pixels.
    """
    frames, height, width = luma.shape
    stacked = np.zeros((frames, 4, height, width), np.float32)
    stacked[:, 0] = (luma.astype(np.float32) - 127.0) / 128.0
    if hints is not None:
        enlarged = hints.repeat(QUARTER, axis=2).repeat(QUARTER, axis=3)
        confidence = enlarged[:, 2]
        stacked[:, 3] = confidence
        given = confidence > 0
        stacked[:, 1] = np.where(given, (enlarged[:, 0] - 128.0) / 64.0, 0.0)
        stacked[:, 2] = np.where(given, (enlarged[:, 1] - 128.0) / 64.0, 0.0)
    bottom, right = -height % STRIDE, -width % STRIDE
    if not bottom and not right:
        return stacked
    border = ((0, 0), (0, 0), (0, bottom), (0, right))
    if height > bottom and width > right:
        return np.pad(stacked, border, mode="reflect")
    return np.pad(stacked, border, mode="edge")


def working_shape(height: int, width: int, short_side: int) -> tuple[int, int]:
    """Shape (height, width) the network sees for an upright picture with square pixels.

    The short side becomes `short_side`, the long one follows in proportion, both as multiples of 4.
    Over `LONGEST` times as long as broad both become smaller, so that the area grows no more; and
    the proportion is given up where the short side would be less than `STRIDE`.
    """
    aspect = max(height, width) / min(height, width)
    if aspect > LONGEST:
        area = LONGEST * short_side**2
        short = min(short_side, max(STRIDE, math.sqrt(area / aspect)))
        sides = _quartered(short), _quartered(min(short * aspect, area / short))
        return sides if height < width else sides[::-1]
    scale = short_side / min(height, width)
    return _quartered(height * scale), _quartered(width * scale)


def _quartered(side: float) -> int:
    return max(QUARTER, round(side / QUARTER) * QUARTER)
