from __future__ import annotations

import subprocess
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from vidcolor.errors import MachineError, ModelError, UsageError
from vidcolor.infer import openvino_backend
from vidcolor.infer.choose import load_predictor
from vidcolor.infer.predictor import network_input, working_shape
from vidcolor.infer.tiled import Tiled
from vidcolor.infer.torch_backend import AT_ONCE, TorchPredictor, input_of


def frames(count: int = 3, height: int = 64, width: int = 84) -> np.ndarray:
    rng = np.random.default_rng(5)
    noise = rng.integers(0, 256, (count, height, width)).astype(np.float32)
    return (
        np.stack([cv2.GaussianBlur(f, (0, 0), 4) * 3 - 256 for f in noise])
        .clip(0, 255)
        .astype(np.uint8)
    )


def hints(count: int = 3, height: int = 16, width: int = 21) -> np.ndarray:
    given = np.zeros((count, 3, height, width), np.float32)
    given[:, :2, 4:8, 4:8] = 200
    given[:, 2, 4:8, 4:8] = 1
    return given


@pytest.fixture(scope="module")
def shipped_model() -> Path:
    return Path(__file__).parents[2] / "models" / "vidcolor-base.safetensors"


@pytest.mark.parametrize("with_hints", [False, True])
def test_backends_agree_in_float32(tiny_model: Path, with_hints: bool) -> None:
    given = hints() if with_hints else None
    a = load_predictor(str(tiny_model), "cpu", "openvino", precision="float32").predict(
        frames(), given
    )
    b = load_predictor(str(tiny_model), "cpu", "torch").predict(frames(), given)
    assert a.chroma.shape == (3, 2, 16, 21)
    assert np.ptp(b.chroma) > 10
    assert np.abs(a.chroma - b.chroma).max() < 1
    assert np.abs(a.confidence - b.confidence).max() < 0.05


def test_the_shipped_model_agrees_in_float32_and_bf16(shipped_model: Path) -> None:
    reference = load_predictor(str(shipped_model), "cpu", "torch").predict(frames(2))
    exact = load_predictor(str(shipped_model), "cpu", "openvino", precision="float32")
    assert np.abs(exact.predict(frames(2)).chroma - reference.chroma).max() < 1
    short = load_predictor(str(shipped_model), "cpu", "openvino")
    if short.description.endswith("float32"):
        pytest.skip("this processor has no bf16")
    error = np.abs(short.predict(frames(2)).chroma - reference.chroma)
    assert np.quantile(error, 0.99) <= 3


def test_a_cached_network_gives_exactly_what_the_fresh_one_gave(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIDCOLOR_CACHE", str(tmp_path))
    fresh = load_predictor(str(tiny_model), "cpu", "openvino").predict(frames())
    assert list(tmp_path.glob("*.xml"))
    cached = load_predictor(str(tiny_model), "cpu", "openvino").predict(frames())
    assert (fresh.chroma == cached.chroma).all()


def test_a_cache_that_cannot_be_written_is_no_error(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("")
    monkeypatch.setenv("VIDCOLOR_CACHE", str(blocker / "below"))
    assert (
        load_predictor(str(tiny_model), "cpu", "openvino").predict(frames(1)).chroma.shape[0] == 1
    )


def test_processes_that_fill_an_empty_cache_together_all_colour(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIDCOLOR_CACHE", str(tmp_path))
    program = f"""
from vidcolor.infer.choose import load_predictor
load_predictor({str(tiny_model)!r}, "cpu", "openvino", threads=1)
"""
    together = [subprocess.Popen([sys.executable, "-c", program]) for _ in range(4)]
    assert [process.wait() for process in together] == [0] * 4
    assert len(list(tmp_path.glob("*.xml"))) == 1


def test_a_cache_that_cannot_be_locked_is_no_error(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIDCOLOR_CACHE", str(tmp_path))
    (tmp_path / "lock").mkdir()
    assert load_predictor(str(tiny_model), "cpu", "openvino").predict(frames(1)).chroma.size
    assert not list(tmp_path.glob("*.xml"))


def test_ctrl_c_is_heard_after_networks_came_and_went(tiny_model: Path) -> None:
    program = f"""
import os, signal
from vidcolor.infer.choose import load_predictor
first = load_predictor({str(tiny_model)!r}, "cpu", "openvino")
second = load_predictor({str(tiny_model)!r}, "cpu", "openvino")
del first
del second
try:
    os.kill(os.getpid(), signal.SIGINT)
except KeyboardInterrupt:
    print("heard")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, "heard"), done.stderr


@pytest.mark.parametrize("backend", ["openvino", "torch"])
def test_a_frame_is_coloured_the_same_alone_and_in_a_batch(tiny_model: Path, backend: str) -> None:
    count = 2 * AT_ONCE + 1
    luma, given = frames(count), hints(count)
    given[-1] = 0
    predictor = load_predictor(str(tiny_model), "cpu", backend)
    together = predictor.predict(luma, given).chroma
    for index in (1, count - 1):
        alone = predictor.predict(luma[index : index + 1], given[index : index + 1]).chroma
        assert np.abs(together[index] - alone[0]).max() < 0.01


@pytest.mark.parametrize("backend", ["openvino", "torch"])
def test_luma_may_be_a_view_that_must_not_be_written(tiny_model: Path, backend: str) -> None:
    predictor = load_predictor(str(tiny_model), "cpu", backend)
    whole = frames()
    whole.flags.writeable = False
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        turned = predictor.predict(whole[..., ::-1]).chroma
    assert np.array_equal(turned, predictor.predict(whole[..., ::-1].copy()).chroma)


def test_cuda_gets_a_batch_in_8_bits_and_is_waited_for_once(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CUDA's way with memory, walked on the processor."""
    luma, given = frames(), hints()
    whole = load_predictor(str(tiny_model), "cpu", "torch")
    assert isinstance(whole, Tiled) and isinstance(whole.predictor, TorchPredictor)
    expected = whole.predict(luma, given)
    empty, pinned, waits = torch.empty, [], []

    def pinning(shape: Any, *, pin_memory: bool, **kind: Any) -> torch.Tensor:
        made = empty(shape, **kind)
        pinned.append((pin_memory, made.dtype, made.shape))
        return made

    monkeypatch.setattr(torch, "empty", pinning)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda _: Stream(waits))
    monkeypatch.setattr(whole.predictor, "_is_cuda", True)
    seen = whole.predict(luma, given)
    assert pinned == [
        (True, torch.float32, given.shape),
        (True, torch.uint8, luma.shape),
        (True, torch.float32, (3, 3, 16, 24)),
    ]
    assert waits == [1]
    assert np.array_equal(seen.chroma, expected.chroma)


@dataclass
class Stream:
    waits: list[int]

    def synchronize(self) -> None:
        self.waits.append(1)


@pytest.mark.parametrize("size", [(64, 96), (64, 84), (60, 96), (36, 340), (4, 64), (8, 20)])
@pytest.mark.parametrize("with_hints", [False, True])
def test_the_network_gets_the_same_made_on_its_device(
    size: tuple[int, int], with_hints: bool
) -> None:
    chance = np.random.default_rng(3)
    luma = chance.integers(0, 256, (2, *size)).astype(np.uint8)
    given = None
    if with_hints:
        given = chance.uniform(0, 255, (2, 3, size[0] // 4, size[1] // 4)).astype(np.float32)
        given[:, 2] = (chance.uniform(-1, 1, given[:, 2].shape)).clip(0, 1)
    made = input_of(torch.from_numpy(luma), None if given is None else torch.from_numpy(given))
    assert np.array_equal(made.numpy(), network_input(luma, given))


def test_memory_that_runs_out_halves_the_batch_and_loses_nothing(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    predictor = load_predictor(str(tiny_model), "cpu", "torch")
    predictor = predictor.predictor
    assert isinstance(predictor, TorchPredictor)
    whole = predictor.predict(frames(5)).chroma
    forward = predictor._forward

    def small_only(luma: np.ndarray, hints: np.ndarray | None) -> torch.Tensor:
        if len(luma) > 1:
            raise torch.OutOfMemoryError
        return forward(luma, hints)

    monkeypatch.setattr(predictor, "_forward", small_only)
    for _ in range(2):
        assert np.allclose(predictor.predict(frames(5)).chroma, whole, atol=0.01)
    assert len([r for r in caplog.records if "memory" in r.message]) == 1


def test_memory_that_is_too_small_for_one_frame_is_an_error(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    predictor = load_predictor(str(tiny_model), "cpu", "torch")

    def never(*_: object) -> torch.Tensor:
        raise torch.OutOfMemoryError

    monkeypatch.setattr(predictor.predictor, "_forward", never)
    with pytest.raises(MachineError, match="memory"):
        predictor.predict(frames(2))


def test_vividness_moves_colour_from_the_mean_to_the_mode(tiny_model: Path) -> None:
    mild = load_predictor(str(tiny_model), "cpu", "openvino", vividness=0.3).predict(frames())
    vivid = load_predictor(str(tiny_model), "cpu", "openvino", vividness=3).predict(frames())
    assert np.abs(vivid.chroma - 128).mean() > np.abs(mild.chroma - 128).mean()


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_a_missing_device_is_named(tiny_model: Path) -> None:
    with pytest.raises(MachineError, match="CUDA"):
        load_predictor(str(tiny_model), "cuda")


def test_a_processor_without_bf16_is_told_of_float32(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openvino_backend, "core", lambda: _Plain())
    with pytest.raises(MachineError, match="bf16") as caught:
        load_predictor(str(tiny_model), "cpu", "openvino", precision="bf16")
    assert "`precision=float32`" in str(caught.value)


class _Plain:
    """A processor of ten years ago."""

    def get_property(self, *_: str) -> list[str]:
        return ["FP32", "INT8"]


@pytest.mark.parametrize("backend", ["torch", "openvino"])
def test_float32_is_the_precision_of_any_processor(tiny_model: Path, backend: str) -> None:
    exact = load_predictor(str(tiny_model), "cpu", backend, precision="float32")
    assert exact.description.endswith("float32")


def test_torch_calculates_in_bf16_where_that_is_asked_for(tiny_model: Path) -> None:
    exact = load_predictor(str(tiny_model), "cpu", "torch", precision="float32")
    short = load_predictor(str(tiny_model), "cpu", "torch", precision="bf16")
    assert short.description.endswith("bf16")
    error = np.abs(short.predict(frames()).chroma - exact.predict(frames()).chroma)
    assert 0 < error.mean() < 1


@pytest.mark.parametrize(("precision", "rounds"), [("float32", False), ("bf16", True)])
def test_float32_on_a_gpu_is_no_tf32(tiny_model: Path, precision: str, rounds: bool) -> None:
    predictor = load_predictor(str(tiny_model), "cpu", "torch", precision=precision)
    assert isinstance(predictor, Tiled) and isinstance(predictor.predictor, TorchPredictor)
    seen = []
    predictor.predictor._decoder.generator.register_forward_hook(
        lambda *_: seen.append(torch.backends.cudnn.allow_tf32)
    )
    predictor.predict(frames(1))
    assert seen == [rounds]
    assert torch.backends.cudnn.allow_tf32


def test_a_gpu_without_bf16_is_told_of_others(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: (7, 5))
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda _: "T4")
    with pytest.raises(MachineError, match="T4 does not calculate in bf16") as caught:
        load_predictor(str(tiny_model), "cuda", "torch", precision="bf16")
    assert "float32" in str(caught.value)


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"device": "cuda", "backend": "openvino"}, "openvino"),
        ({"device": "abacus", "backend": "torch"}, "abacus"),
        ({"backend": "abacus"}, "abacus"),
        ({"precision": "abacus"}, "abacus"),
        ({"vividness": 0.0}, "vividness"),
    ],
)
def test_options_that_do_not_fit_are_named(
    tiny_model: Path, options: dict[str, object], word: str
) -> None:
    with pytest.raises(UsageError, match=word):
        load_predictor(str(tiny_model), **options)


def test_a_missing_model_is_named() -> None:
    with pytest.raises(ModelError, match=r"no\.safetensors"):
        load_predictor("no.safetensors")


@pytest.mark.parametrize(
    ("height", "width", "expected"),
    [
        (480, 854, (192, 340)),
        (1920, 1080, (340, 192)),
        (100, 100, (192, 192)),
        (50, 200, (192, 768)),
        (100, 2000, (192, 3840)),
        (100, 16000, (96, 15360)),
        (16000, 100, (15360, 96)),
        (1, 400, (60, 24288)),
        (1, 10**6, (32, 46080)),
    ],
)
def test_working_shape(height: int, width: int, expected: tuple[int, int]) -> None:
    assert working_shape(height, width, 192) == expected


def test_network_input_is_padded_and_scaled() -> None:
    batch = network_input(np.full((1, 64, 84), 255, np.uint8), hints(1))
    assert batch.shape == (1, 4, 64, 96)
    assert (batch[0, 0] == 1.0).all()
    assert batch[0, 1, 16, 16] == (200 - 128) / 64
    assert batch[0, 3, 0, 0] == 0
    assert batch[0, 1, 0, 0] == 0
