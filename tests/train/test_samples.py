from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import tiny_bins
from vidcolor.network.checkpoint import load_model
from vidcolor.train import hints
from vidcolor.train.data import open_store
from vidcolor.train.draw import Order
from vidcolor.train.losses import ClassificationLoss, warp
from vidcolor.train.samples import Maker
from vidcolor.train.settings import Simulation
from vidcolor.train.tensors import to_device, with_own_hints
from vidcolor.train.validate import fit_calibration
from vidcolor.truth.degrade import degrade


def texture() -> np.ndarray:
    return np.random.default_rng(0).integers(20, 230, (64, 80)).astype(np.uint8)


def test_strength_zero_leaves_luma_alone() -> None:
    assert (degrade(texture(), 0.0, np.random.default_rng(1)) == texture()).all()


@settings(max_examples=20)
@given(st.integers(0, 2**31), st.floats(0.01, 1.0))
def test_damage_is_repeatable_and_keeps_the_form(seed: int, strength: float) -> None:
    once = degrade(texture(), strength, np.random.default_rng(seed))
    again = degrade(texture(), strength, np.random.default_rng(seed))
    assert once.shape == (64, 80)
    assert once.dtype == np.uint8
    assert (once == again).all()


def test_more_strength_is_more_damage() -> None:
    def mean_damage(strength: float) -> float:
        rng = np.random.default_rng(2)
        pairs = [degrade(texture(), strength, rng).astype(int) - texture() for _ in range(40)]
        return float(np.abs(pairs).mean())

    assert mean_damage(0.1) < mean_damage(0.5) < mean_damage(1.0)


@settings(max_examples=60)
@given(st.integers(0, 2**31))
def test_hints_of_confidence_one_are_the_target(seed: int) -> None:
    rng = np.random.default_rng(seed)
    chroma = rng.integers(60, 200, (2, 24, 32)).astype(np.float32)
    found = hints.simulate(chroma, rng, Simulation(hinted=1.0, own=0.0, recoloured=0.3))
    target, given_hints = found.target, found.hints
    law = given_hints[2] == 1
    assert given_hints[2].min() >= 0
    assert given_hints[2].max() <= 1
    if law.any() and np.ptp(given_hints[2][law]) == 0:
        # Dots carry the mean of the 1 to 16 places they cover, fields the target itself.
        error = np.abs(given_hints[:2] - target).mean(0)[law]
        assert error.mean() < np.abs(target - target.mean((1, 2), keepdims=True)).mean() * 1.5


def test_turned_hues_keep_their_proportions() -> None:
    chroma = np.random.default_rng(0).uniform(100, 156, (2, 8, 8)).astype(np.float32)
    turned = hints.turn_hues(chroma, np.random.default_rng(3))
    ratio = np.hypot(*(turned - 128)) / np.hypot(*(chroma - 128))
    assert np.allclose(ratio, ratio[0, 0], atol=1e-3)


def test_the_loss_of_the_true_distribution_is_the_least() -> None:
    bins = tiny_bins()
    loss = ClassificationLoss(bins)
    target = torch.full((1, 2, 4, 4), 152, dtype=torch.uint8)
    indexes, weights = bins.soft_table()
    row = 152 * 256 + 152
    best = torch.full((1, bins.count, 4, 4), -20.0)
    for index, weight in zip(indexes[row], weights[row], strict=True):
        best[0, index] = float(np.log(weight * bins.weights[index] + 1e-9))
    least = loss(best, target)
    for seed in range(5):
        torch.manual_seed(seed)
        other = best + torch.randn_like(best)
        assert loss(other, target) > least


def test_calibration_falls_and_says_how_often_errors_are_small() -> None:
    rng = np.random.default_rng(0)
    spread = rng.uniform(2, 40, 40000).astype(np.float32)
    error = np.abs(rng.normal(0, spread)).astype(np.float32)
    table = fit_calibration(spread, error)
    assert list(table.spread) == sorted(table.spread)
    assert list(table.confidence) == sorted(table.confidence, reverse=True)
    from math import erf, sqrt

    for at in (5.0, 12.0, 30.0):
        found = float(np.interp(at, table.spread, table.confidence))
        assert found == pytest.approx(erf(8 / (at * sqrt(2))), abs=0.05)


def test_second_views_lie_where_they_are_said_to(data: Path, cache: Path) -> None:
    store = open_store([data], cache)
    clean = Simulation(damaged=0.0, hinted=0.0)
    batch = Maker(store, Order(range(8), 0), 0, clean, paired=True).batch(0, 96, 16)
    assert batch.pairs is not None
    assert batch.pairs.agree.all()
    luma = torch.from_numpy(batch.luma).float().unsqueeze(1)
    brought, known = warp(luma[0::2], torch.from_numpy(batch.pairs.warps))
    apart = ((luma[1::2] - brought).abs() * known).sum() / known.sum()
    assert apart < 0.35 * (luma[1::2] - luma[0::2]).abs().mean()
    # Grain and compression differ: the network must not see the same luma twice.
    assert np.abs(batch.inputs[1::2, 0] * 128 + 127 - batch.luma[1::2]).mean() > 0.5


def test_a_share_of_hints_is_the_averaged_networks_own_colour(
    data: Path, cache: Path, tiny_model: Path
) -> None:
    decoder = load_model(tiny_model).decoder()
    own = Simulation(damaged=0.0, hinted=1.0, own=1.0)
    batch = Maker(open_store([data], cache), Order(range(8), 0), 0, own).batch(0, 64, 4)
    assert batch.own is not None
    assert list(batch.own.places) == [0, 1, 2, 3]
    assert not batch.inputs[:, 1:].any()
    table = torch.tensor([0.0, 64.0]), torch.tensor([1.0, 0.5])
    made = with_own_hints(to_device(batch, torch.device("cpu")), decoder, table)
    plain = decoder(torch.from_numpy(batch.inputs), torch.ones(1))
    confidence = made.inputs[:, 3, ::4, ::4]
    assert 0 < confidence.max() <= 0.95
    given = confidence > 0
    hint = made.inputs[:, 1, ::4, ::4][given] * 64 + 128
    # Shifted by a few places, so alike and not equal; where nothing is known there is no hint.
    assert (hint.mean() - plain[:, 0][given].mean()).abs() < 3
    assert not made.inputs[:, 1, ::4, ::4][~given].any()


def test_things_that_are_recoloured_alone_have_a_hint_on_them() -> None:
    chroma = np.full((2, 16, 16), 150, np.float32)
    chroma[:, :, 8:] = 90
    every = Simulation(hinted=1.0, own=0.0, recoloured=1.0)
    for seed in range(60):
        found = hints.simulate(chroma, np.random.default_rng(seed), every)
        moved = np.abs(found.target - chroma).max(0) > 2
        if moved.any():
            assert (found.hints[2][moved] == 1).any()
