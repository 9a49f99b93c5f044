from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from vidcolor.errors import ModelError
from vidcolor.network import registry
from vidcolor.network.checkpoint import load_model, save_model


def test_a_round_trip_keeps_every_weight_to_half_precision(
    tiny_model: Path, tmp_path: Path
) -> None:
    model = load_model(tiny_model)
    again = tmp_path / "again.safetensors"
    save_model(again, model.generator, model.bins, model.info)
    loaded = load_model(again)
    for key, value in model.generator.state_dict().items():
        assert torch.equal(loaded.generator.state_dict()[key], value), key
    assert loaded.info == model.info
    assert (loaded.bins.prior == model.bins.prior).all()


def test_found_by_name_and_by_path(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIDCOLOR_MODELS", str(tiny_model.parent))
    assert registry.find_model("tiny") == tiny_model
    assert registry.find_model(str(tiny_model)) == tiny_model
    with pytest.raises(ModelError, match="tiny"):
        registry.find_model("nothing-like-it")


def _broken(kind: str, tiny_model: Path, path: Path) -> None:
    whole = tiny_model.read_bytes()
    if kind == "foreign":
        save_file({"weight": np.zeros(3, np.float32)}, path)
    else:
        path.write_bytes(
            {
                "cut short": whole[: len(whole) // 2],
                "empty": b"",
                "Git-LFS": b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n",
                "HTML": b"\n<!DOCTYPE html><html><body>404</body></html>",
                "pickle": b"PK\x03\x04" + bytes(100),
                "damaged": b"\xff" * 2000,
            }[kind]
        )


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        ("cut short", "damaged or cut short"),
        ("empty", "empty"),
        ("Git-LFS", "Git-LFS pointer"),
        ("HTML", "HTML page"),
        ("pickle", "pickle"),
        ("damaged", "damaged"),
        ("foreign", "another program"),
    ],
)
def test_what_is_no_model_is_named_for_what_it_is(
    kind: str, word: str, tiny_model: Path, tmp_path: Path
) -> None:
    path = tmp_path / "broken.safetensors"
    _broken(kind, tiny_model, path)
    with pytest.raises(ModelError, match=word) as caught:
        load_model(path)
    assert caught.value.exit_code == 7


def test_a_changed_shipped_model_is_refused(tiny_model: Path, tmp_path: Path) -> None:
    path = tmp_path / "shipped.safetensors"
    path.write_bytes(tiny_model.read_bytes())
    digest = registry.verified_hash(path)
    (tmp_path / "SHA256SUMS").write_text(f"{digest}  shipped.safetensors\n")
    assert registry.verified_hash(path) == digest
    path.write_bytes(tiny_model.read_bytes() + b"\0")
    with pytest.raises(ModelError, match="sha256"):
        registry.verified_hash(path)


def test_shipped_models_are_whole_and_under_twenty_megabytes() -> None:
    folder = Path(__file__).parents[2] / "models"
    listed = (folder / "SHA256SUMS").read_text().split()[1::2]
    assert f"{registry.DEFAULT_MODEL}.safetensors" in listed
    for name in listed:
        assert (folder / name).stat().st_size <= 20e6
        assert registry.verified_hash(folder / name)
        assert (folder / name).with_suffix(".md").is_file()


def test_the_header_is_read_without_torch(tiny_model: Path) -> None:
    import subprocess

    code = (
        "import sys; from pathlib import Path; from vidcolor.network.registry import load_info;"
        "print(load_info(Path(sys.argv[1])).working_size, 'torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tiny_model)], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["64", "False"]


def test_the_header_is_json_that_names_the_network(tiny_model: Path) -> None:
    from safetensors import safe_open

    with safe_open(tiny_model, "np") as stored:
        info = json.loads(stored.metadata()["info"])
    assert info["generator"]["encoder"] == "mobilenetv3_small_050"
