"""What comes out nearly grey is said to, unless that was asked for or there is nothing to see."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from tests.scenes import light, scene, write_film
from vidcolor.direct.prepare import Request
from vidcolor.infer.choose import load_predictor
from vidcolor.infer.predictor import Prediction, Predictor
from vidcolor.run.here import Here
from vidcolor.run.one import Task, colorize_file
from vidcolor.run.settings import ColorizeSettings


@dataclass(frozen=True)
class Faded:
    """The shipped network with a share of its colour."""

    real: Predictor
    share: float
    description: str = "test"

    def predict(self, luma: np.ndarray, hints: np.ndarray | None = None) -> Prediction:
        said = self.real.predict(luma, hints)
        return Prediction(128 + np.float32(self.share) * (said.chroma - 128), said.confidence)


@dataclass
class Heard:
    notes: list[str] = field(default_factory=list)

    def note(self, sentence: str) -> None:
        self.notes.append(sentence)

    def opened(self, *_: object) -> None: ...
    def planned(self, *_: object) -> None: ...
    def begun(self, *_: object) -> None: ...
    def progress(self, *_: object) -> None: ...
    def kept(self, *_: object) -> None: ...


@pytest.fixture(scope="module")
def real() -> Predictor:
    return load_predictor("vidcolor-base", "cpu", "openvino")


def make(path: Path, picture: np.ndarray) -> Path:
    if path.suffix == ".mkv":
        return write_film(path, [light(picture)] * 3, "ffv1", "gray16le")
    PIL.Image.fromarray(picture).save(path)
    return path


def heard(
    source: Path,
    predictor: Predictor,
    saturation: float | None = None,
    request: Request = Request(),  # noqa: B008 - frozen
) -> list[str]:
    voice = Heard()
    output = source.with_name(f"out{source.suffix}")
    settings = ColorizeSettings(saturation=saturation)
    task = Task(source, output, settings, overwrite=True, request=request)
    outcome = colorize_file(task, lambda: Here(predictor), voice)
    said = [note for note in voice.notes if "nearly grey" in note]
    assert [note for note in outcome.notes if "nearly grey" in note] == said
    return said


@pytest.mark.parametrize("name", ["in.mkv", "in.png"])
def test_what_came_out_nearly_grey_is_said(tmp_path: Path, real: Predictor, name: str) -> None:
    source = make(tmp_path / name, scene())
    assert heard(source, real) == []
    (said,) = heard(source, Faded(real, 0.1))
    assert ("gray16le" if name == "in.mkv" else "8 bits") in said


@pytest.mark.parametrize("name", ["in.mkv", "in.png"])
def test_grey_that_was_asked_for_is_no_news(tmp_path: Path, real: Predictor, name: str) -> None:
    source = make(tmp_path / name, scene())
    assert heard(source, real, saturation=0.05) == []


@pytest.mark.parametrize("name", ["in.mkv", "in.png"])
def test_grey_that_a_person_said_is_no_news(tmp_path: Path, real: Predictor, name: str) -> None:
    source = make(tmp_path / name, scene())
    still = tmp_path / "ref_000001.png" if name == "in.mkv" else tmp_path / "still.png"
    PIL.Image.fromarray(scene()).save(still)
    assert heard(source, Faded(real, 0.1), request=Request((still,))) == []


@pytest.mark.parametrize("name", ["in.mkv", "in.png"])
def test_a_blank_picture_may_be_grey(tmp_path: Path, real: Predictor, name: str) -> None:
    source = make(tmp_path / name, np.full_like(scene(), 90))
    assert heard(source, Faded(real, 0.1)) == []
