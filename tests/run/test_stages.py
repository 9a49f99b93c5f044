from __future__ import annotations

import threading
import time
from collections.abc import Generator, Iterator
from functools import partial

import pytest

from vidcolor.run.stages import Timings, ahead, every, one_ahead, side_by_side


def test_items_come_in_order() -> None:
    assert list(ahead(iter(range(50)), 3)) == list(range(50))


def test_no_more_are_made_ahead_than_asked_for() -> None:
    made: list[int] = []

    def source() -> Iterator[int]:
        for number in range(20):
            made.append(number)
            yield number

    items = ahead(source(), 2)
    next(items)
    deadline = time.monotonic() + 2
    while len(made) < 4 and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.1)
    # One is here, two wait in the queue, one is in the maker's hand.
    assert len(made) == 4
    items.close()


def test_an_error_in_the_thread_is_raised_here_with_what_came_before() -> None:
    def source() -> Iterator[int]:
        yield 1
        raise ValueError("from the thread")

    items = ahead(source(), 1)
    assert next(items) == 1
    with pytest.raises(ValueError, match="from the thread"):
        next(items)


def test_closing_early_ends_the_thread_and_closes_the_source() -> None:
    closed = threading.Event()

    def source() -> Iterator[int]:
        try:
            while True:
                yield 0
        finally:
            closed.set()

    before = threading.active_count()
    items = ahead(source(), 1)
    next(items)
    items.close()
    assert closed.is_set()
    assert threading.active_count() == before


def test_time_is_counted_for_the_maker_and_not_for_the_user() -> None:
    timings = Timings()

    def slow() -> Iterator[int]:
        for number in range(3):
            time.sleep(0.02)
            yield number

    for _ in timings.each("slow", slow()):
        time.sleep(0.05)
    assert 0.06 <= timings.seconds["slow"] < 0.15
    assert timings.busiest() == "slow"


def test_an_error_of_what_is_called_again_and_again_is_raised_when_the_block_has_ended() -> None:
    reached = threading.Event()

    def failing() -> None:
        reached.set()
        raise ValueError("from the calls")

    ended = False
    with pytest.raises(ValueError, match="from the calls"), every(0.001, failing):
        assert reached.wait(5)
        ended = True
    assert ended


def test_an_error_of_the_block_itself_goes_before() -> None:
    reached = threading.Event()

    def failing() -> None:
        reached.set()
        raise ValueError("from the calls")

    with pytest.raises(KeyError), every(0.001, failing):
        assert reached.wait(5)
        raise KeyError


def test_an_interrupt_as_the_calls_begin_ends_them(monkeypatch: pytest.MonkeyPatch) -> None:
    before = threading.active_count()
    start = threading.Thread.start

    def interrupted(thread: threading.Thread) -> None:
        start(thread)
        raise KeyboardInterrupt

    monkeypatch.setattr(threading.Thread, "start", interrupted)
    with pytest.raises(KeyboardInterrupt), every(0.001, lambda: None):
        pass
    assert threading.active_count() == before


def test_the_next_is_made_while_one_is_used_and_no_other() -> None:
    begun = [threading.Event() for _ in range(4)]

    def items() -> Generator[int]:
        for number, event in enumerate(begun):
            event.set()
            yield number

    for number in one_ahead(items(), "made"):
        assert all(event.wait(5) for event in begun[: number + 2])
        time.sleep(0.01)
        assert not any(event.is_set() for event in begun[number + 2 :])


def test_an_error_one_ahead_comes_in_its_turn() -> None:
    def items() -> Generator[int]:
        yield 1
        raise ValueError("the second")

    coming = one_ahead(items(), "made")
    assert next(coming) == 1
    with pytest.raises(ValueError, match="the second"):
        next(coming)


def test_what_is_made_side_by_side_comes_in_order() -> None:
    first_waits = threading.Event()

    def slow() -> int:
        assert first_waits.wait(5)
        return 0

    def quick() -> int:
        first_waits.set()
        return 1

    assert list(side_by_side([slow, quick], 2, 4, "made")) == [0, 1]


def test_no_more_is_made_side_by_side_than_asked_for() -> None:
    begun: list[int] = []
    made = side_by_side((partial(begun.append, number) for number in range(20)), 2, 3, "made")
    next(made)
    made.close()
    assert sorted(begun) == [0, 1, 2, 3]


def test_an_error_side_by_side_comes_in_its_turn() -> None:
    def fails() -> int:
        raise ValueError("the second")

    made = side_by_side([lambda: 1, fails], 2, 4, "made")
    assert next(made) == 1
    with pytest.raises(ValueError, match="the second"):
        next(made)
