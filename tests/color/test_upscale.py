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


def test_rows_of_topleft_chroma_are_luma_s_upper_ones() -> None:
    """Sample j of a ramp downwards has the value at luma row 2 j + 0.5."""
    luma = np.full((256, 64), 128, np.uint8)
    ramp = np.tile(100 + (np.arange(64)[:, None] + 0.5) * 0.8, (1, 16)).astype(np.float32)
    _, cr = colored_planes(
        np.stack([np.full_like(ramp, 128), ramp]), luma, (128, 32), "topleft", SampleSpec()
    )
    middle = np.arange(20, 100)
    assert np.abs(cr[middle, 16] - (100 + (2 * middle + 0.5) / 4 * 0.8)).max() <= 0.51


@pytest.mark.parametrize("depth", [8, 10])
@pytest.mark.parametrize("siting", ["left", "center", "topleft"])
@pytest.mark.parametrize("size", [(192, 256), (151, 333)])
def test_planes_of_any_format_are_what_enlarging_gives(
    size: tuple[int, int], siting: str, depth: int
) -> None:
    """The same as chroma of luma's size, filtered and thinned out, where all is smooth."""
    rows, columns = np.mgrid[: size[0], : size[1]].astype(np.float32)
    luma = 128 + 40 * np.sin(rows / 17) + 30 * np.cos(columns / 23)
    codes = np.round(luma * (1 << (depth - 8))).astype(np.uint8 if depth == 8 else np.uint16)
    small = np.stack([120 + 8 * np.sin(np.mgrid[:38, :60][axis] / 9) for axis in (0, 1)])
    large = enlarge(small.astype(np.float32), np.round(luma).astype(np.uint8))
    for down, across in ((1, 1), (1, 2), (2, 2)):
        shape = -(-size[0] // down), -(-size[1] // across)
        planes = colored_planes(
            small.astype(np.float32), codes, shape, siting, SampleSpec(depth=depth)
        )
        for whole, plane in zip(large, planes, strict=True):
            expected = whole
            for axis, step in enumerate((down, across)):
                cosited = siting == "topleft" or (siting == "left" and axis == 1)
                expected = np.apply_along_axis(_thinned, axis, expected, step, cosited)
            assert np.abs(plane / (1 << (depth - 8)) - expected).max() < 1.1


def _thinned(line: np.ndarray, step: int, cosited: bool) -> np.ndarray:
    if step == 1:
        return line
    padded = np.pad(line, (1, 1 + len(line) % 2), "reflect")
    here, after = padded[1:-1:2], padded[2::2]
    return (padded[:-2:2] + 2 * here + after) / 4 if cosited else (here + after) / 2


def test_no_colour_leaves_the_gamut_and_luma_stays_as_it_is() -> None:
    luma = np.random.default_rng(2).integers(0, 256, (96, 128), np.uint8)
    given, spec = luma.copy(), SampleSpec("bt709", full_range=False)
    strong = np.stack([np.full((24, 32), 250, np.float32), np.full((24, 32), 20, np.float32)])
    cb, cr = colored_planes(strong, luma, luma.shape, "left", spec)
    assert (luma == given).all()
    light = np.clip((luma.astype(float) - 16) * 255 / 219, 0, 255)
    blue, red = ((plane.astype(float) - 128) / 224 * 255 for plane in (cb, cr))
    blue, red = 1.8556 * blue, 1.5748 * red
    green = -(0.0722 * blue + 0.2126 * red) / 0.7152
    for color in (blue, red, green):
        assert (light + color).min() > -1.2
        assert (light + color).max() < 256.2
    assert np.ptp(cb) > 40


def test_ten_bit_planes_have_ten_bit_codes() -> None:
    luma = np.full((32, 64), 500, np.uint16)
    chroma = np.full((2, 8, 16), 148, np.float32)
    cb, cr = colored_planes(chroma, luma, (16, 32), "left", SampleSpec("bt601", False, 10))
    assert cb.dtype == cr.dtype == np.uint16
    assert abs(int(cb[8, 16]) - (512 + 20 * 896 / 255)) <= 1
