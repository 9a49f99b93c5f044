"""Ctrl-C says what it leaves, and it is so."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vidcolor.cli.main import run
from vidcolor.run.folder import JobFolder

FRAMES = 66


def interrupted(arguments: list[object], moment: Callable[[], bool]) -> None:
    """Run a command and press Ctrl-C at a moment."""

    def press() -> None:
        while not moment():
            time.sleep(0.001)
        os.kill(os.getpid(), signal.SIGINT)

    finger = threading.Thread(target=press, daemon=True)
    finger.start()
    assert run([*map(str, arguments)]) == 130
    finger.join()


@pytest.fixture(autouse=True)
def short_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vidcolor.run.film.SEGMENT_LONGEST_S", 0.5)
    monkeypatch.setattr("vidcolor.run.film.SEGMENT_SHORTEST_S", 0.2)


def test_it_says_how_many_frames_are_kept_and_goes_on_with_them(
    shots: Path,
    tmp_path: Path,
    tiny_model: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    output = tmp_path / "out.mkv"
    command = ["colorize", shots, output, "--model", tiny_model]
    monkeypatch.setattr(sys, "argv", ["vidcolor", "colorize", "in", "out", "--restart"])
    folder = tmp_path / "out.mkv.vidcolor"
    interrupted(command, lambda: any(folder.glob("[0-9]*.json")))
    words = capsys.readouterr().err
    said = re.search(r"interrupted; (\d+) of 66 frames are kept. To go on: ", words)
    assert said
    assert words.endswith("vidcolor colorize in out\n")  # --restart would throw them away
    kept = [json.loads(path.read_text())["count"] for path in folder.glob("[0-9]*.json")]
    assert int(said[1]) == sum(kept) > 0
    assert run([*map(str, command), "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["resumed"] == sum(kept)
    assert result["fps"] == pytest.approx((FRAMES - sum(kept)) / result["seconds"], rel=0.01)


def test_where_nothing_is_kept_it_says_so(
    shots: Path, tmp_path: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "out.mkv.vidcolor"
    command = ["colorize", shots, tmp_path / "out.mkv", "--model", tiny_model]
    interrupted(command, (folder / "plan.json").exists)
    assert "interrupted; nothing is kept yet. Again: " in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_photograph_is_written_as_a_whole_or_not_at_all(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import cv2
    import numpy as np

    source = tmp_path / "in.png"
    cv2.imwrite(str(source), np.full((64, 64), 90, np.uint8))

    def press(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("vidcolor.run.loading.load_predictor", press)
    assert run(["colorize", str(source), str(tmp_path / "out.png")]) == 130
    assert "interrupted; nothing was written. Again: " in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["in.png"]


def test_a_segment_that_was_just_finished_is_counted(
    shots: Path,
    tmp_path: Path,
    tiny_model: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    close = JobFolder.close_segment

    def stopped(*arguments: Any) -> None:
        close(*arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(JobFolder, "close_segment", stopped)
    command = ["colorize", shots, tmp_path / "out.mkv", "--model", tiny_model]
    assert run([*map(str, command)]) == 130
    assert re.search(r"interrupted; [1-9]\d* of \d+ frames are kept", capsys.readouterr().err)
