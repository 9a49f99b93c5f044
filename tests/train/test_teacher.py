"""What a teacher asks for, and that a generator can learn it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from tests.conftest import tiny_bins
from tests.train.conftest import run_settings
from vidcolor.cli.train import train
from vidcolor.errors import UsageError
from vidcolor.infer.choose import load_predictor
from vidcolor.infer.mirror import Mirrored
from vidcolor.network.checkpoint import load_model
from vidcolor.train.loop import MODEL, start
from vidcolor.train.losses import VotesLoss, warp
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
    lesson = Teacher(load_model(tiny_model))(batch)
    shown = Mirrored(load_predictor(str(tiny_model), "cpu", "torch")).predict(batch.luma.numpy())
    assert np.allclose(lesson.chroma.numpy() + 128, shown.chroma, atol=0.1)
    assert (lesson.weight == 1).all()


def test_its_votes_are_of_two_sizes_and_mean_the_colour_it_asks_for(tiny_model: Path) -> None:
    batch, model = noise(2), load_model(tiny_model)
    lesson = Teacher(model, votes=True)(batch)
    assert lesson.shares is not None
    assert torch.allclose(lesson.shares.sum(1), torch.ones(2, 16, 16), atol=1e-4)
    mean = torch.einsum("nbhw,bc->nchw", lesson.shares, torch.from_numpy(model.bins.centers))
    assert torch.allclose(lesson.chroma + 128, mean, atol=1e-2)
    larger = torch.nn.functional.interpolate(batch.luma[:, None].float(), (96, 96), mode="bilinear")
    both = Mirrored(load_predictor(str(tiny_model), "cpu", "torch"))
    seen = both.predict(larger[:, 0].round().to(torch.uint8).numpy()).chroma
    reduced = torch.nn.functional.interpolate(torch.from_numpy(seen), (16, 16), mode="area")
    expected = (both.predict(batch.luma.numpy()).chroma + reduced.numpy()) / 2
    assert np.abs(lesson.chroma.numpy() + 128 - expected).max() < 1


def test_the_best_answer_to_votes_is_the_teachers_own() -> None:
    """At the pupil's distribution times the bins' weights no gradient is left."""
    bins = tiny_bins()
    shares = torch.rand(1, bins.count, 2, 2).softmax(1)
    logits = (shares * torch.from_numpy(bins.weights).view(1, -1, 1, 1)).log().requires_grad_()
    VotesLoss(bins)(logits, shares, torch.ones(1, 1, 2, 2)).backward()
    assert logits.grad is not None
    assert logits.grad.abs().max() < 1e-6
    VotesLoss(bins)(2 * logits, shares, torch.ones(1, 1, 2, 2)).backward()
    assert logits.grad.abs().max() > 1e-3


def test_second_views_are_to_be_coloured_as_the_first(tiny_model: Path) -> None:
    batch = noise(4)
    warps = torch.tensor([[[1.0, 0.03, 0.2], [-0.02, 0.98, 0.0]]]).repeat(2, 1, 1)
    pairs = TensorBatch(
        batch.inputs, batch.luma, batch.target, warps=warps, agree=torch.tensor([True, False])
    )
    teacher = Teacher(load_model(tiny_model))
    alone = teacher(batch).chroma
    lesson = teacher(pairs)
    wanted, weight = lesson.chroma, lesson.weight
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
        losses={"distillation": 20.0, "votes": 5.0},
        simulation=PLAIN,
        steps=20,
    )
    trainer = start(settings, cache)
    terms: list[dict[str, float]] = []
    step = trainer.learner.step

    def listening(batches: object, pace: object) -> dict[str, float]:
        terms.append(step(batches, pace))  # type: ignore[arg-type]
        return terms[-1]

    trainer.learner.step = listening  # type: ignore[method-assign, assignment]
    trainer.fit()
    # Votes cost their own entropy at least.
    for loss, share in (("distillation", 0.8), ("votes", 0.95)):
        told = [term[loss] for term in terms]
        assert np.mean(told[-4:]) < share * np.mean(told[:4]), loss
    assert load_model(tmp_path / "run" / MODEL).info.recipe["teacher"] == str(tiny_model)


def test_votes_on_other_bins_are_refused(data: Path, tmp_path: Path, tiny_model: Path) -> None:
    settings = run_settings(
        data, tmp_path, tiny_model, teacher="vidcolor-base", losses={"votes": 1.0}
    )
    with pytest.raises(UsageError, match="other chroma bins"):
        start(settings, tmp_path / "cache")


@pytest.mark.parametrize(
    "told", [["--teacher", "vidcolor-base"], ["--loss", "distillation=1"], ["--loss", "votes=1"]]
)
def test_a_teacher_and_its_loss_go_together(told: list[str], tmp_path: Path) -> None:
    words = ["--data", str(tmp_path), "--out", str(tmp_path / "run"), "--steps", "1", *told]
    result = CliRunner().invoke(train, words)
    assert isinstance(result.exception, UsageError)
    assert "go together" in str(result.exception)
