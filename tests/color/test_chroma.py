from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import tiny_bins
from vidcolor.color.chroma import Bins, bins_from_histogram, count_chroma

TABLE = tiny_bins().soft_table()


def test_soft_code_of_a_bin_center_favours_that_bin() -> None:
    bins = tiny_bins()
    indexes, weights = TABLE
    for number, (cb, cr) in enumerate(bins.centers):
        row = int(cb) * 256 + int(cr)
        assert indexes[row, weights[row].argmax()] == number


@given(st.integers(0, 255), st.integers(0, 255))
def test_soft_code_sums_to_one(cb: int, cr: int) -> None:
    assert abs(TABLE[1][cb * 256 + cr].sum() - 1) < 1e-5


def test_soft_code_halfway_between_two_bins_weighs_them_equally() -> None:
    indexes, weights = TABLE
    row = 140 * 256 + 128
    first, second = np.argsort(weights[row])[::-1][:2]
    assert abs(weights[row, first] - weights[row, second]) < 1e-6
    assert {*map(tuple, tiny_bins().centers[indexes[row, [first, second]]])} == {
        (128.0, 128.0),
        (152.0, 128.0),
    }


def test_weights_have_mean_one_under_the_prior_and_favour_the_rare() -> None:
    bins = tiny_bins()
    assert abs(float((bins.prior * bins.weights).sum()) - 1) < 1e-5
    assert bins.weights[bins.prior.argmin()] > bins.weights[bins.prior.argmax()]


def test_weights_by_hand() -> None:
    bins = Bins(np.zeros((2, 2), np.float32), np.array([0.75, 0.25], np.float32))
    # 1 / (0.375 + 0.25) = 1.6 and 1 / (0.125 + 0.25) = 2.6667; mean under the prior 1.8667.
    assert np.allclose(bins.weights, [1.6 / 1.866667, 2.666667 / 1.866667], atol=1e-5)


def test_bins_cover_what_was_counted_and_nothing_else() -> None:
    histogram = np.zeros((256, 256), np.int64)
    count_chroma(np.array([[128, 128], [128, 128], [165, 90]], np.uint8), histogram)
    bins = bins_from_histogram(histogram)
    assert bins.count == 2
    assert np.abs(bins.centers - [165, 90]).max(1).min() <= 6
    assert np.allclose(sorted(bins.prior), [1 / 3, 2 / 3])
