"""Simulated hints on a device: `hints`' kinds, drawn for whole batches."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from vidcolor.train.chance import Chance
from vidcolor.train.hints import ALIKE, SHARE_DENSE
from vidcolor.train.settings import Simulation

MOST_DOTS = 60


@dataclass(frozen=True)
class ResidentHints:
    """Hints of a batch.

    Attributes:
        target: float32 (n, 2, h, w), the true chroma on 0..255, or hues turned.
        hints: float32 (n, 3, h, w): Cb, Cr on 0..255, confidence 0..1.
        own: int64 (m,), samples whose hints are to be the network's own colour, or None.
        seen: float32 (m, h, w), where, or None.
    """

    target: Tensor
    hints: Tensor
    own: Tensor | None
    seen: Tensor | None


def simulate(chroma: Tensor, simulation: Simulation, chance: Chance) -> ResidentHints:
    """Draw hints for a batch of true chroma (n, 2, h, w) on 0..255."""
    count = len(chroma)
    hinted = chance.share(count, simulation.hinted)
    own = hinted & chance.share(count, simulation.own)
    plain = hinted & ~own
    recolored = plain & chance.share(count, simulation.recoloured)
    target, region_hints = _recolor(chroma, recolored, chance)
    sure = chance.share(count, 0.5) | recolored
    confidence = torch.where(sure, 1.0, 0.1 + 0.9 * chance.uniform(count))
    dense = chance.share(count, SHARE_DENSE).view(-1, 1, 1, 1)
    drawn = torch.where(
        dense, _dense(target, confidence, chance), _dots(target, confidence, chance)
    )
    # A thing that was recoloured alone has a hint on it, whatever else there is.
    drawn = torch.where(region_hints[:, 2:] > 0, region_hints, drawn)
    hints = drawn * plain.view(-1, 1, 1, 1)
    places = own.nonzero()[:, 0]
    if not len(places):
        return ResidentHints(target, hints, None, None)
    return ResidentHints(target, hints, places, _seen(len(places), chroma.shape[2:], chance))


def _recolor(chroma: Tensor, chosen: Tensor, chance: Chance) -> tuple[Tensor, Tensor]:
    """Turn the hues of whole pictures, or of what lies at one place; hints that say so."""
    count, _, height, width = chroma.shape
    angle = 2 * torch.pi * chance.uniform(count, 1, 1)
    gain = 0.6 + 0.9 * chance.uniform(count, 1, 1)
    cb, cr = (chroma - 128.0).unbind(1)
    turned = torch.stack(
        [cb * angle.cos() - cr * angle.sin(), cb * angle.sin() + cr * angle.cos()], 1
    )
    turned = (128.0 + gain.unsqueeze(1) * turned).clamp(0, 255)
    place = (chance.uniform(count) * height * width).long().clamp(max=height * width - 1)
    color = chroma.flatten(2).gather(2, place.view(-1, 1, 1).expand(-1, 2, 1)).unsqueeze(3)
    alike = ((chroma - color) ** 2).sum(1, keepdim=True) < ALIKE**2
    whole = chance.share(count, 0.5).view(-1, 1, 1, 1)
    chosen = chosen.view(-1, 1, 1, 1)
    target = torch.where(chosen & (whole | alike), turned, chroma)
    y = torch.arange(height, device=chroma.device).view(1, 1, -1, 1)
    x = torch.arange(width, device=chroma.device).view(1, 1, 1, -1)
    row, column = (place // width).view(-1, 1, 1, 1), (place % width).view(-1, 1, 1, 1)
    near = ((y - row).abs() < 2) & ((x - column).abs() < 2)
    there = (chosen & ~whole & near & alike).float()
    return target, torch.cat([target * there, there], 1)


def _dots(chroma: Tensor, confidence: Tensor, chance: Chance) -> Tensor:
    """Squares of one to four places, on places of which the hint has the colour."""
    count, _, height, width = chroma.shape
    doubt = (1 - confidence).view(-1, 1, 1, 1)
    wanted = torch.exp(chance.uniform(count, 1, 1, 1) * math.log(MOST_DOTS))
    y = torch.arange(height, device=chroma.device).view(1, 1, -1, 1)
    x = torch.arange(width, device=chroma.device).view(1, 1, 1, -1)
    hints = chroma.new_zeros(count, 3, height, width)
    flat = chroma.flatten(2)
    for number in range(MOST_DOTS):
        place = (chance.uniform(count) * height * width).long().clamp(max=height * width - 1)
        color = flat.gather(2, place.view(-1, 1, 1).expand(-1, 2, 1)).unsqueeze(3)
        color = color + 25 * doubt * chance.normal(count, 2, 1, 1)
        slip = (3 * doubt * chance.normal(count, 2, 1, 1)).round()
        row = (place // width).view(-1, 1, 1, 1) + slip[:, :1]
        column = (place % width).view(-1, 1, 1, 1) + slip[:, 1:]
        size = 1 + (4 * chance.uniform(count, 1, 1, 1)).floor()
        inside = (y >= row) & (y < row + size) & (x >= column) & (x < column + size)
        inside = inside & (number < wanted)
        dot = torch.cat([color, confidence.view(-1, 1, 1, 1)], 1)
        hints = torch.where(inside, dot, hints)
    return hints


def _dense(chroma: Tensor, confidence: Tensor, chance: Chance) -> Tensor:
    """The chroma itself with holes; shifted and tinted by as much as is doubted."""
    count, _, height, width = chroma.shape
    doubt = (1 - confidence).view(-1, 1, 1, 1)
    warps = torch.eye(2, 3, device=chroma.device).repeat(count, 1, 1)
    sides = torch.tensor([width, height], device=chroma.device)
    warps[:, :, 2] = 3 * doubt.view(-1, 1) * chance.normal(count, 2) * 2 / sides
    grid = F.affine_grid(warps, list(chroma.shape), align_corners=False)
    moved = F.grid_sample(chroma, grid, padding_mode="border", align_corners=False)
    noise = F.interpolate(chance.normal(count, 2, 4, 4), (height, width), mode="bilinear")
    seen = _seen(count, chroma.shape[2:], chance).unsqueeze(1)
    tinted = (moved + 30 * doubt * noise).clamp(0, 255)
    return torch.cat([tinted * seen, confidence.view(-1, 1, 1, 1) * seen], 1)


def _seen(count: int, shape: torch.Size, chance: Chance) -> Tensor:
    """1 where something is seen, 0 in smooth holes: float32 (count, h, w)."""
    field = F.interpolate(chance.normal(count, 1, 6, 6), tuple(shape), mode="bilinear")[:, 0]
    share = 0.8 * chance.uniform(count)
    ordered = field.flatten(1).sort(1).values
    place = (share * (ordered.shape[1] - 1)).long().view(-1, 1)
    return (field > ordered.gather(1, place).view(-1, 1, 1)).float()
