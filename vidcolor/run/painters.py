"""The painters of a cluster: started, asked who they are, and each given its share of the work."""

from __future__ import annotations

import importlib
import itertools
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from vidcolor import __version__
from vidcolor.errors import MachineError, ModelError, VidcolorError
from vidcolor.network import registry
from vidcolor.run.nodes import RETRIES, cpus_each, gpus_of, machines_in, understood
from vidcolor.run.painter import Introduction, Painter
from vidcolor.run.settings import ColorizeSettings

STARTING_PATIENCE_S = 300.0
LOOK_EVERY_S = 2.0
"""How often it is looked for machines that came later."""


@dataclass(frozen=True)
class Where:
    """A cluster, and whose part of it.

    Attributes:
        address: "auto" for the cluster that this machine belongs to, or HOST:PORT.
        namespace: those who give the same one share their painters.
        first: number of the painter that is asked first; who shares them gives another one each.
        starts: whether painters are started, or those there are taken that another one started.
    """

    address: str
    namespace: str = field(default_factory=lambda: f"vidcolor-{secrets.token_hex(8)}")
    first: int = 0
    starts: bool = True


class Loads:
    """How much each painter was given and has not done; the next is the least laden one's.

    Attributes:
        away: those that are asked only if all are.

    Args:
        count: of painters.
        first: whose turn it is; any number, counted round.
    """

    def __init__(self, count: int, first: int = 0) -> None:
        self._loads, self._turn = [0] * count, first
        self.away: set[int] = set()

    def take(self) -> int:
        """The painter that gets the next piece; of equals, the next in turn."""
        numbers, loads = range(len(self._loads)), self._loads
        turn = [(n - self._turn) % len(numbers) for n in numbers]
        number = min(numbers, key=lambda n: (n in self.away, loads[n], turn[n]))
        self._loads[number] += 1
        self._turn = number + 1
        return number

    def give(self, number: int) -> None:
        """It is done with a piece."""
        self._loads[number] -= 1

    def idle(self) -> bool:
        """Whether any that is there has nothing to do."""
        return not all(load or n in self.away for n, load in enumerate(self._loads))

    @property
    def busy(self) -> float:
        """Share of those that are there that have something to do, 0..1."""
        there = [load for n, load in enumerate(self._loads) if n not in self.away]
        return sum(load > 0 for load in there) / len(there) if there else 0.0

    def add(self) -> None:
        """One more painter is there."""
        self._loads.append(0)


def first_ready(ray: Any, calls: Sequence[Any]) -> Any:
    """The first of some calls to new workers that is answered.

    Raises:
        MachineError: none is in time.
    """
    ready = calls and ray.wait(calls, num_returns=1, timeout=STARTING_PATIENCE_S)[0]
    if not ready:
        raise nobody_ready()
    return ready[0]


def nobody_ready() -> MachineError:
    """The error where no worker is there."""
    return MachineError(
        f"No worker of the cluster was ready within {STARTING_PATIENCE_S:.0f} s.",
        "Look at `ray status`: other work may hold its devices.",
    )


def check_alike(said: Introduction, settings: ColorizeSettings) -> None:
    """See that a worker is what it would be here.

    Raises:
        ModelError: it has other weights or another version of this program.
    """
    model_hash = registry.verified_hash(registry.find_model(settings.model))
    if (said.version, said.model_hash) != (__version__, model_hash):
        raise ModelError(
            f"A node of the cluster has vidcolor {said.version} with model"
            f" {said.model_hash[:12]}; here it is {__version__} with {model_hash[:12]}.",
            "Install the same version and model on all nodes.",
        )


class Painters:
    """All painters of a cluster that are ready; those of machines that come later join them.

    Attributes:
        cpus: threads of a task, and half of what a painter without a GPU has.
        description: device, backend and precision of all.
        loads: what each has to do, by its number.
        held: how many machines' worth of the cluster others hold.
        notes: sentences on machines that could not join.

    Args:
        ray: connected.
        where: which cluster.
        settings: of what is to be coloured.
        held: as the attribute.

    Raises:
        MachineError: the cluster is too small, its devices differ, or nobody is ready in time.
        ModelError: a node has other weights or another version of this program.
        UsageError: as `load_predictor`.
    """

    def __init__(self, ray: Any, where: Where, settings: ColorizeSettings, held: int = 0) -> None:
        self._ray, self._where, self._settings = ray, where, settings
        self.cpus = cpus_each(ray, settings.threads)
        self._gpus = bool(gpus_of(ray, settings.device))
        self._ready: list[Any] = []
        self._nodes: list[str] = []
        self._away: dict[Any, int] = {}
        self._dead = 0
        self._turn = itertools.count(where.first)
        self._coming: dict[Any, Any] = {}
        self._called = 0
        self._looked = -LOOK_EVERY_S
        self.held = held
        self.notes: list[str] = []
        self.loads = Loads(0, where.first)
        self._call_more()
        self.description = self._introduced(first_ready(ray, list(self._coming))).description
        self.look()

    def __len__(self) -> int:
        return len(self._ready)

    def __getitem__(self, number: int) -> Any:
        return self._ready[number]

    def near(self, number: int) -> dict[str, Any]:
        """Options of a task that works for a painter.

        A painter that computes on CPUs has twice as many as its network needs, and such tasks the
        other half; else they need CPUs of their own, on any machine.
        """
        if self._gpus:
            return {"num_cpus": self.cpus}
        strategy = importlib.import_module("ray.util.scheduling_strategies")
        there = strategy.NodeAffinitySchedulingStrategy(self._nodes[number], soft=True)
        return {"num_cpus": 0, "scheduling_strategy": there}

    def next(self) -> dict[str, Any]:
        """The same for the next painter in turn."""
        return self.near(next(self._turn) % len(self))

    def look(self) -> None:
        """Take in painters that have become ready, and start more where machines have come."""
        now = time.monotonic()
        if now - self._looked < LOOK_EVERY_S:
            return
        self._looked = now
        self._call_more()
        calls = list(self._coming)
        for call in self._ray.wait(calls, num_returns=len(calls), timeout=0)[0] if calls else ():
            try:
                self._introduced(call)
            except VidcolorError as error:
                self.notes.append(f"a machine is left out. {error.sentence}")
        calls = list(self._away)
        for call in self._ray.wait(calls, num_returns=len(calls), timeout=0)[0] if calls else ():
            self._came_back(call)

    def lose(self, number: int) -> None:
        """Give a painter nothing that is gone, until it is there again; wait if there is no other.

        Raises:
            MachineError: none is there in time.
        """
        if number not in self.loads.away:
            self.loads.away.add(number)
            self._away[self._ready[number].introduce.remote()] = number
        until = time.monotonic() + STARTING_PATIENCE_S
        while len(self.loads.away) == len(self):
            if time.monotonic() > until:
                raise nobody_ready()
            time.sleep(LOOK_EVERY_S)
            self.look()

    def _came_back(self, call: Any) -> None:
        number = self._away.pop(call)
        errors = self._ray.exceptions
        try:
            self._nodes[number] = self._ray.get(call).node
            self.loads.away.discard(number)
        except errors.ActorUnavailableError:
            self._away[self._ready[number].introduce.remote()] = number
        except errors.RayError:
            self._dead += 1

    def _introduced(self, call: Any) -> Introduction:
        """Take in a painter that is ready, if it is of the kind of the others."""
        painter = self._coming.pop(call)
        with understood():
            said: Introduction = self._ray.get(call)
        check_alike(said, self._settings)
        known = self.description if self._ready else said.description
        if said.description != known:
            raise MachineError(
                f"The cluster's devices differ ({', '.join(sorted((known, said.description)))}).",
                "Choose with `device` or `backend` what all nodes have.",
            )
        self._ready.append(painter)
        self._nodes.append(said.node)
        self.loads.add()
        return said

    def _call_more(self) -> None:
        """Start painters for which there is room, or find those that another one started."""
        if not self._where.starts:
            while painter := self._started(self._called):
                self._call(painter)
            return
        while self._called < self._wanted():
            device = "cuda" if self._gpus else "cpu"
            painter = (
                self._ray.remote(Painter)
                .options(
                    name=f"painter {self._called}",
                    namespace=self._where.namespace,
                    get_if_exists=True,
                    num_cpus=1 if self._gpus else 2 * self.cpus,
                    num_gpus=1 if self._gpus else 0,
                    max_restarts=RETRIES,
                    max_task_retries=RETRIES,
                )
                .remote(replace(self._settings, device=device), self.cpus)
            )
            self._call(painter)

    def _call(self, painter: Any) -> None:
        self._called += 1
        self._coming[painter.introduce.remote()] = painter

    def _started(self, number: int) -> Any:
        try:
            return self._ray.get_actor(f"painter {number}", namespace=self._where.namespace)
        except ValueError:
            return None

    def _wanted(self) -> int:
        """How many there are to be: one more than there is room for, so that Ray asks for room."""
        room = machines_in(self._ray, self._gpus, self.cpus) - self.held
        return max(0, room) + 1 + self._dead
