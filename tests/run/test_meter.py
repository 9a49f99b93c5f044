from __future__ import annotations

from itertools import accumulate

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidcolor.run.meter import Meter
from vidcolor.run.stages import Timings

SHOT = np.zeros((1, 2, 1, 1), np.float32)


@given(
    st.lists(st.integers(1, 50), min_size=1, max_size=6),
    st.floats(0.001, 10),
    st.floats(0.001, 10),
    st.integers(0, 40),
)
def test_it_never_falls_and_ends_at_the_number_of_frames(
    shots: list[int], color_s: float, write_s: float, effort: int
) -> None:
    timings = Timings()
    meter = Meter(sum(shots), (1.0, 1.0), timings)
    gains = []
    made = meter.each_shot([SHOT] * len(shots), shots)
    for length in shots:
        next(made)
        timings.add({"colour": color_s * length})
        meter.colored(length)
        gains.append(meter.gained())
        for _ in range(length):
            meter.worked(effort)  # for the next shot, meanwhile
            timings.add({"encode": write_s})
            meter.written(1)
            gains.append(meter.gained())
    assert min(gains) >= 0
    assert list(accumulate(gains))[-1] == pytest.approx(sum(shots))


def test_a_shot_counts_while_it_is_coloured_and_not_as_a_whole_before_it_is() -> None:
    meter = Meter(400, (1.0, 1.0), Timings())
    told = []

    def shots():
        for _ in range(50):
            meter.worked(100.0)
            told.append(meter.gained())
        yield SHOT

    next(meter.each_shot(shots(), [200]))
    assert sum(gain > 0 for gain in told) > 10
    assert sum(told) < 100  # colouring is half of the work on half of the frames


def test_what_costs_more_counts_more() -> None:
    timings = Timings()
    meter = Meter(100, (1.0, 1.0), timings)
    timings.add({"colour": 1.0, "encode": 9.0})
    meter.colored(50)
    meter.written(50)
    timings.add({"encode": 0.0})
    assert meter.gained() == pytest.approx(50)
    meter.colored(50)
    timings.add({"colour": 1.0})
    assert meter.gained() == pytest.approx(5)
