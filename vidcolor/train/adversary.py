"""The adversarial loss: a discriminator, what it learns, and what the generator hears of it."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from vidcolor.network.discriminator import PatchDiscriminator
from vidcolor.train.losses import Sight

BETAS = (0.5, 0.999)


class Adversary:
    """A discriminator that looks at pictures beside their luma, and its optimiser.

    Args:
        kind: "lsgan" (Mao et al. 2017), "hinge" (Lim, Ye 2017) or "vanilla" (Goodfellow et al.
            2014, the generator's loss being the non-saturating one).
        discriminator: to be trained; moved to the device.
        rate: of learning.
        device: where the discriminator lies.
    """

    def __init__(
        self, kind: str, discriminator: PatchDiscriminator, rate: float, device: torch.device
    ) -> None:
        self.kind = kind
        self.discriminator = discriminator.to(device)
        self.optimizer = torch.optim.Adam(self.discriminator.parameters(), rate, BETAS)

    def judge(self, sight: Sight) -> Tensor:
        """The generator's loss: how far its pictures are from being taken for true ones."""
        self.discriminator.requires_grad_(False)
        scores = self.discriminator(sight.grey, sight.picture)
        self.discriminator.requires_grad_(True)
        return generator_loss(self.kind, scores)

    def learn(self, sight: Sight) -> Tensor:
        """The discriminator's loss, ready for `backward`: the gradient stays in it."""
        true = self.discriminator(sight.grey, sight.true_picture)
        false = self.discriminator(sight.grey, sight.picture.detach())
        return discriminator_loss(self.kind, true, false)

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
