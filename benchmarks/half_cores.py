"""A film on a local Ray whose workers have half a core each, for `scaling.py --check`.

Each worker is a node of its own with one painter and its tasks, kept to one core. All processes of
a node run for a fifth of a second and stand still for another, by SIGSTOP and SIGCONT; two nodes
share a core by turns. Shorter turns cost too much: each wakes every thread of a node's processes,
some hundreds (with twelve processes of 60 threads turns of 25 ms took 18 % of the core). Ray's own
processes are left alone. Linux alone has what this needs.
"""

from __future__ import annotations

import functools
import itertools
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

TURN_S, LOOK_EVERY_S, IDLE_S = 0.2, 0.5, 5.0
TICKS = os.sysconf("SC_CLK_TCK")

Groups = Callable[[], list[list[int]]]


@dataclass(frozen=True)
class Run:
    """A film that was coloured.

    Attributes:
        seconds: that took.
        segments: how many frames each has.
        legs: likewise.
        ahead: frames behind a segment's beginning that are surveyed before it is cut.
        processes: of workers there were, painters and the join's among them.
        core_s: what they took of the processors, seconds.
        ray_share: of the workers' cores that others took before the run: Ray, and who gives turns.
    """

    seconds: float
    segments: list[int]
    legs: list[int]
    ahead: int
    processes: int
    core_s: float
    ray_share: float


def colored_on(film: Path, workers: int) -> Run:
    """Colour a film with so many workers."""
    import ray
    from ray.cluster_utils import Cluster as Nodes

    from vidcolor.media.legs import legs_of
    from vidcolor.media.probe import probe
    from vidcolor.run.afield import LEG_FRAMES, LONGEST_LEG
    from vidcolor.run.cluster import Cluster
    from vidcolor.run.folder import JobFolder
    from vidcolor.run.job import Told, run_job
    from vidcolor.run.painters import Where
    from vidcolor.run.plan import make_plan
    from vidcolor.run.settings import ColorizeSettings

    nodes = Nodes(True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    made = [nodes.add_node(num_cpus=2) for _ in range(workers)]
    ray.init(address=nodes.address, log_to_driver=False)
    try:
        settings = ColorizeSettings(threads=1)
        cluster = Cluster(Where("auto"), settings)
        while len(cluster.painters) < workers:
            time.sleep(LOOK_EVERY_S)
            cluster.painters.look()
        raylets = [raylet_of(node) for node in made]
        with tempfile.TemporaryDirectory() as folder:
            clip = probe(film)
            plan = make_plan(clip, Path(folder) / "out.mp4", settings, threads=1)
            with halved(lambda: workers_of(raylets)) as spent:
                share = _taken(spent, nodes, -(-workers // 2))
                before = spent.core_s
                began = time.perf_counter()
                done = run_job(plan, cluster, JobFolder(plan, cluster.description), Told())
                seconds = time.perf_counter() - began
        limits = plan.film.segment_limits
        legs, _ = legs_of(clip, range(plan.count), LEG_FRAMES, LONGEST_LEG)
        return Run(
            seconds,
            [part.count for part in done.segments],
            [len(leg) for leg in legs],
            limits.longest + limits.overlap,
            len(spent.by_process),
            spent.core_s - before,
            share,
        )
    finally:
        ray.shutdown()
        nodes.shutdown()


def crowded(film: Path, copies: int) -> float:
    """How many times as much of the processors a run takes where so many have half a core each.

    Against one that has a core for itself, where the others have nothing to do.
    """
    return _core_s_of_each(film, copies) / _core_s_of_each(film, 1, halve=False)


@functools.cache
def _core_s_of_each(film: Path, copies: int, halve: bool = True) -> float:
    words = [sys.executable, "-m", "vidcolor", "colorize", str(film)]
    options = ["--duration", "3", "--threads", "1", "--quiet"]
    with tempfile.TemporaryDirectory() as folder:
        outputs = [str(Path(folder) / f"{number}.mp4") for number in range(copies)]
        running = [subprocess.Popen([*words, output, *options]) for output in outputs]
        groups = [[one.pid] for one in running]
        if not halve:
            _pin(groups[0], min(os.sched_getaffinity(0)))
        used = []
        with halved(lambda: groups if halve else []):
            for one in running:
                _, failed, usage = os.wait4(one.pid, 0)
                assert not failed
                used.append(usage.ru_utime + usage.ru_stime)
    return sum(used) / copies


@dataclass
class Spent:
    """Seconds of the processors that processes were seen to have taken."""

    by_process: dict[int, float] = field(default_factory=dict)

    @property
    def core_s(self) -> float:
        """All together."""
        return sum(self.by_process.values())


@contextmanager
def halved(groups: Groups) -> Iterator[Spent]:
    """Let the processes of every second group run by turns with those of the others."""
    over, spent = threading.Event(), Spent()
    thread = threading.Thread(target=_take_turns, args=(groups, over, spent))
    thread.start()
    try:
        yield spent
    finally:
        over.set()
        thread.join()


def _take_turns(groups: Groups, over: threading.Event, spent: Spent) -> None:
    looked, turn = 0.0, 0
    cores = sorted(os.sched_getaffinity(0))
    there: list[list[int]] = []
    while not over.is_set():
        if time.monotonic() - looked > LOOK_EVERY_S:
            looked, there = time.monotonic(), groups()
            for number, each in enumerate(there):
                _pin(each, cores[number // 2 % len(cores)])
            for process in itertools.chain(*there):
                known = spent.by_process.get(process, 0.0)
                spent.by_process[process] = max(known, _core_s(process))
        for number, each in enumerate(there):
            _tell(each, signal.SIGCONT if number % 2 == turn else signal.SIGSTOP)
        turn = 1 - turn
        over.wait(TURN_S)
    for each in there:
        _tell(each, signal.SIGCONT)


def _tell(processes: Sequence[int], number: signal.Signals) -> None:
    for process in processes:
        with suppress(ProcessLookupError):
            os.kill(process, number)


def _pin(processes: Sequence[int], core: int) -> None:
    """Leave all threads of processes one core alone."""
    for process in processes:
        with suppress(OSError):
            for task in Path(f"/proc/{process}/task").iterdir():
                os.sched_setaffinity(int(task.name), {core})


def _core_s(process: int) -> float:
    """Seconds of the processors that a process took; 0 if it is gone."""
    with suppress(OSError):
        said = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        return (int(said[11]) + int(said[12])) / TICKS
    return 0.0


def raylet_of(node: Any) -> int:
    """The process that starts a node's workers."""
    return int(node.all_processes["raylet"][0].process.pid)


def workers_of(raylets: Sequence[int]) -> list[list[int]]:
    """Processes that do tasks or will, of each node."""
    found: dict[int, list[int]] = {raylet: [] for raylet in raylets}
    for process, parent in _parents().items():
        if parent in found:
            with suppress(OSError):
                words = Path(f"/proc/{process}/cmdline").read_bytes()
                if words.startswith(b"ray::") or b"default_worker.py" in words:
                    found[parent].append(process)
    return list(found.values())


def _parents() -> dict[int, int]:
    found = {}
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            found[int(path.name)] = int((path / "stat").read_text().rpartition(")")[2].split()[1])
    return found


def _taken(spent: Spent, nodes: Any, used: int) -> float:
    """Share of so many cores that all take but the workers, while these have nothing to do."""
    everybody = [nodes.head_node, *nodes.worker_nodes]
    started = itertools.chain(*(each for node in everybody for each in node.all_processes.values()))
    known = {one.process.pid for one in started}

    def own() -> float:
        parents = _parents()
        agents = {process for process, parent in parents.items() if parent in known}
        pids = (known | agents | {os.getpid()}) - spent.by_process.keys()
        return sum(map(_core_s, pids))

    time.sleep(2 * LOOK_EVERY_S)
    before = own()
    time.sleep(IDLE_S)
    free = len(os.sched_getaffinity(0)) - used
    return max(0.0, (own() - before) / IDLE_S - max(0, free)) / used
