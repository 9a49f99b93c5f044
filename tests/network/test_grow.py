"""A network that grows says the same at first, and can learn more."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.conftest import tiny_bins
from vidcolor.errors import UsageError
from vidcolor.infer.choose import load_predictor
from vidcolor.network.build import build_generator
from vidcolor.network.checkpoint import load_model, save_model
from vidcolor.network.config import SIZES, GeneratorConfig, ModelInfo
from vidcolor.network.cost import generator_cost
from vidcolor.network.generator import Generator
from vidcolor.network.graph import stored_network
from vidcolor.network.grow import grow
from vidcolor.network.queries import ColorQueries
from vidcolor.network.registry import find_model

SMALL = GeneratorConfig(
    encoder="mobilenetv3_small_050",
    decoder_channels=(24, 16, 12),
    context_blocks=1,
    bins=tiny_bins().count,
)
LARGE = replace(SMALL, decoder_channels=(40, 24, 20), width=20, context_blocks=2, queries=4)


def said(generator: Generator, size: int = 64) -> torch.Tensor:
    rng = torch.Generator().manual_seed(0)
    with torch.inference_mode():
        output = generator.eval()(torch.randn(2, 4, size, size + 32, generator=rng))
    return torch.cat([output.logits, output.regression], 1)


def lively(config: GeneratorConfig) -> Generator:
    """A network whose norms have seen something."""
    torch.manual_seed(0)
    generator = build_generator(config).train()
    for _ in range(3):
        generator(torch.randn(4, 4, 64, 64))
    return generator


@pytest.mark.parametrize("upsample", ["resize", "shuffle"])
def test_a_grown_network_says_what_the_small_one_said(upsample: str) -> None:
    small = lively(replace(SMALL, upsample=upsample))
    large = grow(small, replace(LARGE, upsample=upsample))
    assert sum(p.numel() for p in large.parameters()) > 2 * sum(
        p.numel() for p in small.parameters()
    )
    assert torch.allclose(said(large), said(small), atol=1e-4)


def test_base_grows_into_large_and_says_the_same() -> None:
    small = load_model(find_model("vidcolor-base")).generator
    large = grow(small, SIZES["large"])
    assert large.config.bins == small.config.bins
    assert torch.allclose(said(large), said(small), atol=1e-4)


def test_all_that_grew_learns() -> None:
    """In two steps: what is zero hides what lies behind it in the first."""
    large = grow(lively(SMALL), LARGE).train()
    optimizer = torch.optim.SGD(large.parameters(), 1.0)
    for _ in range(2):
        optimizer.zero_grad()
        output = large(torch.randn(4, 4, 64, 64))
        (output.logits.square().mean() + output.regression.square().mean()).backward()
        optimizer.step()
    for name, value in large.named_parameters():
        # A query's keys are moved by all that attention spreads alike: nothing comes back to it.
        if not name.endswith(("norm_other.bias", "key_value.bias")):
            assert value.grad is not None and value.grad.abs().sum() > 0, name


def test_queries_hear_the_whole_picture_at_every_place() -> None:
    torch.manual_seed(0)
    queries = ColorQueries(4, 2, (8, 6), 5)
    features, coarse = torch.randn(1, 5, 16, 16), [torch.randn(1, 8, 2, 2), torch.randn(1, 6, 4, 4)]
    assert torch.equal(queries(features, coarse), features)
    queries.spread.weight.data.normal_()
    before = queries(features, coarse)
    coarse[1][:, 0, 3, 3] += 1
    assert ((queries(features, coarse) - before).abs().amax(1) > 1e-5).all()


def test_a_network_with_queries_comes_back_from_its_file_and_runs_without_torch(
    tmp_path: Path,
) -> None:
    generator = grow(lively(SMALL), LARGE)
    with torch.no_grad():
        generator.queries.spread.weight.normal_()
        generator.head_bins.weight *= 20
    path = tmp_path / "large.safetensors"
    save_model(path, generator, tiny_bins(), ModelInfo(generator.config, still_size=64))
    loaded = load_model(path)
    assert loaded.info.generator == generator.config
    assert torch.equal(said(loaded.generator), said(generator.half().float()))
    assert stored_network(path)
    luma = np.random.default_rng(0).integers(0, 256, (2, 96, 140), np.uint8)
    exact = load_predictor(str(path), "cpu", "openvino", precision="float32").predict(luma)
    reference = load_predictor(str(path), "cpu", "torch").predict(luma)
    assert np.ptp(reference.chroma) > 10
    assert np.abs(exact.chroma - reference.chroma).max() < 0.1


def test_large_is_under_forty_megabytes_in_half_precision() -> None:
    cost = generator_cost(SIZES["large"], 256, 352)
    assert 15e6 < cost.parameters < 20e6
    assert cost.gflop == pytest.approx(15.0, rel=0.02)


@pytest.mark.parametrize(
    ("small", "large", "words"),
    [
        (LARGE, SMALL, "larger than"),
        (SMALL, replace(LARGE, encoder="mobilenetv3_small_075"), "alone"),
        (replace(SMALL, norm="group"), replace(LARGE, norm="group"), "group"),
        (replace(SMALL, upsample="transpose"), replace(LARGE, upsample="transpose"), "transpose"),
    ],
)
def test_what_does_not_grow_is_named(
    small: GeneratorConfig, large: GeneratorConfig, words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        grow(build_generator(small), large)
