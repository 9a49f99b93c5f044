"""Stills from elsewhere have the colour that they show, whatever profile holds it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import PIL.Image
import pytest
import tifffile

from tests.direct.conftest import shot, tinted
from tests.profiles import PROFILES, SRGB, in_srgb
from vidcolor.direct.reference import read_still

LOOK = tinted(shot(1)[0], 110, 165)


def write(path: Path, profile: bytes) -> np.ndarray:
    """A still with a profile; its RGB as stored."""
    if path.name.startswith("deep"):
        deep = LOOK.astype(np.uint16) * 257
        tifffile.imwrite(path, deep, photometric="rgb", iccprofile=profile)
        return deep
    options = {".jpg": {"quality": 98, "subsampling": 0}, ".webp": {"lossless": True}}
    PIL.Image.fromarray(LOOK).save(path, icc_profile=profile, **options.get(path.suffix, {}))
    return np.asarray(PIL.Image.open(path).convert("RGB"))


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.tif", "deep.tif", "a.webp"])
@pytest.mark.parametrize("profile", PROFILES)
def test_a_still_with_a_wide_profile_is_seen_as_it_looks(
    tmp_path: Path, name: str, profile: str
) -> None:
    stored = write(tmp_path / name, PROFILES[profile])
    still, meant = read_still(tmp_path / name), in_srgb(stored, profile)
    assert np.abs(meant - stored / (np.iinfo(stored.dtype).max / 255)).max() > 12
    assert np.abs(still.rgb - meant).max() < 2.5
    assert np.abs(still.luma - meant @ [0.299, 0.587, 0.114]).max() < 2.5


def test_a_still_in_srgb_or_with_a_broken_profile_stays_as_it_is(tmp_path: Path) -> None:
    plain = tmp_path / "plain.png"
    PIL.Image.fromarray(LOOK).save(plain)
    for name, profile in (("named", SRGB), ("broken", PROFILES["Display P3"][:200])):
        PIL.Image.fromarray(LOOK).save(tmp_path / f"{name}.png", icc_profile=profile)
        still = read_still(tmp_path / f"{name}.png")
        assert (still.rgb == LOOK).all()
        assert still.digest == read_still(plain).digest
