from __future__ import annotations

import numpy as np

from vidcolor.color.convert import NEUTRAL
from vidcolor.infer.predictor import Prediction
from vidcolor.truth.judge import FIRST, Verdicts


class FakeJudge:
    """Mean colours of a grid as features; the class is the strongest of them."""

    name = FIRST

    def look(self, pictures):
        features = []
        for picture in pictures:
            height, width = (side // 4 for side in picture.shape[:2])
            cut = picture[: height * 4, : width * 4].astype(np.float32) / 255
            features.append(cut.reshape(4, height, 4, width, 3).mean((1, 3)).ravel())
        table = np.stack(features)
        return Verdicts(table, table.argmax(1))


class Tint:
    """A predictor that knows one colour."""

    description = "no network at all"

    def __init__(self, cb=110.0, cr=140.0):
        self.chroma = cb, cr
        self.hints = []

    def predict(self, luma, hints=None):
        frames, height, width = luma.shape
        chroma = np.empty((frames, 2, height // 4, width // 4), np.float32)
        chroma[:, 0], chroma[:, 1] = self.chroma
        if hints is not None:
            self.hints.append(hints)
            given = hints[:, 2:] > 0
            chroma = np.where(given, hints[:, :2], chroma)
        confidence = np.ones((frames, height // 4, width // 4), np.float32)
        return Prediction(chroma, confidence)


def neutral(shape):
    return np.full((2, *shape), NEUTRAL, np.float32)


def figure_of(table, row, key):
    """One figure of a table."""
    return next(r for r in table.rows if r.name == row).figures[key]
