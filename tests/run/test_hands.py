"""What of a batch goes out whole, how photographs are put together, what is said of them."""

from __future__ import annotations

import queue
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from vidcolor.errors import MachineError
from vidcolor.run import hands
from vidcolor.run.hands import Hands, _gathered, _Load
from vidcolor.run.messages import Failure, Moved
from vidcolor.run.nodes import RETRIES
from vidcolor.run.one import Outcome, Task
from vidcolor.run.painters import Loads, Where
from vidcolor.run.settings import ColorizeSettings

SETTINGS = ColorizeSettings()


class Machines:
    """What is asked of Ray before anything is started: so many nodes of two CPUs."""

    def __init__(self, count: int) -> None:
        self.count = count

    def nodes(self) -> list[dict[str, Any]]:
        return [{"Alive": True, "Resources": {"CPU": 2.0}} for _ in range(self.count)]

    def cluster_resources(self) -> dict[str, float]:
        return {"CPU": 2.0 * self.count}


def task(name: str) -> Task:
    return Task(Path(name), Path("out") / name, SETTINGS)


def given(monkeypatch: pytest.MonkeyPatch, names: Sequence[str], machines: int) -> Hands:
    monkeypatch.setattr(hands, "connected", lambda address: Machines(machines))
    return Hands(Where("auto"), SETTINGS, [Path(name) for name in names])


def test_films_go_out_whole_until_fewer_are_left_than_machines(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = [f"{number}.mp4" for number in range(6)]
    batch = given(monkeypatch, names, machines=4)
    assert [batch._is_whole(task(name)) for name in names] == [True] * 3 + [False] * 3


@pytest.mark.parametrize(
    ("photographs", "machines", "size"), [(5000, 8, 200), (48, 4, 6), (3, 4, 1)]
)
def test_photographs_go_out_in_hundreds_and_few_of_them_to_all_machines(
    monkeypatch: pytest.MonkeyPatch, photographs: int, machines: int, size: int
) -> None:
    names = [*(f"{number}.png" for number in range(photographs)), "last.mp4"]
    batch = given(monkeypatch, names, machines)
    tasks = iter(map(task, names))
    loads = []
    while len(loads) < (photographs - 1) // size + 2:
        loads.append(batch._next(tasks))
    assert {len(load.tasks) for load in loads[: photographs // size]} == {size}
    assert [one.source.name for load in loads for one in load.tasks] == names
    assert [one.source.name for one in loads[-1].tasks] == ["last.mp4"]


def test_only_the_latest_of_how_far_a_file_is_is_said_and_the_end_at_once() -> None:
    told: queue.SimpleQueue[Any] = queue.SimpleQueue()
    end = Outcome(3, "cpu", "m")
    for one in ((0, Moved(0.1, 9)), (1, Moved(0.5, 9)), (0, Moved(0.2, 9)), (0, end), None):
        told.put(one)
    assert list(_gathered(told)) == [[(1, Moved(0.5, 9)), (0, Moved(0.2, 9)), (0, end)]]


def test_what_a_lost_worker_had_not_ended_goes_to_others_and_fails_at_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    batch = given(monkeypatch, ["a.png", "b.png"], machines=1)
    again: list[_Load] = []
    monkeypatch.setattr(Hands, "_give", lambda self, load: again.append(load))
    load = _Load([task("a.png"), task("b.png")], ended={0})
    for tries in range(1, RETRIES + 1):
        assert list(batch._lost(load, RuntimeError("gone"))) == []
        load = again[-1]
        assert load.tries == tries
        assert [(one.source.name, one.overwrite) for one in load.tasks] == [("b.png", True)]
    ((failed, message),) = batch._lost(load, RuntimeError("gone"))
    assert failed.source.name == "b.png"
    assert isinstance(message, Failure)
    assert message.kind is MachineError


def test_a_painter_that_is_gone_is_asked_only_if_all_are() -> None:
    loads = Loads(3)
    loads.away = {0, 1}
    assert [loads.take(), loads.take()] == [2, 2]
    assert not loads.idle()
    loads.away = {0, 1, 2}
    assert loads.take() in (0, 1)
