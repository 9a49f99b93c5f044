"""What age and bad copies do to luma, on a device: `degrade`'s damages, done to whole batches."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from vidcolor.train.chance import Chance
from vidcolor.train.settings import Simulation
from vidcolor.truth.degrade import SHARES

Damage = Callable[[Tensor, Tensor, Chance], Tensor]

BLOCK = 8
REACH = 5
SCRATCHES, SPOTS = 5, 12
# ITU-T T.81, table K.1: the luma quantisation of JPEG at quality 50.
QUANTISATION = (
    (16, 11, 10, 16, 24, 40, 51, 61),
    (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56),
    (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77),
    (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101),
    (72, 92, 95, 98, 112, 100, 103, 99),
)


def damage(luma: Tensor, simulation: Simulation, chance: Chance) -> Tensor:
    """Damage a share of the pictures, each by a strength of its own.

    Args:
        luma: float32 (n, 1, height, width) on 0..1; sides are multiples of 8.
        simulation: how many, and how strongly at most.
        chance: of this batch.
    """
    count = len(luma)
    strength = chance.between(0, simulation.damage, count)
    strength = strength * chance.share(count, simulation.damaged).view(-1, 1, 1, 1)
    damaged = luma
    for kind, share in DAMAGES:
        chosen = (chance.share(count, share).view(-1, 1, 1, 1)) & (strength > 0)
        damaged = torch.where(chosen, kind(damaged, strength, chance), damaged)
    return damaged.clamp(0, 1)


def disturb(luma: Tensor, chance: Chance) -> Tensor:
    """What differs between neighbouring frames of one film: gamma, grain and compression, mild."""
    count = len(luma)
    mild = luma.new_full((count, 1, 1, 1), 0.25)
    moved = _grain(_gamma(luma, mild, chance), chance.between(0, 0.3, count), chance)
    chosen = chance.share(count, 0.3).view(-1, 1, 1, 1)
    return torch.where(chosen, _compress(moved, 2 * mild, chance), moved).clamp(0, 1)


def _blur(luma: Tensor, strength: Tensor, chance: Chance) -> Tensor:
    return _gaussian(luma, 0.3 + 1.4 * strength * chance.uniform(len(luma), 1, 1, 1))


def _gaussian(luma: Tensor, sigma: Tensor) -> Tensor:
    """Blur each picture (n, 1, h, w) by its own sigma (n, 1, 1, 1)."""
    count, _, height, width = luma.shape
    places = torch.arange(-REACH, REACH + 1, device=luma.device, dtype=torch.float32)
    kernel = torch.exp(-(places**2) / (2 * sigma.view(-1, 1) ** 2))
    kernel = kernel / kernel.sum(1, keepdim=True)
    rows = luma.view(1, count, height, width)
    padded = F.pad(rows, (REACH,) * 4, mode="reflect")
    down = F.conv2d(padded, kernel.view(count, 1, -1, 1), groups=count)
    return F.conv2d(down, kernel.view(count, 1, 1, -1), groups=count).view_as(luma)


def _gamma(luma: Tensor, strength: Tensor, chance: Chance) -> Tensor:
    exponent = torch.exp(0.35 * strength * chance.normal(len(luma), 1, 1, 1))
    return luma.clamp(0, 1) ** exponent


def _fade(luma: Tensor, strength: Tensor, chance: Chance) -> Tensor:
    low = chance.between(0, 0.2 * strength, len(luma))
    high = 1 - chance.between(0, 0.25 * strength, len(luma))
    return low + luma * (high - low)


def _harden(luma: Tensor, strength: Tensor, chance: Chance) -> Tensor:
    middle = luma.mean((2, 3), keepdim=True)
    gain = 1 + chance.between(0, 0.7 * strength, len(luma))
    return ((luma - middle) * gain + middle).clamp(0, 1)


def _vignette(luma: Tensor, strength: Tensor, chance: Chance) -> Tensor:
    count, _, height, width = luma.shape
    y = torch.linspace(-1, 1, height, device=luma.device).view(1, 1, -1, 1)
    x = torch.linspace(-1, 1, width, device=luma.device).view(1, 1, 1, -1)
    y = y - 0.2 * chance.normal(count, 1, 1, 1)
    x = x - 0.2 * chance.normal(count, 1, 1, 1)
    darker = chance.between(0, 0.4 * strength, count)
    return luma * (1 - darker * ((x**2 + y**2) / 2).clamp(0, 1))


def _grain(luma: Tensor, strength: Tensor, chance: Chance) -> Tensor:
    count = len(luma)
    noise = chance.normal(*luma.shape)
    blurred = _gaussian(noise, chance.between(0.3, 0.9, count))
    blurred = blurred / (blurred.std((2, 3), keepdim=True) + 1e-6)
    coarse = chance.share(count, 2 / 3).view(-1, 1, 1, 1)
    amount = chance.between(0.005, 0.005 + 0.09 * strength, count)
    return luma + torch.where(coarse, blurred, noise) * amount


def _scratches(luma: Tensor, strength: Tensor, chance: Chance) -> Tensor:
    count, _, height, width = luma.shape
    y = torch.arange(height, device=luma.device).view(1, 1, -1, 1)
    x = torch.arange(width, device=luma.device).view(1, 1, 1, -1)
    damaged = luma
    for number in range(SCRATCHES):
        there = chance.between(0, 1 + 4 * strength, count) >= number
        lean = 0.02 * width * chance.normal(count, 1, 1, 1)
        line = width * chance.uniform(count, 1, 1, 1) + lean * y / height
        tone = 0.1 + 0.8 * chance.share(count, 0.5).float().view(-1, 1, 1, 1)
        damaged = torch.where(there & ((x - line).abs() < 0.7), tone, damaged)
    for number in range(SPOTS):
        there = chance.between(0, 1 + 11 * strength, count) >= number
        squared = (y - height * chance.uniform(count, 1, 1, 1)) ** 2
        squared = squared + (x - width * chance.uniform(count, 1, 1, 1)) ** 2
        radius = chance.between(1, 2 + min(height, width) / 96, count)
        tone = 0.05 + 0.9 * chance.share(count, 0.5).float().view(-1, 1, 1, 1)
        damaged = torch.where(there & (squared < radius**2), tone, damaged)
    return damaged


def _interlace(luma: Tensor, strength: Tensor, chance: Chance) -> Tensor:
    count, _, height, width = luma.shape
    shift = (1 + (1 + 3 * strength) * chance.uniform(count, 1, 1, 1)).long()
    odd = (torch.arange(height, device=luma.device) % 2).view(1, 1, -1, 1)
    places = torch.arange(width, device=luma.device).view(1, 1, 1, -1) - shift * odd
    return luma.gather(3, (places % width).expand(count, 1, height, width))


def _compress(luma: Tensor, strength: Tensor, chance: Chance) -> Tensor:
    """JPEG's quantisation of 8 x 8 cosine transforms, at a quality as `degrade` draws it."""
    count, _, height, width = luma.shape
    quality = 95 - chance.between(0, 65 * strength, count)
    scale = torch.where(quality < 50, 50 / quality, 2 - quality / 50)
    table = torch.tensor(QUANTISATION, device=luma.device, dtype=torch.float32)
    steps = (scale.view(-1, 1, 1, 1, 1) * table).clamp_min(1)
    basis = _cosines(luma.device)
    blocks = (luma * 255 - 128).view(count, height // BLOCK, BLOCK, width // BLOCK, BLOCK)
    blocks = blocks.transpose(2, 3)
    spectrum = basis @ blocks @ basis.T
    kept = (spectrum / steps).round() * steps
    again = (basis.T @ kept @ basis).transpose(2, 3).reshape(luma.shape)
    return ((again + 128) / 255).clamp(0, 1)


def _cosines(device: torch.device) -> Tensor:
    """The orthonormal cosine transform of 8 values, (8, 8)."""
    rows = torch.arange(BLOCK, device=device, dtype=torch.float32)
    basis = torch.cos(math.pi * (rows[None] + 0.5) * rows[:, None] / BLOCK) * math.sqrt(2 / BLOCK)
    basis[0] /= math.sqrt(2)
    return basis


DAMAGES: tuple[tuple[Damage, float], ...] = (
    (_interlace, SHARES["interlace"]),
    (_blur, SHARES["blur"]),
    (_gamma, SHARES["gamma"]),
    (_fade, SHARES["fade"]),
    (_harden, SHARES["harden"]),
    (_vignette, SHARES["vignette"]),
    (_grain, SHARES["grain"]),
    (_scratches, SHARES["scratches"]),
    (_compress, SHARES["compress"]),
)
