"""What a checkpoint carries to be run where torch is not."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from tests.infer.test_backends import frames, hints
from vidcolor.cli.main import run
from vidcolor.errors import ModelError
from vidcolor.infer import openvino_backend
from vidcolor.infer.choose import load_predictor
from vidcolor.network import registry
from vidcolor.network.checkpoint import load_model
from vidcolor.network.graph import Graph, stored_network
from vidcolor.network.translate import graph_of
from vidcolor.remedies import install_hint

MODELS = Path(__file__).parents[2] / "models"


@pytest.fixture(autouse=True)
def no_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing converted by an earlier test is met."""
    (tmp_path / "no folder").write_text("")
    monkeypatch.setenv("VIDCOLOR_CACHE", str(tmp_path / "no folder"))


@pytest.fixture
def no_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Networks can be neither built nor translated."""
    monkeypatch.setitem(sys.modules, "vidcolor.network.translate", None)


@pytest.fixture
def plain(tiny_model: Path, tmp_path: Path) -> Path:
    """A checkpoint of an older version, which carries no graph."""
    return rewritten(tiny_model, tmp_path / "plain.safetensors")


def rewritten(model: Path, path: Path, *, with_graph: bool = False, factor: float = 1.0) -> Path:
    """A copy, without its graph or with other weights."""
    with safe_open(model, "pt") as stored:
        header = dict(stored.metadata())
    if not with_graph:
        del header["graph"]
    tensors = load_file(model)
    tensors["generator.head_bins.weight"] *= factor
    save_file(tensors, path, header)
    return path


def colors(model: Path, precision: str = "float32") -> np.ndarray:
    predictor = load_predictor(str(model), "cpu", "openvino", precision=precision)
    found = predictor.predict(frames(), hints())
    return np.concatenate([found.chroma, found.confidence[:, None]], 1)


@pytest.fixture
def by_torch(monkeypatch: pytest.MonkeyPatch):
    """Colours of a model that torch converts, whatever it carries."""

    def found(model: Path, precision: str = "float32") -> np.ndarray:
        with monkeypatch.context() as patch:
            patch.setattr(openvino_backend, "stored_network", lambda path: None)
            return colors(model, precision)

    return found


@pytest.mark.parametrize("precision", ["float32", "bf16"])
def test_shipped_models_carry_what_torch_makes_of_them_to_the_bit(
    precision: str, by_torch, monkeypatch: pytest.MonkeyPatch
) -> None:
    able = openvino_backend.core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    if precision == "bf16" and "BF16" not in able:
        pytest.skip("this processor has no bf16")
    for name in (MODELS / "SHA256SUMS").read_text().split()[1::2]:
        expected = by_torch(MODELS / name, precision)
        with monkeypatch.context() as patch:
            patch.setitem(sys.modules, "vidcolor.network.translate", None)
            assert np.array_equal(colors(MODELS / name, precision), expected)
        assert np.ptp(expected) > 10


def test_the_shipped_graph_is_the_one_that_export_would_write_now() -> None:
    path = MODELS / f"{registry.DEFAULT_MODEL}.safetensors"
    model = load_model(path)
    anew = graph_of(model.info.generator, model.bins)
    shipped = Graph.unpacked(path.with_suffix(".graph").read_bytes())
    assert shipped.belongs == anew.belongs
    assert shipped.pieces == anew.pieces


def test_what_train_saves_carries_its_graph(tiny_model: Path, no_torch: None) -> None:
    assert stored_network(tiny_model)
    assert colors(tiny_model).size


def test_a_checkpoint_without_graph_is_converted_by_torch(plain: Path, tiny_model: Path) -> None:
    assert stored_network(plain) is None
    assert np.array_equal(colors(plain), colors(tiny_model))


def test_without_graph_and_torch_an_error_says_what_to_do(plain: Path, no_torch: None) -> None:
    with pytest.raises(ModelError, match="plain") as caught:
        colors(plain)
    assert install_hint("gpu") in caught.value.remedy
    assert "\n" not in str(caught.value)


def test_export_writes_what_an_older_checkpoint_lacks(
    plain: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(["export", str(plain), str(plain.with_suffix(".graph"))]) == 0
    monkeypatch.setitem(sys.modules, "vidcolor.network.translate", None)
    assert np.array_equal(colors(plain), colors(tiny_model))


@pytest.mark.parametrize("kind", ["another model's", "cut short", "no graph at all"])
def test_a_file_beside_that_does_not_fit_is_left_alone(kind: str, plain: Path) -> None:
    beside = plain.with_suffix(".graph")
    shutil.copy(MODELS / "vidcolor-base.graph", beside)
    if kind != "another model's":
        whole = beside.read_bytes()
        beside.write_bytes(whole[: len(whole) // 2] if kind == "cut short" else b"{}")
    assert stored_network(plain) is None


def test_weights_that_were_changed_under_their_graph_are_the_ones_that_colour(
    tiny_model: Path, tmp_path: Path, by_torch
) -> None:
    changed = rewritten(tiny_model, tmp_path / "other.safetensors", with_graph=True, factor=0.1)
    assert stored_network(changed)
    found = colors(changed)
    assert np.array_equal(found, by_torch(changed))
    assert not np.allclose(found, colors(tiny_model))


def test_writing_a_checkpoint_leaves_chance_alone() -> None:
    model = load_model(MODELS / f"{registry.DEFAULT_MODEL}.safetensors")
    before = torch.get_rng_state()
    graph_of(model.info.generator, model.bins)
    assert torch.equal(torch.get_rng_state(), before)
