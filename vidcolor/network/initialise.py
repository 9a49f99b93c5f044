"""How weights begin that nobody trained before."""

from __future__ import annotations

import torch
from torch import nn

LEFT_ALONE = ("encoder", "fusion", "queries")


def initialise(generator: nn.Module, init: str) -> None:
    """Set all weights but those of encoder, fusion and queries, which begin by their own rules.

    Args:
        generator: its direct children are named as in `Generator`.
        init: torch, normal, kaiming, orthogonal or icnr; norms stay as they are.
    """
    for name, child in generator.named_children():
        if name in LEFT_ALONE:
            continue
        for module in child.modules():
            if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
                _set(module, init)
            if init == "icnr" and isinstance(module, nn.Sequential):
                _begin_as_nearest(module)


def _set(layer: nn.Conv2d | nn.ConvTranspose2d | nn.Linear, init: str) -> None:
    if init == "normal":
        nn.init.normal_(layer.weight, std=0.02)
    elif init == "kaiming":
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    elif init == "orthogonal":
        nn.init.orthogonal_(layer.weight)
    else:
        return
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)


@torch.no_grad()
def _begin_as_nearest(steps: nn.Sequential) -> None:
    """ICNR (Aitken et al. 2017): the pixels that one pixel is shuffled into begin equal."""
    for layer, shuffle in zip(steps, list(steps)[1:], strict=False):
        if isinstance(layer, nn.Conv2d) and isinstance(shuffle, nn.PixelShuffle):
            copies = shuffle.upscale_factor**2
            layer.weight.copy_(layer.weight[::copies].repeat_interleave(copies, 0))
            if layer.bias is not None:
                layer.bias.copy_(layer.bias[::copies].repeat_interleave(copies))
