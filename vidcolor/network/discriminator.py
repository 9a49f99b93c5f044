"""The adversaries: is the colour of each patch that of a photograph, given its luma?"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

from vidcolor.errors import UsageError
from vidcolor.network.config import VGG
from vidcolor.network.perceptual import PerceptualFeatures

CONDITION, PICTURE = 1, 3
MOST_WIDENING = 8
SEEN_AT = {VGG: ("relu2_2", "relu3_3", "relu4_3", "relu5_3")}
SEEN_BY_OTHERS = ("blocks.1", "blocks.2", "blocks.4", "blocks.6")
"""Features at the strides 4, 8, 16 and 32, of VGG16 and of an EfficientNet-Lite."""


class Discriminator(nn.Module):
    """Scores pictures in two parts: a look, of which no weight learns, and a judgement."""

    def look(self, luma: Tensor, picture: Tensor) -> list[Tensor]:
        """What there is to see; gradients flow back to the picture."""
        raise NotImplementedError

    def judge(self, seen: list[Tensor]) -> Tensor:
        """Scores, the higher the truer."""
        raise NotImplementedError

    def forward(self, luma: Tensor, picture: Tensor) -> Tensor:
        """Scores of pictures."""
        return self.judge(self.look(luma, picture))


class PatchDiscriminator(Discriminator):
    """PatchGAN (Isola et al. 2017) with spectral normalisation (Miyato et al. 2018) and no other.

    Args:
        width: channels after the first convolution.
        layers: halvings; 3 makes patches of 70 x 70 pixels, 2 of 34, 1 of 16.

    Raises:
        UsageError: fewer than one layer.
    """

    def __init__(self, width: int = 64, layers: int = 3) -> None:
        super().__init__()
        if layers < 1:
            raise UsageError(f"A discriminator of {layers} layers sees nothing.", "Give 1 to 5.")
        widths = [width * min(2**level, MOST_WIDENING) for level in range(layers + 1)]
        steps: list[nn.Module] = []
        inputs = CONDITION + PICTURE
        for level, outputs in enumerate(widths):
            stride = 2 if level < layers else 1
            steps.append(spectral_norm(nn.Conv2d(inputs, outputs, 4, stride, padding=1)))
            steps.append(nn.LeakyReLU(0.2, inplace=True))
            inputs = outputs
        steps.append(spectral_norm(nn.Conv2d(inputs, 1, 4, 1, padding=1)))
        self.body = nn.Sequential(*steps)

    def look(self, luma: Tensor, picture: Tensor) -> list[Tensor]:
        """What `judge` takes.

        Args:
            luma: (n, 1, height, width) on 0..255, what the colour is to fit; sides of 32 at least.
            picture: (n, 3, height, width) on 0..255, as `compose` makes it, of generated chroma or
                of true chroma, at the same quarter size (else sharpness alone tells them apart).
        """
        return [(torch.cat([luma, picture], 1) - 127.5) / 127.5]

    def judge(self, seen: list[Tensor]) -> Tensor:
        """(n, 1, rows, columns): a score a patch, the higher the truer; not squashed."""
        scores: Tensor = self.body(seen[0])
        return scores


class FeatureDiscriminator(Discriminator):
    """Small critics of what a frozen ImageNet network sees (Sauer et al. 2021, "Projected GANs").

    One critic at each of four strides; it learns in hundreds of steps what a discriminator from
    scratch needs tens of thousands for. The features are not mixed across channels and scales.

    Args:
        network: tf_efficientnet_lite1, _lite2 or vgg16; see `PerceptualFeatures`.
        width: channels of each critic.
    """

    def __init__(self, network: str = "tf_efficientnet_lite1", width: int = 64) -> None:
        super().__init__()
        self.features = PerceptualFeatures(network, SEEN_AT.get(network, SEEN_BY_OTHERS))
        with torch.no_grad():
            channels = [seen.shape[1] for seen in self.features(torch.zeros(1, PICTURE, 32, 32))]
        self.critics = nn.ModuleList(_critic(inputs, width) for inputs in channels)

    def look(self, luma: Tensor, picture: Tensor) -> list[Tensor]:
        """Features of pictures (n, 3, height, width) on 0..255, sides multiples of 32.

        The picture shows its luma itself: that given beside it is not looked at.
        """
        seen: list[Tensor] = self.features(picture)
        return seen

    def judge(self, seen: list[Tensor]) -> Tensor:
        """Scores (n, 4, height / 4, width / 4) of what `look` saw, one plane a critic."""
        planes = [critic(part) for critic, part in zip(self.critics, seen, strict=True)]
        shape = planes[0].shape[2:]
        return torch.cat([F.interpolate(plane, shape) for plane in planes], 1)


class JointDiscriminator(Discriminator):
    """Several discriminators that look at the same pictures; all their scores count alike.

    What fools one network's features does not fool another family's.
    """

    def __init__(self, members: Sequence[FeatureDiscriminator]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)

    def look(self, luma: Tensor, picture: Tensor) -> list[Tensor]:
        """What each member sees, one after the other."""
        return [part for member in self._each() for part in member.look(luma, picture)]

    def judge(self, seen: list[Tensor]) -> Tensor:
        """Scores (n, 4 members, height / 4, width / 4)."""
        strides = len(seen) // len(self.members)
        own = (seen[i : i + strides] for i in range(0, len(seen), strides))
        return torch.cat([m.judge(part) for m, part in zip(self._each(), own, strict=True)], 1)

    def _each(self) -> list[FeatureDiscriminator]:
        return list(self.members)  # type: ignore[arg-type]


def _critic(channels: int, width: int) -> nn.Module:
    return nn.Sequential(
        nn.GroupNorm(1, channels, affine=False),
        spectral_norm(nn.Conv2d(channels, width, 1)),
        nn.LeakyReLU(0.2, inplace=True),
        spectral_norm(nn.Conv2d(width, width, 3, padding=1)),
        nn.LeakyReLU(0.2, inplace=True),
        spectral_norm(nn.Conv2d(width, 1, 1)),
    )
