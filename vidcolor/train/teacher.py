"""A model to learn from: what it says to a picture, its mirror image and larger ones together."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vidcolor.infer.predictor import STRIDE
from vidcolor.network.checkpoint import Model
from vidcolor.train.losses import warp
from vidcolor.train.tensors import TensorBatch

LARGER = 1.25
"""Of what a photograph is seen at: the second size at which a teacher of votes looks."""


@dataclass(frozen=True)
class Lesson:
    """What a generator is to say to a batch; all float32.

    Attributes:
        chroma: less 128, (n, 2, h, w).
        weight: of each place (n, 1, h, w), 0 where nothing is known.
        shares: the distribution over bins, (n, bins, h, w); None where it is not asked for.
    """

    chroma: Tensor
    weight: Tensor
    shares: Tensor | None = None


class Teacher(nn.Module):
    """Says what a generator is to learn, without a truth.

    The mean over transformed copies of a picture is better and steadier than what the same network
    says to one, and can be learnt (Radosavovic et al. 2018, "Data Distillation").

    Args:
        model: who teaches; stays as it is.
        votes: whether its distribution is asked for; then it looks at two sizes as well.
        precision: of its convolutions; None for float32.
    """

    def __init__(
        self, model: Model, votes: bool = False, precision: torch.dtype | None = None
    ) -> None:
        super().__init__()
        self.decoder = model.decoder().requires_grad_(False)
        self.votes, self.precision = votes, precision

    def train(self, mode: bool = True) -> Teacher:
        """Stay in evaluation mode."""
        return self

    @torch.no_grad()
    def forward(self, batch: TensorBatch) -> Lesson:
        """What the generator is to say to a batch, and where that is known.

        The teacher sees the undamaged luma and the samples' hints; of pairs it sees the first
        views, whose colour is brought onto the second ones.
        """
        inputs = batch.inputs.clone()
        inputs[:, 0] = (batch.luma.float() - 127.0) / 128.0
        if batch.warps is None or batch.agree is None:
            said = self._said(inputs)
            return self._lesson(said, torch.ones_like(said[:, :1]))
        first = self._said(inputs[0::2])
        second, known = warp(first, batch.warps)
        known = known * batch.agree.float().view(-1, 1, 1, 1)
        said = torch.stack([first, second], 1).flatten(0, 1)
        weight = torch.stack([torch.ones_like(known), known], 1).flatten(0, 1)
        return self._lesson(said, weight)

    def _lesson(self, said: Tensor, weight: Tensor) -> Lesson:
        return Lesson(said[:, :2], weight, said[:, 2:] if self.votes else None)

    def _said(self, inputs: Tensor) -> Tensor:
        """Chroma less 128 and, where they are asked for, shares: (n, 2 or 2 + bins, h, w)."""
        shares = self._shares(inputs)
        if self.votes:
            large = self._shares(_enlarged(inputs))
            shares = (shares + F.interpolate(large, shares.shape[2:], mode="area")) / 2
        chroma = self.decoder.decoding.mean(shares) - 128.0
        return torch.cat([chroma, shares], 1) if self.votes else chroma

    def _shares(self, inputs: Tensor) -> Tensor:
        """The mean of what it says to pictures and to their mirror images."""
        both = torch.cat([inputs, inputs.flip(3)]).contiguous(memory_format=torch.channels_last)
        with torch.autocast(inputs.device.type, self.precision, self.precision is not None):
            logits = self.decoder.generator(both).logits
        said, mirrored = self.decoder.decoding.shares(logits).chunk(2)
        return (said + mirrored.flip(3)) / 2


def _enlarged(inputs: Tensor) -> Tensor:
    """A batch (n, 4, height, width) some larger, its sides still multiples of the stride."""
    size = [math.ceil(LARGER * side / STRIDE) * STRIDE for side in inputs.shape[2:]]
    luma = F.interpolate(inputs[:, :1], size, mode="bilinear", align_corners=False)
    return torch.cat([luma, F.interpolate(inputs[:, 1:], size, mode="nearest")], 1)
