"""Made-up groups of a kernel: how many threads are started under a quota."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from vidcolor import machine

NEWER, OLDER = "0::/work/one\n", "5:cpuset:/\n3:cpu,cpuacct:/docker/1\n0::/\n"


@pytest.fixture(autouse=True)
def sixty_four(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(64)), raising=False)


def put(root: Path, group: str, **files: str) -> None:
    """Files of a group; a dot in a name is written "__"."""
    folder = root / "sys/fs/cgroup" / group
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(f"{text}\n")


def belongs(root: Path, groups: str) -> None:
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/cgroup").write_text(groups)


def test_no_groups_are_no_quota(tmp_path: Path) -> None:
    assert machine.quota(tmp_path) is None
    assert (machine.cores(tmp_path), machine.limit(tmp_path)) == (64, 0)


def test_a_container_of_two_processors_on_a_large_machine(tmp_path: Path) -> None:
    belongs(tmp_path, "0::/\n")
    put(tmp_path, "", cpu__max="200000 100000")
    assert machine.quota(tmp_path) == 2
    assert (machine.cores(tmp_path), machine.limit(tmp_path)) == (2, 2)


def test_the_narrowest_group_of_all_above_holds(tmp_path: Path) -> None:
    belongs(tmp_path, NEWER)
    put(tmp_path, "work/one", cpu__max="max 100000")
    put(tmp_path, "work", cpu__max="400000 100000")
    assert machine.quota(tmp_path) == 4
    put(tmp_path, "work/one", cpu__max="50000 100000")
    assert machine.quota(tmp_path) == 0.5
    assert machine.cores(tmp_path) == 1


@pytest.mark.parametrize("group", ["cpu/docker/1", "cpu"])
def test_version_1_under_its_own_name_or_where_it_is_mounted(tmp_path: Path, group: str) -> None:
    belongs(tmp_path, OLDER)
    put(tmp_path, group, cpu__cfs_quota_us="150000", cpu__cfs_period_us="100000")
    assert machine.quota(tmp_path) == 1.5
    assert machine.cores(tmp_path) == 2


def test_version_1_without_a_quota(tmp_path: Path) -> None:
    belongs(tmp_path, OLDER)
    put(tmp_path, "cpu", cpu__cfs_quota_us="-1", cpu__cfs_period_us="100000")
    assert machine.quota(tmp_path) is None


@pytest.mark.parametrize("text", ["", "max", "200000", "many 100000", "200000 0"])
def test_what_cannot_be_understood_is_no_quota(tmp_path: Path, text: str) -> None:
    belongs(tmp_path, "0::/\n")
    put(tmp_path, "", cpu__max=text)
    assert machine.quota(tmp_path) is None


def test_a_quota_above_what_the_process_may_run_on_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    belongs(tmp_path, "0::/\n")
    put(tmp_path, "", cpu__max="800000 100000")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1}, raising=False)
    assert (machine.cores(tmp_path), machine.limit(tmp_path)) == (2, 0)


def test_libraries_are_told_of_a_quota_and_what_the_user_said_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.setenv("OPENCV_FOR_THREADS_NUM", "")
    monkeypatch.delenv("OPENCV_FOR_THREADS_NUM")
    machine.limit_libraries(tmp_path)
    assert "OPENCV_FOR_THREADS_NUM" not in os.environ
    belongs(tmp_path, "0::/\n")
    put(tmp_path, "", cpu__max="200000 100000")
    machine.limit_libraries(tmp_path)
    assert (os.environ["OPENCV_FOR_THREADS_NUM"], os.environ["OMP_NUM_THREADS"]) == ("2", "7")
