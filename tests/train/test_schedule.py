from __future__ import annotations

from pathlib import Path

import pytest

from tests.train.conftest import run_settings
from vidcolor.train.candidates import Figures, as_table, choose
from vidcolor.train.progress import Progress
from vidcolor.train.schedule import Phase, Schedule
from vidcolor.train.settings import NoGan


def at(step: int, **changes: object) -> Schedule:
    settings = run_settings(Path(), Path(), None, steps=100, **changes)
    return Schedule(settings, Progress(step=step))


def test_nogan_goes_through_three_phases() -> None:
    phases = [at(step, recipe="nogan").phase() for step in (0, 69, 70, 84, 85, 99)]
    assert phases == [
        Phase.SUPERVISED,
        Phase.SUPERVISED,
        Phase.CRITIC,
        Phase.CRITIC,
        Phase.JOINT,
        Phase.JOINT,
    ]
    rates = [at(step, recipe="nogan").rate() for step in (85, 92, 99)]
    assert rates[0] == pytest.approx(0.1)
    assert rates[0] > rates[1] > rates[2] > 0
    joint = at(90, recipe="nogan")
    assert joint.every() == 20
    assert joint.ema() <= 0.95


@pytest.mark.parametrize(("recipe", "phase"), [("l1", Phase.SUPERVISED), ("gan", Phase.JOINT)])
def test_other_recipes_have_one(recipe: str, phase: Phase) -> None:
    assert {at(step, recipe=recipe).phase() for step in (0, 50, 99)} == {phase}


def test_rates_rise_and_fall() -> None:
    assert at(0, warm_up=10).rate() == pytest.approx(0.1)
    assert at(50).rate() == pytest.approx(0.5)
    assert at(100).rate() == 0.01
    steps = [at(step, schedule="step").rate() for step in (50, 60, 85)]
    assert steps == [1.0, 0.1, 0.01]
    assert at(99, schedule="constant").rate() == 1.0


def test_warming_up_is_a_small_share_of_a_run_of_steps() -> None:
    rates = [at(step, warm_up=200, schedule="constant").rate() for step in range(100)]
    assert rates[0] < 0.01
    assert rates == sorted(rates)
    assert rates[5] == 1.0
    assert at(99, warm_up=0, schedule="constant").rate() == 1.0


def test_warming_up_is_a_small_share_of_a_run_of_hours() -> None:
    settings = run_settings(
        Path(), Path(), None, steps=None, hours=0.03, warm_up=200, schedule="constant"
    )
    slow = [Progress(step=n, seconds=2.5 * n) for n in range(43)]
    rates = [Schedule(settings, progress).rate() for progress in slow]
    assert rates[0] < 0.01
    assert rates[3:] == [1.0] * 40


def test_a_long_run_warms_up_for_as_many_steps_as_were_asked_for() -> None:
    settings = run_settings(Path(), Path(), None, steps=100000, warm_up=200)
    rates = [Schedule(settings, Progress(step=n)).rate() for n in (0, 99, 199)]
    assert rates == pytest.approx([1 / 200, 0.5, 1.0], rel=1e-3)


def test_sizes_do_not_depend_on_where_a_run_is_gone_on_with() -> None:
    whole = list(at(0, accumulate=2).sizes())
    assert len(whole) == 200
    assert whole[0] == (32, 4)
    assert whole[-1] == (64, 2)
    for step in (1, 73, 74, 75, 76):
        assert list(at(step, accumulate=2).sizes()) == whole[2 * step :]


def figures(step: int, kid: float, cf: float, psnr: float, flicker: float = 1.0) -> Figures:
    return Figures(step, kid, 0.5, cf, psnr, flicker)


def test_the_best_that_is_not_too_far_from_the_truth_is_shipped() -> None:
    before = figures(0, 9.0, -10.0, 24.0)
    far = figures(1, 5.0, 0.0, 23.5)
    restless = figures(2, 5.5, 0.0, 24.0, flicker=1.3)
    least = figures(3, 7.0, -9.0, 23.9)
    near = figures(4, 7.4, -4.0, 23.8)
    others = figures(5, 7.6, 0.0, 23.8)
    best = choose([before, far, restless, least, near, others], NoGan())
    assert best is near
    table = as_table([before, near], best).splitlines()
    assert table[2].endswith("| supervised |")
    assert table[3].endswith("| shipped |")


def test_where_all_are_worse_the_supervised_network_is_shipped() -> None:
    before = figures(0, 9.0, -10.0, 24.0)
    assert choose([before, figures(1, 8.0, 0.0, 23.0)], NoGan()) is before
