"""What the generator is fitted to: rebalanced classification and regression of chroma."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vidcolor.color.chroma import Bins
from vidcolor.network.generator import REGRESSION_SCALE, GeneratorOutput


class SupervisedLoss(nn.Module):
    """Cross-entropy on softly encoded bins, rebalanced, plus a smooth L1 on (Cb, Cr).

    The weight of a bin multiplies its own term of the sum (not, as in Zhang et al. 2016, the weight
    of the nearest bin the whole pixel), so that the optimum is the true distribution times the
    weights, and decoding can divide them out exactly.
    """

    indexes: Tensor
    shares: Tensor

    def __init__(self, bins: Bins, regression_weight: float) -> None:
        super().__init__()
        indexes, weights = bins.soft_table()
        self.register_buffer("indexes", torch.from_numpy(indexes))
        weighted = weights * bins.weights[indexes]
        self.register_buffer("shares", torch.from_numpy(weighted))
        self.regression_weight = regression_weight

    def forward(self, output: GeneratorOutput, target: Tensor) -> dict[str, Tensor]:
        """Terms by name; their sum is the loss.

        Args:
            output: both heads.
            target: uint8 (n, 2, height / 4, width / 4), Cb and Cr.
        """
        code = target[:, 0].long() * 256 + target[:, 1].long()
        indexes = self.indexes[code].permute(0, 3, 1, 2)
        shares = self.shares[code].permute(0, 3, 1, 2)
        log_share = F.log_softmax(output.logits.float(), 1)
        classification = -(shares * log_share.gather(1, indexes)).sum(1).mean()
        wanted = (target.float() - 128.0) / REGRESSION_SCALE
        regression = F.smooth_l1_loss(output.regression.float(), wanted, beta=0.1)
        return {
            "classification": classification,
            "regression": self.regression_weight * regression,
        }
