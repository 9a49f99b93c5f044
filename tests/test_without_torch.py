"""A plain installation: all that colours runs on a CPU where torch cannot be imported."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import PIL.Image
import pytest

from tests.cli.conftest import shots  # noqa: F401
from vidcolor.cli.main import run
from vidcolor.infer import choose
from vidcolor.remedies import install_hint

ROOT = Path(__file__).parents[1]
BLOCKER = """
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"torch", "torchvision", "timm"}:
            raise ImportError(f"{name} is not to be had here")

sys.meta_path.insert(0, Blocker())
"""
Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def vidcolor(tmp_path: Path) -> Command:
    """The program where torch cannot be imported, in processes that it starts neither."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(BLOCKER)
    found = os.pathsep.join([str(tmp_path / "site"), str(ROOT)])

    def call(*arguments: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "vidcolor", *map(str, arguments)],
            env=os.environ | {"PYTHONPATH": found, "VIDCOLOR_CACHE": str(tmp_path / "cache")},
            capture_output=True,
            text=True,
        )

    return call


def chroma_of(film: Path) -> float:
    with av.open(str(film)) as container:
        planes = [f.to_ndarray(format="yuv444p")[1:] for f in container.decode(video=0)]
    return float(np.abs(np.stack(planes).astype(int) - 128).mean())


def test_films_and_photographs_are_coloured(
    vidcolor: Command,
    shots: Path,  # noqa: F811
    tmp_path: Path,
) -> None:
    photo = tmp_path / "photo.png"
    PIL.Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 80), np.uint8)).save(photo)
    film, turned, stills = tmp_path / "out.mp4", tmp_path / "out.png", tmp_path / "stills"
    work = [
        ["colorize", shots, film],
        ["colorize", photo, turned],
        ["preview", shots, "--at", "1", "-o", tmp_path / "preview.png"],
        ["stills", shots, stills],
        ["colorize", shots, tmp_path / "directed.mp4", "--reference", stills],
        ["shots", shots],
        ["compare", film, shots, "-o", tmp_path / "both.mp4"],
        ["batch", shots, photo, tmp_path / "batch"],
        ["--version"],
        ["--help"],
    ]
    for arguments in work:
        done = vidcolor(*arguments)
        assert done.returncode == 0, done.stderr
    for made in (
        film,
        tmp_path / "directed.mp4",
        tmp_path / "batch" / shots.with_suffix(".mkv").name,
    ):
        assert chroma_of(made) > 1
    for made in (turned, tmp_path / "preview.png", *stills.glob("*.png")):
        assert np.ptp(np.asarray(PIL.Image.open(made).convert("RGB")), axis=2).max() > 10


@pytest.fixture
def no_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("torch", "torchvision", "timm"):
        monkeypatch.setitem(sys.modules, name, None)


@pytest.mark.parametrize(
    ("arguments", "what", "extra"),
    [
        (["colorize", "in", "out", "--device", "cuda"], "--device cuda", "gpu"),
        (["colorize", "in", "out", "--device", "mps"], "--device mps", "gpu"),
        (["colorize", "in", "out", "--backend", "torch"], "--backend torch", "gpu"),
        (["colorize", "in", "out", "--flow", "raft"], "--flow raft", "gpu"),
        (["preview", "in", "--at", "0", "--device", "cuda:1"], "--device cuda", "gpu"),
        (["train", "--data", "in", "--out", "out"], "vidcolor train", "train"),
        (["evaluate", "--data", "in"], "vidcolor evaluate", "evaluate"),
        (["export", "vidcolor-base", "out.onnx"], "vidcolor export", "export"),
    ],
)
def test_what_needs_torch_says_so_in_a_sentence(
    arguments: list[str],
    what: str,
    extra: str,
    shots: Path,  # noqa: F811
    tmp_path: Path,
    no_torch: None,
    capsys: pytest.CaptureFixture[str],
) -> None:
    places = {"in": str(shots), "out": str(tmp_path / "out.mp4")}
    places["out.onnx"] = str(tmp_path / "out.onnx")
    assert run([places.get(word, word) for word in arguments]) == 6
    said = capsys.readouterr().err
    assert f"error: {what} needs torch, which is not installed." in said
    assert install_hint(extra) in said
    assert not list(tmp_path.glob("out*"))


@pytest.mark.parametrize("command", ["colorize", "preview", "stills", "batch"])
def test_a_gpu_that_is_left_alone_for_want_of_torch_is_said_once(
    command: str,
    shots: Path,  # noqa: F811
    tmp_path: Path,
    tiny_model: Path,
    no_torch: None,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(choose, "_sign_of_gpu", lambda: "NVIDIA")
    arguments = {
        "colorize": [shots, tmp_path / "out.mp4"],
        "preview": [shots, "--frame", 3, "-o", tmp_path / "out.png"],
        "stills": [shots, tmp_path / "out"],
        "batch": [shots, tmp_path / "out"],
    }[command]
    assert run([command, *map(str, arguments), "--model", str(tiny_model)]) == 0
    said = capfd.readouterr().err
    assert said.count("NVIDIA GPU") == 1
    assert "note: " in said
    assert install_hint("gpu") in said
    assert list(tmp_path.glob("out*"))


def test_nothing_is_said_of_a_gpu_to_who_chose_the_processor(no_torch: None, monkeypatch) -> None:
    monkeypatch.setattr(choose, "_sign_of_gpu", lambda: "NVIDIA")
    assert choose.unused_gpu("cpu", "auto") is None
    assert choose.unused_gpu("auto", "openvino") is None
    assert choose.unused_gpu("auto", "auto")


@pytest.mark.parametrize(
    ("system", "machine", "expected"),
    [("Darwin", "arm64", "Apple"), ("Darwin", "x86_64", None), ("Windows", "AMD64", None)],
)
def test_a_gpu_is_seen_without_torch(
    system: str, machine: str, expected: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choose.platform, "system", lambda: system)
    monkeypatch.setattr(choose.platform, "machine", lambda: machine)
    monkeypatch.setattr(choose.shutil, "which", lambda name: None)
    assert choose._sign_of_gpu() == expected
