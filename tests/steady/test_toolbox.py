"""What both settlers share: means by weight, trust in motion, estimates kept by threads."""

import numpy as np
import pytest

from vidcolor.steady.ballot import Ballot, counted, mixed, side_weight
from vidcolor.steady.estimates import Estimates, estimators
from vidcolor.steady.trust import link_trust, path_trust
from vidcolor.steady.warp import beyond, composed, lengths


def ballot(color: float, mass: float) -> Ballot:
    return Ballot(np.full((3, 4, 2), color, np.float32), np.full((3, 4), mass, np.float32))


def test_means_are_by_mass() -> None:
    said = [ballot(100, 1), ballot(140, 3)]
    for mean in (counted(said), mixed(*said)):
        assert np.allclose(mean.color, 130)
        assert np.allclose(mean.mass, 4)


def test_some_colour_comes_even_from_where_nothing_is_trusted() -> None:
    assert (side_weight(np.zeros((3, 4), np.float32), 0.5) > 0).all()


def shifted(x: float) -> np.ndarray:
    flow = np.zeros((24, 32, 2), np.float32)
    flow[..., 0] = x
    return flow


def test_flows_one_after_the_other_add_up_and_may_leave_the_frame() -> None:
    both = composed(shifted(2), shifted(3))
    assert np.allclose(both, shifted(5))
    assert np.allclose(beyond(both)[0, -7:], [0, 0, 1, 2, 3, 4, 5])


@pytest.mark.parametrize(("miss", "left"), [(0.0, 1.0), (0.65, np.exp(-1))])
def test_a_round_trip_that_misses_by_what_is_allowed_leaves_one_e_th(
    miss: float, left: float
) -> None:
    grey = np.full((24, 32), 100, np.float32)
    there, back = shifted(3), shifted(-3 - miss)
    planes = (flow.transpose(2, 0, 1) for flow in (there, back))
    for trust in (link_trust(grey, grey, *planes), path_trust(grey, grey, there, back)):
        # Allowed is half a pixel and 5 % of the three.
        assert np.allclose(trust[:, :-4], left, atol=1e-4)
        assert not trust[:, -2:].any()


def test_a_pair_is_estimated_once() -> None:
    asked = []

    def estimate(frame: int, other: int) -> int:
        asked.append((frame, other))
        return 10 * frame + other

    with estimators() as pool:
        kept = Estimates(estimate, pool)
        kept.begin(1, 2)
        assert (1, 2) in kept and (2, 1) not in kept
        assert [kept.of(1, 2), kept.of(2, 1), kept.of(1, 2)] == [12, 21, 12]
    assert sorted(asked) == [(1, 2), (2, 1)]


def test_lengths_do_not_depend_on_where_they_lie_in_memory() -> None:
    flow = np.random.default_rng(0).normal(0, 3, (61, 83, 2)).astype(np.float32)
    seen = set()
    for offset in range(0, 64, 4):
        room = np.zeros(flow.nbytes + 128, np.uint8)
        start = -room.ctypes.data % 64 + offset
        there = room[start : start + flow.nbytes].view(np.float32).reshape(flow.shape)
        there[...] = flow
        seen.add(lengths(there).tobytes())
    assert len(seen) == 1
    assert np.abs(lengths(flow) - np.hypot(flow[..., 0], flow[..., 1])).max() < 1e-6
