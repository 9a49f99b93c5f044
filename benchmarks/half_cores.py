"""A film on a local Ray whose workers have half a core each, for `scaling.py --check`.

Each worker is a node of its own with one painter and its tasks, kept to one core. All processes of
a node run in one half of every twentieth of a second and stand still in the other, by SIGSTOP and
SIGCONT; two nodes share a core by turns. Ray's own processes are left alone. Linux alone has what
this needs.
"""

from __future__ import annotations

import os
import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

TURN_S, LOOK_EVERY_S = 0.025, 0.5


def colored_on(film: Path, workers: int) -> tuple[float, float]:
    """Colour a film with so many workers; seconds that took, and mean seconds of its segments."""
    import ray
    from ray.cluster_utils import Cluster as Nodes

    from vidcolor.media.probe import probe
    from vidcolor.run.cluster import Cluster
    from vidcolor.run.folder import JobFolder
    from vidcolor.run.job import Told, run_job
    from vidcolor.run.painters import Where
    from vidcolor.run.plan import make_plan
    from vidcolor.run.settings import ColorizeSettings

    os.environ["OMP_NUM_THREADS"] = "1"
    nodes = Nodes(True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    made = [nodes.add_node(num_cpus=2) for _ in range(workers)]
    ray.init(address=nodes.address, log_to_driver=False)
    try:
        settings = ColorizeSettings(threads=1)
        cluster = Cluster(Where("auto"), settings)
        while len(cluster.painters) < workers:
            time.sleep(LOOK_EVERY_S)
            cluster.painters.look()
        with tempfile.TemporaryDirectory() as folder:
            plan = make_plan(probe(film), Path(folder) / "out.mp4", settings, threads=1)
            with halved([raylet_of(node) for node in made]):
                began = time.perf_counter()
                job = JobFolder(plan, cluster.description)
                done = run_job(plan, cluster, job, Told())
                seconds = time.perf_counter() - began
        rate = float(plan.clip.average_rate)
        return seconds, plan.count / rate / len(done.segments)
    finally:
        ray.shutdown()
        nodes.shutdown()


def raylet_of(node: Any) -> int:
    """The process that starts a node's workers."""
    return int(node.all_processes["raylet"][0].process.pid)


@contextmanager
def halved(raylets: list[int]) -> Iterator[None]:
    """Let the workers of every second node run by turns with those of the others."""
    over = threading.Event()
    thread = threading.Thread(target=_take_turns, args=(raylets, over))
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _take_turns(raylets: list[int], over: threading.Event) -> None:
    looked, turn = 0.0, 0
    cores = sorted(os.sched_getaffinity(0))
    workers: list[list[int]] = []
    while not over.is_set():
        if time.monotonic() - looked > LOOK_EVERY_S:
            looked, children = time.monotonic(), _children()
            workers = [children.get(raylet, []) for raylet in raylets]
            for number, each in enumerate(workers):
                _pin(each, cores[number // 2 % len(cores)])
        for number, each in enumerate(workers):
            _tell(each, signal.SIGCONT if number % 2 == turn else signal.SIGSTOP)
        turn = 1 - turn
        over.wait(TURN_S)
    for each in workers:
        _tell(each, signal.SIGCONT)


def _tell(processes: list[int], number: signal.Signals) -> None:
    for process in processes:
        with suppress(ProcessLookupError):
            os.kill(process, number)


def _pin(processes: list[int], core: int) -> None:
    """Leave all threads of processes one core alone."""
    for process in processes:
        for task in Path(f"/proc/{process}/task").glob("[0-9]*"):
            with suppress(OSError):
                os.sched_setaffinity(int(task.name), {core})


def _children() -> dict[int, list[int]]:
    """Processes that Ray calls workers, by who started them."""
    found: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (path / "cmdline").read_bytes()
            if words.startswith(b"ray::"):
                parent = int((path / "stat").read_text().rpartition(")")[2].split()[1])
                found.setdefault(parent, []).append(int(path.name))
    return found
