"""From logits to chroma: the one place where a distribution becomes a colour, differentiable."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vidcolor.color.chroma import Bins


class Decoding(nn.Module):
    """Statistics of the distribution over chroma bins.

    The rebalancing is divided out of the distribution by subtracting the logarithm of its weights
    from the logits; the chroma is the expected value at temperature T.
    """

    centers: Tensor
    log_weights: Tensor

    def __init__(self, bins: Bins) -> None:
        super().__init__()
        self.register_buffer("centers", torch.from_numpy(bins.centers) - 128.0)
        # In double precision first: logarithms of single precision differ between processors.
        logarithms = np.log(bins.weights.astype(np.float64)).astype(np.float32)
        self.register_buffer("log_weights", torch.from_numpy(logarithms).view(1, -1, 1, 1))

    def forward(self, logits: Tensor, sharpness: Tensor | float = 1.0) -> Tensor:
        """Decode logits (n, bins, h, w).

        Args:
            logits: of the rebalanced distribution.
            sharpness: 1 / temperature; a tensor (1,) where it is an input of the graph.

        Returns:
            (n, 3, h, w): Cb and Cr on 0..255, and the distribution's standard deviation in the
            same unit.
        """
        # Bins come last: so convolutions leave them, and sums over them run along the memory.
        last = ((logits - self.log_weights) * sharpness).permute(0, 2, 3, 1)
        moments = torch.cat([self.centers, (self.centers**2).sum(1, keepdim=True)], 1)
        mean = torch.softmax(last, 3) @ moments.to(last.dtype)
        chroma, squared = mean[..., :2], mean[..., 2:]
        spread = (squared - (chroma**2).sum(3, keepdim=True)).clamp_min(0).sqrt()
        return torch.cat([chroma + 128.0, spread], 3).permute(0, 3, 1, 2)

    def chroma(self, logits: Tensor) -> Tensor:
        """Expected chroma (n, 2, h, w), Cb and Cr on 0..255, in float32: what losses see."""
        return self.mean(self.shares(logits))

    def shares(self, logits: Tensor) -> Tensor:
        """The distribution itself, float32 (n, bins, h, w): the rebalancing is divided out."""
        return torch.softmax(logits.float() - self.log_weights, 1)

    def mean(self, shares: Tensor) -> Tensor:
        """Expected chroma (n, 2, h, w), Cb and Cr on 0..255, of distributions (n, bins, h, w)."""
        return F.conv2d(shares, self.centers.t()[:, :, None, None]) + 128.0
