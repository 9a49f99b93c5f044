"""People's colour through a shot whose true motion is known."""

import numpy as np

from tests.steady.conftest import GREEN, RED, Noisy, crossing, true_color
from vidcolor.color.hint import Hint
from vidcolor.steady.directed import settle_directed
from vidcolor.steady.settings import SteadySettings

BLUE = np.array([190.0, 110.0], np.float32)


def still(luma, frame):
    chroma = true_color(luma[frame : frame + 1])[0].repeat(2, axis=1).repeat(2, axis=2)
    return Hint(frame, chroma, np.ones(chroma.shape[1:], np.float32))


def test_a_still_is_law_on_its_frame_and_rules_the_others():
    luma = crossing(20, lambda i: 4 * i)
    said = still(luma, 6)
    made = settle_directed(luma, Noisy(sigma=20.0), SteadySettings(), [said])
    assert made.shape == (20, 2, 96, 128)
    assert np.abs(made[6, :, ::2, ::2] - said.chroma).mean() < 1
    for index in (0, 12, 19):
        left = 4 * index
        assert np.abs(made[index, 1, 40:56, left + 8 : left + 24] - RED[1]).mean() < 12
        assert np.abs(made[index, 0, 76:, 8:-8] - GREEN[0]).mean() < 6


def test_a_painted_thing_takes_its_colour_along_and_leaves_none_behind():
    luma = crossing(24, lambda i: 3 * i)
    chroma = np.empty((2, 48, 64), np.float32)
    chroma[:] = BLUE[:, None, None]
    mask = np.zeros((48, 64), np.float32)
    mask[16:32, 0:16] = 1
    made = settle_directed(luma, Noisy(), SteadySettings(), [Hint(0, chroma, mask)])
    last = made[23].astype(np.float32)
    assert np.abs(last[0, 38:58, 69 + 6 : 69 + 26] - BLUE[0]).mean() < 15
    assert np.abs(last[0, :, 4:60] - GREEN[0]).mean() < 6
