from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.conftest import tiny_bins
from vidcolor.color.colorfulness import colorfulness as evaluated
from vidcolor.network.decoding import Decoding
from vidcolor.network.discriminator import PatchDiscriminator
from vidcolor.network.generator import GeneratorOutput
from vidcolor.train.adversary import Adversary
from vidcolor.train.losses import (
    Sight,
    colorfulness,
    consistency_loss,
    l1_loss,
    regression_loss,
    smooth_l1_loss,
    warp,
)


def sight_of(bin_index: int, target: tuple[int, int]) -> Sight:
    """A network that is sure of one bin, and a target of one colour."""
    bins = tiny_bins()
    weights = torch.from_numpy(bins.weights).log().view(1, -1, 1, 1)
    logits = torch.full((1, bins.count, 4, 4), -60.0)
    logits[:, bin_index] = 60.0
    output = GeneratorOutput(logits + weights, torch.zeros(1, 2, 4, 4))
    luma = torch.full((1, 16, 16), 100, dtype=torch.uint8)
    colors = torch.tensor(target, dtype=torch.uint8).view(1, 2, 1, 1).expand(1, 2, 4, 4)
    return Sight(output, Decoding(bins), luma, colors)


def test_pixel_losses_by_hand() -> None:
    centers = tiny_bins().centers
    sight = sight_of(10, (140, 100))
    apart = np.abs(centers[10] - (140, 100)) / 128
    assert l1_loss(sight).item() == pytest.approx(apart.mean(), rel=1e-4)
    beta = 6 / 128
    smooth = np.where(apart < beta, apart**2 / (2 * beta), apart - beta / 2).mean()
    assert smooth_l1_loss(sight).item() == pytest.approx(smooth, rel=1e-4)
    head = np.abs(np.array([12, -28]) / 64)
    assert regression_loss(sight).item() == pytest.approx((head - 0.05).mean(), rel=1e-4)


def test_pictures_are_jpegs_colours() -> None:
    sight = sight_of(10, (140, 100))
    y, cb, cr = 100, 140 - 128, 100 - 128
    expected = y + 1.402 * cr, y - 0.344136 * cb - 0.714136 * cr, y + 1.772 * cb
    assert np.allclose(sight.true_picture[0, :, 5, 5].numpy(), expected, atol=1e-3)


def test_colorfulness_is_the_evaluations() -> None:
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (3, 20, 30, 3), np.uint8)
    found = colorfulness(torch.from_numpy(pictures).permute(0, 3, 1, 2).float()) * 255
    for own, picture in zip(found, pictures, strict=True):
        assert own.item() == pytest.approx(evaluated(picture), abs=0.1)


def test_views_that_agree_cost_nothing_and_only_second_ones_are_pulled() -> None:
    torch.manual_seed(0)
    first = torch.nn.functional.interpolate(torch.randn(1, 2, 4, 4), (24, 24), mode="bicubic") * 20
    matrix = torch.tensor([[[1.0, 0.03, 0.1], [-0.02, 0.98, -0.05]]])
    second, known = warp(first, matrix)
    assert 0.8 < known.mean() < 1
    chroma = torch.cat([first, second]).requires_grad_()
    yes, no = torch.tensor([True]), torch.tensor([False])
    assert consistency_loss(chroma, matrix, yes).item() == pytest.approx(0, abs=1e-6)
    apart = consistency_loss(chroma + torch.tensor([0.0, 64.0]).view(2, 1, 1, 1), matrix, yes)
    assert apart.item() == pytest.approx(0.5, rel=1e-3)
    apart.backward()
    assert chroma.grad is not None
    assert not chroma.grad[0].any()
    assert chroma.grad[1].any()
    assert consistency_loss(chroma + torch.randn_like(chroma), matrix, no).item() == 0


def test_an_adversary_of_colour_is_not_heard_where_the_truth_is_pale() -> None:
    torch.manual_seed(0)
    bins = tiny_bins()
    logits = torch.randn(1, bins.count, 8, 8, requires_grad=True)
    target = torch.full((1, 2, 8, 8), 128, dtype=torch.uint8)
    target[..., 4:] = 150
    luma = torch.full((1, 32, 32), 100, dtype=torch.uint8)
    sight = Sight(GeneratorOutput(logits, torch.zeros(1, 2, 8, 8)), Decoding(bins), luma, target)
    judge = PatchDiscriminator(width=4, layers=1)
    adversary = Adversary("hinge", judge, 1e-3, 1.3, 12.0, torch.device("cpu"))
    adversary.judge(adversary.look(sight)).backward()
    assert logits.grad is not None
    heard = logits.grad.abs().sum((0, 1))
    assert not heard[:, :4].any()
    assert (heard[:, 4:] > 0).all()
