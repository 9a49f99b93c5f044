"""A model to learn from: what it says to a picture and to its mirror image together."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from vidcolor.network.checkpoint import Model
from vidcolor.train.losses import warp
from vidcolor.train.tensors import TensorBatch


class Teacher(nn.Module):
    """Gives the chroma that a generator is to learn, without a truth.

    The mean over transformed copies of a picture is better and steadier than what the same network
    says to one, and can be learnt (Radosavovic et al. 2018, "Data Distillation").

    Args:
        model: who teaches; stays as it is.
    """

    def __init__(self, model: Model) -> None:
        super().__init__()
        self.decoder = model.decoder().requires_grad_(False)

    def train(self, mode: bool = True) -> Teacher:
        """Stay in evaluation mode."""
        return self

    @torch.no_grad()
    def forward(self, batch: TensorBatch) -> tuple[Tensor, Tensor]:
        """What the generator is to say to a batch, and where that is known.

        The teacher sees the undamaged luma and the samples' hints; of pairs it sees the first
        views, whose colour is brought onto the second ones.

        Returns:
            chroma less 128 (n, 2, size / 4, size / 4) and weights (n, 1, size / 4, size / 4), both
            float32.
        """
        inputs = batch.inputs.clone()
        inputs[:, 0] = (batch.luma.float() - 127.0) / 128.0
        if batch.warps is None or batch.agree is None:
            chroma = self._chroma(inputs)
            return chroma, torch.ones_like(chroma[:, :1])
        first = self._chroma(inputs[0::2])
        second, known = warp(first, batch.warps)
        known = known * batch.agree.float().view(-1, 1, 1, 1)
        chroma = torch.stack([first, second], 1).flatten(0, 1)
        weight = torch.stack([torch.ones_like(known), known], 1).flatten(0, 1)
        return chroma, weight

    def _chroma(self, inputs: Tensor) -> Tensor:
        plain = torch.ones(1, device=inputs.device)
        both = torch.cat([inputs, inputs.flip(3)]).contiguous(memory_format=torch.channels_last)
        said, mirrored = self.decoder(both, plain)[:, :2].float().chunk(2)
        chroma: Tensor = (said + mirrored.flip(3)) / 2 - 128.0
        return chroma
