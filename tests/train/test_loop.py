from __future__ import annotations

import json
import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.evaluate.fakes import FakeJudge
from tests.train.conftest import run_settings
from vidcolor.errors import InputError, OutputError, UsageError
from vidcolor.network.checkpoint import load_model
from vidcolor.train.loop import resume, start
from vidcolor.train.settings import NoGan
from vidcolor.train.state import STATE
from vidcolor.train.validate import validate


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


def test_the_curve_begins_with_what_the_run_began_with(
    data: Path, tmp_path: Path, tiny_model: Path
) -> None:
    trainer = start(run_settings(data, tmp_path / "run", tiny_model), tmp_path / "cache")
    before = validate(trainer.learner.decoder, trainer.split.judged, trainer.split.held_out)
    outcome = trainer.fit()
    rows = [json.loads(line) for line in (tmp_path / "run/metrics.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows] == [0, 3, 6]
    assert rows[0]["error"] == pytest.approx(before.error, abs=1e-3)
    assert "smoothed" not in rows[0]
    assert outcome is not None
    assert outcome.began is not None
    assert outcome.began["error"] == rows[0]["error"]
    assert outcome.ended["error"] == rows[2]["error"]
    assert outcome.best["error"] == min(row["error"] for row in rows)


def test_what_an_earlier_attempt_left_is_no_part_of_a_new_run(
    data: Path, tmp_path: Path, tiny_model: Path
) -> None:
    run = tmp_path / "run"
    start(run_settings(data, run, tiny_model), tmp_path / "cache").fit()
    (run / STATE).unlink()
    start(run_settings(data, run, tiny_model, steps=3), tmp_path / "cache").fit()
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows] == [0, 3]


def test_tensorboard_shows_the_sheets(data: Path, tmp_path: Path, tiny_model: Path) -> None:
    events = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    run = tmp_path / "run"
    start(run_settings(data, run, tiny_model), tmp_path / "cache").fit()
    board = events.EventAccumulator(str(run / "tensorboard"))
    board.Reload()
    (tag,) = board.Tags()["images"]
    shown = board.Images(tag)
    assert [picture.step for picture in shown] == [0, 3, 6]
    pixels = cv2.imdecode(np.frombuffer(shown[2].encoded_image_string, np.uint8), 1)
    sheet = cv2.imread(str(run / "sheets" / "0000006.jpg"))
    assert pixels.shape == sheet.shape
    # The same picture, colours in the same order, but for what JPEG changes.
    assert np.abs(pixels.astype(int) - sheet).mean() < 5
    assert board.Scalars("gain_db")[0].step == 0


@pytest.mark.parametrize("recipe", ["default", "nogan"])
def test_every_file_of_a_run_is_for_whom_the_umask_lets(
    recipe: str, data: Path, tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vidcolor.train.candidates.first_judge", FakeJudge)
    run, phases = tmp_path / "run", NoGan(critic=0.3, joint=0.4, every=1)
    settings = run_settings(data, run, tiny_model, recipe=recipe, nogan=phases, steps=7)
    before = os.umask(0o026)
    try:
        start(settings, tmp_path / "cache").fit()
    finally:
        os.umask(before)
    made = [path for path in (*run.rglob("*"), *(tmp_path / "cache").rglob("*")) if path.is_file()]
    names = {path.name for path in made}
    assert {"model.safetensors", "state.pt", "settings.json", "report.html"} <= names
    assert ("step-0000007.safetensors" in names) == (recipe == "nogan")
    modes = {str(path): oct(path.stat().st_mode & 0o777) for path in made}
    assert modes == dict.fromkeys(modes, "0o640")


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
