"""The simulation of `benchmarks/scaling.py`: what can be counted by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest
from scaling_sim import (
    KEPT_S,
    Clock,
    Guessed,
    Machine,
    Measured,
    Shape,
    Storage,
    Worker,
    machines,
    seconds_of,
    simulate,
)

COSTS = Measured(
    frames=1,
    all_ms=60.0,
    survey_ms=6.0,
    cuts_ms=1.0,
    write_ms=32.0,
    join_ms=1.0,
    finish_ms=0.0,
    source_bytes=0.0,
    colored_bytes=0.0,
    start_s=2.0,
    process_s=0.0,
)


def worker(clock: Clock, cores: float, process_s: float = 0.0) -> Worker:
    kind = Machine("", cores, 1, 0.0, 0.0)
    return Worker(clock, kind, process_s, Storage(clock, 1e9))


def test_what_is_done_at_a_time_shares_the_cores_alike() -> None:
    clock, ends = Clock(), []
    one = worker(clock, 2.0)
    one.run(2.0, lambda: ends.append(clock.now))
    one.run(4.0, lambda: ends.append(clock.now))
    clock.run()
    assert ends == pytest.approx([2.0, 3.0])
    assert one.busy_s == pytest.approx(3.0)


def test_a_single_thread_takes_no_more_than_a_core() -> None:
    clock, ends = Clock(), []
    one = worker(clock, 8.0)
    one.run(2.0, lambda: ends.append(clock.now), single=True)
    one.run(28.0, lambda: ends.append(clock.now))
    clock.run()
    assert ends == pytest.approx([2.0, 2.0 + 14.0 / 8.0])


def test_a_process_is_started_where_none_is_idle_and_kept_for_a_second() -> None:
    clock, ends = Clock(), []
    one = worker(clock, 1.0, process_s=3.0)
    one.task(1.0, 0.0, lambda: ends.append(clock.now))
    for wait in (KEPT_S / 2, 3 * KEPT_S):
        clock.run()
        clock.at(clock.now + wait, lambda: one.task(1.0, 0.0, lambda: ends.append(clock.now)))
    clock.run()
    assert ends == pytest.approx([4.0, 5.5, 12.5])


def test_one_worker_does_a_film_as_fast_as_its_cores_and_many_no_faster_than_their_number() -> None:
    g = replace(Guessed(), open_s=1.0)
    kind = machines(g)[0]
    alone = 3600 * simulate(1, 1, kind, COSTS, g).hours
    assert alone == pytest.approx(86_400 * 0.060 / 8 + 2.0 + 1.0)
    assert 3600 * simulate(1, 4, kind, COSTS, g).hours > alone / 4


def test_a_film_in_segments_takes_no_less_than_all_that_is_to_be_done() -> None:
    half = Machine("", 0.5, 2, 0.0, 0.0)
    shape = Shape([100, 300, 100], [250, 250])
    took = seconds_of(shape, 300, 1, half, COSTS, replace(Guessed(), open_s=0.0, hand_out_s=0.0))
    assert took == pytest.approx(500 * 0.060 / 0.5, rel=0.01)
