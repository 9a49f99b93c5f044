from __future__ import annotations

import numpy as np
import pytest

from vidcolor.evaluate.bootstrap import difference, figure, means, resamples
from vidcolor.truth.kid import kid, kid_share, pair_terms


def features(seed, shift=0.0, count=9):
    rng = np.random.default_rng(seed)
    return (rng.normal(size=(count, 40)) + shift).astype(np.float32)


def test_truth_scores_exactly_zero():
    truths = features(1, count=50)
    assert kid(pair_terms(truths.copy(), truths))[0] == 0


def test_agrees_with_plain_loops_over_all_pairs_but_a_picture_with_its_own():
    results, truths = features(1, 0.3), features(2)

    def kernel(x, y):
        return (sum(float(a) * float(b) for a, b in zip(x, y, strict=True)) / 40 + 1) ** 3

    total, pairs = 0.0, 0
    for i in range(9):
        for j in range(9):
            if i != j:
                total += kernel(results[i], results[j]) + kernel(truths[i], truths[j])
                total -= 2 * kernel(results[i], truths[j])
                pairs += 1
    assert kid(pair_terms(results, truths))[0] == pytest.approx(total / pairs, rel=1e-9)


def test_a_picture_drawn_twice_makes_no_pair_with_itself():
    terms = pair_terms(features(1, 0.5), features(2))
    weights = np.array([[2.0, 1, 0, 0, 0, 0, 0, 0, 0]])
    expected = (terms[0, 1] + terms[1, 0]) / 2
    assert kid(terms, weights)[0] == pytest.approx(expected)


def test_share_is_zero_at_grey_and_one_at_the_bound():
    grey, bound = np.array([0.08]), np.array([0.002])
    assert kid_share(grey, grey, bound)[0] == 0
    assert kid_share(bound, grey, bound)[0] == 1
    assert np.isnan(kid_share(grey, grey, grey)[0])


def test_intervals_hold_the_mean_and_shrink_for_paired_differences():
    rng = np.random.default_rng(3)
    hard = rng.normal(25, 5, 200)
    easy = hard + 0.5 + rng.normal(0, 0.1, 200)
    weights = resamples(200)
    one, other = means(weights, easy), means(weights, hard)
    alone, paired = figure(one), difference(one, other)
    assert alone.value == pytest.approx(easy.mean())
    assert alone.low < easy.mean() < alone.high
    # The normal approximation as independent witness: 1.96 standard errors each way.
    assert alone.high - alone.low == pytest.approx(2 * 1.96 * easy.std() / 200**0.5, rel=0.15)
    assert 0.45 < paired.low < paired.value < paired.high < 0.55


def test_missing_values_are_left_out_and_infinite_ones_are_not():
    weights = resamples(3)
    assert means(weights, np.array([1.0, np.nan, 3.0]))[0] == 2
    assert means(weights, np.array([1.0, np.inf, 3.0]))[0] == np.inf
    assert np.isnan(means(weights, np.full(3, np.nan))).all()
