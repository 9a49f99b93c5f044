"""Several nodes of a Ray on this machine: they come, go, are slow; who gave the command may die."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.run.test_batch import watcher
from tests.run.test_cluster import OFTEN, colored
from tests.run.test_job import color, video_packets
from vidcolor.errors import MachineError
from vidcolor.media.probe import probe
from vidcolor.run import afield, nodes, painters
from vidcolor.run import cluster as rooms
from vidcolor.run.batch import run_batch
from vidcolor.run.cluster import Cluster
from vidcolor.run.folder import job_folder
from vidcolor.run.inputs import Search
from vidcolor.run.order import Order
from vidcolor.run.painter import Colored, write
from vidcolor.run.painters import Where
from vidcolor.run.plan import Plan, make_plan
from vidcolor.run.segment import Segment
from vidcolor.run.settings import ColorizeSettings

Maker = Callable[..., Path]
PATIENCE_S = 120.0


@pytest.fixture
def machines(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A head of two CPUs; `add_node` adds others."""
    ray = pytest.importorskip("ray")
    utils = pytest.importorskip("ray.cluster_utils")
    for name, value in (("RAY_USAGE_STATS_ENABLED", "0"), ("OMP_NUM_THREADS", "1")):
        monkeypatch.setenv(name, value)
    found = utils.Cluster(True, head_node_args={"num_cpus": 2, "include_dashboard": False})
    ray.init(address=found.address, log_to_driver=False)
    yield found
    ray.shutdown()
    found.shutdown()


@pytest.fixture
def plan(film: Maker, tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> Plan:
    monkeypatch.setattr("vidcolor.run.film.SEGMENT_LONGEST_S", 0.5)
    monkeypatch.setattr("vidcolor.run.film.SEGMENT_SHORTEST_S", 0.2)
    monkeypatch.setattr(afield, "LEG_FRAMES", 10)
    monkeypatch.setattr(painters, "LOOK_EVERY_S", 0.1)
    monkeypatch.setattr(rooms, "LOOK_EVERY_S", 0.1)
    source = film("in.mp4", frames=96, sound=True, options=OFTEN)
    settings = ColorizeSettings(model=str(tiny_model), threads=1)
    return make_plan(probe(source), tmp_path / "out.mp4", settings, threads=1)


def assert_as_here(plan: Plan) -> None:
    straight = plan.output.with_name("straight.mp4")
    if not straight.exists():
        color(plan.clip.path, straight, Path(plan.settings.model))
    assert video_packets(plan.output) == video_packets(straight)


def awaited(cluster: Cluster, count: int) -> None:
    until = time.monotonic() + PATIENCE_S
    while len(cluster.painters) < count:
        assert time.monotonic() < until
        cluster.painters.look()
        time.sleep(0.1)


def test_a_machine_that_comes_later_is_given_work(machines: Any, plan: Plan) -> None:
    cluster = Cluster(Where("auto"), plan.settings)
    assert len(cluster.painters) == 1
    machines.add_node(num_cpus=2)
    awaited(cluster, 2)
    assert len({cluster.painters.near(n)["scheduling_strategy"].node_id for n in (0, 1)}) == 2
    colored(plan, cluster)
    assert_as_here(plan)


def test_one_two_and_four_workers_make_the_film_that_this_machine_makes(
    machines: Any, plan: Plan, tmp_path: Path
) -> None:
    cluster = Cluster(Where("auto"), plan.settings)
    for count in (1, 2, 4):
        while len(cluster.painters) < count:
            machines.add_node(num_cpus=2)
            awaited(cluster, len(cluster.painters) + 1)
        one = replace(plan, output=tmp_path / f"{count}.mp4")
        colored(one, cluster)
        assert_as_here(one)


def test_ray_sees_that_one_more_machine_is_wanted(machines: Any, plan: Plan) -> None:
    ray = pytest.importorskip("ray")
    cluster = Cluster(Where("auto", namespace="seen"), plan.settings)
    asked_for = [
        actor["name"]
        for actor in ray.util.list_named_actors(all_namespaces=True)
        if actor["namespace"] == "seen"
    ]
    assert sorted(asked_for) == ["painter 0", "painter 1"]
    assert len(cluster.painters) == 1


def test_what_a_lost_machine_had_is_done_by_the_others(machines: Any, plan: Plan) -> None:
    node = machines.add_node(num_cpus=2)
    cluster = Cluster(Where("auto"), plan.settings)
    awaited(cluster, 2)
    lost = []

    def step(frames: float, limit: str) -> None:
        if frames and not lost:
            lost.append(node)
            machines.remove_node(node, allow_graceful=False)

    colored(plan, cluster, step)
    assert lost
    assert_as_here(plan)


def test_the_last_segment_is_handed_out_twice_where_it_takes_too_long(
    machines: Any, plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rooms, "write", sleeps_once)
    machines.add_node(num_cpus=2)
    cluster = Cluster(Where("auto"), plan.settings)
    awaited(cluster, 2)
    colored(plan, cluster)
    assert (tmp_path / "slept").exists()
    assert not (tmp_path / "woke").exists()
    assert not job_folder(plan.output).exists()
    assert_as_here(plan)


def sleeps_once(
    plan: Plan, segment: Segment, colored: Colored, parts: list[Any], tail: Any, path: Path
) -> Any:
    mark = path.parent.with_name("slept")
    if segment.first + segment.count == plan.count and not mark.exists():
        mark.touch()
        time.sleep(PATIENCE_S)
        mark.with_name("woke").touch()
    return write(plan, segment, colored, parts, tail, path)


GIVE_SHORT_SEGMENTS = """
import sys
from vidcolor.run import afield, film
film.SEGMENT_LONGEST_S, film.SEGMENT_SHORTEST_S, afield.LEG_FRAMES = 0.5, 0.2, 10
from vidcolor.cli.main import run
sys.exit(run(sys.argv[1:]))
"""


def test_the_same_command_goes_on_when_who_gave_it_was_killed(
    machines: Any, plan: Plan, tmp_path: Path
) -> None:
    words = ["colorize", plan.clip.path, plan.output, "--model", plan.settings.model]
    words += ["--threads", "1", "--cluster", machines.address]
    command = [sys.executable, "-c", GIVE_SHORT_SEGMENTS, *map(str, words)]
    first = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    until = time.monotonic() + PATIENCE_S
    while not any(job_folder(plan.output).glob("[0-9]*.json")):
        assert first.poll() is None
        assert time.monotonic() < until
        time.sleep(0.02)
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert not plan.output.exists()
    second = subprocess.run(command, capture_output=True, text=True, check=False)
    assert second.returncode == 0, second.stderr
    assert "going on with an earlier run" in second.stderr
    assert_as_here(plan)


def sees_nothing_elsewhere(source: Path, identity: Any, token: Path) -> Path | None:
    """What a node says whose storage is not the shared one."""
    ray = pytest.importorskip("ray")
    here = ray.get_runtime_context().get_node_id()
    return None if here == source.with_name("head").read_text() else Path("/mnt/reels")


def test_a_machine_that_has_other_storage_is_named_before_a_batch_begins(
    machines: Any, film: Maker, tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ray = pytest.importorskip("ray")
    machines.add_node(num_cpus=2)
    source, target = film("one.mp4", frames=3), tmp_path / "out"
    source.with_name("head").write_text(ray.get_runtime_context().get_node_id())
    monkeypatch.setattr(nodes, "sees", sees_nothing_elsewhere)
    settings = ColorizeSettings(model=str(tiny_model), threads=1)
    inputs = Search([str(source)], target).find()
    with pytest.raises(MachineError, match=r"The node \S+ of the cluster does not see /mnt/reels"):
        run_batch(Order(inputs, target, settings, cluster="auto"), watcher())
    assert not (target / "one.mp4").exists()


def test_a_port_that_takes_calls_and_never_answers_is_no_cluster(
    film: Maker, tmp_path: Path, tiny_model: Path
) -> None:
    pytest.importorskip("ray")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        words = ["colorize", film(frames=3), tmp_path / "out.mp4", "--cluster", address]
        command = [sys.executable, "-m", "vidcolor", *map(str, words), "--model", str(tiny_model)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 6, done.stderr
    assert f"At {address} there is no Ray cluster" in done.stderr
