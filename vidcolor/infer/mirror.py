"""A picture and its mirror image, coloured both and averaged: where a second look costs little."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vidcolor.infer.predictor import FloatArray, LumaBatch, Prediction, Wrapper


@dataclass(frozen=True)
class Mirrored(Wrapper):
    """A predictor that asks another one twice, the second time left to right."""

    def predict(self, luma: LumaBatch, hints: FloatArray | None = None) -> Prediction:
        """See `Predictor.predict`."""
        seen = self.predictor.predict(luma, hints)
        turned = self.predictor.predict(
            np.ascontiguousarray(luma[..., ::-1]),
            None if hints is None else np.ascontiguousarray(hints[..., ::-1]),
        )
        return Prediction(
            (seen.chroma + turned.chroma[..., ::-1]) / np.float32(2),
            (seen.confidence + turned.confidence[..., ::-1]) / np.float32(2),
        )
