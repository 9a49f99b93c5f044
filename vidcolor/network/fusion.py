"""What a frozen pretrained network makes of the whole picture, brought in at the bottleneck."""

from __future__ import annotations

from typing import Self

import torch
from torch import Tensor, nn

from vidcolor.network.encoders import create_classifier


class GlobalFeatures(nn.Module):
    """A frozen ImageNet network's pooled features of the luma, always in evaluation mode."""

    def __init__(self, name: str, *, pretrained: bool) -> None:
        super().__init__()
        self.network = create_classifier(name, pretrained=pretrained).eval().requires_grad_(False)
        self.channels: int = self.network.head_hidden_size  # type: ignore[assignment]

    def train(self, mode: bool = True) -> Self:
        """Stay in evaluation mode: the statistics of batch norm are the pretrained ones."""
        return super().train(False)

    def forward(self, batch: Tensor) -> Tensor:
        """Batch (n, 4, height, width), of which luma alone is read, in; (n, channels) out."""
        with torch.no_grad():
            features: Tensor = self.network(batch[:, :1])
        return features


class ConcatFusion(nn.Module):
    """The vector at every place beside the features, then a 1 x 1 convolution (Iizuka 2016)."""

    def __init__(self, channels: int, network: str, *, pretrained: bool) -> None:
        super().__init__()
        self.source = GlobalFeatures(network, pretrained=pretrained)
        self.project = nn.Conv2d(channels + self.source.channels, channels, 1)

    def forward(self, features: Tensor, batch: Tensor) -> Tensor:
        """Features (n, c, h, w) and the generator's batch in, features of the same shape out."""
        vector = self.source(batch)[:, :, None, None]
        everywhere = vector.expand(-1, -1, *features.shape[2:])
        result: Tensor = self.project(torch.cat([features, everywhere], 1))
        return result


class FilmFusion(nn.Module):
    """Scale and shift of each channel from the vector (Perez et al. 2018); begins as nothing."""

    def __init__(self, channels: int, network: str, *, pretrained: bool) -> None:
        super().__init__()
        self.source = GlobalFeatures(network, pretrained=pretrained)
        self.project = nn.Linear(self.source.channels, 2 * channels)
        nn.init.zeros_(self.project.weight)
        nn.init.zeros_(self.project.bias)

    def forward(self, features: Tensor, batch: Tensor) -> Tensor:
        """Features (n, c, h, w) and the generator's batch in, features of the same shape out."""
        scale, shift = self.project(self.source(batch))[:, :, None, None].chunk(2, 1)
        result: Tensor = features * (1 + scale) + shift
        return result
