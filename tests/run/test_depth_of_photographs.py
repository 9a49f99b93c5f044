"""The same photograph gets the same colour whatever kind of file holds it, at whatever depth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import PIL.Image
import PIL.ImageOps
import pytest
import tifffile

from tests.photographs import KINDS, eight, rgb, sixteen
from tests.scenes import light, scene
from vidcolor.direct.prepare import Request
from vidcolor.evaluate.read import read_picture as read_for_evaluation
from vidcolor.infer.choose import load_predictor
from vidcolor.infer.predictor import Predictor
from vidcolor.media.deep import scale_of
from vidcolor.media.picture import read_picture
from vidcolor.run.still import StillSettings, colorize_picture
from vidcolor.train.sources import read as read_for_training


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return load_predictor("vidcolor-base", "cpu", "openvino")


@pytest.fixture(scope="module")
def told(predictor: Predictor, tmp_path_factory: pytest.TempPathFactory) -> np.ndarray:
    """RGB of the photograph as a grey PNG of 8 bits."""
    folder = tmp_path_factory.mktemp("told")
    PIL.Image.fromarray(eight()).save(folder / "in.png")
    return colored(folder / "in.png", folder / "out.png", predictor)


def colored(source: Path, output: Path, predictor: Predictor) -> np.ndarray:
    colorize_picture(source, output, predictor, StillSettings(192, 1.3))
    return np.asarray(PIL.Image.open(output).convert("RGB")).astype(float)


def chroma(picture: np.ndarray) -> np.ndarray:
    """What each of red, green and blue has beyond luma."""
    return picture - (picture @ [0.299, 0.587, 0.114])[:, :, None]


@pytest.mark.parametrize("name", KINDS)
def test_a_kind_of_photograph_does_not_change_colour(
    tmp_path: Path, predictor: Predictor, told: np.ndarray, name: str
) -> None:
    KINDS[name]()(tmp_path / name)
    picture = read_picture(tmp_path / name)
    assert np.abs(picture.luma / picture.peak - light(scene())).mean() < 1.5 / 255
    made = colored(tmp_path / name, tmp_path / "out.png", predictor)
    assert np.abs(chroma(told)).mean() > 4
    assert np.abs(chroma(made) - chroma(told)).mean() < 1.5


@pytest.mark.parametrize("name", ["grey16.png", "rgb16.tif", "float.tif", "grey12.jp2"])
def test_dots_reach_as_far_in_any_photograph(
    tmp_path: Path, predictor: Predictor, name: str
) -> None:
    (tmp_path / "dots.json").write_text(
        '{"version": 1, "hints": [{"frame": 0, "points": [[80, 90]], "colour": "#c03020"}]}'
    )
    made = []
    for kind in (name, "grey8.tif"):
        KINDS[kind]()(tmp_path / kind)
        output = tmp_path / f"{kind}.png"
        request = Request(hints=(tmp_path / "dots.json",))
        colorize_picture(tmp_path / kind, output, predictor, StillSettings(192, 1.3), request)
        made.append(np.asarray(PIL.Image.open(output).convert("RGB")).astype(float))
    assert np.ptp(made[1][86:94, 76:84], axis=2).mean() > 40
    assert np.abs(chroma(made[0]) - chroma(made[1])).mean() < 1.5


@pytest.mark.parametrize("name", [n for n in KINDS if "16" in n or "float" in n or "32" in n])
def test_deep_photographs_are_seen_alike_by_evaluation(tmp_path: Path, name: str) -> None:
    KINDS[name]()(tmp_path / name)
    seen = read_for_evaluation(tmp_path / name)
    assert seen.dtype == np.uint8 and seen.shape == (192, 256, 3)
    assert np.abs(seen.astype(int) - scene()[:, :, None]).max() <= 1


@pytest.mark.parametrize("name", ["grey16.png", "rgb16.png", "rgb16.tif", "alpha16.tif"])
def test_deep_photographs_are_seen_alike_by_training(tmp_path: Path, name: str) -> None:
    KINDS[name]()(tmp_path / name)
    (stored,) = read_for_training(tmp_path / name).pictures
    assert np.abs(stored[..., 0].astype(int) - scene()).max() <= 1
    assert np.abs(stored[..., 1:].astype(int) - 128).max() <= 1


def full_scale(samples: np.ndarray) -> np.ndarray:
    return scale_of(samples.dtype, [samples]).samples(samples)


def test_white_of_numbers_is_the_least_that_holds_them() -> None:
    for samples, white in (
        (np.array([0, 255], np.int32), 255),
        (np.array([0, 40000, 65535], np.int32), 65535),
        (np.array([0, 2**31 - 1], np.int32), 2**31 - 1),
        (np.array([0, 32767], np.int16), 32767),
        (np.array([0.0, 1.0], np.float32), 1),
        (np.array([0.0, 65535.0], np.float32), 65535),
    ):
        expected = np.rint(samples.astype(float) / white * 65535)
        assert full_scale(samples).tolist() == expected.tolist()
    lamp = np.append(np.linspace(0, 1, 500), 40.0).astype(np.float32)
    assert full_scale(lamp)[[0, 250, 499, 500]].tolist() == [0, 32833, 65535, 65535]
    odd = np.array([-1.0, np.nan, np.inf, 1.5], np.float32)
    assert full_scale(odd).tolist() == [0, 0, 0, 65535]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["png", "tif", "rgb", "float", "planes"])
def test_deep_photographs_are_turned_as_their_twins(
    tmp_path: Path, kind: str, orientation: int
) -> None:
    exif = PIL.Image.Exif()
    exif[274] = orientation
    PIL.Image.fromarray(eight()).save(tmp_path / "8.png", exif=exif)
    tag = {"extratags": [(274, 3, 1, orientation, True)]}
    deep = tmp_path / f"16.{'png' if kind == 'png' else 'tif'}"
    if kind == "png":
        PIL.Image.fromarray(sixteen()).save(deep, exif=exif)
    elif kind == "planes":
        rgb_planes = np.stack([sixteen()] * 3)
        tifffile.imwrite(deep, rgb_planes, photometric="rgb", planarconfig="separate", **tag)
    elif kind == "rgb":
        tifffile.imwrite(deep, rgb(sixteen()), photometric="rgb", **tag)
    else:
        samples = light(scene()).astype(np.float32) if kind == "float" else sixteen()
        tifffile.imwrite(deep, samples, **tag)
    upright = np.asarray(PIL.ImageOps.exif_transpose(PIL.Image.open(tmp_path / "8.png")))
    picture = read_picture(deep)
    assert picture.luma.shape == upright.shape
    assert np.abs(picture.luma / 257 - upright).max() <= 1
