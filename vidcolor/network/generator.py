"""The generator: a U-Net that reads luma and hints and votes on chroma at a quarter of the size."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vidcolor.network.config import GeneratorConfig
from vidcolor.network.encoders import channels_and_strides, create_encoder

OUTPUT_STRIDE = 4
REGRESSION_SCALE = 64.0


@dataclass(frozen=True)
class GeneratorOutput:
    """Raw heads, before decoding.

    Attributes:
        logits: (frames, bins, height / 4, width / 4), of the rebalanced distribution.
        regression: (frames, 2, height / 4, width / 4), (Cb - 128) / 64 and (Cr - 128) / 64.
    """

    logits: Tensor
    regression: Tensor


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


def _convolution(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class DecoderStep(nn.Module):
    """Convolution, nearest to the skip's size, plus the skip, convolution."""

    def __init__(self, inputs: int, skip: int, outputs: int) -> None:
        super().__init__()
        self.before = _convolution(inputs, outputs)
        self.skip = nn.Conv2d(skip, outputs, 1)
        self.after = _convolution(outputs, outputs)

    def forward(self, features: Tensor, skip: Tensor) -> Tensor:
        """Features (n, c, h, w) and skip (n, s, 2h, 2w) in, (n, outputs, 2h, 2w) out."""
        enlarged = F.interpolate(self.before(features), scale_factor=2.0, mode="nearest")
        result: Tensor = self.after(enlarged + self.skip(skip))
        return result


class Generator(nn.Module):
    """U-Net over a pretrained encoder, with a distribution head and a regression head."""

    def __init__(self, config: GeneratorConfig, *, pretrained: bool = False) -> None:
        super().__init__()
        self.config = config
        self.encoder = create_encoder(config.encoder, pretrained=pretrained)
        levels = channels_and_strides(self.encoder)
        self.used = [i for i, (_, stride) in enumerate(levels) if stride >= OUTPUT_STRIDE]
        channels = [levels[i][0] for i in self.used]
        self.context = nn.ModuleList(
            ContextBlock(channels[-1], config.context_heads) for _ in range(config.context_blocks)
        )
        inputs = [channels[-1], *config.decoder_channels[:-1]]
        self.decoder = nn.ModuleList(
            DecoderStep(i, s, o)
            for i, s, o in zip(inputs, channels[-2::-1], config.decoder_channels, strict=True)
        )
        self.head_bins = nn.Conv2d(config.decoder_channels[-1], config.bins, 1)
        self.head_regression = nn.Conv2d(config.decoder_channels[-1], 2, 1)

    def forward(self, batch: Tensor) -> GeneratorOutput:
        """Batch (n, 4, height, width) in, sides multiples of 32; see `network_input` for ranges."""
        pyramid = self.encoder(batch)
        skips = [pyramid[i] for i in self.used]
        features = skips.pop()
        for block in self.context:
            features = block(features)
        for step in self.decoder:
            features = step(features, skips.pop())
        return GeneratorOutput(self.head_bins(features), self.head_regression(features))


class Decoder(nn.Module):
    """Generator and decoding in one graph, as every backend runs it.

    The rebalancing is divided out of the distribution by subtracting the logarithm of its weights
    from the logits; the chroma is the expected value at temperature T.
    """

    centers: Tensor
    log_weights: Tensor

    def __init__(self, generator: Generator, centers: Tensor, weights: Tensor) -> None:
        super().__init__()
        self.generator = generator
        self.register_buffer("centers", (centers - 128.0).clone())
        self.register_buffer("log_weights", weights.log().view(1, -1, 1, 1).clone())

    def forward(self, batch: Tensor, sharpness: Tensor) -> Tensor:
        """Decode a batch.

        Args:
            batch: (n, 4, height, width).
            sharpness: (1,), 1 / temperature.

        Returns:
            (n, 3, height / 4, width / 4): Cb and Cr on 0..255, and the distribution's standard
            deviation in the same unit.
        """
        logits = self.generator(batch).logits
        return self.decode(logits, sharpness)

    def decode(self, logits: Tensor, sharpness: Tensor) -> Tensor:
        """The statistics of `forward` from logits (n, bins, h, w)."""
        share = torch.softmax((logits - self.log_weights) * sharpness, 1)
        moments = torch.cat([self.centers, (self.centers**2).sum(1, keepdim=True)], 1)
        mean = F.conv2d(share, moments.t()[:, :, None, None].to(share.dtype))
        chroma, squared = mean[:, :2], mean[:, 2:]
        spread = (squared - (chroma**2).sum(1, keepdim=True)).clamp_min(0).sqrt()
        return torch.cat([chroma + 128.0, spread], 1)
