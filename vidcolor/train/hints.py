"""Hints as people and neighbouring frames will give them, simulated from the true chroma.

Hints are float32 (3, height / 4, width / 4): Cb, Cr on 0..255, confidence 0..1. At confidence 1 a
hint is law; below 1 it is the more wrong and the more misplaced, the lower its confidence is.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]

SHARE_WITH_HINTS = 0.4
SHARE_RECOLOURED = 0.2
SHARE_DENSE = 0.35


def simulate(chroma: FloatArray, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Draw hints for one training picture.

    Args:
        chroma: float32 (2, height, width), the true chroma on 0..255.

    Returns:
        the target chroma, which is the true one or, so that the network learns to obey, one with
        its hues turned; and the hints.
    """
    hints = np.zeros((3, *chroma.shape[1:]), np.float32)
    if rng.random() >= SHARE_WITH_HINTS:
        return chroma, hints
    if rng.random() < SHARE_RECOLOURED:
        chroma = turn_hues(chroma, rng)
    if rng.random() < SHARE_DENSE:
        _dense(chroma, hints, rng)
    else:
        _dots(chroma, hints, rng)
    return chroma, hints


def turn_hues(chroma: FloatArray, rng: np.random.Generator) -> FloatArray:
    """The picture's chroma turned by a random angle about neutral, and made stronger or weaker."""
    angle, gain = rng.uniform(0, 2 * np.pi), rng.uniform(0.6, 1.5)
    cb, cr = chroma - 128.0
    turned = np.stack(
        [cb * np.cos(angle) - cr * np.sin(angle), cb * np.sin(angle) + cr * np.cos(angle)]
    )
    return np.clip(128.0 + gain * turned, 0, 255).astype(np.float32)


def _confidence(rng: np.random.Generator) -> float:
    return 1.0 if rng.random() < 0.5 else float(rng.uniform(0.1, 1.0))


def _dots(chroma: FloatArray, hints: FloatArray, rng: np.random.Generator) -> None:
    _, height, width = chroma.shape
    confidence = _confidence(rng)
    for _ in range(int(np.exp(rng.uniform(0, np.log(60))))):
        size = int(rng.integers(1, 5))
        y, x = int(rng.integers(height)), int(rng.integers(width))
        place = slice(y, y + size), slice(x, x + size)
        color = chroma[:, *place].mean((1, 2))
        color = color + rng.normal(0, 25 * (1 - confidence), 2)
        hints[:2, *place] = color[:, None, None]
        hints[2, *place] = confidence


def _dense(chroma: FloatArray, hints: FloatArray, rng: np.random.Generator) -> None:
    _, height, width = chroma.shape
    confidence = _confidence(rng)
    doubt = 1 - confidence
    shift = np.array([[1, 0, rng.normal(0, 3 * doubt)], [0, 1, rng.normal(0, 3 * doubt)]])
    noise = cv2.resize(rng.standard_normal((4, 4, 2), np.float32), (width, height))
    for plane in range(2):
        moved = cv2.warpAffine(
            chroma[plane], shift, (width, height), borderMode=cv2.BORDER_REPLICATE
        )
        hints[plane] = np.clip(moved + noise[..., plane] * np.float32(30 * doubt), 0, 255)
    field = cv2.resize(rng.standard_normal((6, 6), np.float32), (width, height))
    seen = field > np.quantile(field, rng.uniform(0, 0.8))
    hints[2] = np.where(seen, np.float32(confidence), 0)
    hints[:2] *= seen
