"""What a teacher asks for, and that a generator can learn it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from tests.train.conftest import run_settings
from vidcolor.cli.train import train
from vidcolor.errors import UsageError
from vidcolor.infer.choose import load_predictor
from vidcolor.infer.mirror import Mirrored
from vidcolor.network.checkpoint import load_model
from vidcolor.train.loop import MODEL, start
from vidcolor.train.losses import warp
from vidcolor.train.settings import Simulation
from vidcolor.train.teacher import Teacher
from vidcolor.train.tensors import TensorBatch

PLAIN = Simulation(damaged=0, hinted=0)


def noise(count: int) -> TensorBatch:
    generator = torch.Generator().manual_seed(1)
    coarse = torch.rand(count, 1, 8, 8, generator=generator)
    luma = torch.nn.functional.interpolate(coarse, (64, 64), mode="bicubic")[:, 0]
    damaged = torch.randn(count, 1, 64, 64, generator=generator)
    inputs = torch.cat([damaged, torch.zeros(count, 3, 64, 64)], 1)
    target = torch.full((count, 2, 16, 16), 128, dtype=torch.uint8)
    return TensorBatch(inputs, (luma.clamp(0, 1) * 255).to(torch.uint8), target)


def test_it_asks_for_what_it_says_to_the_clean_picture_and_its_mirror_image(
    tiny_model: Path,
) -> None:
    batch = noise(2)
    wanted, weight = Teacher(load_model(tiny_model))(batch)
    shown = Mirrored(load_predictor(str(tiny_model), "cpu", "torch")).predict(batch.luma.numpy())
    assert np.allclose(wanted.numpy() + 128, shown.chroma, atol=0.1)
    assert (weight == 1).all()


def test_second_views_are_to_be_coloured_as_the_first(tiny_model: Path) -> None:
    batch = noise(4)
    warps = torch.tensor([[[1.0, 0.03, 0.2], [-0.02, 0.98, 0.0]]]).repeat(2, 1, 1)
    pairs = TensorBatch(
        batch.inputs, batch.luma, batch.target, warps=warps, agree=torch.tensor([True, False])
    )
    teacher = Teacher(load_model(tiny_model))
    alone, _ = teacher(batch)
    wanted, weight = teacher(pairs)
    assert torch.allclose(wanted[0::2], alone[0::2], atol=1e-3)
    brought, known = warp(alone[0:1], warps[:1])
    assert torch.allclose(wanted[1:2], brought, atol=1e-3)
    assert torch.equal(weight[1:2], known)
    assert not weight[3].any()


def test_a_generator_comes_nearer_to_its_teacher(
    data: Path, cache: Path, tmp_path: Path, tiny_model: Path
) -> None:
    settings = run_settings(
        data,
        tmp_path / "run",
        None,
        teacher=str(tiny_model),
        losses={"distillation": 20.0},
        simulation=PLAIN,
        steps=20,
    )
    trainer = start(settings, cache)
    terms: list[float] = []
    step = trainer.learner.step

    def listening(batches: object, pace: object) -> dict[str, float]:
        told = step(batches, pace)  # type: ignore[arg-type]
        terms.append(told["distillation"])
        return told

    trainer.learner.step = listening  # type: ignore[method-assign, assignment]
    trainer.fit()
    assert np.mean(terms[-4:]) < 0.8 * np.mean(terms[:4])
    assert load_model(tmp_path / "run" / MODEL).info.recipe["teacher"] == str(tiny_model)


@pytest.mark.parametrize("told", [["--teacher", "vidcolor-base"], ["--loss", "distillation=1"]])
def test_a_teacher_and_its_loss_go_together(told: list[str], tmp_path: Path) -> None:
    words = ["--data", str(tmp_path), "--out", str(tmp_path / "run"), "--steps", "1", *told]
    result = CliRunner().invoke(train, words)
    assert isinstance(result.exception, UsageError)
    assert "go together" in str(result.exception)
