"""A larger network that begins by saying what a smaller one says.

After Chen et al. 2016 ("Net2Net"), but with new channels as chance makes them, not copies: what was
there does not listen to them at first, and the next layer's weights for them are zero.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from vidcolor.errors import UsageError
from vidcolor.network.build import build_generator
from vidcolor.network.config import GeneratorConfig
from vidcolor.network.generator import Generator

GROWN = ("decoder_channels", "width", "context_blocks", "queries")


@torch.no_grad()
def grow(small: Generator, wanted: GeneratorConfig) -> Generator:
    """Build a U-Net as large as wanted that votes as the small one does.

    Args:
        small: a U-Net.
        wanted: its decoder no narrower and its context blocks no fewer than the small one's; the
            number of bins is taken from the small one, and all else must be equal.

    Raises:
        UsageError: the one does not grow into the other.
    """
    config = replace(wanted, bins=small.config.bins)
    _check(small.config, config)
    large = build_generator(config)
    given = small.state_dict()
    for name, tensor in large.state_dict().items():
        if name in given:
            _fill(tensor, given[name])
        elif name.startswith("context.") and ".scale_" in name:
            tensor.zero_()
    return large


def _fill(tensor: Tensor, known: Tensor) -> None:
    """Put known weights in place: outputs come first, then inputs."""
    outputs = slice(len(known)) if known.ndim else ...
    if tensor.ndim > 1:
        tensor[outputs, known.shape[1] :] = 0
        tensor[outputs, : known.shape[1]] = known
    else:
        tensor[outputs] = known


def _check(small: GeneratorConfig, large: GeneratorConfig) -> None:
    likeness = {name: getattr(large, name) for name in GROWN}
    if replace(small, **likeness) != large or small.kind != "unet":
        raise UsageError(
            "A network grows in the width of its decoder, in context blocks and in queries alone.",
            "Leave the other options of the network off, or begin without --init.",
        )
    if small.upsample == "transpose" or small.norm == "group":
        raise UsageError(
            f"A network with up-sampling {small.upsample} and norm {small.norm} does not grow.",
            "Begin without --init, or from a model with resize and batch.",
        )
    pairs = zip(small.decoder_channels or (), large.decoder_channels or (), strict=True)
    narrower = any(before > after for before, after in pairs)
    fewer = (small.context_blocks or 0) > (large.context_blocks or 0)
    if narrower or fewer or small.queries not in (0, large.queries):
        raise UsageError(
            "The model to begin with is larger than the network it is to grow into.",
            "Ask for a larger one, or begin without --init and take the model as --teacher.",
        )
