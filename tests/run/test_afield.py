"""The survey on a cluster: how much of it is under way at once."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest

from vidcolor.run.afield import LEGS, PARTS, Afield
from vidcolor.run.stages import Timings


class Machines:
    """What is asked of Ray and of so many painters; legs are counted, and never done."""

    def __init__(self, painters: int) -> None:
        self.painters, self.legs = painters, 0

    def __len__(self) -> int:
        return self.painters

    def next(self) -> dict[str, Any]:
        return {}

    def put(self, what: Any) -> Any:
        return what

    def options(self, **_: Any) -> Machines:
        return self

    def remote(self, *given: Any) -> Any:
        if len(given) == 1:  # a function, to be called there
            return self
        self.legs += 1
        return [object() for _ in range(PARTS)]

    def cancel(self, call: Any) -> None:
        pass


@pytest.mark.parametrize(("painters", "most"), [(3, 4), (500, LEGS)])
def test_so_many_legs_are_under_way_as_cuts_can_keep_up_with(painters: int, most: int) -> None:
    machines: Any = Machines(painters)
    afield = Afield(machines, machines, Timings(), machines)
    with closing(afield._legs([range(n, n + 240) for n in range(0, 240 * 40, 240)])) as legs:
        for taken in range(1, 20):
            next(legs)
            assert machines.legs == most + taken - 1
