"""Samples made by torch alone, as on a GPU, here on the CPU."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from vidcolor.train.chance import Chance
from vidcolor.train.data import open_store
from vidcolor.train.draw import Order
from vidcolor.train.losses import warp
from vidcolor.train.resident import ResidentMaker, resident_batches
from vidcolor.train.resident_damage import DAMAGES, damage
from vidcolor.train.resident_hints import simulate
from vidcolor.train.samples import Maker, Share
from vidcolor.train.settings import Simulation

CPU = torch.device("cpu")
CLEAN = Simulation(damaged=0.0, hinted=0.0)


@pytest.fixture
def maker(data: Path, cache: Path) -> ResidentMaker:
    store = open_store([data], cache)
    pixels = torch.from_numpy(store.pixels[:].copy())
    return ResidentMaker(store, pixels, Order(range(len(store)), 0), 0, CLEAN)


def test_a_batch_depends_on_its_number_alone(maker: ResidentMaker) -> None:
    worn = replace(maker, simulation=Simulation(damaged=1.0, hinted=1.0))
    once, again, other = worn.batch(8, 64, 4), worn.batch(8, 64, 4), worn.batch(12, 64, 4)
    assert torch.equal(once.inputs, again.inputs)
    assert torch.equal(once.target, again.target)
    assert not torch.equal(once.inputs, other.inputs)


def test_undamaged_samples_are_the_pictures(maker: ResidentMaker) -> None:
    """As bright and as coloured as the same pictures cut by OpenCV, and luma is what it says."""
    batch = maker.batch(0, 64, 64)
    restored = (batch.inputs[:, 0] * 128 + 127).round()
    assert torch.equal(restored, batch.luma.float())
    assert not batch.inputs[:, 1:].any()
    other = Maker(maker.store, maker.order, 0, CLEAN).batch(0, 64, 64)
    shown = np.array([maker.order.at(i) for i in range(64)])
    for own, theirs in ((batch.luma.numpy(), other.luma), (batch.target.numpy(), other.target)):
        assert own.shape == theirs.shape
        for index in range(len(maker.store)):
            cut = own[shown == index], theirs[shown == index]
            assert abs(cut[0].mean() - cut[1].mean()) < 12
            assert abs(cut[0].std() - cut[1].std()) < 12


def test_second_views_lie_where_they_are_said_to(maker: ResidentMaker) -> None:
    batch = replace(maker, paired=True).batch(0, 96, 16)
    assert batch.warps is not None
    assert batch.agree is not None
    assert batch.agree.all()
    luma = batch.luma.float().unsqueeze(1)
    brought, known = warp(luma[0::2], batch.warps)
    apart = ((luma[1::2] - brought).abs() * known).sum() / known.sum()
    unmoved = (luma[1::2] - luma[0::2]).abs().mean()
    assert apart < 0.35 * unmoved
    assert known.mean() > 0.8


@pytest.mark.parametrize("kind", DAMAGES, ids=[kind.__name__ for kind, _ in DAMAGES])
def test_every_damage_keeps_the_form_and_leaves_strength_zero_nearly_alone(kind: object) -> None:
    fields = torch.rand(6, 1, 8, 12) * 0.6 + 0.2
    luma = torch.nn.functional.interpolate(fields, (64, 96), mode="bilinear")
    apply = kind[0]  # type: ignore[index]
    weak = apply(luma, torch.zeros(6, 1, 1, 1), Chance(0, 1, CPU))
    strong = apply(luma, torch.ones(6, 1, 1, 1), Chance(0, 1, CPU))
    assert strong.shape == luma.shape
    assert strong.isfinite().all()
    assert (strong - luma).abs().mean() >= (weak - luma).abs().mean()
    assert (strong - luma).abs().mean() > 1e-3


def test_only_the_wanted_share_is_damaged() -> None:
    luma = torch.rand(400, 1, 32, 32)
    damaged = damage(luma, Simulation(damage=0.5, damaged=0.35), Chance(0, 3, CPU))
    touched = (damaged != luma).flatten(1).any(1).float().mean()
    assert 0.25 < touched < 0.37


def test_hints_of_confidence_one_are_the_target() -> None:
    chroma = torch.rand(200, 2, 16, 24) * 100 + 78
    every = Simulation(hinted=1.0, own=0.0, recoloured=1.0)
    found = simulate(chroma, every, Chance(0, 5, CPU))
    given = found.hints[:, 2:] > 0
    assert set(found.hints[:, 2].unique().tolist()) <= {0.0, 1.0}
    error = ((found.hints[:, :2] - found.target).abs() * given).sum() / given.sum() / 2
    spread = (found.target - found.target.mean((2, 3), keepdim=True)).abs().mean()
    assert error < 0.8 * spread
    assert not torch.equal(found.target, chroma)


def test_the_networks_own_colour_is_asked_for_as_often_as_wanted() -> None:
    chroma = torch.full((400, 2, 8, 8), 150.0)
    found = simulate(chroma, Simulation(hinted=0.5, own=0.5), Chance(0, 7, CPU))
    assert found.own is not None
    assert found.seen is not None
    assert 60 < len(found.own) < 140
    assert found.seen.shape == (len(found.own), 8, 8)
    assert not found.hints[found.own].any()


def test_processes_share_the_samples(maker: ResidentMaker) -> None:
    def shown(share: Share, count: int) -> list[torch.Tensor]:
        made = resident_batches(maker, 0, iter([(32, count)] * 2), share)
        return [batch.luma for batch in made]

    alone, halves = shown(Share(), 4), [shown(Share(rank, 2), 2) for rank in (0, 1)]
    assert len(alone) == len(halves[0]) == 2
    assert not torch.equal(halves[0][0], halves[1][0])


def test_a_network_learns_from_them(
    data: Path, cache: Path, tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.train.conftest import run_settings
    from vidcolor.train.loop import start

    monkeypatch.setattr("vidcolor.train.loop.fits", lambda store, device: True)
    settings = run_settings(
        data, tmp_path / "run", tiny_model, steps=20, every=10, final_share=0.0, ema=0.8
    )
    trainer = start(settings, cache)
    trainer.fit()
    _, first, last = trainer.log.rows  # type: ignore[union-attr]
    assert last["smoothed"] < first["smoothed"]
