from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.conftest import tiny_bins
from vidcolor.cli.main import run
from vidcolor.infer.choose import load_predictor
from vidcolor.network.build import build_generator
from vidcolor.network.checkpoint import load_model, save_model
from vidcolor.network.config import Calibration, GeneratorConfig, ModelInfo


def made(folder: Path, name: str, seed: int, width: int = 24) -> Path:
    torch.manual_seed(seed)
    bins = tiny_bins()
    config = GeneratorConfig("mobilenetv3_small_050", (width, 16, 16), 1, 4, bins.count)
    sure = Calibration((0.0, 10.0), (1.0, 0.2 * seed))
    path = folder / f"{name}.safetensors"
    info = ModelInfo(config, calibration=sure, working_size=64, saturation=1.0 + seed)
    save_model(path, build_generator(config), bins, info)
    return path


def test_weights_are_averaged_and_all_else_is_the_first_ones(tmp_path: Path) -> None:
    paths = [made(tmp_path, name, seed) for name, seed in (("a", 1), ("b", 2))]
    output = tmp_path / "mean.safetensors"
    words = [*map(str, paths), "-o", str(output), "--weights", "3,1"]
    assert run(["average", *words]) == 0
    first, second, mean = map(load_model, (*paths, output))
    states = [model.generator.state_dict() for model in (first, second, mean)]
    for name, tensor in states[2].items():
        if tensor.is_floating_point():
            expected = 0.75 * states[0][name] + 0.25 * states[1][name]
            assert torch.allclose(tensor, expected, atol=2e-3, rtol=2e-3), name
    assert mean.info.saturation == 2.0
    assert mean.info.calibration.confidence == pytest.approx((1.0, 0.75 * 0.2 + 0.25 * 0.4))
    assert mean.info.recipe["averaged"] == ["0.750 a.safetensors", "0.250 b.safetensors"]
    luma = np.random.default_rng(0).integers(0, 255, (1, 64, 64)).astype(np.uint8)
    assert np.isfinite(load_predictor(str(output)).predict(luma).chroma).all()


def test_what_cannot_be_averaged_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, other = made(tmp_path, "a", 1), made(tmp_path, "wider", 1, 32)
    output = str(tmp_path / "mean.safetensors")
    cases = {
        "no average": [str(one), "-o", output],
        "different kinds": [str(one), str(other), "-o", output],
        "one above 0 for each": [str(one), str(one), "-o", output, "--weights", "1"],
        "no numbers": [str(one), str(one), "-o", output, "--weights", "a,b"],
        "no name of a model": [str(one), str(one), "-o", str(tmp_path / "mean.pt")],
    }
    for words, arguments in cases.items():
        assert run(["average", *arguments]) == 2
        assert words in capsys.readouterr().err
    assert not Path(output).exists()
