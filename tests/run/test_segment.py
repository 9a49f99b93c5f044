from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import vidcolor.run.segment as segment_room
from vidcolor.infer.predictor import working_shape
from vidcolor.run.film import Film, SegmentLimits
from vidcolor.run.segment import Segment, segments


def cut(
    lengths: list[int], shortest: int, longest: int, enough: int = 0, rate: int = 3
) -> list[Segment]:
    """Segments of a film whose shots have these lengths; every frame holds its own number."""
    total = sum(lengths)
    limits = SegmentLimits(shortest, enough or longest, longest, rate)
    begins = {10 + sum(lengths[:n]) for n in range(1, len(lengths))}

    def cuts_of(frames: list[np.ndarray]) -> list[int]:
        return [i for i, f in enumerate(frames) if i and int(f[0, 0]) in begins]

    def frames() -> Iterator[np.ndarray]:
        for number in range(total):
            yield np.full((2, 2), 10 + number)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(segment_room, "find_cuts", cuts_of)
        return list(segments(limits, frames(), 10))


@given(st.lists(st.integers(1, 40), min_size=1, max_size=12), st.integers(5, 15))
def test_every_frame_is_in_one_segment_and_in_order(lengths: list[int], enough: int) -> None:
    made = cut(lengths, 5, 15, enough)
    assert made[0].first == 10
    for one, following in pairwise(made):
        assert one.first + one.count == following.first
    assert sum(s.count for s in made) == sum(lengths)
    for s in made:
        assert 1 <= s.count <= 15
        assert [int(f[0, 0]) for f in s.luma] == [s.first - s.lead + i for i in range(len(s.luma))]


def test_short_shots_share_a_segment_and_long_ones_are_split() -> None:
    made = cut([4, 4, 40], 5, 15)
    assert [(s.first, s.count) for s in made] == [(10, 8), (18, 15), (33, 15), (48, 10)]
    assert [s.lead for s in made] == [0, 0, 3, 3]
    assert [len(s.luma) - s.lead - s.count for s in made] == [0, 3, 3, 0]
    assert made[0].cuts == (4,)


def test_nothing_is_seen_of_another_shot_when_a_segment_ends_with_its_own() -> None:
    made = cut([10, 10], 5, 12)
    assert [(s.count, s.lead, len(s.luma)) for s in made] == [(10, 0, 10), (10, 0, 10)]


def test_a_segment_ends_with_the_first_shot_that_ends_when_it_is_work_enough() -> None:
    made = cut([4, 4, 4, 4, 4, 4], 3, 30, enough=7)
    assert [s.count for s in made] == [8, 8, 8]


def test_a_shot_that_ends_too_soon_for_enough_is_still_a_better_end_than_none() -> None:
    made = cut([6, 40], 5, 20, enough=10)
    assert [s.count for s in made] == [6, 20, 20]


def limits_of(width: int, height: int, rate: float = 24) -> SegmentLimits:
    clip = SimpleNamespace(
        width=width, height=height, upright_size=(height, width), average_rate=rate
    )
    return Film(clip, 192, 0, 10_000).segment_limits


def test_large_frames_are_cut_into_shorter_segments_than_small_ones() -> None:
    assert 240 < limits_of(640, 480).longest < 720
    assert 50 < limits_of(3840, 2160).enough < limits_of(3840, 2160).longest < 240


@pytest.mark.parametrize("rate", [8, 24, 60, 120])
@pytest.mark.parametrize("size", [(640, 480), (1920, 800), (480, 640), (6000, 200)])
def test_what_is_held_of_a_segment_is_bounded_at_any_rate_and_shape(
    size: tuple[int, int], rate: float
) -> None:
    limits = limits_of(*size, rate)
    height, width = working_shape(size[1], size[0], 192)
    seen = limits.longest + 2 * limits.overlap
    assert seen * height * width < 30e6 or limits.longest == 16
    assert 1 <= limits.overlap <= limits.longest / 4
    assert 1 <= limits.shortest <= limits.enough <= limits.longest
