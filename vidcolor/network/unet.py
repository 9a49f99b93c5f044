"""The U-Net over a pretrained encoder."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from vidcolor.errors import UsageError
from vidcolor.network.config import GeneratorConfig
from vidcolor.network.encoders import INPUT_CHANNELS, channels_and_strides, create_encoder
from vidcolor.network.generator import Generator
from vidcolor.network.layers import convolution, doubling
from vidcolor.network.queries import ColorQueries

OUTPUT_STRIDE = 4
STRIDES = [4, 8, 16, 32]


class DecoderStep(nn.Module):
    """Convolution, twice the size, plus the skip, convolution."""

    def __init__(self, inputs: int, skip: int, outputs: int, config: GeneratorConfig) -> None:
        super().__init__()
        self.before = convolution(inputs, outputs, config.norm)
        self.enlarge = (
            # Its convolution is the one after the skip.
            nn.Upsample(scale_factor=2.0, mode="nearest")
            if config.upsample == "resize"
            else doubling(config.upsample, outputs, outputs)
        )
        self.skip = nn.Conv2d(skip, outputs, 1)
        self.after = convolution(outputs, outputs, config.norm)

    def forward(self, features: Tensor, skip: Tensor) -> Tensor:
        """Features (n, c, h, w) and skip (n, s, 2h, 2w) in, (n, outputs, 2h, 2w) out."""
        enlarged = self.enlarge(self.before(features))
        result: Tensor = self.after(enlarged + self.skip(skip))
        return result


class UNet(Generator):
    """U-Net over a timm encoder, pretrained or not.

    Raises:
        UsageError: the encoder is unknown, has not the strides 4, 8, 16 and 32, or takes pictures
            of one size alone.
    """

    def __init__(self, config: GeneratorConfig, *, pretrained: bool = False) -> None:
        super().__init__(config)
        assert config.encoder is not None and config.decoder_channels is not None
        self.encoder = create_encoder(config.encoder, pretrained=pretrained)
        levels = channels_and_strides(self.encoder)
        self.used = [i for i, (_, stride) in enumerate(levels) if stride >= OUTPUT_STRIDE]
        if [levels[i][1] for i in self.used] != STRIDES:
            strides = ", ".join(str(stride) for _, stride in levels)
            raise UsageError(
                f"The encoder '{config.encoder}' has features at the strides {strides}.",
                "Choose one with 4, 8, 16 and 32, such as tf_efficientnet_lite2 or resnet34.",
            )
        channels = [levels[i][0] for i in self.used]
        _check_shapes(self.encoder, config.encoder, levels)
        self._add_bottleneck(channels[-1], pretrained=pretrained)
        inputs = [channels[-1], *config.decoder_channels[:-1]]
        self.decoder = nn.ModuleList(
            DecoderStep(i, s, o, config)
            for i, s, o in zip(inputs, channels[-2::-1], config.decoder_channels, strict=True)
        )
        self.queries = None
        if config.queries:
            seen = channels[-1], config.decoder_channels[0]
            width = config.decoder_channels[-1]
            self.queries = ColorQueries(config.queries, config.context_heads, seen, width)
        self._add_heads(config.decoder_channels[-1])

    def descend(self, batch: Tensor) -> list[Tensor]:
        """See `Generator.descend`."""
        assert self.encoder is not None
        pyramid = self.encoder(batch)
        return [pyramid[i] for i in self.used]

    def ascend(self, features: Tensor, skips: list[Tensor]) -> Tensor:
        """See `Generator.ascend`."""
        levels = [features]
        for step, skip in zip(self.decoder, reversed(skips), strict=True):
            levels.append(step(levels[-1], skip))
        result: Tensor = levels[-1]
        return result if self.queries is None else self.queries(result, levels[:2])


@torch.no_grad()
def _check_shapes(encoder: nn.Module, name: str, levels: list[tuple[int, int]]) -> None:
    """Some of timm's networks take one size alone, some put channels last: try one picture."""
    height, width = 64, 96
    expected = [(1, channels, height // stride, width // stride) for channels, stride in levels]
    picture = torch.zeros(1, INPUT_CHANNELS, height, width)
    try:
        found = [tuple(features.shape) for features in encoder.eval()(picture)]
    except (AssertionError, RuntimeError, ValueError):
        found = []
    encoder.train()
    if found != expected:
        raise UsageError(
            f"The encoder '{name}' does not make feature planes of pictures of any size.",
            "Choose a convolutional one, such as tf_efficientnet_lite2, resnet34 or convnext_tiny.",
        )
