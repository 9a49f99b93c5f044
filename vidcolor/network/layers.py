"""What generators are made of: convolution with its norm, ways to double the size, attention."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

GROUPS = 8


def normalisation(kind: str, channels: int) -> nn.Module:
    """A layer that normalises (n, channels, h, w): batch, instance, group or none.

    Instance norm is group norm of one channel a group: the same formula, which a bottleneck of one
    pixel does not stop.
    """
    if kind == "batch":
        return nn.BatchNorm2d(channels)
    if kind == "instance":
        return nn.GroupNorm(channels, channels)
    if kind == "group":
        return nn.GroupNorm(math.gcd(channels, GROUPS), channels)
    return nn.Identity()


def convolution(inputs: int, outputs: int, norm: str = "batch") -> nn.Sequential:
    """3 x 3 convolution, norm, ReLU; the size stays."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1, bias=norm == "none"),
        normalisation(norm, outputs),
        nn.ReLU(inplace=True),
    )


def halving(inputs: int, outputs: int, norm: str) -> nn.Sequential:
    """4 x 4 convolution of stride 2, norm, leaky ReLU (Isola et al. 2017)."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 4, stride=2, padding=1, bias=norm == "none"),
        normalisation(norm, outputs),
        nn.LeakyReLU(0.2, inplace=True),
    )


def doubling(upsample: str, inputs: int, outputs: int) -> nn.Module:
    """Twice the size in both directions.

    Args:
        upsample: transpose (4 x 4 transposed convolution), resize (nearest, then 3 x 3 convolution:
            Odena et al. 2016) or shuffle (3 x 3 convolution, then pixel shuffle: Shi et al. 2016).
    """
    if upsample == "transpose":
        return nn.ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1)
    if upsample == "shuffle":
        return nn.Sequential(nn.Conv2d(inputs, 4 * outputs, 3, padding=1), nn.PixelShuffle(2))
    return nn.Sequential(
        nn.Upsample(scale_factor=2.0, mode="nearest"), nn.Conv2d(inputs, outputs, 3, padding=1)
    )


class ContextBlock(nn.Module):
    """Pre-norm transformer block without positions (Vaswani et al. 2017), on (n, c, h, w)."""

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm_attention = nn.LayerNorm(channels)
        self.qkv = nn.Linear(channels, 3 * channels)
        self.project = nn.Linear(channels, channels)
        self.scale_attention = nn.Parameter(torch.full((channels,), 0.05))
        self.norm_mlp = nn.LayerNorm(channels)
        self.mlp = nn.Sequential(
            nn.Linear(channels, 2 * channels), nn.GELU(), nn.Linear(2 * channels, channels)
        )
        self.scale_mlp = nn.Parameter(torch.full((channels,), 0.05))

    def forward(self, features: Tensor) -> Tensor:
        """Features (n, c, h, w) in, the same shape out."""
        n, c, h, w = features.shape
        tokens = features.flatten(2).transpose(1, 2)
        qkv = self.qkv(self.norm_attention(tokens)).view(n, h * w, 3, self.heads, c // self.heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        mixed = F.scaled_dot_product_attention(query, key, value)
        mixed = mixed.transpose(1, 2).reshape(n, h * w, c)
        tokens = tokens + self.scale_attention * self.project(mixed)
        tokens = tokens + self.scale_mlp * self.mlp(self.norm_mlp(tokens))
        result: Tensor = tokens.transpose(1, 2).reshape(n, c, h, w)
        return result


class ResidualBlock(nn.Module):
    """Two 3 x 3 convolutions added to what came in (He et al. 2016; Johnson et al. 2016)."""

    def __init__(self, channels: int, norm: str) -> None:
        super().__init__()
        self.body = nn.Sequential(
            convolution(channels, channels, norm),
            nn.Conv2d(channels, channels, 3, padding=1, bias=norm == "none"),
            normalisation(norm, channels),
        )

    def forward(self, features: Tensor) -> Tensor:
        """Features (n, c, h, w) in, the same shape out."""
        result: Tensor = features + self.body(features)
        return result
