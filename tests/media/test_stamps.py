import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from vidcolor.media.stamps import settle, typical_step

RISING = st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=40, unique=True).map(sorted)


@given(RISING)
def test_good_stamps_are_believed(stamps):
    settled, changed = settle(stamps, 40)
    assert settled.tolist() == stamps
    assert changed == 0


@given(st.lists(st.none() | st.integers(-1000, 1000), min_size=1, max_size=40))
def test_settled_stamps_strictly_increase_whatever_comes(raw):
    settled, changed = settle(raw, 40)
    assert len(settled) == len(raw)
    assert (np.diff(settled) > 0).all()
    assert changed == sum(a != b for a, b in zip(raw, settled.tolist(), strict=True))


def test_a_missing_stamp_is_put_between_its_neighbours():
    assert settle([0, 40, None, 120], 40)[0].tolist() == [0, 40, 80, 120]


def test_one_wild_stamp_does_not_push_the_rest():
    assert settle([0, 40, 90000, 120, 160], 40)[0].tolist() == [0, 40, 80, 120, 160]


def test_a_double_stamp_with_no_room_moves_by_a_tick():
    assert settle([0, 1, 1, 2], 1)[0].tolist() == [0, 1, 2, 3]


def test_ends_without_stamps_go_on_in_steps():
    assert settle([None, None, 100, None], 40)[0].tolist() == [20, 60, 100, 140]


def test_typical_step_is_the_median():
    assert typical_step(np.array([0, 40, 80, 1000]), 7) == 40
    assert typical_step(np.array([5]), 7) == 7
