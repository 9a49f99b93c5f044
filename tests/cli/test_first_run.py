"""The first run says why it takes longer, and where nothing can be kept that is said once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from vidcolor.cli.main import run

Maker = Callable[..., Path]
PREPARING = "preparing the network for this processor"


@pytest.fixture
def words(film: Maker, tiny_model: Path, tmp_path: Path) -> list[str]:
    output = str(tmp_path / "out.mkv")
    return ["colorize", str(film(frames=3)), output, "--model", str(tiny_model), "--overwrite"]


def test_the_network_is_said_to_be_prepared_the_first_time_alone(
    words: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("VIDCOLOR_CACHE", str(tmp_path / "cache"))
    assert run(words) == 0
    assert f"{PREPARING}, once\n" in capsys.readouterr().err
    assert run(words) == 0
    assert PREPARING not in capsys.readouterr().err
    assert run([*words, "--threads", "1"]) == 0
    assert PREPARING in capsys.readouterr().err  # it is compiled anew for that


def test_a_cache_that_cannot_be_written_is_named_once_with_the_way_out(
    words: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("VIDCOLOR_CACHE", str(tmp_path / "file" / "cache"))
    assert run(words) == 0
    said = capsys.readouterr().err
    assert said.count(f"{tmp_path / 'file' / 'cache'} cannot be written") == 1
    assert "VIDCOLOR_CACHE names another folder" in said
    assert f"{PREPARING}\n" in said


def test_quiet_is_quiet(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture
) -> None:
    monkeypatch.setenv("VIDCOLOR_CACHE", str(tmp_path / "cache"))
    assert run([*words, "--quiet"]) == 0
    assert capfd.readouterr().err == ""
