"""A photograph's colour is what it shows through its profile, and its samples stay its own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import PIL.Image
import pytest
import tifffile

from tests.photographs import eight
from tests.profiles import ADOBE_GAMMA, PROFILES, in_srgb
from vidcolor.direct.hints import read_dot
from vidcolor.direct.prepare import Request
from vidcolor.infer.choose import load_predictor
from vidcolor.infer.predictor import Predictor
from vidcolor.media.light import luma_of
from vidcolor.media.profiles import gamma_curve, rgb_profile
from vidcolor.run.still import StillSettings, colorize_picture


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return load_predictor("vidcolor-base", "cpu", "openvino")


RED = Request(strokes=(read_dot("128,96,60=#c03020"),))
PAINTED = np.s_[60:130, 90:160]


def colored(source: Path, predictor: Predictor, said: Request) -> np.ndarray:
    output = source.with_name(f"out_{source.name}")
    colorize_picture(source, output, predictor, StillSettings(192, 1.3), said)
    is_tiff = output.suffix == ".tif"
    return np.asarray(tifffile.imread(output) if is_tiff else PIL.Image.open(output))


@pytest.fixture(scope="module")
def plain(predictor: Predictor, tmp_path_factory: pytest.TempPathFactory) -> np.ndarray:
    """RGB of the photograph without a profile, a part of it in strong red."""
    path = tmp_path_factory.mktemp("plain") / "in.png"
    PIL.Image.fromarray(eight()).save(path)
    return colored(path, predictor, RED)


def as_seen(grey: np.ndarray, gamma: float, peak: int) -> np.ndarray:
    """Codes of light as a power of them that show the same greys."""
    codes = grey / 255
    light = np.where(codes <= 0.04045, codes / 12.92, ((codes + 0.055) / 1.055) ** 2.4)
    return np.rint(peak * light ** (1 / gamma)).astype(np.uint8 if peak == 255 else np.uint16)


@pytest.mark.parametrize("profile", PROFILES)
def test_a_photograph_with_a_wide_profile_shows_the_colour_it_has_without(
    tmp_path: Path, predictor: Predictor, plain: np.ndarray, profile: str
) -> None:
    stored = eight() if profile == "Display P3" else as_seen(eight(), ADOBE_GAMMA, 255)
    source = tmp_path / "in.png"
    PIL.Image.fromarray(stored).convert("RGB").save(source, icc_profile=PROFILES[profile])
    made = colored(source, predictor, RED)
    assert np.abs(luma_of(made).astype(int) - stored).max() <= 1
    ignored = np.abs(in_srgb(plain, profile) - plain)[PAINTED].mean()
    assert np.abs(in_srgb(made, profile) - plain)[PAINTED].mean() < min(6, ignored / 2)


def test_a_photograph_of_linear_light_is_seen_as_it_looks(
    tmp_path: Path, predictor: Predictor
) -> None:
    PIL.Image.fromarray(eight()).save(tmp_path / "plain.png")
    plain = colored(tmp_path / "plain.png", predictor, Request())
    stored = as_seen(eight(), 1.0, 65535)
    profile = rgb_profile(gamma_curve(1.0))
    tifffile.imwrite(tmp_path / "in.tif", stored, iccprofile=profile, photometric="minisblack")
    made = colored(tmp_path / "in.tif", predictor, Request())
    assert np.abs(luma_of(made).astype(int) - stored).max() <= 1
    light = made / 65535
    shown = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    assert np.abs(255 * shown - plain).mean() < 2


def test_a_still_with_the_photographs_own_profile_is_met(
    tmp_path: Path, predictor: Predictor
) -> None:
    source, still = tmp_path / "in.png", tmp_path / "still.png"
    profile = PROFILES["Display P3"]
    PIL.Image.fromarray(eight()).convert("RGB").save(source, icc_profile=profile)
    grey = eight().astype(float)
    wanted = np.clip(np.dstack([grey + 42, grey - 21, grey - 3]), 0, 255).astype(np.uint8)
    PIL.Image.fromarray(wanted).save(still, icc_profile=profile)
    made = colored(source, predictor, Request((still,)))
    inside = (grey > 60) & (grey < 190)
    assert np.abs(made.astype(float) - wanted)[inside].mean() < 2
