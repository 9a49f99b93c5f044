"""What every generator is: luma and hints in, a vote on chroma at a quarter of the size out."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from vidcolor.color.chroma import Bins
from vidcolor.errors import UsageError
from vidcolor.network.config import GeneratorConfig
from vidcolor.network.decoding import Decoding
from vidcolor.network.fusion import ConcatFusion, FilmFusion
from vidcolor.network.initialise import initialise
from vidcolor.network.layers import ContextBlock

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


class Generator(nn.Module):
    """What all generators share: fusion and context at the bottleneck, and the two heads.

    Each kind gives `descend` and `ascend`, and builds itself in the order of the walk: its way
    down, `_add_bottleneck`, its way up, `_add_heads`.

    Attributes:
        config: what it is built of.
        encoder: the pretrained part, or None where all is from scratch.
    """

    encoder: nn.Module | None
    fusion: nn.Module | None

    def __init__(self, config: GeneratorConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = None

    def _add_bottleneck(self, channels: int, *, pretrained: bool) -> None:
        config = self.config
        blocks = config.context_blocks or 0
        if blocks and channels % config.context_heads:
            raise UsageError(
                f"{config.context_heads} attention heads do not divide the {channels} channels"
                " of the bottleneck.",
                "Choose a number that does, or no context blocks.",
            )
        fusions = {"concat": ConcatFusion, "film": FilmFusion}
        self.fusion = None
        if config.fusion_network is not None:
            fusion = fusions[config.fusion]
            self.fusion = fusion(channels, config.fusion_network, pretrained=pretrained)
        self.context = nn.ModuleList(
            ContextBlock(channels, config.context_heads) for _ in range(blocks)
        )

    def _add_heads(self, channels: int) -> None:
        self.head_bins = nn.Conv2d(channels, self.config.bins, 1)
        self.head_regression = nn.Conv2d(channels, 2, 1)
        initialise(self, self.config.init)

    def descend(self, batch: Tensor) -> list[Tensor]:
        """Features from the batch, finest first: those that skip across, and the bottleneck's."""
        raise NotImplementedError

    def ascend(self, features: Tensor, skips: list[Tensor]) -> Tensor:
        """From the bottleneck's features back to a quarter of the batch's size."""
        raise NotImplementedError

    def forward(self, batch: Tensor) -> GeneratorOutput:
        """Batch (n, 4, height, width) in, sides multiples of 32; see `network_input` for ranges."""
        *skips, features = self.descend(batch)
        if self.fusion is not None:
            features = self.fusion(features, batch)
        for block in self.context:
            features = block(features)
        features = self.ascend(features, skips)
        return GeneratorOutput(self.head_bins(features), self.head_regression(features))


class Decoder(nn.Module):
    """Generator and decoding in one graph, as every backend runs it."""

    def __init__(self, generator: Generator, bins: Bins) -> None:
        super().__init__()
        self.generator = generator
        self.decoding = Decoding(bins)

    def forward(self, batch: Tensor, sharpness: Tensor) -> Tensor:
        """Batch (n, 4, height, width) and sharpness (1,) to the statistics of `Decoding`."""
        planes: Tensor = self.decoding(self.generator(batch).logits, sharpness)
        return planes
