"""What the generator is fitted to: each loss alone, and what they see of a batch."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vidcolor.color.chroma import Bins
from vidcolor.color.colorfulness import MEAN_SHARE, opponents
from vidcolor.network.decoding import Decoding
from vidcolor.network.generator import REGRESSION_SCALE, GeneratorOutput
from vidcolor.network.picture import compose


class ClassificationLoss(nn.Module):
    """Cross-entropy on softly encoded bins, rebalanced.

    The weight of a bin multiplies its own term of the sum (not, as in Zhang et al. 2016, the weight
    of the nearest bin the whole pixel), so that the optimum is the true distribution times the
    weights, and decoding can divide them out exactly.
    """

    indexes: Tensor
    shares: Tensor

    def __init__(self, bins: Bins) -> None:
        super().__init__()
        indexes, weights = bins.soft_table()
        self.register_buffer("indexes", torch.from_numpy(indexes))
        self.register_buffer("shares", torch.from_numpy(weights * bins.weights[indexes]))

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """Mean over logits (n, bins, h, w) and target uint8 (n, 2, h, w), Cb and Cr."""
        code = target[:, 0].long() * 256 + target[:, 1].long()
        indexes = self.indexes[code].permute(0, 3, 1, 2)
        shares = self.shares[code].permute(0, 3, 1, 2)
        log_share = F.log_softmax(logits.float(), 1)
        return -(shares * log_share.gather(1, indexes)).sum(1).mean()


class VotesLoss(nn.Module):
    """Cross-entropy to a teacher's distribution, rebalanced as that to the truth is.

    The pupil's best answer is what the teacher says times the weights of the bins, as in
    `ClassificationLoss`, so that both losses ask for the same kind of votes, on one scale.
    """

    weights: Tensor

    def __init__(self, bins: Bins) -> None:
        super().__init__()
        self.register_buffer("weights", torch.from_numpy(bins.weights).view(1, -1, 1, 1))

    def forward(self, logits: Tensor, wanted: Tensor, weight: Tensor) -> Tensor:
        """Mean over logits (n, bins, h, w) and distributions of that shape.

        Args:
            logits: of the pupil.
            wanted: what the teacher says.
            weight: of each place (n, 1, h, w), 0 where nothing is wanted.
        """
        log_share = F.log_softmax(logits.float(), 1)
        apart = -(wanted * self.weights * log_share).sum(1, keepdim=True)
        return (apart * weight).sum() / weight.sum().clamp_min(1.0)


@dataclass(frozen=True)
class Sight:
    """What losses see of a batch: both heads, the expected chroma, composed pictures.

    Attributes:
        output: of the generator.
        decoding: turns its logits into chroma.
        luma: uint8 (n, height, width), the true luma, undamaged.
        target: uint8 (n, 2, height / 4, width / 4), Cb and Cr.
    """

    output: GeneratorOutput
    decoding: Decoding
    luma: Tensor
    target: Tensor

    @cached_property
    def chroma(self) -> Tensor:
        """Expected chroma less 128, float32 (n, 2, height / 4, width / 4)."""
        return self.decoding.chroma(self.output.logits) - 128.0

    @cached_property
    def true_chroma(self) -> Tensor:
        """The target less 128, float32."""
        return self.target.float() - 128.0

    @cached_property
    def grey(self) -> Tensor:
        """The true luma, float32 (n, 1, height, width) on 0..255."""
        return self.luma.float().unsqueeze(1)

    @cached_property
    def picture(self) -> Tensor:
        """RGB (n, 3, height, width) on 0..255 of the true luma and the expected chroma."""
        return compose(self.grey, self.chroma + 128.0)

    @cached_property
    def true_picture(self) -> Tensor:
        """RGB of the true luma and the true chroma, which is as coarse as the expected one."""
        return compose(self.grey, self.target.float())


def regression_loss(sight: Sight) -> Tensor:
    """Smooth L1 of the regression head."""
    wanted = sight.true_chroma / REGRESSION_SCALE
    return F.smooth_l1_loss(sight.output.regression.float(), wanted, beta=0.1)


def l1_loss(sight: Sight) -> Tensor:
    """L1 of expected chroma on -1..1, as pix2pix measures its pictures."""
    return F.l1_loss(sight.chroma / 128.0, sight.true_chroma / 128.0)


def smooth_l1_loss(sight: Sight) -> Tensor:
    """Smooth L1 of expected chroma on -1..1; quadratic under 6/255."""
    return F.smooth_l1_loss(sight.chroma / 128.0, sight.true_chroma / 128.0, beta=6 / 128.0)


def distillation_loss(sight: Sight, wanted: Tensor, weight: Tensor) -> Tensor:
    """Smooth L1 of expected chroma on -1..1 to what a teacher wants; quadratic under 6/255.

    Args:
        sight: of the batch.
        wanted: chroma less 128 (n, 2, h, w).
        weight: of each place (n, 1, h, w), 0 where nothing is wanted.
    """
    apart = F.smooth_l1_loss(sight.chroma / 128.0, wanted / 128.0, beta=6 / 128.0, reduction="none")
    return (apart * weight).sum() / (2 * weight.sum()).clamp_min(1.0)


def colorfulness_loss(sight: Sight) -> Tensor:
    """How far the colourfulness of each picture is from the truth's, L1 on a scale of 255."""
    return F.l1_loss(colorfulness(sight.picture), colorfulness(sight.true_picture))


def colorfulness(rgb: Tensor) -> Tensor:
    """CF of Hasler and Suesstrunk 2003 (n,) of pictures (n, 3, h, w) on 0..255, divided by 255."""
    red, green, blue = (rgb / 255.0).flatten(2).unbind(1)
    apart = torch.stack(opponents(red, green, blue), 1)
    # The small number keeps the root's slope finite for a grey picture.
    spread = (apart.var(2, correction=0).sum(1) + 1e-6).sqrt()
    offset = (apart.mean(2).square().sum(1) + 1e-6).sqrt()
    return spread + MEAN_SHARE * offset


def consistency_loss(chroma: Tensor, warps: Tensor, agree: Tensor) -> Tensor:
    """How far second views are from first views brought onto them, L1 on -1..1.

    The gradient goes to the second views alone: moving both would reward fading.

    Args:
        chroma: expected chroma less 128 (2 n, 2, h, w); views 2 i and 2 i + 1 are a pair.
        warps: float32 (n, 2, 3), from places of the second view to places of the first, both on
            -1..1 (as `affine_grid` takes them).
        agree: bool (n,), false where hints make the views' colours differ.
    """
    first, second = chroma[0::2].detach(), chroma[1::2]
    brought, seen = warp(first, warps)
    weight = seen * agree.float().view(-1, 1, 1, 1)
    difference = (second - brought).abs() / 128.0
    return (difference * weight).sum() / (2 * weight.sum()).clamp_min(1.0)


def warp(planes: Tensor, warps: Tensor) -> tuple[Tensor, Tensor]:
    """Planes (n, c, h, w) seen through `warps` (n, 2, 3), and where (n, 1, h, w) they are known."""
    grid = F.affine_grid(warps, list(planes.shape), align_corners=False)
    brought = F.grid_sample(planes, grid, padding_mode="border", align_corners=False)
    known = (grid.abs() <= 1).all(-1).unsqueeze(1).float()
    return brought, known
