"""Batches on the device, and the averaged network's own colour as hints in them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from vidcolor.network.generator import Decoder
from vidcolor.train.losses import warp
from vidcolor.train.samples import Batch

MOST_CONFIDENT = 0.95
"""The network's own colour is never law."""


@dataclass(frozen=True)
class TensorBatch:
    """A `Batch` on a device; the attributes are those of `Batch`, `Own` and `Pairs`.

    Attributes:
        inputs: float32 (n, 4, size, size).
        luma: uint8 (n, size, size).
        target: uint8 (n, 2, size / 4, size / 4).
        places: int64 (m,), or None where no sample gets the network's own colour as hints.
        seen: float32 (m, size / 4, size / 4), or None.
        own_warps: float32 (m, 2, 3), or None.
        warps: float32 (n / 2, 2, 3), or None where there are no pairs.
        agree: bool (n / 2,), or None.
    """

    inputs: Tensor
    luma: Tensor
    target: Tensor
    places: Tensor | None = None
    seen: Tensor | None = None
    own_warps: Tensor | None = None
    warps: Tensor | None = None
    agree: Tensor | None = None

    def __len__(self) -> int:
        return len(self.inputs)


def to_device(batch: Batch, device: torch.device) -> TensorBatch:
    """The batch as tensors on a device."""

    def send(array: NDArray[np.generic] | None) -> Tensor | None:
        if array is None:
            return None
        return torch.from_numpy(array).to(device, non_blocking=True)

    own, pairs = batch.own, batch.pairs
    return TensorBatch(
        torch.from_numpy(batch.inputs).to(
            device, memory_format=torch.channels_last, non_blocking=True
        ),
        torch.from_numpy(batch.luma).to(device, non_blocking=True),
        torch.from_numpy(batch.target).to(device, non_blocking=True),
        None if own is None else send(own.places),
        None if own is None else send(own.seen),
        None if own is None else send(own.warps),
        None if pairs is None else send(pairs.warps),
        None if pairs is None else send(pairs.agree),
    )


@torch.no_grad()
def with_own_hints(
    batch: TensorBatch, decoder: Decoder, table: tuple[Tensor, Tensor]
) -> TensorBatch:
    """The batch with a network's own colour as hints, where it asks for them.

    Args:
        batch: of training samples.
        decoder: of the averaged network, in evaluation mode.
        table: rising spreads and the confidence at each: the calibration.
    """
    if batch.places is None or batch.seen is None or batch.own_warps is None:
        return batch
    plain = batch.inputs[batch.places].contiguous(memory_format=torch.channels_last)
    planes = decoder(plain, torch.ones(1, device=plain.device)).float()
    brought, known = warp(planes, batch.own_warps)
    confidence = _interpolate(brought[:, 2:], *table).clamp(0, MOST_CONFIDENT)
    confidence = confidence * known * batch.seen.unsqueeze(1)
    chroma = (brought[:, :2] - 128.0) / 64.0 * (confidence > 0)
    hints = torch.cat([chroma, confidence], 1)
    inputs = batch.inputs.clone()
    inputs[batch.places, 1:] = F.interpolate(hints, scale_factor=4.0, mode="nearest")
    return replace(batch, inputs=inputs)


def _interpolate(values: Tensor, knots: Tensor, heights: Tensor) -> Tensor:
    place = torch.searchsorted(knots, values.contiguous()).clamp(1, len(knots) - 1)
    low, high = knots[place - 1], knots[place]
    share = ((values - low) / (high - low)).clamp(0, 1)
    return heights[place - 1] + share * (heights[place] - heights[place - 1])
