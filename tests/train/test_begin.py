"""What a run begins with: a model as it is, or grown into a larger network."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch

from tests.train.conftest import run_settings
from vidcolor.cli.train_options import as_record
from vidcolor.network.checkpoint import load_model
from vidcolor.network.config import SIZES
from vidcolor.train.loop import MODEL, resume, start
from vidcolor.train.settings import TrainSettings


def test_a_run_goes_on_from_a_model_that_it_lets_grow(
    data: Path, cache: Path, tmp_path: Path, tiny_model: Path
) -> None:
    small = load_model(tiny_model).generator
    narrow = small.config.decoder_channels
    wide = tuple(channels + 4 for channels in narrow)
    wanted = replace(small.config, decoder_channels=wide, width=wide[-1], queries=2, bins=181)
    settings = run_settings(data, tmp_path / "run", tiny_model, grow=True, network=wanted, steps=3)
    trainer = start(settings, cache)
    batch = torch.randn(1, 4, 64, 64)
    with torch.inference_mode():
        found, before = (one.eval()(batch).logits for one in (trainer.generator, small))
    assert torch.allclose(found, before, atol=1e-4)
    trainer.fit()
    learnt = load_model(tmp_path / "run" / MODEL).generator
    assert learnt.config == trainer.generator.config
    assert learnt.queries is not None and learnt.queries.spread.weight.abs().sum() > 0
    assert resume(tmp_path / "run", cache).generator.config == learnt.config


def test_a_network_is_chosen_by_its_name_and_the_rest_comes_on_top() -> None:
    told = {"size_name": "large", "init": "vidcolor-base", "data": ("a",), "out": "b", "steps": 1}
    settings = TrainSettings.from_record(as_record(told, {}))
    assert settings.network == SIZES["large"]
    assert settings.grow
    fewer = TrainSettings.from_record(as_record(told | {"upsample": "shuffle"}, {}))
    assert fewer.network == replace(SIZES["large"], upsample="shuffle")
