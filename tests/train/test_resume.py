"""A run may end at any moment: what it goes on from, what it loses, what it is told."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import pytest
import torch

from tests.evaluate.fakes import FakeJudge
from tests.train.conftest import photograph, run_settings
from vidcolor.cli.main import run as vidcolor
from vidcolor.errors import InputError, MachineError, OutputError, UsageError
from vidcolor.train.loop import Trainer, resume, start
from vidcolor.train.settings import SETTINGS, NoGan, Simulation, TrainSettings
from vidcolor.train.state import STATE, read_state
from vidcolor.train.stop import StoppedError

LAW: dict[str, dict[str, Any]] = {
    "default": {"simulation": Simulation(damaged=0.5, hinted=0.8, own=0.5)},
    "consistency": {"losses": {"consistency": 5.0}, "accumulate": 2},
    "gan+l1": {"recipe": "gan+l1"},
    "nogan": {"recipe": "nogan", "nogan": NoGan(critic=0.3, joint=0.4, every=1), "steps": 7},
    "features": {"recipe": "gan+l1", "discriminator": "features", "losses": {"matching": 1.0}},
}


def signalled(trainer: Trainer, at: int, number: signal.Signals) -> None:
    """Let the process get a signal in the middle of step `at`."""
    original = trainer._step

    def step(parts: Any) -> dict[str, float]:
        if trainer.progress.step == at - 1:
            os.kill(os.getpid(), number)
        return original(parts)

    trainer._step = step  # type: ignore[method-assign]


def same(first: object, second: object, where: str = "") -> None:
    """Equal to the last bit, tensors and numbers alike; but for what the clock says."""
    if isinstance(first, dict):
        assert isinstance(second, dict)
        assert first.keys() == second.keys(), where
        for key in first:
            if key not in ("seconds", "waited"):
                same(first[key], second[key], f"{where}/{key}")
    elif isinstance(first, list | tuple):
        for place, (a, b) in enumerate(zip(first, second, strict=True)):  # type: ignore[call-overload]
            same(a, b, f"{where}/{place}")
    elif isinstance(first, torch.Tensor):
        assert torch.equal(first, second), where  # type: ignore[arg-type]
    else:
        assert first == second, where


@pytest.fixture(autouse=True)
def judge(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vidcolor.train.candidates.first_judge", FakeJudge)


@pytest.mark.parametrize(
    ("kind", "at"),
    [
        ("default", 4),
        ("consistency", 2),
        ("gan+l1", 4),
        ("features", 4),
        ("nogan", 2),
        ("nogan", 5),
    ],
)
def test_a_run_stopped_at_any_step_ends_like_one_that_was_not(
    kind: str, at: int, data: Path, cache: Path, tmp_path: Path, tiny_model: Path
) -> None:
    whole = run_settings(data, tmp_path / "a", tiny_model, **LAW[kind])
    start(whole, cache).fit()
    stopped = start(replace(whole, out=str(tmp_path / "b")), cache)
    signalled(stopped, at, signal.SIGINT)
    with pytest.raises(StoppedError):
        stopped.fit()
    gone_on = resume(tmp_path / "b", cache)
    assert gone_on.progress.step == at
    gone_on.fit()
    same(read_state(tmp_path / "a"), read_state(tmp_path / "b"))

    def rows(run: str) -> list[dict[str, Any]]:
        lines = (tmp_path / run / "metrics.jsonl").read_text().splitlines()
        clock = ("hours", "waiting")
        return [{k: v for k, v in json.loads(ln).items() if k not in clock} for ln in lines]

    assert rows("a") == rows("b")


def as_command(settings: TrainSettings, cache: Path, **changes: object) -> list[str]:
    """The command line that gives these settings, by a file of them."""
    path = cache / "told.json"
    replace(settings, **changes).save(path)
    return ["train", "--config", str(path), "--cache", str(cache)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_with_130_and_the_command_to_go_on(
    number: signal.Signals,
    data: Path,
    cache: Path,
    tmp_path: Path,
    tiny_model: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    original = Trainer.fit

    def fit(trainer: Trainer) -> None:
        signalled(trainer, 2, number)
        original(trainer)

    monkeypatch.setattr(Trainer, "fit", fit)
    settings = run_settings(data, tmp_path / "run", tiny_model)
    assert vidcolor(as_command(settings, cache)) == 130
    assert f"vidcolor train --resume {tmp_path / 'run'}" in capsys.readouterr().err
    assert read_state(tmp_path / "run")["progress"]["step"] == 2


def test_a_killed_run_loses_only_what_came_after_its_last_checkpoint(
    data: Path, cache: Path, tmp_path: Path, tiny_model: Path
) -> None:
    out = tmp_path / "run"
    settings = run_settings(data, out, tiny_model, steps=100000, every=2)
    command = [sys.executable, "-m", "vidcolor", *as_command(settings, cache)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not (out / STATE).is_file() and time.monotonic() < deadline:
        time.sleep(0.05)
    process.kill()
    process.wait()
    saved = read_state(out)["progress"]["step"]
    assert saved >= 2
    gone_on = resume(out, cache, steps=saved + 2)
    assert gone_on.progress.step == saved
    gone_on.fit()
    steps = [json.loads(line)["step"] for line in (out / "metrics.jsonl").read_text().splitlines()]
    assert steps == list(range(0, saved + 3, 2))
    assert [path.name for path in out.iterdir() if "part" in path.name] == []


def full_disk(path: Path, content: bytes) -> int:
    with path.open("wb") as stream:
        stream.write(bytes(content)[: len(content) // 2])
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_leaves_the_state_before_whole(
    data: Path, cache: Path, tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = start(run_settings(data, tmp_path / "run", tiny_model, steps=3), cache)
    trainer.fit()
    before = (tmp_path / "run" / STATE).read_bytes()
    monkeypatch.setattr(Path, "write_bytes", full_disk)
    with pytest.raises(OutputError, match=r"disk is full.*--resume") as caught:
        trainer.save()
    assert caught.value.exit_code == 4
    assert (tmp_path / "run" / STATE).read_bytes() == before
    assert not list((tmp_path / "run").glob("*part*"))


@pytest.fixture
def finished(data: Path, cache: Path, tmp_path: Path, tiny_model: Path) -> Path:
    start(run_settings(data, tmp_path / "run", tiny_model, steps=2), cache).fit()
    return tmp_path / "run"


def test_a_resumed_run_refuses_what_would_change_its_meaning(
    finished: Path, cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = ["train", "--resume", str(finished), "--cache", str(cache)]
    assert vidcolor([*told, "--batch", "2", "--degrade", "0.9", "--steps", "9"]) == 2
    words = capsys.readouterr().err
    assert "batch (4, now 2)" in words
    assert "simulation" in words
    assert TrainSettings.load(finished / SETTINGS).steps == 2


def test_a_resumed_run_may_go_on_longer(finished: Path, cache: Path) -> None:
    told = ["train", "--resume", str(finished), "--cache", str(cache)]
    assert vidcolor([*told, "--steps", "4", "--every", "2"]) == 0
    assert read_state(finished)["progress"]["step"] == 4
    assert TrainSettings.load(finished / SETTINGS).steps == 4


def test_other_pictures_are_noticed(cache: Path, tmp_path: Path, tiny_model: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for seed in range(4):
        cv2.imwrite(str(folder / f"{seed}.png"), photograph(seed))
    start(run_settings(folder, tmp_path / "run", tiny_model, steps=1), cache).fit()
    (folder / "0.png").unlink()
    with pytest.raises(InputError, match=r"4 pictures.*3 pictures"):
        resume(tmp_path / "run", cache)


def test_a_damaged_state_is_named(finished: Path, cache: Path) -> None:
    whole = (finished / STATE).read_bytes()
    (finished / STATE).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="damaged"):
        resume(finished, cache)


def test_the_state_holds_nothing_but_tensors_and_plain_values(finished: Path) -> None:
    def check(value: object) -> None:
        if isinstance(value, dict):
            for inner in value.values():
                check(inner)
        elif isinstance(value, list | tuple):
            for inner in value:
                check(inner)
        else:
            assert value is None or type(value) in (torch.Tensor, int, float, bool, str)

    check(read_state(finished))


def test_a_loss_that_is_no_number_stops_and_names_the_last_good_state(
    data: Path, cache: Path, tmp_path: Path, tiny_model: Path
) -> None:
    settings = run_settings(data, tmp_path / "run", tiny_model, every=1, steps=50, clip=1e9)
    trainer = start(settings, cache)
    original: Callable[..., dict[str, float]] = trainer.learner.step

    def poisoned(*given: Any) -> dict[str, float]:
        if trainer.progress.step == 3:
            trainer.generator.head_bins.bias.data[0] = float("nan")
        return original(*given)

    trainer.learner.step = poisoned  # type: ignore[method-assign]
    with pytest.raises(MachineError, match=r"step 3.*state\.pt") as caught:
        trainer.fit()
    assert "model.safetensors" in str(caught.value)
    assert read_state(tmp_path / "run")["progress"]["step"] == 3
    for value in read_state(tmp_path / "run")["average"].values():
        assert not value.is_floating_point() or value.isfinite().all()


def test_a_run_of_the_first_version_can_be_gone_on_with(finished: Path, cache: Path) -> None:
    state = read_state(finished)
    for key in ("adversary", "scaler", "norms_fixed", "calibration", "config", "fingerprint"):
        del state[key]
    state["progress"] = {"step": 2, "samples": 8, "seconds": 1.5}
    torch.save(state, finished / STATE)
    settings = json.loads((finished / SETTINGS).read_text())
    kept = "data out hours steps size batch final_size final_batch final_share init frozen_levels"
    old = {name: settings[name] for name in kept.split()}
    old |= {"encoder": "tf_efficientnet_lite2", "regression_weight": 0.125}
    (finished / SETTINGS).write_text(json.dumps(old))
    gone_on = resume(finished, cache, steps=3)
    gone_on.fit()
    assert gone_on.progress.step == 3


def test_settings_are_written_whole_and_can_be_replayed(
    data: Path, cache: Path, tmp_path: Path, tiny_model: Path
) -> None:
    settings = run_settings(data, tmp_path / "a", tiny_model, recipe="gan+l1", steps=2)
    start(settings, cache).fit()
    again = ["train", "--config", str(tmp_path / "a" / SETTINGS), "--out", str(tmp_path / "b")]
    assert vidcolor([*again, "--cache", str(cache)]) == 0
    first, second = read_state(tmp_path / "a"), read_state(tmp_path / "b")
    same(first["generator"], second["generator"])


def test_a_file_of_settings_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text('{"data": ["a"], "nonsense": 3}')
    with pytest.raises(InputError, match="nonsense"):
        TrainSettings.load(tmp_path / "settings.json")
    with pytest.raises(UsageError):
        NoGan(critic=0.9, joint=0.3)
