"""Hints as people and neighbouring frames will give them, simulated from the true chroma.

Hints are float32 (3, height / 4, width / 4): Cb, Cr on 0..255, confidence 0..1. At confidence 1 a
hint is law; below 1 it is the more wrong and the more misplaced, the lower its confidence is.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vidcolor.train.settings import Simulation

FloatArray = NDArray[np.float32]

SHARE_STROKES = 0.2
SHARE_DENSE = 0.35
ALIKE = 20.0
"""How far apart, in units of 255, colours of one thing may lie."""


@dataclass(frozen=True)
class Hinted:
    """Hints of one picture.

    Attributes:
        target: float32 (2, h, w), the true chroma or, so that the network learns to obey, one with
            hues turned.
        hints: float32 (3, h, w).
        own: float32 (h, w), where the averaged network's own colour is to be the hint, or None.
    """

    target: FloatArray
    hints: FloatArray
    own: FloatArray | None = None


def simulate(chroma: FloatArray, rng: np.random.Generator, simulation: Simulation) -> Hinted:
    """Draw hints for one training picture.

    Args:
        chroma: float32 (2, height, width), the true chroma on 0..255.
        simulation: how often, and of which kinds.
    """
    hints = np.zeros((3, *chroma.shape[1:]), np.float32)
    if rng.random() >= simulation.hinted:
        return Hinted(chroma, hints)
    if rng.random() < simulation.own:
        return Hinted(chroma, hints, _seen(hints.shape[1:], rng))
    if rng.random() < simulation.recoloured:
        return _recolor(chroma, hints, rng)
    kind = rng.random()
    if kind < SHARE_DENSE:
        _dense(chroma, hints, rng)
    elif kind < SHARE_DENSE + SHARE_STROKES:
        _strokes(chroma, hints, rng)
    else:
        _dots(chroma, hints, rng)
    return Hinted(chroma, hints)


def turn_hues(chroma: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Chroma (2, ...) turned by a random angle about neutral, and made stronger or weaker."""
    angle, gain = rng.uniform(0, 2 * np.pi), rng.uniform(0.6, 1.5)
    cb, cr = chroma - 128.0
    turned = np.stack(
        [cb * np.cos(angle) - cr * np.sin(angle), cb * np.sin(angle) + cr * np.cos(angle)]
    )
    return np.clip(128.0 + gain * turned, 0, 255).astype(np.float32)


def _recolor(chroma: FloatArray, hints: FloatArray, rng: np.random.Generator) -> Hinted:
    """The whole picture or one thing in it in other hues, and hints that say so, as law."""
    turned = turn_hues(chroma, rng)
    if rng.random() < 0.5:
        if rng.random() < 0.5:
            _dense(turned, hints, rng, confidence=1.0)
        else:
            _dots(turned, hints, rng, confidence=1.0)
        return Hinted(turned, hints)
    y, x = _place(chroma, rng)
    alike = _alike(chroma, y, x)
    target = np.where(alike, turned, chroma)
    _dots(target, hints, rng, confidence=1.0)
    # The network can't know of a thing that no hint lies on.
    size = int(rng.integers(2, 6))
    place = slice(y, y + size), slice(x, x + size)
    hints[:2, *place] = target[:, y, x][:, None, None]
    hints[2, *place] = alike[place]
    hints[:2] *= hints[2] > 0
    return Hinted(np.asarray(target, np.float32), hints)


def _place(chroma: FloatArray, rng: np.random.Generator) -> tuple[int, int]:
    return int(rng.integers(chroma.shape[1])), int(rng.integers(chroma.shape[2]))


def _alike(chroma: FloatArray, y: int, x: int) -> NDArray[np.bool_]:
    """Where a picture has about the colour that it has at one place."""
    difference = chroma - chroma[:, y, x][:, None, None]
    return np.asarray(np.hypot(difference[0], difference[1]) < ALIKE)


def _confidence(rng: np.random.Generator) -> float:
    return 1.0 if rng.random() < 0.5 else float(rng.uniform(0.1, 1.0))


def _dots(
    chroma: FloatArray,
    hints: FloatArray,
    rng: np.random.Generator,
    confidence: float | None = None,
) -> None:
    _, height, width = chroma.shape
    confidence = _confidence(rng) if confidence is None else confidence
    doubt = 1 - confidence
    for _ in range(int(np.exp(rng.uniform(0, np.log(60))))):
        size = int(rng.integers(1, 5))
        y, x = _place(chroma, rng)
        color = chroma[:, y : y + size, x : x + size].mean((1, 2))
        color = color + rng.normal(0, 25 * doubt, 2)
        dy, dx = (int(d) for d in np.rint(rng.normal(0, 3 * doubt, 2)))
        y, x = int(np.clip(y + dy, 0, height - 1)), int(np.clip(x + dx, 0, width - 1))
        place = slice(y, y + size), slice(x, x + size)
        hints[:2, *place] = color[:, None, None]
        hints[2, *place] = confidence


def _strokes(chroma: FloatArray, hints: FloatArray, rng: np.random.Generator) -> None:
    """Lines of one colour each, on things of one colour, as a brush would leave them."""
    _, height, width = chroma.shape
    confidence = _confidence(rng)
    doubt = 1 - confidence
    for _ in range(int(rng.integers(1, 7))):
        y, x = _place(chroma, rng)
        steps = rng.normal(0, 0.2 * min(height, width), (int(rng.integers(1, 4)), 2))
        points = np.cumsum(np.vstack([[[x, y]], steps]), 0).round().astype(np.int32)
        line = np.zeros((height, width), np.uint8)
        cv2.polylines(line, [points[:, None]], False, 1, int(rng.integers(1, 3)))
        place = (line > 0) & _alike(chroma, y, x)
        if doubt:
            place = np.roll(place, np.rint(rng.normal(0, 3 * doubt, 2)).astype(int), (0, 1))
        color = chroma[:, y, x] + rng.normal(0, 25 * doubt, 2)
        hints[:2, place] = color[:, None]
        hints[2, place] = confidence


def _dense(
    chroma: FloatArray,
    hints: FloatArray,
    rng: np.random.Generator,
    confidence: float | None = None,
) -> None:
    _, height, width = chroma.shape
    confidence = _confidence(rng) if confidence is None else confidence
    doubt = 1 - confidence
    shift = np.array([[1, 0, rng.normal(0, 3 * doubt)], [0, 1, rng.normal(0, 3 * doubt)]])
    noise = cv2.resize(rng.standard_normal((4, 4, 2), np.float32), (width, height))
    for plane in range(2):
        moved = cv2.warpAffine(
            chroma[plane], shift, (width, height), borderMode=cv2.BORDER_REPLICATE
        )
        hints[plane] = np.clip(moved + noise[..., plane] * np.float32(30 * doubt), 0, 255)
    seen = _seen((height, width), rng)
    hints[2] = np.float32(confidence) * seen
    hints[:2] *= seen


def _seen(shape: tuple[int, ...], rng: np.random.Generator) -> FloatArray:
    """1 where something is seen and 0 in smooth holes, float32 of `shape` (height, width)."""
    height, width = shape
    field = cv2.resize(rng.standard_normal((6, 6), np.float32), (width, height))
    return np.asarray(field > np.quantile(field, rng.uniform(0, 0.8)), np.float32)
