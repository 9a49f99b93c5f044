from __future__ import annotations

import numpy as np
import pytest
from skimage.color import deltaE_ciede2000, rgb2lab

from tests.evaluate.conftest import scenery
from vidcolor.truth.delta_e import ciede2000, delta_e, lab_in, to_lab

# Sharma, Wu, Dalal 2005, table 1: pairs of L*a*b* and their CIEDE2000.
SHARMA = [
    ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
    ((50.0, -1.3802, -84.2814), (50.0, 0.0, -82.7485), 1.0000),
    ((50.0, 0.0, 0.0), (50.0, -1.0, 2.0), 2.3669),
    ((50.0, 2.49, -0.001), (50.0, -2.49, 0.0009), 7.1792),
    ((50.0, 2.49, -0.001), (50.0, -2.49, 0.0011), 7.2195),
    ((50.0, 2.49, -0.001), (50.0, -2.49, 0.001), 7.1792),
    ((50.0, 2.5, 0.0), (73.0, 25.0, -18.0), 27.1492),
    ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ((22.7233, 20.0904, -46.6940), (23.0331, 14.9730, -42.5619), 2.0373),
    ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
]


@pytest.mark.parametrize(("first", "second", "expected"), SHARMA)
def test_published_pairs(first, second, expected):
    one, other = (np.array(lab).reshape(3, 1, 1) for lab in (first, second))
    assert ciede2000(one, other)[0, 0] == pytest.approx(expected, abs=6e-5)


def test_agrees_with_scikit_image_to_a_millionth():
    first, second = scenery(1, 120, 130), scenery(2, 120, 130)
    first[:4], second[:4, :, :] = second[:4], second[:4]  # equal pixels
    first[4:8] = first[4:8, :, :1]  # grey ones
    second[8] = 255 - first[8]
    expected = deltaE_ciede2000(rgb2lab(first), rgb2lab(second))
    exact = ciede2000(lab_in(first, np.float64), lab_in(second, np.float64))
    assert np.abs(exact - expected).max() < 1e-8
    fast = delta_e(first, to_lab(second))
    assert fast.dtype == np.float32
    assert fast.mean(dtype=np.float64) == pytest.approx(expected.mean(), abs=2e-6)
    # The hue of almost-grey is where float32 is farthest off.
    assert np.abs(fast - expected).max() < 5e-3


def test_is_exactly_zero_for_equal_pictures():
    picture = scenery(3)
    assert delta_e(picture, to_lab(picture)).max() == 0
