from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon

from tests.evaluate.conftest import scenery
from vidcolor.color.colorfulness import colorfulness
from vidcolor.color.srgb import to_picture, to_planes
from vidcolor.evaluate.series import CdcSums
from vidcolor.truth import figures


def test_colourfulness_agrees_with_plain_loops():
    picture = scenery(1, 12, 15)
    rg, yb = [], []
    for row in picture.tolist():
        for red, green, blue in row:
            rg.append(red - green)
            yb.append((red + green) / 2 - blue)

    def moments(values):
        middle = sum(values) / len(values)
        return middle, sum((v - middle) ** 2 for v in values) / len(values)

    (mean_rg, var_rg), (mean_yb, var_yb) = moments(rg), moments(yb)
    expected = math.sqrt(var_rg + var_yb) + 0.3 * math.sqrt(mean_rg**2 + mean_yb**2)
    assert colorfulness(picture) == pytest.approx(expected, abs=1e-6)


def test_grey_has_no_colourfulness():
    grey = np.repeat(scenery(2)[..., :1], 3, axis=2)
    assert colorfulness(grey) == 0


def test_psnr_does_not_wrap_unsigned_bytes():
    # 250 and 5 differ by 245; in unsigned bytes 5 - 250 is 11.
    first = np.full((4, 4, 3), 5, np.uint8)
    second = np.full((4, 4, 3), 250, np.uint8)
    expected = 10 * math.log10(255**2 / 245**2)
    assert figures.psnr(first, second) == pytest.approx(expected, abs=1e-9)
    assert figures.psnr(second, first) == pytest.approx(expected, abs=1e-9)


def test_psnr_of_the_truth_is_infinite():
    assert figures.psnr(scenery(3), scenery(3)) == math.inf


def test_closeness_counts_pixels_whose_worst_channel_is_near():
    truth = np.full((1, 4, 3), 100, np.uint8)
    result = truth.copy()
    result[0, 1, 2] = 112  # 12 of 12.75 allowed
    result[0, 2, 0] = 113
    result[0, 3] = 60
    assert figures.closeness(result, truth) == 0.5


def test_divergence_of_histograms_agrees_with_scipy():
    first, second = (figures.histograms(scenery(seed)) for seed in (4, 5))
    expected = np.mean([jensenshannon(a, b) ** 2 for a, b in zip(first, second, strict=True)])
    assert figures.jensen_shannon(first, second) == pytest.approx(expected, abs=1e-9)


def test_cdc_agrees_with_plain_loops():
    frames = [scenery(seed, 10, 11) for seed in range(6)]
    sums = CdcSums()
    for frame in frames:
        sums.add(figures.histograms(frame))

    def histogram(frame, channel):
        counts = [0] * 256
        for value in frame[..., channel].ravel().tolist():
            counts[value] += 1
        return [count / frame[..., channel].size for count in counts]

    def divergence(p, q):
        total = 0.0
        for a, b in zip(p, q, strict=True):
            middle = (a + b) / 2
            total += 0.5 * a * math.log(a / middle) if a else 0
            total += 0.5 * b * math.log(b / middle) if b else 0
        return total

    by_step = []
    for step in (1, 2, 4):
        values = [
            sum(divergence(histogram(a, c), histogram(b, c)) for c in range(3)) / 3
            for a, b in zip(frames, frames[step:], strict=False)
        ]
        by_step.append(sum(values) / len(values))
    assert sums.mean == pytest.approx(sum(by_step) / 3, abs=1e-6)


@given(st.integers(0, 2**24 - 1))
def test_a_colour_taken_apart_and_put_together_is_itself(code):
    picture = np.array([[[code >> 16, code >> 8 & 255, code & 255]]], np.uint8)
    planes = to_planes(picture)
    assert np.array_equal(to_picture(planes.luma, planes.chroma), picture)
