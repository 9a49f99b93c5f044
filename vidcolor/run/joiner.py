"""The join on a cluster: a worker takes a film's segments one by one, as they are finished."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vidcolor.files import leftovers
from vidcolor.media.mux import Join, JoinPlan
from vidcolor.run.nodes import RETRIES, LostError, understood
from vidcolor.run.painters import Painters

STOPPING_PATIENCE_S = 20.0


class Joiner:
    """See `Joining`. Only paths go to the worker; where it is lost another one begins anew.

    Args:
        ray: connected.
        painters: near whom it works.
        plan: what is to be joined.
    """

    def __init__(self, ray: Any, painters: Painters, plan: JoinPlan) -> None:
        self._ray, self._painters, self._plan = ray, painters, plan
        self._join = ray.remote(Join)
        self._worker: Any = None
        self._added: list[tuple[Path, int]] = []
        self._calls: list[Any] = []
        self._lost = 0

    def add(self, segment: Path, offset_pts: int) -> None:
        """See `Joining.add`."""
        self._added.append((segment, offset_pts))
        if self._worker is None:
            self._begin()
        else:
            self._calls.append(self._worker.add.remote(segment, offset_pts))
        ready, self._calls = self._ray.wait(self._calls, num_returns=len(self._calls), timeout=0)
        self._all_done(ready)

    def finish(self) -> tuple[str, ...]:
        """See `Joining.finish`."""
        while True:
            if self._all_done(self._calls):
                finishing = self._worker.finish.remote()
                if self._all_done([finishing]):
                    said: tuple[str, ...] = self._ray.get(finishing)
                    return said

    def close(self) -> None:
        """See `Joining.close`."""
        if self._worker is not None:
            self._ray.wait([self._worker.close.remote()], timeout=STOPPING_PATIENCE_S)
            self._ray.kill(self._worker)
            self._worker = None

    def _begin(self) -> None:
        # It has next to nothing to do for as long as the film takes, so no CPU is held for it.
        near = {**self._painters.next(), "num_cpus": 0}
        self._worker = self._join.options(**near).remote(self._plan)
        self._calls = [self._worker.add.remote(*each) for each in self._added]

    def _all_done(self, calls: list[Any]) -> bool:
        """Wait for the worker; False if it was lost and another one has begun anew."""
        try:
            with understood():
                self._ray.get(calls)
        except LostError:
            self._lost += 1
            if self._lost > RETRIES:
                raise
            for left in list(leftovers(self._plan.output)):
                left.unlink(missing_ok=True)
            self._begin()
            return False
        return True
