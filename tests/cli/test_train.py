"""`vidcolor train`: what is told to whom, and what is refused in which words."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.train.conftest import photograph
from vidcolor.cli.main import run as vidcolor

LITE0 = "tf_efficientnet_lite0"


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("told")
    for seed in range(3):
        cv2.imwrite(str(folder / f"{seed}.png"), photograph(seed))
    return folder


def refused(
    capsys: pytest.CaptureFixture[str], data: Path, tmp_path: Path, *options: str
) -> tuple[int, str]:
    told = ["--data", str(data), "--out", str(tmp_path / "run"), "--cache", str(tmp_path / "c")]
    code = vidcolor(["train", *told, "--threads", "1", *options])
    return code, capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ([], "--hours or --steps"),
        (["--hours", "1", "--steps", "5"], "--hours or --steps"),
        (["--steps", "5", "--size", "100"], "multiple of 32"),
        (["--steps", "5", "--batch", "0"], "at least 1"),
        (["--steps", "5", "--recipe", "gan", "--lambda", "5"], "has none"),
        (["--steps", "5", "--loss", "consistency"], "NAME=WEIGHT"),
        (["--steps", "5", "--loss", "beauty=1"], "no loss called 'beauty'"),
        (["--steps", "5", "--loss", "consistency=1", "--batch", "3"], "even --batch"),
        (["--steps", "5", "--precision", "fp16"], "needs a CUDA device"),
        (["--steps", "5", "--degrade", "2"], "0..1"),
        (["--steps", "5", "--joint-share", "0.9", "--critic-share", "0.9"], "don't fit"),
        (["--steps", "5", "--generator", "resnet", "--encoder", "resnet18"], "goes with"),
        (["--steps", "5", "--initialisation", "icnr"], "icnr goes with"),
        (["--steps", "5", "--generator", "resnet", "--frozen-levels", "2"], "has none"),
        (
            [
                "--steps",
                "5",
                "--recipe",
                "l1+perceptual",
                "--perceptual-network",
                "tf_efficientnet_lite0",
            ],
            "judges the models",
        ),
    ],
)
def test_what_does_not_go_together_is_said(
    options: list[str],
    word: str,
    pictures: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, words = refused(capsys, pictures, tmp_path, *options)
    assert code == 2, words
    assert word in words
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("kind", ["missing", "empty", "grey", "damaged"])
def test_folders_without_anything_to_learn_from(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "data"
    if kind != "missing":
        folder.mkdir()
    if kind == "grey":
        cv2.imwrite(str(folder / "g.png"), np.full((80, 80), 90, np.uint8))
    if kind == "damaged":
        (folder / "d.jpg").write_bytes(b"\xff\xd8\xff")
    code, words = refused(capsys, folder, tmp_path, "--steps", "2")
    assert code == 3
    assert str(folder) in words


def test_damaged_files_among_good_ones_are_counted_and_listed(
    pictures: Path, tmp_path: Path, tiny_model: Path
) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "d.jpg").write_bytes(b"\xff\xd8\xff")
    told = ["--data", str(pictures), "--data", str(tmp_path / "more")]
    told += ["--out", str(tmp_path / "run"), "--cache", str(tmp_path / "c"), "--threads", "1"]
    told += ["--init", str(tiny_model), "--steps", "1", "--size", "32", "--batch", "2"]
    assert vidcolor(["train", *told, "--final-share", "0"]) == 0
    assert "d.jpg: cannot be decoded" in (tmp_path / "run" / "skipped.txt").read_text()


def test_a_device_that_is_not_there_is_named(
    pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("this machine has one")
    code, words = refused(capsys, pictures, tmp_path, "--steps", "2", "--device", "cuda")
    assert code == 6
    assert "'cuda' is not there" in words


def test_a_plan_says_what_a_run_would_take_and_leaves_nothing(
    pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    network = ["--generator", "unet-plain", "--width", "4", "--depth", "3"]
    sizes = ["--size", "32", "--batch", "2", "--final-size", "32", "--final-batch", "2"]
    told = ["--data", str(pictures), "--steps", "1000", "--plan", "--threads", "1"]
    assert vidcolor(["train", *told, *network, *sizes]) == 0
    words = capsys.readouterr().out
    for word in ("million parameters", "GFLOP a picture", "pictures a second", "1000 steps, some"):
        assert word in words
    assert sorted(path.name for path in pictures.iterdir()) == ["0.png", "1.png", "2.png"]


def test_help_shows_every_default_and_imports_no_torch() -> None:
    code = (
        "import sys; from vidcolor.cli.main import run; run(['train', '--help']);"
        "print('torch' in sys.modules, 'cv2' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False False"
    for word in ("0.0015", "tf_efficientnet_lite2", "lsgan", "cosine"):
        assert word in done.stdout
