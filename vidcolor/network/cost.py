"""What a generator costs before it is trained: parameters, and operations a picture."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.utils.flop_counter import FlopCounterMode

from vidcolor.network.build import build_generator
from vidcolor.network.config import GeneratorConfig
from vidcolor.network.encoders import INPUT_CHANNELS


@dataclass(frozen=True)
class Cost:
    """What one picture costs.

    Attributes:
        parameters: of the whole generator, frozen ones among them.
        trained: those that learn.
        gflop: 1e9 floating-point operations of a forward pass of one picture, a multiplication with
            its addition as two; convolutions, matrix products and attention alone.
    """

    parameters: int
    trained: int
    gflop: float


def generator_cost(config: GeneratorConfig, height: int, width: int) -> Cost:
    """Count without computing: neither weights nor pictures are in memory.

    Args:
        config: what the generator is built of.
        height: of the picture, a multiple of 32.
        width: likewise.
    """
    with torch.device("meta"):
        generator = build_generator(config).eval()
        batch = torch.empty(1, INPUT_CHANNELS, height, width)
    sizes = [(value.numel(), value.requires_grad) for value in generator.parameters()]
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        generator(batch)
    return Cost(
        parameters=sum(size for size, _ in sizes),
        trained=sum(size for size, learns in sizes if learns),
        gflop=counter.get_total_flops() / 1e9,
    )
