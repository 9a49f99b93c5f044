"""Training samples made on a device: its memory holds the pictures, torch does all the rest.

The same distribution of samples as `samples.Maker` gives, not the same samples: what OpenCV does
one by one is done here to whole batches.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from vidcolor.infer.predictor import QUARTER
from vidcolor.train import resident_hints
from vidcolor.train.chance import Chance
from vidcolor.train.data import PictureStore
from vidcolor.train.draw import Order
from vidcolor.train.resident_damage import damage, disturb
from vidcolor.train.samples import (
    LARGEST_SHIFT,
    LARGEST_TURN,
    LEAST_CROP,
    MARGIN,
    OWN_SHIFT,
    Share,
)
from vidcolor.train.settings import Simulation
from vidcolor.train.tensors import TensorBatch

SPARE = 0.5
"""Share of a device's free memory that pictures may take."""


def fits(store: PictureStore, device: torch.device) -> bool:
    """Whether all pictures have room in a CUDA device's memory."""
    if device.type != "cuda" or not store.is_stored:
        return False
    free, _ = torch.cuda.mem_get_info(device)
    return store.pixels.nbytes < SPARE * free


@dataclass(frozen=True)
class ResidentMaker:
    """Makes batches on a device, each from its number alone.

    Attributes:
        store: the pictures.
        pixels: uint8, all of them, on the device.
        order: which picture each sample shows.
        seed: of all chance.
        simulation: damage and hints.
        paired: make two views of each photograph.
    """

    store: PictureStore
    pixels: Tensor
    order: Order
    seed: int
    simulation: Simulation
    paired: bool = False

    def batch(self, first: int, size: int, count: int) -> TensorBatch:
        """Samples `first` to `first + count`, crops of `size` pixels."""
        chance = Chance(self.seed, first, self.pixels.device)
        if not self.paired:
            crops = self._crops(first, size, count, chance)
            return self._sampled(crops, chance, mild=False)
        wide = self._crops(first // 2, size + 2 * MARGIN, count // 2, chance)
        warps = _motions(count // 2, size, chance)
        second = _moved(wide, warps, size)
        inner = slice(MARGIN, MARGIN + size)
        both = torch.stack([wide[:, :, inner, inner], second], 1).flatten(0, 1)
        made = self._sampled(both, chance, mild=True)
        hinted = made.inputs[:, 3].flatten(1).any(1)
        if made.places is not None:
            hinted[made.places] = True
        agree = ~hinted.view(-1, 2).any(1)
        return TensorBatch(
            made.inputs,
            made.luma,
            made.target,
            made.places,
            made.seen,
            made.own_warps,
            warps,
            agree,
        )

    def _crops(self, first: int, size: int, count: int, chance: Chance) -> Tensor:
        """Float32 (count, 3, size, size), luma, Cb, Cr on 0..255."""
        draws = chance.uniform(count, 4).tolist()
        crops = []
        for number, (scale, down, across, mirrored) in enumerate(draws, first):
            entry = self.store.entries[self.order.at(number)]
            picture = self.pixels[entry.offset :][: entry.height * entry.width * 3]
            picture = picture.view(entry.height, entry.width, 3)
            short = min(entry.height, entry.width)
            side = max(16, round(short * (LEAST_CROP + (1 - LEAST_CROP) * scale)))
            y, x = int(down * (entry.height - side + 1)), int(across * (entry.width - side + 1))
            crop = picture[y : y + side, x : x + side].permute(2, 0, 1)[None].float()
            resized = F.interpolate(
                crop, (size, size), mode="bilinear", antialias=True, align_corners=False
            )
            crops.append(resized.flip(3) if mirrored < 0.5 else resized)
        return torch.cat(crops).clamp(0, 255)

    def _sampled(self, crops: Tensor, chance: Chance, *, mild: bool) -> TensorBatch:
        luma = crops[:, :1].round()
        chroma = F.avg_pool2d(crops[:, 1:], QUARTER)
        seen = damage(luma / 255.0, self.simulation, chance)
        if mild:
            seen = disturb(seen, chance)
        hinted = resident_hints.simulate(chroma, self.simulation, chance)
        places, own_warps = None, None
        if hinted.own is not None:
            places = hinted.own
            own_warps = torch.eye(2, 3, device=luma.device).repeat(len(places), 1, 1)
            own_warps[:, :, 2] = OWN_SHIFT * chance.normal(len(places), 2)
        return TensorBatch(
            _inputs(seen, hinted.hints),
            luma[:, 0].to(torch.uint8),
            hinted.target.round().clamp(0, 255).to(torch.uint8),
            places,
            hinted.seen,
            own_warps,
        )


def resident_batches(
    maker: ResidentMaker, first: int, sizes: Iterator[tuple[int, int]], share: Share
) -> Iterator[TensorBatch]:
    """Batches from sample number `first` on, like `samples.batches`; the device queues them."""
    for size, count in sizes:
        yield maker.batch(first + share.rank * count, size, count)
        first += share.world * count


def _inputs(seen: Tensor, hints: Tensor) -> Tensor:
    """As `network_input` makes it, from luma on 0..1 and hints (n, 3, h / 4, w / 4)."""
    large = F.interpolate(hints, scale_factor=float(QUARTER), mode="nearest")
    given = large[:, 2:] > 0
    chroma = torch.where(given, (large[:, :2] - 128.0) / 64.0, torch.zeros_like(large[:, :2]))
    luma = ((seen * 255.0).round().clamp(0, 255) - 127.0) / 128.0
    return torch.cat([luma, chroma, large[:, 2:]], 1).contiguous(memory_format=torch.channels_last)


def _motions(count: int, size: int, chance: Chance) -> Tensor:
    """From second views to first ones, on -1..1: float32 (count, 2, 3)."""
    warps = torch.eye(2, 3, device=chance.device).repeat(count, 1, 1)
    warps[:, :, :2] += LARGEST_TURN * (2 * chance.uniform(count, 2, 2) - 1)
    length = 1 + (LARGEST_SHIFT - 1) * chance.uniform(count)
    angle = 2 * torch.pi * chance.uniform(count)
    warps[:, :, 2] = torch.stack([angle.cos(), angle.sin()], 1) * (length * 2 / size)[:, None]
    return warps


def _moved(wide: Tensor, warps: Tensor, size: int) -> Tensor:
    """Second views of pictures that are `MARGIN` wider on all sides than first ones."""
    count = len(wide)
    grid = F.affine_grid(warps, [count, 3, size, size], align_corners=False)
    grid = grid * (size / (size + 2 * MARGIN))
    return F.grid_sample(wide, grid, padding_mode="reflection", align_corners=False)
