"""The painters of a cluster: started, asked who they are, and each given its share of the work."""

from __future__ import annotations

import importlib
import itertools
import secrets
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from vidcolor import __version__
from vidcolor.errors import MachineError, ModelError, VidcolorError
from vidcolor.network import registry
from vidcolor.run.nodes import LostError, cpus_each, gpus_of, machines_in, understood
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


@dataclass(frozen=True, eq=False)
class _Ready:
    """A painter that has introduced itself: its name, its actor, and Ray's name of the node."""

    name: str
    actor: Any
    node: str


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
        self.held = held
        self.notes: list[str] = []
        self.loads = Loads(0, where.first)
        self._ready: list[_Ready] = []
        self._coming: dict[Any, tuple[str, Any]] = {}
        self._asked: dict[Any, int] = {}
        self._known: set[str] = set()
        self._turn = itertools.count(where.first)
        self._looked = -LOOK_EVERY_S
        self._call_more(self._there())
        self.description = self._introduced(first_ready(ray, list(self._coming))).description
        self.look()

    def __len__(self) -> int:
        return len(self._ready)

    def __getitem__(self, number: int) -> Any:
        return self._ready[number].actor

    def near(self, number: int) -> dict[str, Any]:
        """Options of a task that works for a painter.

        A painter that computes on CPUs has twice as many as its network needs, and such tasks the
        other half; else they need CPUs of their own, on any machine.
        """
        if self._gpus:
            return {"num_cpus": self.cpus}
        strategy = importlib.import_module("ray.util.scheduling_strategies")
        there = strategy.NodeAffinitySchedulingStrategy(self._ready[number].node, soft=True)
        return {"num_cpus": 0, "scheduling_strategy": there}

    def next(self) -> dict[str, Any]:
        """The same for the next painter in turn."""
        return self.near(next(self._turn) % len(self))

    def look(self) -> None:
        """Take in painters that have become ready, start more, and see who is gone."""
        now = time.monotonic()
        if now - self._looked < LOOK_EVERY_S:
            return
        self._looked = now
        there = self._there()
        self.loads.away |= {n for n, one in enumerate(self._ready) if one.name not in there}
        self._call_more(there)
        for call in self._answered(self._coming):
            try:
                self._introduced(call)
            except LostError:
                pass  # another one is started for it
            except VidcolorError as error:
                self.notes.append(f"a machine is left out. {error.sentence}")
        for call in self._answered(self._asked):
            number = self._asked.pop(call)
            with suppress(LostError), understood():
                self._ray.get(call)
                self.loads.away.discard(number)

    def _answered(self, calls: Iterable[Any]) -> list[Any]:
        waiting = list(calls)
        if not waiting:
            return []
        ready: list[Any] = self._ray.wait(waiting, num_returns=len(waiting), timeout=0)[0]
        return ready

    def lose(self, number: int) -> None:
        """Give a painter nothing until it has answered; wait if there is no other.

        Raises:
            MachineError: none is there in time.
        """
        self.loads.away.add(number)
        until = time.monotonic() + STARTING_PATIENCE_S
        self._asked[self[number].introduce.remote()] = number
        while len(self.loads.away) == len(self):
            if time.monotonic() > until:
                raise nobody_ready()
            time.sleep(LOOK_EVERY_S)
            self.look()

    def _introduced(self, call: Any) -> Introduction:
        """Take in a painter that is ready, if it is of the kind of the others."""
        name, painter = self._coming.pop(call)
        with understood():
            said: Introduction = self._ray.get(call)
        check_alike(said, self._settings)
        known = self.description if self._ready else said.description
        if said.description != known:
            raise MachineError(
                f"The cluster's devices differ ({', '.join(sorted((known, said.description)))}).",
                "Choose with `device`, `backend` or `precision` what all nodes have.",
            )
        self._ready.append(_Ready(name, painter, said.node))
        self.loads.add()
        return said

    def _there(self) -> set[str]:
        """Names of all painters that live, or wait for room."""
        actors = self._ray.util.list_named_actors(all_namespaces=True)
        return {one["name"] for one in actors if one["namespace"] == self._where.namespace}

    def _call_more(self, there: set[str]) -> None:
        """Find painters that another one started, or start those for which there is room."""
        for name in sorted(there - self._known):
            with suppress(ValueError):  # it is gone again
                self._call(name, self._ray.get_actor(name, namespace=self._where.namespace))
        if self._where.starts:
            for _ in range(self._wanted() - len(there)):
                name = f"painter {len(self._known)}"
                self._call(name, self._started(name))

    def _started(self, name: str) -> Any:
        """A painter that is not called again when it is lost: then another one is started.

        Else the one that waits for room would take that of the one that is to come again.
        """
        settings = replace(self._settings, device="cuda" if self._gpus else "cpu")
        start = self._ray.remote(Painter).options(
            name=name,
            namespace=self._where.namespace,
            num_cpus=1 if self._gpus else 2 * self.cpus,
            num_gpus=int(self._gpus),
        )
        return start.remote(settings, self.cpus)

    def _call(self, name: str, painter: Any) -> None:
        self._known.add(name)
        self._coming[painter.introduce.remote()] = name, painter

    def _wanted(self) -> int:
        """How many there are to be: one more than there is room for, so that Ray asks for room."""
        room = machines_in(self._ray, self._gpus, self.cpus) - self.held
        return max(0, room) + 1
