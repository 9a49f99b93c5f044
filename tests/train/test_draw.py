from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidcolor.errors import UsageError
from vidcolor.train.draw import Order, weights_of

FOLDERS = ["set/people", "set/rooms", "set/other"]
FILES = [
    f"set/{name}/{number}.webp"
    for name, count in (("people", 10), ("rooms", 30), ("other", 60))
    for number in range(count)
]
ALIKE = np.full(len(FILES), 12, np.float32)


def drawn(weights: np.ndarray | None, passes: int) -> Counter[int]:
    order = Order(range(len(FILES)), 3, weights)
    return Counter(order.at(number) for number in range(passes * len(FILES)))


def test_without_shares_every_picture_is_shown_once_a_pass() -> None:
    assert weights_of(FILES, ALIKE, FOLDERS, {}, 0) is None
    assert set(drawn(None, 2).values()) == {2}


def test_folders_get_their_share_and_the_rest_what_is_left() -> None:
    counts = drawn(weights_of(FILES, ALIKE, FOLDERS, {"people": 0.5, "rooms": 0.2}, 0), 100)
    people, rooms, other = (
        sum(counts[i] for i, file in enumerate(FILES) if name in file)
        for name in ("people", "rooms", "other")
    )
    assert (people, rooms, other) == pytest.approx((5000, 2000, 3000), rel=0.03)
    assert min(counts[i] for i in range(10)) > 450  # one is not shown instead of another


def test_the_more_colour_the_more_often_within_its_folder() -> None:
    color = np.where(np.arange(len(FILES)) % 2, 40, 10).astype(np.float32)
    counts = drawn(weights_of(FILES, color, FOLDERS, {"people": 0.5}, 0.5), 40)
    for name, share in (("people", 0.5), ("rooms", 0.5 / 3), ("other", 1 / 3)):
        inside = [i for i, file in enumerate(FILES) if name in file]
        strong = sum(counts[i] for i in inside if i % 2)
        weak = sum(counts[i] for i in inside if not i % 2)
        assert strong / weak == pytest.approx(2, rel=0.05)
        assert (strong + weak) / 4000 == pytest.approx(share, abs=0.01)


@given(st.integers(0, 400))
def test_a_sample_is_known_by_its_number_alone(number: int) -> None:
    weights = weights_of(FILES, ALIKE, FOLDERS, {"people": 0.5}, 0)
    whole = Order(range(len(FILES)), 3, weights)
    for before in range(number):
        whole.at(before)
    assert whole.at(number) == Order(range(len(FILES)), 3, weights).at(number)


def test_a_share_of_no_folder_is_refused() -> None:
    with pytest.raises(UsageError, match="peolpe"):
        weights_of(FILES, ALIKE, FOLDERS, {"peolpe": 0.5}, 0)
    with pytest.raises(UsageError, match="several"):
        weights_of(FILES, ALIKE, ["a/people", "b/people"], {"people": 0.5}, 0)
