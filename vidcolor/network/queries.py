"""Colour queries: what a picture's colours are, asked of it as a whole, and heard at every place.

After Kang et al. 2023 ("DDColor") and Du et al. 2024 ("MultiColor"): learnt queries look at the
features of several strides in turn and become colour embeddings; a pixel's features are multiplied
with each of them.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

HEAD_WIDTH = 32
ROUNDS = 3
"""Each attends to every stride once."""


class _Attention(nn.Module):
    """Pre-norm attention of tokens (n, q, width) to others (n, k, channels), added to them."""

    def __init__(self, width: int, channels: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.LayerNorm(width)
        self.norm_other = nn.LayerNorm(channels)
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(channels, 2 * width)
        self.project = nn.Linear(width, width)

    def forward(self, tokens: Tensor, others: Tensor) -> Tensor:
        """Tokens and what they attend to in, tokens out."""
        n, q, width = tokens.shape
        split = self.heads, width // self.heads
        query = self.query(self.norm(tokens)).view(n, q, *split).transpose(1, 2)
        both = self.key_value(self.norm_other(others)).view(n, others.shape[1], 2, *split)
        key, value = both.permute(2, 0, 3, 1, 4).unbind(0)
        mixed = F.scaled_dot_product_attention(query, key, value)
        result: Tensor = tokens + self.project(mixed.transpose(1, 2).reshape(n, q, width))
        return result


class _Round(nn.Module):
    """The queries look at each stride, then at each other, then think for themselves."""

    def __init__(self, width: int, channels: Sequence[int], heads: int) -> None:
        super().__init__()
        self.look = nn.ModuleList(_Attention(width, c, heads) for c in channels)
        self.mix = _Attention(width, width, heads)
        self.think = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )

    def forward(self, tokens: Tensor, places: Sequence[Tensor]) -> Tensor:
        """Tokens (n, q, width) and the places of each stride (n, k, channels) in, tokens out."""
        for look, others in zip(self.look, places, strict=True):
            tokens = look(tokens, others)
        tokens = self.mix(tokens, tokens)
        result: Tensor = tokens + self.think(tokens)
        return result


class ColorQueries(nn.Module):
    """Adds to each pixel's features what they have in common with the picture's colours.

    Begins as nothing.

    Args:
        count: of the queries.
        heads: of attention, of `HEAD_WIDTH` each.
        channels: of the features attended to, coarsest first.
        outputs: channels of the pixels' features.
    """

    def __init__(self, count: int, heads: int, channels: Sequence[int], outputs: int) -> None:
        super().__init__()
        width = heads * HEAD_WIDTH
        self.queries = nn.Parameter(torch.randn(count, width))
        # What the picture is as a whole; a query that no picture touched would be a constant.
        self.whole = nn.Linear(channels[0], width)
        self.rounds = nn.ModuleList(_Round(width, channels, heads) for _ in range(ROUNDS))
        self.norm = nn.LayerNorm(width)
        self.embed = nn.Linear(width, outputs)
        self.spread = nn.Conv2d(count, outputs, 1)
        for value in self.spread.parameters():
            nn.init.zeros_(value)

    def forward(self, features: Tensor, coarse: Sequence[Tensor]) -> Tensor:
        """Features (n, outputs, h, w) and those attended to (n, c, h', w') in, features out."""
        places = [level.flatten(2).transpose(1, 2) for level in coarse]
        tokens = self.queries + self.whole(places[0].mean(1, keepdim=True))
        for one in self.rounds:
            tokens = one(tokens, places)
        n, c, h, w = features.shape
        colors = self.embed(self.norm(tokens)) / c**0.5
        maps = (colors @ features.flatten(2)).view(n, colors.shape[1], h, w)
        result: Tensor = features + self.spread(maps)
        return result
