"""What people type before they read: it does what they mean, or says the command that does."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from vidcolor import __version__
from vidcolor.cli.colorize import colorize
from vidcolor.cli.main import run
from vidcolor.media import codecs
from vidcolor.network import registry

Maker = Callable[..., Path]
Said = pytest.CaptureFixture[str]


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    cv2.imwrite(str(path), np.full((64, 64), 90, np.uint8))
    return path


def frames_in(path: Path) -> int:
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))


def test_an_output_folder_takes_the_sources_name(
    film: Maker, photo: Path, tiny_model: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    for source in (film("reel.ts", frames=3), photo):
        assert run(["colorize", str(source), f"{folder}{os.sep}", "--model", str(tiny_model)]) == 0
    assert sorted(path.name for path in folder.iterdir()) == ["photo.png", "reel.mkv"]


def test_a_source_is_never_its_own_output_by_way_of_its_folder(photo: Path, capsys: Said) -> None:
    before = photo.read_bytes()
    assert run(["colorize", str(photo), str(photo.parent)]) == 4
    assert "is the source itself" in capsys.readouterr().err
    assert photo.read_bytes() == before


@pytest.mark.parametrize(("words", "code"), [("a.jpg b.jpg c.jpg out", 2), ("reels out", 3)])
def test_many_files_and_folders_are_pointed_to_batch(
    words: str, code: int, tmp_path: Path, capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "reels").mkdir()
    assert run(["colorize", *words.split()]) == code
    assert f"vidcolor batch {words}" in capsys.readouterr().err


def test_a_missing_output_is_said(photo: Path, capsys: Said) -> None:
    assert run(["colorize", str(photo)]) == 2
    assert "The output is missing." in capsys.readouterr().err


@pytest.mark.parametrize("time", ["0.5", "0:00.5", "0:0:0.5", "0.5s"])
def test_times_are_written_as_people_write_them(
    film: Maker, tiny_model: Path, tmp_path: Path, time: str
) -> None:
    source, output = film("in.mkv", frames=24), tmp_path / "out.mkv"
    words = ["--start", time, "--duration", "0:00.25", "--model", str(tiny_model)]
    assert run(["colorize", str(source), str(output), *words]) == 0
    assert frames_in(output) == 6


@pytest.mark.parametrize("option", ["--start", "--duration"])
def test_what_is_no_time_is_refused_with_an_example(photo: Path, option: str, capsys: Said) -> None:
    assert run(["colorize", str(photo), "out.png", option, "soon"]) == 2
    assert "soon is no time. Give seconds or h:mm:ss" in capsys.readouterr().err


def test_a_runs_folder_is_a_model(
    photo: Path, tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Said
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "run2").mkdir()
    assert run(["colorize", str(photo), "out.png", "--model", "run2"]) == 7
    assert "The folder run2 holds no model.safetensors." in capsys.readouterr().err
    (tmp_path / "run2/model.safetensors").write_bytes(tiny_model.read_bytes())
    for name in ("run2", "run2/", "./run2", str(tmp_path / "run2")):
        assert run(["colorize", str(photo), "out.png", "--overwrite", "--model", name]) == 0


def shown(option: str) -> str:
    return str(next(p.show_default for p in colorize.params if p.name == option))


def test_help_shows_the_values_that_are_taken() -> None:
    info = registry.load_info(registry.find_model(registry.DEFAULT_MODEL))
    assert shown("saturation").startswith(f"{info.saturation};")
    assert shown("render_size").startswith(
        f"{info.working_size}, for photographs {info.still_size};"
    )
    crf, preset = codecs._DEFAULT_CRF, codecs._DEFAULT_PRESET
    assert (
        dict(word.split() for word in shown("crf").split(", ")).items()
        <= {name: str(value) for name, value in crf.items()}.items()
    )
    assert dict(word.split() for word in shown("preset").split(", ")) == preset


def test_the_version_names_what_a_figure_depends_on(capsys: Said) -> None:
    assert run(["--version"]) == 0
    first, machine, model = capsys.readouterr().out.splitlines()
    assert first == f"vidcolor {__version__}"
    assert f"PyAV {av.__version__}" in machine
    assert "OpenVINO 20" in machine
    assert "torch " in machine
    weights = Path(__file__).parents[2] / "models/vidcolor-base.safetensors"
    assert model == f"model vidcolor-base {hashlib.sha256(weights.read_bytes()).hexdigest()[:12]}"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete_commands_and_choices(shell: str, capsys: Said) -> None:
    assert run(["completion", shell]) == 0
    assert f"_VIDCOLOR_COMPLETE={shell}_complete" in capsys.readouterr().out
    asked = {"_VIDCOLOR_COMPLETE": "bash_complete", "COMP_CWORD": "1"}

    def completed(words: str, place: int) -> str:
        asked.update(COMP_WORDS=words, COMP_CWORD=str(place))
        command = [sys.executable, "-m", "vidcolor"]
        return subprocess.run(
            command, env={**os.environ, **asked}, capture_output=True, text=True, check=False
        ).stdout

    assert completed("vidcolor col", 1) == "plain,colorize\n"
    assert "plain,discard" in completed("vidcolor colorize --input-chroma ", 3)
