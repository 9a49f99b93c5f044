"""Long pictures piece by piece, by a real tiny network."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import PIL.Image
import pytest

from vidcolor.cli.main import run
from vidcolor.infer.choose import load_predictor
from vidcolor.infer.predictor import FloatArray, LumaBatch, Prediction, Predictor
from vidcolor.infer.tiled import Tiled, pieces

Maker = Callable[..., Path]


@dataclass
class Remembering:
    """A predictor that remembers what it was shown."""

    predictor: Predictor
    shapes: list[tuple[int, ...]] = field(default_factory=list)

    @property
    def description(self) -> str:
        return self.predictor.description

    def predict(self, luma: LumaBatch, hints: FloatArray | None = None) -> Prediction:
        self.shapes.append(luma.shape)
        return self.predictor.predict(luma, hints)


@pytest.fixture
def network(tiny_model: Path) -> Remembering:
    whole = load_predictor(str(tiny_model), "cpu", "openvino")
    assert isinstance(whole, Tiled)
    return Remembering(whole.predictor)


def scroll(height: int, width: int, frames: int = 1) -> LumaBatch:
    noise = np.random.default_rng(5).normal(size=(frames, height, width)).astype(np.float32)
    soft = np.stack([cv2.GaussianBlur(frame, (0, 0), 5) for frame in noise])
    return ((soft - soft.min()) / np.ptp(soft) * 220 + 15).astype(np.uint8)


@pytest.mark.parametrize("shape", [(64, 64), (64, 256), (256, 64), (64, 100)])
def test_what_is_not_long_is_seen_at_once_and_comes_out_the_same(
    network: Remembering, shape: tuple[int, int]
) -> None:
    luma = scroll(*shape, frames=2)
    tiled, alone = Tiled(network).predict(luma), network.predict(luma)
    assert network.shapes == [luma.shape, luma.shape]
    assert np.array_equal(tiled.chroma, alone.chroma)
    assert np.array_equal(tiled.confidence, alone.confidence)


@pytest.mark.parametrize(
    ("short", "long"), [(192, 772), (192, 7680), (60, 24288), (4, 20), (8, 68)]
)
def test_pieces_cover_a_length_and_share_with_their_neighbours(short: int, long: int) -> None:
    found = list(pieces(short, long))
    assert found[0][0] == 0
    assert found[-1][1] == long
    assert len({end - begin for begin, end in found}) == 1
    assert all(begin % 4 == 0 for begin, _ in found)
    shared = [end - begin for (_, end), (begin, _) in itertools.pairwise(found)]
    assert all(part >= short - 4 for part in shared)
    assert sum(end - begin for begin, end in found) < 2 * long + 4 * short


@pytest.mark.parametrize("stands", [False, True])
def test_colour_of_a_long_picture_is_the_network_s_and_has_no_seams(
    network: Remembering, stands: bool
) -> None:
    luma = scroll(64, 1200, frames=2)
    luma = np.ascontiguousarray(luma.swapaxes(1, 2)) if stands else luma
    made = Tiled(network).predict(luma)
    assert all(max(shape[1:]) <= 4 * min(shape[1:]) for shape in network.shapes)
    assert made.chroma.shape == (2, 2, luma.shape[1] // 4, luma.shape[2] // 4)
    begin, end = list(pieces(64, 1200))[3]
    cut = np.s_[:, begin:end] if stands else np.s_[:, :, begin:end]
    alone = network.predict(np.ascontiguousarray(luma[cut])).chroma
    middle = slice(begin // 4 + 17, end // 4 - 17)
    inner = slice(17, (end - begin) // 4 - 17)
    axis = 2 if stands else 3
    seen = np.moveaxis(made.chroma, axis, -1)[..., middle]
    assert np.abs(seen - np.moveaxis(alone, axis, -1)[..., inner]).max() < 0.01
    steps = np.abs(np.diff(np.moveaxis(made.chroma, axis, -1), axis=-1)).mean(axis=(0, 1, 2))
    edges = [side // 4 for piece in pieces(64, 1200) for side in piece if 0 < side < 1200]
    assert steps[[edge - 1 for edge in edges]].mean() < 1.5 * np.median(steps)


def test_hints_stay_in_their_place(network: Remembering) -> None:
    luma = scroll(64, 1200)
    hints = np.zeros((1, 3, 16, 300), np.float32)
    hints[:, :2] = 128
    hints[:, :, 4:12, 200:208] = np.array([90, 200, 1], np.float32)[:, None, None]
    plain, said = Tiled(network).predict(luma), Tiled(network).predict(luma, hints)
    moved = np.abs(said.chroma - plain.chroma).mean(axis=(0, 1, 2))
    assert moved[:120].max() == 0
    assert 190 < moved.argmax() < 218


@pytest.mark.parametrize("size", [(400, 1), (1, 400), (3000, 20)])
def test_a_photograph_however_thin_is_coloured(
    size: tuple[int, int], tmp_path: Path, tiny_model: Path
) -> None:
    grey = np.random.default_rng(0).integers(30, 220, size[::-1]).astype(np.uint8)
    PIL.Image.fromarray(grey).save(tmp_path / "in.png")
    command = ["colorize", str(tmp_path / "in.png"), str(tmp_path / "out.png")]
    assert run([*command, "--model", str(tiny_model), "--render-size", "64"]) == 0
    with PIL.Image.open(tmp_path / "out.png") as image:
        assert image.size == size


def test_a_long_film_is_coloured(film: Maker, tmp_path: Path, tiny_model: Path) -> None:
    source, output = film("in.mp4", frames=4, width=800, height=40), tmp_path / "out.mp4"
    assert run(["colorize", str(source), str(output), "--model", str(tiny_model)]) == 0
    assert output.exists()
