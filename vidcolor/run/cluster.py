"""Segments on the machines of a Ray cluster: small luma goes out, encoded files come to be.

The machine that gave the command surveys, hands out, keeps the records and joins. A painter holds
the model on a device and turns small luma into chroma; tasks without a device blend seams, decode,
encode and write each segment where the job's folder is, a path that all nodes see. Ray calls
again whatever was lost with a worker.
"""

from __future__ import annotations

import importlib
import secrets
import signal
import socket
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from copy import copy
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vidcolor import __version__
from vidcolor.errors import MachineError, ModelError, VidcolorError
from vidcolor.infer.predictor import LumaBatch, Prediction
from vidcolor.network import registry
from vidcolor.remedies import install_hint
from vidcolor.run.executor import Made, Reports, Stretch
from vidcolor.run.painter import Introduction, Painter, blend, sees, write
from vidcolor.run.plan import Plan
from vidcolor.run.segment import Segment
from vidcolor.run.settings import ColorizeSettings
from vidcolor.run.settled import Surveyed
from vidcolor.run.stages import ahead
from vidcolor.steady.kept import Keep, keep_nothing

RETRIES = 3
"""How often what was lost with a worker is done again."""
SEGMENTS_A_PAINTER = 3
"""One is coloured, one waits, one is being written."""
STARTING_PATIENCE_S, NODE_PATIENCE_S, STOPPING_PATIENCE_S = 300.0, 60.0, 20.0
KNOCKING_PATIENCE_S = 5.0

FloatArray = NDArray[np.float32]


@dataclass(frozen=True)
class Where:
    """A cluster, and whose part of it.

    Attributes:
        address: "auto" for the cluster that this machine belongs to, or HOST:PORT.
        namespace: those who give the same one share their painters.
        first: number of the painter that is asked first; who shares them gives another one each.
    """

    address: str
    namespace: str = field(default_factory=lambda: f"vidcolor-{secrets.token_hex(8)}")
    first: int = 0


class Loads:
    """How much each painter was given and has not done; the next is the least laden one's.

    Args:
        count: of painters.
        first: whose turn it is; any number, counted round.
    """

    def __init__(self, count: int, first: int = 0) -> None:
        self._loads, self._turn = [0] * count, first

    def take(self) -> int:
        """The painter that gets the next piece; of equals, the next in turn."""
        numbers = range(len(self._loads))
        number = min(numbers, key=lambda n: (self._loads[n], (n - self._turn) % len(numbers)))
        self._loads[number] += 1
        self._turn = number + 1
        return number

    def give(self, number: int) -> None:
        """It is done with a piece."""
        self._loads[number] -= 1


@dataclass(frozen=True)
class _Pending:
    """A segment on its way: references to what will be."""

    segment: Segment
    painter: int
    said: Any
    tail: Any
    writing: Any


class Cluster:
    """A cluster as `Executor`.

    Args:
        where: which cluster.
        settings: of what is to be coloured.

    Raises:
        MachineError: Ray is not installed, there is no such cluster, or it is too small.
        ModelError: a node has other weights or another version of this program.
        UsageError: as `load_predictor`.
    """

    def __init__(self, where: Where, settings: ColorizeSettings) -> None:
        self._ray = _connected(where.address)
        cpus = _cpus_each(self._ray, settings.threads)
        gpus = _gpus(self._ray, settings.device)
        count = gpus or max(1, int(self._ray.cluster_resources()["CPU"]) // (2 * cpus))
        self._painters = [
            self._ray.remote(Painter)
            .options(
                name=f"painter {number}",
                namespace=where.namespace,
                get_if_exists=True,
                num_cpus=1 if gpus else cpus,
                num_gpus=1 if gpus else 0,
                max_restarts=RETRIES,
                max_task_retries=RETRIES,
            )
            .remote(replace(settings, device="cuda" if gpus else "cpu"), cpus)
            for number in range(count)
        ]
        self.description = self._introduced(settings)
        self._loads = Loads(len(self._painters), where.first)
        self._vividness = settings.vividness
        self._blend = self._ray.remote(blend).options(num_returns=2, max_retries=RETRIES)
        self._write = self._ray.remote(write).options(num_cpus=cpus, max_retries=RETRIES)

    def _introduced(self, settings: ColorizeSettings) -> str:
        """Wait for the painters and look whether they are of one kind; returns which."""
        calls = [painter.introduce.remote() for painter in self._painters]
        ready, _ = self._ray.wait(calls, num_returns=len(calls), timeout=STARTING_PATIENCE_S)
        if not ready:
            raise MachineError(
                f"No worker of the cluster was ready within {STARTING_PATIENCE_S:.0f} s.",
                "Look at `ray status`: other work may hold its devices.",
            )
        self._painters = [p for p, call in zip(self._painters, calls, strict=True) if call in ready]
        with self._understood():
            said: set[Introduction] = set(self._ray.get(ready))
        model_hash = registry.verified_hash(registry.find_model(settings.model))
        for one in said:
            if (one.version, one.model_hash) != (__version__, model_hash):
                raise ModelError(
                    f"A node of the cluster has vidcolor {one.version} with model"
                    f" {one.model_hash[:12]}; here it is {__version__} with {model_hash[:12]}.",
                    "Install the same version and model on all nodes.",
                )
        if len(said) > 1:
            raise MachineError(
                f"The cluster's devices differ ({', '.join(sorted(x.description for x in said))}).",
                "Choose with `device` or `backend` what all nodes have.",
            )
        return said.pop().description

    def predict(self, luma: LumaBatch, hints: FloatArray | None = None) -> Prediction:
        """See `Predictor.predict`."""
        number = self._loads.take()
        try:
            with self._understood():
                asked = self._painters[number].predict.remote(luma, hints, self._vividness)
                said: Prediction = self._ray.get(asked)
        finally:
            self._loads.give(number)
        return said

    def vivid(self, vividness: float) -> Cluster:
        """See `Predictor.vivid`."""
        other = copy(self)
        other._vividness = vividness
        return other

    def make(
        self,
        plan: Plan,
        stretches: Iterable[Stretch],
        place: Callable[[Segment], Path],
        reports: Reports,
        keep: Keep = keep_nothing,
    ) -> Generator[Made]:
        """See `Executor.make`."""
        waiting: deque[_Pending] = deque()
        limit = SEGMENTS_A_PAINTER * len(self._painters)
        shared, checked = self._ray.put(plan), False
        try:
            for stretch in stretches:
                tail: Any = stretch.before
                with closing(ahead(stretch.segments, 1)) as segments:
                    for surveyed in segments:
                        path = place(surveyed.segment)
                        if not checked:
                            self._check_storage(plan, path.parent)
                            checked = True
                        reports.begun(surveyed.segment)
                        pending = self._sent(shared, surveyed, tail, path)
                        waiting.append(pending)
                        tail = pending.tail
                        while waiting and (len(waiting) >= limit or self._is_there(waiting[0])):
                            yield self._finished(waiting.popleft(), reports)
            while waiting:
                yield self._finished(waiting.popleft(), reports)
        finally:
            self._call_off(waiting)

    def _sent(self, plan: Any, surveyed: Surveyed, before: Any, path: Path) -> _Pending:
        number = self._loads.take()
        segment = surveyed.segment
        light = replace(segment, luma=segment.luma[:0])
        painter = self._painters[number].chroma.options(num_returns=2)
        # Who need not know what the segment before saw does not wait for it.
        shots, said = painter.remote(plan, surveyed, before if surveyed.handed else None)
        parts, tail = self._blend.remote(shots, segment.lead, segment.count, before)
        writing = self._write.remote(plan, light, parts, path)
        return _Pending(light, number, said, tail, writing)

    def _is_there(self, pending: _Pending) -> bool:
        return bool(self._ray.wait([pending.writing], timeout=0)[0])

    def _finished(self, pending: _Pending, reports: Reports) -> Made:
        with self._understood():
            written: dict[str, float]
            written, tally = self._ray.get(pending.writing)
            tail: FloatArray = self._ray.get(pending.tail)
            color: float
            color, reached = self._ray.get(pending.said)
        self._loads.give(pending.painter)
        reports.timings.add({"colour": color, **written})
        reports.meter.colored(pending.segment.count)
        reports.written(pending.segment.count)
        return Made(pending.segment, tail, tally, reached)

    def _call_off(self, waiting: Sequence[_Pending]) -> None:
        """Leave nobody writing into the job's folder."""
        calls = [pending.writing for pending in waiting]
        for call in calls:
            self._ray.cancel(call, force=True)
        if calls:
            self._ray.wait(calls, num_returns=len(calls), timeout=STOPPING_PATIENCE_S)

    def _check_storage(self, plan: Plan, folder: Path) -> None:
        """Have every node read the source and a token, and write beside it."""
        token = folder / f".token-{secrets.token_hex(8)}.part"
        token.write_text(token.name)
        strategy = importlib.import_module("ray.util.scheduling_strategies")
        nodes = [node for node in self._ray.nodes() if node["Alive"]]
        look = self._ray.remote(sees)
        calls = {}
        for node in nodes:
            there = strategy.NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
            task = look.options(num_cpus=0, scheduling_strategy=there)
            calls[task.remote(plan.clip.path, plan.source, token)] = node["NodeManagerHostname"]
        try:
            ready, late = self._ray.wait(
                list(calls), num_returns=len(calls), timeout=NODE_PATIENCE_S
            )
            with self._understood():
                missing = {calls[call]: self._ray.get(call) for call in ready}
            missing |= {calls[call]: "anything: it does not answer" for call in late}
        finally:
            token.unlink(missing_ok=True)
        for host, path in missing.items():
            if path:
                raise MachineError(
                    f"The node {host} of the cluster does not see {path}.",
                    "Put source and output on storage that all nodes have under the same path.",
                )

    @contextmanager
    def _understood(self) -> Iterator[None]:
        """What goes wrong elsewhere, in a user's words."""
        errors = importlib.import_module("ray.exceptions")
        try:
            yield
        except errors.RayTaskError as error:
            if isinstance(error.cause, VidcolorError):
                raise error.cause from error
            raise
        except errors.RayError as error:
            raise MachineError(
                f"Workers of the cluster were lost {RETRIES + 1} times"
                f" ({str(error).splitlines()[0]}).",
                "What is finished is kept; look at `ray status`, then run the command again.",
            ) from error


def _connected(address: str) -> Any:
    """Ray, connected."""
    try:
        ray: Any = importlib.import_module("ray")
    except ImportError as error:
        raise MachineError(
            "`cluster` needs Ray, which is not installed.", f"Run {install_hint('cluster')}."
        ) from error
    if not ray.is_initialized():
        _check_address(address)
        main = threading.current_thread() is threading.main_thread()
        before = signal.getsignal(signal.SIGTERM)
        try:
            ray.init(address=address, logging_level="error", log_to_driver=False)
        except (ConnectionError, ValueError, RuntimeError) as error:
            raise _no_cluster(address) from error
        finally:
            if main:
                signal.signal(signal.SIGTERM, before)  # Ray puts its own there
    return ray


def _check_address(address: str) -> None:
    """Knock at HOST:PORT: Ray itself would wait for minutes."""
    host, _, port = address.rpartition(":")
    if host and port.isdigit() and "/" not in host:
        try:
            socket.create_connection((host, int(port)), KNOCKING_PATIENCE_S).close()
        except OSError as error:
            raise _no_cluster(address) from error


def _no_cluster(address: str) -> MachineError:
    where = "This machine belongs to no" if address == "auto" else f"At {address} there is no"
    return MachineError(
        f"{where} Ray cluster that runs.",
        "Start one with `ray start --head`, or give HOST:PORT of its head.",
    )


def _cpus_each(ray: Any, threads: int) -> int:
    """CPUs for a painter without a GPU and for a task that writes, so that both find room."""
    largest = max((int(n["Resources"].get("CPU", 0)) for n in ray.nodes() if n["Alive"]), default=0)
    if ray.cluster_resources().get("CPU", 0) < 2:
        raise MachineError(
            "The cluster has fewer than 2 CPUs: one for the network and one for the encoder.",
            "Start it with more, such as `ray start --head --num-cpus 2`.",
        )
    return max(1, min(threads or largest, largest // 2))


def _gpus(ray: Any, device: str) -> int:
    kind = device.partition(":")[0]
    count = int(ray.cluster_resources().get("GPU", 0)) if kind in ("auto", "cuda") else 0
    if kind == "cuda" and not count:
        raise MachineError("The cluster has no GPU.", "Leave `device` out, or add nodes with one.")
    return count
