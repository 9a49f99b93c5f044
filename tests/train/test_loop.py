from __future__ import annotations

import json
from pathlib import Path

import cv2
import pytest

from tests.train.conftest import run_settings
from vidcolor.errors import InputError, OutputError, UsageError
from vidcolor.network.checkpoint import load_model
from vidcolor.train.loop import resume, start


def test_training_lowers_the_loss_and_leaves_a_model_that_loads(
    data: Path, tmp_path: Path, tiny_model: Path
) -> None:
    settings = run_settings(
        data, tmp_path / "run", tiny_model, steps=60, every=20, final_share=0.0, ema=0.9
    )
    start(settings, tmp_path / "cache").fit()
    rows = [json.loads(line) for line in (tmp_path / "run/metrics.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows] == [0, 20, 40, 60]
    assert rows[3]["smoothed"] < 0.9 * rows[1]["smoothed"]
    model = load_model(tmp_path / "run" / "model.safetensors")
    assert model.info.recipe["samples"] == 240
    assert model.info.data.startswith("8 pictures")
    assert cv2.imread(str(tmp_path / "run" / "sheets" / "0000060.jpg")) is not None
    page = (tmp_path / "run" / "report.html").read_text()
    assert page.count("<svg") >= 3
    assert "sheets/0000020.jpg" in page


def test_a_folder_that_holds_a_run_is_not_overwritten(
    data: Path, tmp_path: Path, tiny_model: Path
) -> None:
    settings = run_settings(data, tmp_path / "run", tiny_model, steps=1)
    start(settings, tmp_path / "cache").fit()
    with pytest.raises(OutputError, match="--resume"):
        start(settings, tmp_path / "cache")


def test_nothing_to_resume_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no run"):
        resume(tmp_path, tmp_path)


@pytest.mark.parametrize(
    "changes", [{"steps": None}, {"hours": 1.0}, {"size": 100}, {"final_share": 2.0}]
)
def test_settings_that_do_not_fit_are_refused(tmp_path: Path, changes: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        run_settings(tmp_path, tmp_path, tmp_path, **changes)
