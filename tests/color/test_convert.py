from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidcolor.color.convert import (
    LUMA_COEFFICIENTS,
    SampleSpec,
    full_range_luma,
    limit_to_gamut,
    small_luma,
    viewed_luma,
    write_chroma,
)
from vidcolor.color.srgb import compose_rgb

CODES = [(True, 8, 0, 255), (False, 8, 16, 235), (False, 10, 64, 940), (True, 10, 0, 1023)]


@pytest.mark.parametrize(("full", "depth", "black", "white"), CODES)
def test_black_and_white_codes_span_the_range(
    full: bool, depth: int, black: int, white: int
) -> None:
    luma = np.array([[black, white]], np.uint16)
    spec = SampleSpec("bt709", full, depth)
    assert np.allclose(full_range_luma(luma, spec), [[0, 255]], atol=1e-3)
    assert viewed_luma(luma, spec).tolist() == [[0, 255]]


@pytest.mark.parametrize(("full", "depth", "black", "white"), CODES)
def test_grey_stays_exactly_neutral(full: bool, depth: int, black: int, white: int) -> None:
    for plane in codes(0, 0, SampleSpec("bt709", full, depth)):
        assert plane == 1 << (depth - 1)


def codes(blue: float, red: float, spec: SampleSpec) -> tuple[int, int]:
    """Cb and Cr that a stream holds of B'-Y' and R'-Y'."""
    kind = np.uint8 if spec.depth == 8 else np.uint16
    planes = np.zeros((1, 2), kind), np.zeros((1, 2), kind)
    colors = np.full((1, 2), blue, np.float32), np.full((1, 2), red, np.float32)
    write_chroma(*colors, spec, planes)
    assert (planes[0][0, 0], planes[1][0, 0]) == (planes[0][0, 1], planes[1][0, 1])
    return int(planes[0][0, 0]), int(planes[1][0, 0])


@pytest.mark.parametrize("depth", [8, 10, 16])
def test_the_bluest_and_reddest_are_the_largest_codes(depth: int) -> None:
    """JPEG's blue of full strength lies half a code above the largest one."""
    peak = (1 << depth) - 1
    assert codes(255 * 0.886, 255 * 0.701, SampleSpec("bt601", True, depth)) == (peak, peak)
    assert codes(255 * 0.886, 255 * 0.701, SampleSpec("bt601", False, depth)) == (
        240 << (depth - 8),
        240 << (depth - 8),
    )


@pytest.mark.parametrize("matrix", sorted(LUMA_COEFFICIENTS))
def test_red_less_luma_is_kept_in_every_matrix(matrix: str) -> None:
    """Independent of the code: R' = Y' + (2 - 2 Kr) (Cr - 512) / 896 of BT.601's equation 2.5.1."""
    kr, kb = LUMA_COEFFICIENTS[matrix]
    cb, cr = codes(35, -42, SampleSpec(matrix, False, 10))
    assert abs((2 - 2 * kr) * (cr - 512) / 896 * 255 - -42) < 0.4
    assert abs((2 - 2 * kb) * (cb - 512) / 896 * 255 - 35) < 0.4


def test_compose_agrees_with_opencv() -> None:
    rng = np.random.default_rng(0)
    luma = rng.integers(60, 200, (16, 16), np.uint8)
    chroma = rng.integers(110, 146, (2, 16, 16)).astype(np.float32)
    ycc = np.dstack([luma, chroma[1].astype(np.uint8), chroma[0].astype(np.uint8)])
    other = cv2.cvtColor(ycc, cv2.COLOR_YCrCb2RGB)
    assert np.abs(compose_rgb(luma, chroma).astype(int) - other).max() <= 1


@given(st.integers(0, 255), st.integers(-127, 127), st.integers(-127, 127))
def test_limited_colour_is_inside_the_cube_and_keeps_its_hue(luma: int, cb: int, cr: int) -> None:
    chroma = np.array([[[cb]], [[cr]]], np.float32)
    limited = limit_to_gamut(chroma.copy(), np.array([[luma]], np.float32), "bt601")
    blue, red = float(limited[0, 0, 0]), float(limited[1, 0, 0])
    rgb = (luma + 1.402 * red, luma - 0.344136 * blue - 0.714136 * red, luma + 1.772 * blue)
    assert all(-0.6 <= value <= 255.6 for value in rgb)
    assert abs(blue * cr - red * cb) < 0.05 * (1 + abs(cb) + abs(cr))


def test_colour_that_fits_is_not_touched() -> None:
    chroma = np.array([[[10.0]], [[-12.0]]], np.float32)
    assert (
        limit_to_gamut(chroma.copy(), np.full((1, 1), 120, np.float32), "bt709") == chroma
    ).all()


def test_pq_white_of_203_nits_is_bright_but_not_clipped() -> None:
    code = round(0.5807 * 1023)  # ST 2084 code value of 203 cd/m2
    shown = viewed_luma(
        np.array([[0, code, 1023]], np.uint16), SampleSpec("bt2020nc", True, 10, "pq")
    )
    assert shown[0, 0] == 0
    assert 200 < shown[0, 1] < 240
    assert shown[0, 2] == 255


@pytest.mark.parametrize("depth", [8, 10, 16])
def test_shrinking_averages(depth: int) -> None:
    kind = np.uint8 if depth == 8 else np.uint16
    checker = (np.indices((64, 64)).sum(0) % 2 * 200 * ((1 << depth) - 1) // 255).astype(kind)
    assert (small_luma(checker, SampleSpec(depth=depth), (16, 16)) == 100).all()


def test_codes_above_the_depth_are_white() -> None:
    codes = np.array([[1023, 4000]], np.uint16)
    assert viewed_luma(codes, SampleSpec(depth=10)).tolist() == [[255, 255]]


@pytest.mark.parametrize("transfer", ["pq", "hlg", "linear"])
def test_tone_curves_rise_from_black_to_white(transfer: str) -> None:
    codes = np.arange(1024, dtype=np.uint16)[None]
    shown = viewed_luma(codes, SampleSpec("bt2020nc", True, 10, transfer))[0].astype(int)
    assert (np.diff(shown) >= 0).all()
    assert (shown[0], shown[-1]) == (0, 255)


def test_hlg_reference_white_is_as_bright_as_that_of_pq() -> None:
    """75 % of HLG and 58 % of PQ are both 203 cd/m2 (ITU-R BT.2408, table 1)."""
    shown = [
        int(viewed_luma(np.array([[round(share * 1023)]], np.uint16), spec)[0, 0])
        for share, spec in (
            (0.75, SampleSpec("bt2020nc", True, 10, "hlg")),
            (0.58, SampleSpec("bt2020nc", True, 10, "pq")),
        )
    ]
    assert abs(shown[0] - shown[1]) <= 2
