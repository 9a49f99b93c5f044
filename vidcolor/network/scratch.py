"""The generators from scratch: a plain U-Net, and a residual network without skips."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from vidcolor.network.config import GeneratorConfig
from vidcolor.network.encoders import INPUT_CHANNELS
from vidcolor.network.generator import Generator
from vidcolor.network.layers import ResidualBlock, convolution, doubling, halving, normalisation

MOST_WIDENING = 8


class _JoinStep(nn.Module):
    """Twice the size, the skip beside it, convolution."""

    def __init__(self, inputs: int, outputs: int, config: GeneratorConfig) -> None:
        super().__init__()
        self.enlarge = nn.Sequential(
            doubling(config.upsample, inputs, outputs),
            normalisation(config.norm, outputs),
            nn.ReLU(inplace=True),
        )
        self.join = convolution(2 * outputs, outputs, config.norm)

    def forward(self, features: Tensor, skip: Tensor) -> Tensor:
        """Features (n, c, h, w) and skip (n, outputs, 2h, 2w) in, the skip's shape out."""
        result: Tensor = self.join(torch.cat([self.enlarge(features), skip], 1))
        return result


def _widths(config: GeneratorConfig) -> list[int]:
    """Channels at strides 2, 4, 8 and so on."""
    assert config.width is not None and config.depth is not None
    return [config.width * min(2**level, MOST_WIDENING) for level in range(config.depth)]


class PlainUNet(Generator):
    """U-Net from scratch, as in pix2pix (Isola et al. 2017) down to its `depth`."""

    def __init__(self, config: GeneratorConfig, *, pretrained: bool = False) -> None:
        super().__init__(config)
        widths = _widths(config)
        # Without a norm the first, as there: it would take the picture's brightness away.
        norms = ["none"] + [config.norm] * (len(widths) - 1)
        inputs = [INPUT_CHANNELS, *widths[:-1]]
        self.down = nn.ModuleList(
            halving(i, o, norm) for i, o, norm in zip(inputs, widths, norms, strict=True)
        )
        self._add_bottleneck(widths[-1], pretrained=pretrained)
        self.up = nn.ModuleList(
            _JoinStep(i, o, config) for i, o in zip(widths[:1:-1], widths[-2:0:-1], strict=True)
        )
        self._add_heads(widths[1])

    def descend(self, batch: Tensor) -> list[Tensor]:
        """See `Generator.descend`."""
        features, pyramid = batch, []
        for step in self.down:
            features = step(features)
            pyramid.append(features)
        return pyramid[1:]

    def ascend(self, features: Tensor, skips: list[Tensor]) -> Tensor:
        """See `Generator.ascend`."""
        for step, skip in zip(self.up, reversed(skips), strict=True):
            features = step(features, skip)
        return features


class ResNet(Generator):
    """Down, residual blocks, up, without skips (Johnson et al. 2016)."""

    def __init__(self, config: GeneratorConfig, *, pretrained: bool = False) -> None:
        super().__init__(config)
        widths = _widths(config)
        inputs = [INPUT_CHANNELS, *widths[:-1]]
        self.down = nn.Sequential(
            *(halving(i, o, config.norm) for i, o in zip(inputs, widths, strict=True))
        )
        self.residual = nn.Sequential(
            *(ResidualBlock(widths[-1], config.norm) for _ in range(config.blocks or 0))
        )
        self._add_bottleneck(widths[-1], pretrained=pretrained)
        steps: list[nn.Module] = []
        for i, o in zip(widths[:1:-1], widths[-2:0:-1], strict=True):
            steps += [doubling(config.upsample, i, o), normalisation(config.norm, o), nn.ReLU()]
        self.up = nn.Sequential(*steps)
        self._add_heads(widths[1])

    def descend(self, batch: Tensor) -> list[Tensor]:
        """See `Generator.descend`."""
        return [self.residual(self.down(batch))]

    def ascend(self, features: Tensor, skips: list[Tensor]) -> Tensor:
        """See `Generator.ascend`; there are no skips."""
        result: Tensor = self.up(features)
        return result
