import itertools

import numpy as np
import pytest

from vidcolor.steady.windows import Window, crossfade, plan_windows


def test_a_short_shot_is_one_window():
    assert plan_windows(100, 100, 10) == [Window(0, 100)]


@pytest.mark.parametrize("frames", [101, 137, 500, 14_400])
def test_windows_cover_the_shot_and_share_the_overlap(frames):
    windows = plan_windows(frames, 100, 10)
    assert windows[0].start == 0
    assert windows[-1].stop == frames
    assert all(w.stop - w.start <= 100 for w in windows)
    assert all(b.start == a.stop - 10 for a, b in itertools.pairwise(windows))


def test_the_walk_from_one_window_to_the_next_has_no_step():
    before, after = (np.full((47, 2, 1, 1), v, np.float32) for v in (100, 110))
    walk = crossfade(before, after)[:, 0, 0, 0]
    steps = np.diff([100, *walk, 110])
    assert steps.min() > 0
    assert steps.max() < 10 / 47 * 1.7
    assert steps[0] < 0.1
    assert walk[23] == pytest.approx(105)
