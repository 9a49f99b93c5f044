from __future__ import annotations

import cv2
import numpy as np
import pytest

from vidcolor.color.convert import SampleSpec
from vidcolor.color.upscale import colored_planes, enlarge


def edge() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Luma (192, 256) with an edge, its true chroma, and that at a quarter of the size."""
    luma = np.full((192, 256), 90, np.uint8)
    true = np.empty((2, 192, 256), np.float32)
    true[0], true[1] = 100, 170
    luma[:, 131:], true[0, :, 131:], true[1, :, 131:] = 170, 150, 100
    small = cv2.resize(true.transpose(1, 2, 0), (64, 48), interpolation=cv2.INTER_AREA)
    return luma, true, np.ascontiguousarray(small.transpose(2, 0, 1))


def test_bleeds_less_than_bilinear() -> None:
    luma, true, small = edge()
    bilinear = np.stack([cv2.resize(plane, (256, 192)) for plane in small])
    assert np.abs(enlarge(small, luma) - true).sum() < 0.65 * np.abs(bilinear - true).sum()


def test_grey_ramp_stays_grey() -> None:
    ramp = np.tile(np.arange(256, dtype=np.uint8), (64, 1))
    grey = np.full((2, 16, 64), 128, np.float32)
    assert (enlarge(grey, ramp) == 128).all()
    for plane in colored_planes(grey, ramp, (32, 128), "left", SampleSpec("bt709", False)):
        assert (plane == 128).all()


def test_flat_colour_stays_flat_over_texture() -> None:
    luma = np.random.default_rng(1).integers(60, 200, (96, 128), np.uint8)
    chroma = np.stack([np.full((24, 32), 110, np.float32), np.full((24, 32), 150, np.float32)])
    result = enlarge(chroma, luma)
    assert np.allclose(result[0], 110, atol=0.01)
    assert np.allclose(result[1], 150, atol=0.01)


@pytest.mark.parametrize(("siting", "offset"), [("left", 0.5), ("center", 1.0), ("topleft", 0.5)])
def test_chroma_samples_lie_where_the_siting_says(siting: str, offset: float) -> None:
    """On flat luma, a ramp of chroma has at sample i the value at luma position 2 i + offset."""
    luma = np.full((64, 256), 128, np.uint8)
    ramp = np.tile(100 + (np.arange(64) + 0.5) * 0.8, (16, 1)).astype(np.float32)
    chroma = np.stack([ramp, np.full_like(ramp, 128)])
    cb, _ = colored_planes(chroma, luma, (32, 128), siting, SampleSpec(depth=8))
    middle = np.arange(20, 100)
    assert np.abs(cb[16, middle] - (100 + (2 * middle + offset) / 4 * 0.8)).max() <= 0.51


def test_ten_bit_planes_have_ten_bit_codes() -> None:
    luma = np.full((32, 64), 500, np.uint16)
    chroma = np.full((2, 8, 16), 148, np.float32)
    cb, cr = colored_planes(chroma, luma, (16, 32), "left", SampleSpec("bt601", False, 10))
    assert cb.dtype == cr.dtype == np.uint16
    assert abs(int(cb[8, 16]) - (512 + 20 * 896 / 255)) <= 1
