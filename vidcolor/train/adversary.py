"""The adversarial loss: a discriminator, what it learns, and what the generator hears of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from vidcolor.network.discriminator import Discriminator
from vidcolor.network.perceptual import relative_distance
from vidcolor.network.picture import compose
from vidcolor.train.losses import Sight

BETAS = (0.5, 0.999)


@dataclass(frozen=True)
class Views:
    """What a discriminator sees of one batch: of the generator's pictures, and of the true ones."""

    made: list[Tensor]
    true: list[Tensor]

    def distance(self) -> Tensor:
        """How far the two are apart, the generator's loss "matching"; see `relative_distance`."""
        return relative_distance(self.made, self.true)


class Adversary:
    """A discriminator that looks at pictures as they are shown, and its optimiser.

    Args:
        kind: "lsgan" (Mao et al. 2017), "hinge" (Lim, Ye 2017) or "vanilla" (Goodfellow et al.
            2014, the generator's loss being the non-saturating one).
        discriminator: to be trained, moved to the device.
        rate: of learning.
        saturation: what the expected chroma is multiplied by before it is looked at.
        least_color: distance from neutral, of 255, that the truth has where the generator hears of
            it: what is pale is left to the other losses.
        device: where the discriminator lies.
    """

    def __init__(
        self,
        kind: str,
        discriminator: Discriminator,
        rate: float,
        saturation: float,
        least_color: float,
        device: torch.device,
    ) -> None:
        self.kind, self.saturation, self.least_color = kind, saturation, least_color
        self.discriminator = discriminator.to(device)
        self.parameters = [p for p in self.discriminator.parameters() if p.requires_grad]
        self.optimizer = torch.optim.Adam(self.parameters, rate, BETAS)

    def look(self, sight: Sight) -> Views:
        """What the discriminator sees of made and of true pictures."""
        chroma = sight.chroma
        if self.least_color:
            heard = sight.true_chroma.norm(dim=1, keepdim=True) >= self.least_color
            chroma = torch.where(heard, chroma, chroma.detach())
        shown = compose(sight.grey, self.saturation * chroma + 128.0)
        with torch.no_grad():
            true = self.discriminator.look(sight.grey, sight.true_picture)
        return Views(self.discriminator.look(sight.grey, shown), true)

    def judge(self, views: Views) -> Tensor:
        """The generator's loss: how far its pictures are from being taken for true ones."""
        self._learns(False)
        scores = self.discriminator.judge(views.made)
        self._learns(True)
        return generator_loss(self.kind, scores)

    def learn(self, views: Views) -> Tensor:
        """The discriminator's loss, ready for `backward`: the gradient stays in it."""
        true = self.discriminator.judge(views.true)
        false = self.discriminator.judge([part.detach() for part in views.made])
        return discriminator_loss(self.kind, true, false)

    def _learns(self, does: bool) -> None:
        for parameter in self.parameters:
            parameter.requires_grad_(does)

    def state(self) -> dict[str, Any]:
        """All that `restore` needs."""
        return {
            "discriminator": self.discriminator.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` gave."""
        self.discriminator.load_state_dict(state["discriminator"])
        self.optimizer.load_state_dict(state["optimizer"])


def generator_loss(kind: str, scores: Tensor) -> Tensor:
    """What the generator is to lower, from scores of its pictures."""
    if kind == "lsgan":
        return (scores - 1).square().mean()
    return -scores.mean() if kind == "hinge" else F.softplus(-scores).mean()


def discriminator_loss(kind: str, true: Tensor, false: Tensor) -> Tensor:
    """What the discriminator is to lower, from scores of true and of made pictures."""
    if kind == "lsgan":
        return ((true - 1).square().mean() + false.square().mean()) / 2
    if kind == "hinge":
        return (F.relu(1 - true).mean() + F.relu(1 + false).mean()) / 2
    return (F.softplus(-true).mean() + F.softplus(false).mean()) / 2
