"""A distribution as a few colours: what is there is found, likeliest first."""

from __future__ import annotations

import numpy as np
import pytest

from tests.conftest import tiny_bins
from vidcolor.color.likely import likely_colors


def heaps(*parts: tuple[float, float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Shares of bins around some colours: Cb, Cr and weight of each."""
    centers = tiny_bins().centers
    share = np.zeros(len(centers))
    for cb, cr, weight in parts:
        near = np.exp(-((centers - [cb, cr]) ** 2).sum(1) / (2 * 10.0**2))
        share += weight * near / near.sum()
    return centers, (share / share.sum()).astype(np.float32)


def test_two_colours_that_a_thing_may_have_are_both_offered() -> None:
    found = likely_colors(*heaps((104, 176, 0.7), (176, 104, 0.3)), count=2)
    assert found[0].chroma == pytest.approx((104, 176), abs=6)
    assert found[1].chroma == pytest.approx((176, 104), abs=6)
    assert [one.share for one in found] == pytest.approx([0.7, 0.3], abs=0.05)


def test_shares_are_of_the_whole_and_fall() -> None:
    found = likely_colors(*heaps((104, 152, 0.5), (152, 128, 0.3), (128, 104, 0.2)))
    assert len(found) <= 6
    shares = [one.share for one in found]
    assert sum(shares) == pytest.approx(1, abs=1e-5)
    assert shares == sorted(shares, reverse=True)


def test_a_sure_network_offers_one_colour_above_all() -> None:
    centers, share = heaps((128, 128, 1.0))
    sure = (share == share.max()).astype(np.float32)
    found = likely_colors(centers, sure)
    assert found[0].share == 1
    assert found[0].chroma == tuple(centers[sure.argmax()])
