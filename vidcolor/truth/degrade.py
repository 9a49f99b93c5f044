"""What age and bad copies do to a picture, on luma alone: what training and evaluation imitate."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

Luma = NDArray[np.uint8]
FloatLuma = NDArray[np.float32]
Damage = Callable[[FloatLuma, float, np.random.Generator], FloatLuma]


def degrade(luma: Luma, strength: float, rng: np.random.Generator) -> Luma:
    """Damage luma as old film, prints and compression do.

    Args:
        luma: uint8 (height, width), 0..255.
        strength: 0 (untouched) to 1 (badly worn); scales every kind of damage.
        rng: decides which kinds, and how much of each.
    """
    if strength <= 0:
        return luma
    damaged = luma.astype(np.float32) / 255.0
    for damage, share in DAMAGES:
        if rng.random() < share:
            damaged = damage(damaged, strength, rng)
    result = np.clip(damaged * 255.0 + 0.5, 0, 255).astype(np.uint8)
    return _compress(result, strength, rng) if rng.random() < SHARES["compress"] else result


def disturb(luma: Luma, rng: np.random.Generator) -> Luma:
    """What differs between neighbouring frames of one film: gamma, grain and compression, mild."""
    moved = _gamma(luma.astype(np.float32) / 255.0, 0.25, rng)
    moved = _grain(moved, rng.uniform(0, 0.3), rng)
    result = np.clip(moved * 255.0 + 0.5, 0, 255).astype(np.uint8)
    return _compress(result, 0.5, rng) if rng.random() < SHARES["compress"] else result


def _blur(luma: FloatLuma, strength: float, rng: np.random.Generator) -> FloatLuma:
    sigma = rng.uniform(0.3, 0.3 + 1.4 * strength)
    return np.asarray(cv2.GaussianBlur(luma, (0, 0), sigma), np.float32)


def _gamma(luma: FloatLuma, strength: float, rng: np.random.Generator) -> FloatLuma:
    return np.asarray(luma ** np.float32(np.exp(rng.normal(0, 0.35 * strength))), np.float32)


def _fade(luma: FloatLuma, strength: float, rng: np.random.Generator) -> FloatLuma:
    low = rng.uniform(0, 0.2 * strength)
    high = 1 - rng.uniform(0, 0.25 * strength)
    return np.asarray(low + luma * (high - low), np.float32)


def _harden(luma: FloatLuma, strength: float, rng: np.random.Generator) -> FloatLuma:
    gain = 1 + rng.uniform(0, 0.7 * strength)
    middle = np.float32(luma.mean())
    return np.asarray(np.clip((luma - middle) * gain + middle, 0, 1), np.float32)


def _vignette(luma: FloatLuma, strength: float, rng: np.random.Generator) -> FloatLuma:
    height, width = luma.shape
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None] - np.float32(rng.normal(0, 0.2))
    x = np.linspace(-1, 1, width, dtype=np.float32)[None] - np.float32(rng.normal(0, 0.2))
    darker = np.float32(rng.uniform(0, 0.4 * strength))
    return np.asarray(luma * (1 - darker * np.clip((x**2 + y**2) / 2, 0, 1)), np.float32)


def _grain(luma: FloatLuma, strength: float, rng: np.random.Generator) -> FloatLuma:
    noise = rng.standard_normal(luma.shape, np.float32)
    size = rng.uniform(0, 0.9)
    if size > 0.3:
        blurred = np.asarray(cv2.GaussianBlur(noise, (0, 0), size), np.float32)
        noise = blurred / (blurred.std() + np.float32(1e-6))
    return luma + noise * np.float32(rng.uniform(0.005, 0.005 + 0.09 * strength))


def _scratches(luma: FloatLuma, strength: float, rng: np.random.Generator) -> FloatLuma:
    height, width = luma.shape
    damaged = luma.copy()
    for _ in range(rng.integers(1, 2 + int(4 * strength))):
        x = rng.uniform(0, width)
        ends = (int(x), 0), (int(x + rng.normal(0, 0.02 * width)), height)
        cv2.line(damaged, *ends, float(rng.choice([0.1, 0.9])), 1, cv2.LINE_AA)
    for _ in range(rng.integers(1, 3 + int(12 * strength))):
        center = int(rng.integers(width)), int(rng.integers(height))
        radius = int(rng.integers(1, 2 + max(1, min(height, width) // 96)))
        cv2.circle(damaged, center, radius, float(rng.choice([0.05, 0.95])), -1, cv2.LINE_AA)
    return damaged


def _interlace(luma: FloatLuma, strength: float, rng: np.random.Generator) -> FloatLuma:
    damaged = luma.copy()
    damaged[1::2] = np.roll(luma[1::2], int(rng.integers(1, 2 + int(3 * strength))), 1)
    return damaged


SHARES = {
    "interlace": 0.03,
    "blur": 0.45,
    "gamma": 0.6,
    "fade": 0.5,
    "harden": 0.3,
    "vignette": 0.25,
    "grain": 0.6,
    "scratches": 0.2,
    "compress": 0.3,
}
"""How often each kind is met with."""

DAMAGES: tuple[tuple[Damage, float], ...] = (
    (_interlace, SHARES["interlace"]),
    (_blur, SHARES["blur"]),
    (_gamma, SHARES["gamma"]),
    (_fade, SHARES["fade"]),
    (_harden, SHARES["harden"]),
    (_vignette, SHARES["vignette"]),
    (_grain, SHARES["grain"]),
    (_scratches, SHARES["scratches"]),
)


def _compress(luma: Luma, strength: float, rng: np.random.Generator) -> Luma:
    quality = int(95 - rng.uniform(0, 65 * strength))
    _, packed = cv2.imencode(".jpg", luma, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE), np.uint8)
