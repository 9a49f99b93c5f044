"""The nodes of a Ray cluster: reached, counted, and asked what they see of the storage."""

from __future__ import annotations

import importlib
import secrets
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from vidcolor.errors import MachineError, VidcolorError
from vidcolor.remedies import install_hint
from vidcolor.run.identity import Identity
from vidcolor.run.painter import sees

RETRIES = 3
"""How often what was lost with a worker is done again."""
NODE_PATIENCE_S, KNOCKING_PATIENCE_S, ANSWER_PATIENCE_S = 60.0, 5.0, 10.0
ASK_AGAIN_S = 0.5


def connected(address: str) -> Any:
    """Ray, connected.

    Args:
        address: "auto" for the cluster that this machine belongs to, or HOST:PORT.

    Raises:
        MachineError: Ray is not installed, or nobody answers.
    """
    try:
        ray: Any = importlib.import_module("ray")
    except ImportError as error:
        raise MachineError(
            "`cluster` needs Ray, which is not installed.", f"Run {install_hint('cluster')}."
        ) from error
    if not ray.is_initialized():
        _knock(address)
        main = threading.current_thread() is threading.main_thread()
        before = signal.getsignal(signal.SIGTERM)
        try:
            _join_in(ray, address)
        finally:
            if main:
                signal.signal(signal.SIGTERM, before)  # Ray puts its own there
    return ray


def _join_in(ray: Any, address: str) -> None:
    """Connect in a thread that is left alone if nobody answers: Ray would wait for minutes."""
    failed: list[BaseException] = []

    def join_in() -> None:
        try:
            ray.init(address=address, logging_level="error", log_to_driver=False)
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=join_in, daemon=True)
    thread.start()
    thread.join(ANSWER_PATIENCE_S)
    if thread.is_alive():
        raise _no_cluster(address)
    if failed and isinstance(failed[0], (ConnectionError, ValueError, RuntimeError)):
        raise _no_cluster(address) from failed[0]
    if failed:
        raise failed[0]


def _knock(address: str) -> None:
    """See whether anybody is at HOST:PORT."""
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


class LostError(MachineError):
    """A worker is gone, and what it had with it."""


@contextmanager
def understood() -> Iterator[None]:
    """What goes wrong elsewhere, in a user's words.

    Raises:
        LostError: workers were lost, more often than Ray calls again.
        VidcolorError: whatever such a worker raised.
    """
    errors = importlib.import_module("ray.exceptions")
    try:
        yield
    except errors.RayTaskError as error:
        if isinstance(error.cause, VidcolorError):
            raise error.cause from error
        if isinstance(error.cause, errors.RayError):
            raise _lost(error.cause) from error
        raise
    except errors.RayError as error:
        raise _lost(error) from error


def _lost(error: Exception) -> LostError:
    said = MachineError(  # by this name the reference finds it
        f"Workers of the cluster were lost {RETRIES + 1} times ({str(error).splitlines()[0]}).",
        "What is finished is kept; look at `ray status`, then run the command again.",
    )
    return LostError(said.sentence, said.remedy)


def cpus_each(ray: Any, threads: int) -> int:
    """CPUs for a network without a GPU; a task that writes needs as many.

    Raises:
        MachineError: there are too few.
    """
    largest = max((int(n["Resources"].get("CPU", 0)) for n in ray.nodes() if n["Alive"]), default=0)
    if ray.cluster_resources().get("CPU", 0) < 2:
        raise MachineError(
            "The cluster has fewer than 2 CPUs: one for the network and one for the encoder.",
            "Start it with more, such as `ray start --head --num-cpus 2`.",
        )
    return max(1, min(threads or largest, largest // 2))


def gpus_of(ray: Any, device: str) -> int:
    """How many GPUs are to be used.

    Raises:
        MachineError: one is asked for, and there is none.
    """
    kind = device.partition(":")[0]
    count = int(ray.cluster_resources().get("GPU", 0)) if kind in ("auto", "cuda") else 0
    if kind == "cuda" and not count:
        raise MachineError("The cluster has no GPU.", "Leave `device` out, or add nodes with one.")
    return count


def machines_in(ray: Any, gpus: bool, cpus: int) -> int:
    """How many workers a cluster has room for: one a GPU, or one for twice so many CPUs."""
    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    if gpus:
        return sum(int(there.get("GPU", 0)) for there in nodes)
    return sum(int(there.get("CPU", 0)) // (2 * cpus) for there in nodes)


def check_storage(ray: Any, source: Path, identity: Identity, folder: Path) -> None:
    """Have every node read the source and a token, and write beside it.

    Args:
        ray: connected.
        source: the file.
        identity: which file that is.
        folder: that all are to write to.

    Raises:
        MachineError: a node sees other storage, or does not answer; it is named.
    """
    token = folder / f".token-{secrets.token_hex(8)}.part"
    token.write_text(token.name)
    look, until = ray.remote(sees), time.monotonic() + NODE_PATIENCE_S
    asked = {node: _asked(ray, look, node, (source, identity, token)) for node in _alive(ray)}
    try:
        while asked:
            node, call = asked.popitem()
            left = max(0.0, until - time.monotonic())
            if not ray.wait([call], timeout=left)[0]:
                raise _blind(ray, node, "anything: it does not answer")
            try:
                with understood():
                    missing = ray.get(call)
            except LostError:
                # Either it went away, or it came so lately that not all know of it.
                if node in _alive(ray) and time.monotonic() < until:
                    time.sleep(ASK_AGAIN_S)
                    asked[node] = _asked(ray, look, node, (source, identity, token))
                continue
            if missing:
                raise _blind(ray, node, missing)
    finally:
        token.unlink(missing_ok=True)


def _alive(ray: Any) -> list[str]:
    return [node["NodeID"] for node in ray.nodes() if node["Alive"]]


def _asked(ray: Any, look: Any, node: str, what: tuple[Path, Identity, Path]) -> Any:
    strategy = importlib.import_module("ray.util.scheduling_strategies")
    there = strategy.NodeAffinitySchedulingStrategy(node, soft=False)
    return look.options(num_cpus=0, scheduling_strategy=there).remote(*what)


def _blind(ray: Any, node: str, path: object) -> MachineError:
    names = {one["NodeID"]: one["NodeManagerHostname"] for one in ray.nodes()}
    host = names.get(node, node)
    return MachineError(
        f"The node {host} of the cluster does not see {path}.",
        "Put source and output on storage that all nodes have under the same path.",
    )
