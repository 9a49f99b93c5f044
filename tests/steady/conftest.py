"""Scenes whose true colour is known, and a network that sees it through noise."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from vidcolor.infer.predictor import Prediction

HEIGHT, WIDTH = 96, 128
GREEN, RED = (110.0, 100.0), (95.0, 185.0)
BRIGHT = 165

Luma = NDArray[np.uint8]


def texture(seed: int, height: int = HEIGHT, width: int = WIDTH, low: int = 50, high: int = 130):
    """Soft random texture, uint8, something that flow can hold on to."""
    noise = np.random.default_rng(seed).normal(size=(height, width)).astype(np.float32)
    soft = cv2.GaussianBlur(noise, (0, 0), 3) + 0.4 * cv2.GaussianBlur(noise, (0, 0), 1.2)
    soft = (soft - soft.min()) / (soft.max() - soft.min())
    return (low + soft * (high - low)).astype(np.uint8)


def static(frames: int, seed: int = 1) -> Luma:
    return np.repeat(texture(seed)[None], frames, axis=0)


def crossing(frames: int, places: Callable[[int], int | None], side: int = 32) -> Luma:
    """A bright textured square over a still background, its left edge at `places(frame)`."""
    luma = static(frames)
    square = texture(2, side, side, 190, 250)
    for index in range(frames):
        left = places(index)
        if left is not None:
            luma[index, 32 : 32 + side, left : left + side] = square
    return luma


def true_color(luma: Luma) -> NDArray[np.float32]:
    """Bright is red, the rest is green: float32 (frames, 2, h / 4, w / 4)."""
    frames, height, width = luma.shape
    blocks = luma.reshape(frames, height // 4, 4, width // 4, 4).mean(axis=(2, 4))
    bright = (blocks > BRIGHT)[:, None]
    red, green = (np.array(c, np.float32)[None, :, None, None] for c in (RED, GREEN))
    return np.where(bright, red, green).astype(np.float32)


class Noisy:
    """A network that knows the true colour but for noise that is new in every frame.

    Args:
        sigma: of a shift that a whole frame shares, in units of 255.
        grain: of noise of each pixel.
        colour_of: what the truth is.
    """

    description = "fake"

    def __init__(
        self,
        sigma: float = 6.0,
        grain: float = 3.0,
        color_of: Callable[[Luma], NDArray[np.float32]] = true_color,
    ) -> None:
        self.sigma, self.grain, self.color_of = sigma, grain, color_of
        self.random = np.random.default_rng(5)
        self.frames = 0

    def predict(self, luma: Luma, hints: NDArray[np.float32] | None = None) -> Prediction:
        chroma = self.color_of(luma)
        self.frames += len(luma)
        chroma += self.random.normal(0, self.sigma, (len(luma), 2, 1, 1)).astype(np.float32)
        chroma += self.random.normal(0, self.grain, chroma.shape).astype(np.float32)
        confidence = np.full((len(luma), *chroma.shape[2:]), 0.6, np.float32)
        return Prediction(chroma.astype(np.float32), confidence)
