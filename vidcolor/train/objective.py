"""The generator's whole objective: the weighted losses of a run, computed on one batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from vidcolor.color.chroma import Bins
from vidcolor.network.decoding import Decoding
from vidcolor.network.generator import GeneratorOutput
from vidcolor.network.perceptual import PerceptualFeatures
from vidcolor.train.losses import (
    ClassificationLoss,
    Sight,
    VotesLoss,
    colorfulness_loss,
    consistency_loss,
    distillation_loss,
    l1_loss,
    regression_loss,
    smooth_l1_loss,
)
from vidcolor.train.teacher import Lesson, Teacher
from vidcolor.train.tensors import TensorBatch

SIMPLE: Mapping[str, Callable[[Sight], Tensor]] = {
    "regression": regression_loss,
    "l1": l1_loss,
    "smooth-l1": smooth_l1_loss,
    "colorfulness": colorfulness_loss,
}


class Objective(nn.Module):
    """Every loss of a run but the adversarial one, which has a network of its own.

    Args:
        bins: of the generator.
        weights: by loss, above zero.
        perceptual: what the perceptual loss sees with; None where it has no weight.
        teacher: whom the losses distillation and votes ask; None where they have no weight.
    """

    def __init__(
        self,
        bins: Bins,
        weights: Mapping[str, float],
        perceptual: PerceptualFeatures | None = None,
        teacher: Teacher | None = None,
    ) -> None:
        super().__init__()
        self.weights = dict(weights)
        self.decoding = Decoding(bins)
        self.classification = ClassificationLoss(bins) if "classification" in weights else None
        self.perceptual = perceptual
        self.teacher = teacher
        self.votes = VotesLoss(bins) if "votes" in weights else None

    def see(self, output: GeneratorOutput, batch: TensorBatch) -> Sight:
        """What the losses see of a batch."""
        return Sight(output, self.decoding, batch.luma, batch.target)

    def forward(self, sight: Sight, batch: TensorBatch) -> dict[str, Tensor]:
        """Weighted terms by name; their sum is to fall."""
        terms = {
            name: loss(sight) * self.weights[name]
            for name, loss in SIMPLE.items()
            if name in self.weights
        }
        if self.classification is not None:
            term = self.classification(sight.output.logits, sight.target)
            terms["classification"] = term * self.weights["classification"]
        if self.perceptual is not None:
            term = self.perceptual.distance(sight.picture, sight.true_picture)
            terms["perceptual"] = term * self.weights["perceptual"]
        if self.teacher is not None:
            terms |= self._taught(sight, self.teacher(batch))
        if "consistency" in self.weights and batch.warps is not None and batch.agree is not None:
            term = consistency_loss(sight.chroma, batch.warps, batch.agree)
            terms["consistency"] = term * self.weights["consistency"]
        return terms

    def _taught(self, sight: Sight, lesson: Lesson) -> dict[str, Tensor]:
        terms = {}
        if "distillation" in self.weights:
            term = distillation_loss(sight, lesson.chroma, lesson.weight)
            terms["distillation"] = term * self.weights["distillation"]
        if self.votes is not None and lesson.shares is not None:
            term = self.votes(sight.output.logits, lesson.shares, lesson.weight)
            terms["votes"] = term * self.weights["votes"]
        return terms


def total(terms: Mapping[str, Tensor]) -> Tensor:
    """The sum of all terms."""
    return torch.stack(list(terms.values())).sum()
