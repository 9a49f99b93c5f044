from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from tests.infer.test_backends import frames, hints
from vidcolor.cli.main import run
from vidcolor.infer.choose import load_predictor
from vidcolor.infer.predictor import network_input
from vidcolor.remedies import install_hint


@pytest.fixture(scope="module")
def exported(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("export") / "tiny.onnx"
    assert run(["export", str(tiny_model), str(output)]) == 0
    return output


def test_onnx_runtime_gives_the_colours_of_torch_at_any_size(
    exported: Path, tiny_model: Path
) -> None:
    import onnxruntime

    session = onnxruntime.InferenceSession(exported, providers=["CPUExecutionProvider"])
    reference = load_predictor(str(tiny_model), "cpu", "torch")
    for luma, given in ((frames(3), hints(3)), (frames(1, 32, 128), None)):
        inputs = {"batch": network_input(luma, given), "sharpness": np.ones(1, np.float32)}
        (planes,) = session.run(None, inputs)
        expected = reference.predict(luma, given).chroma
        height, width = expected.shape[2:]
        assert np.ptp(expected) > 10
        assert np.abs(planes[:, :2, :height, :width] - expected).max() < 1


def test_the_file_says_what_it_takes(exported: Path) -> None:
    import onnx

    graph = onnx.load(exported)
    onnx.checker.check_model(graph)
    assert "multiples of 32" in graph.doc_string
    facts = {entry.key: entry.value for entry in graph.metadata_props}
    assert facts["working_size"] == "64"
    assert graph.opset_import[0].version == 17


def test_nothing_is_replaced_unasked(
    tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "model.onnx"
    output.write_text("mine")
    assert run(["export", str(tiny_model), str(output)]) == 4
    assert "--overwrite" in capsys.readouterr().err
    assert output.read_text() == "mine"


@pytest.mark.parametrize(
    ("name", "word", "code"),
    [("model.pt", ".onnx", 2), ("missing/model.onnx", "does not exist", 4)],
)
def test_a_bad_output_is_named(
    name: str,
    word: str,
    code: int,
    tiny_model: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["export", str(tiny_model), str(tmp_path / name)]) == code
    assert word in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_missing_package_is_named_with_the_command_that_installs_it(
    tiny_model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert run(["export", str(tiny_model), str(tmp_path / "model.onnx")]) == 6
    assert install_hint("export") in capsys.readouterr().err
