"""A picture and its mirror image, coloured both and averaged: where a second look costs little."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vidcolor.infer.predictor import FloatArray, LumaBatch, Prediction, Wrapper


@dataclass(frozen=True)
class Mirrored(Wrapper):
    """A predictor that asks another one twice, the second time left to right."""

    def predict(self, luma: LumaBatch, hints: FloatArray | None = None) -> Prediction:
        """See `Predictor.predict`."""
        count = len(luma)
        seen = self.predictor.predict(_both(luma), None if hints is None else _both(hints))
        chroma, confidence = seen.chroma, seen.confidence
        return Prediction(
            (chroma[:count] + chroma[count:, ..., ::-1]) / np.float32(2),
            (confidence[:count] + confidence[count:, ..., ::-1]) / np.float32(2),
        )


def _both(planes: NDArray[Any]) -> NDArray[Any]:
    """Pictures, and behind them their mirror images: asked together, they are answered sooner."""
    return np.concatenate([planes, planes[..., ::-1]])
