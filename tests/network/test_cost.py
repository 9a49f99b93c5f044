from __future__ import annotations

import pytest

from vidcolor.network.config import GeneratorConfig
from vidcolor.network.cost import generator_cost


def test_a_network_small_enough_to_count_by_hand() -> None:
    config = GeneratorConfig(kind="resnet", width=2, blocks=0, depth=3, norm="none", bins=10)
    cost = generator_cost(config, 32, 64)
    convolutions = [(4, 2, 4), (2, 4, 4), (4, 8, 4), (8, 4, 3), (4, 10, 1), (4, 2, 1)]
    pixels = [16 * 32, 8 * 16, 4 * 8, 8 * 16, 8 * 16, 8 * 16]
    weights = [i * o * k * k for i, o, k in convolutions]
    biases = sum(o for _, o, _ in convolutions)
    assert cost.parameters == cost.trained == sum(weights) + biases
    assert cost.gflop == pytest.approx(
        2 * sum(w * p for w, p in zip(weights, pixels, strict=True)) / 1e9
    )


def test_a_frozen_network_costs_but_does_not_learn() -> None:
    plain = generator_cost(GeneratorConfig(kind="unet-plain", width=8), 64, 64)
    fused = generator_cost(GeneratorConfig(kind="unet-plain", width=8, fusion="film"), 64, 64)
    assert fused.parameters - plain.parameters > 4e6
    assert fused.trained - plain.trained == 1281 * 2 * 64
    assert fused.gflop > plain.gflop


def test_the_default_costs_what_its_card_says() -> None:
    cost = generator_cost(GeneratorConfig(), 192, 352)
    assert cost.parameters == pytest.approx(8.4e6, rel=0.01)
