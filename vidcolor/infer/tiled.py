"""Long pictures: coloured in pieces that overlap, as the network sees no more than a broad one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from vidcolor.infer.predictor import (
    QUARTER,
    STRIDE,
    FloatArray,
    LumaBatch,
    Prediction,
    Wrapper,
)

WHOLE = 4
"""Up to so many times as long as broad a picture is seen at once."""
_PIECE, _SHARED = 3, 1
"""Length of a piece and what it shares with the next, in short sides."""


@dataclass(frozen=True)
class Tiled(Wrapper):
    """A predictor that shows another one long pictures piece by piece.

    Colour is blended over what two pieces share. It takes time and memory by the picture's length,
    where the network alone takes more than that.
    """

    def predict(self, luma: LumaBatch, hints: FloatArray | None = None) -> Prediction:
        """See `Predictor.predict`."""
        frames, height, width = luma.shape
        short, long = sorted((height, width))
        if long <= WHOLE * short:
            return self.predictor.predict(luma, hints)
        lies = width == long
        small = height // QUARTER, width // QUARTER
        chroma: FloatArray = np.zeros((frames, 2, *small), np.float32)
        confidence: FloatArray = np.zeros((frames, *small), np.float32)
        weights: FloatArray = np.zeros(small, np.float32)
        for begin, end in pieces(short, long):
            here = _along(lies, begin // QUARTER, end // QUARTER)
            seen = self.predictor.predict(
                np.ascontiguousarray(luma[_along(lies, begin, end)]),
                None if hints is None else np.ascontiguousarray(hints[here]),
            )
            weight = _weight(short, begin, end, long)
            weight = weight[None, :] if lies else weight[:, None]
            chroma[here] += seen.chroma * weight
            confidence[here] += seen.confidence * weight
            weights[here] += weight
        return Prediction(chroma / weights, confidence / weights)


def _along(lies: bool, begin: int, end: int) -> Any:
    """Part of a picture's length, of an array whose last axes are height and width."""
    return (..., slice(begin, end)) if lies else (..., slice(begin, end), slice(None))


def pieces(short: int, long: int) -> Iterator[tuple[int, int]]:
    """Where pieces of a length begin and end: equally long and about equally far apart."""
    piece = min(long, -(-_PIECE * short // STRIDE) * STRIDE)
    count = 1 + -(-(long - piece) // (piece - _SHARED * short))
    for place in np.linspace(0, (long - piece) // QUARTER, count):
        begin = round(place) * QUARTER
        yield begin, begin + piece


def _weight(short: int, begin: int, end: int, long: int) -> FloatArray:
    """How much a piece counts at each quarter: all in its middle, less towards its neighbours."""
    places = np.arange(begin // QUARTER, end // QUARTER) * QUARTER + QUARTER / 2
    shared = _SHARED * short
    rising = (places - begin) / shared if begin else np.ones(len(places))
    falling = (end - places) / shared if end < long else np.ones(len(places))
    return np.minimum(1, np.minimum(rising, falling)).astype(np.float32)
