"""How many processors there are for this process: those it may run on, and a container's quota."""

from __future__ import annotations

import ctypes
import math
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath

ROOT = Path("/")
_READ_BY_LIBRARIES = ("OMP_NUM_THREADS", "OPENCV_FOR_THREADS_NUM")
"""By torch and OpenBLAS, and by OpenCV, when they are imported."""
_M_ARENA_MAX = -8


def cores(root: Path = ROOT) -> int:
    """How many threads can run at once, at least 1; a share of a processor counts as one.

    Args:
        root: under which proc and sys lie.
    """
    allowed = _allowed()
    return min(allowed, math.ceil(quota(root) or allowed))


def limit(root: Path = ROOT) -> int:
    """How many threads to ask of a library that knows nothing of quotas.

    0, its own choice, where it sees no more processors than there are.
    """
    count = cores(root)
    return count if count < _allowed() else 0


def share_heaps() -> None:
    """Have all threads use two heaps of the C library, where that would give each its own.

    What a thread freed serves the others then: a film of long shots takes 90 MB less (mallopt(3),
    glibc; elsewhere nothing happens).
    """
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 2)


def give_back() -> None:
    """Give the system back what lies unused in heaps, which otherwise grow as holes grow in them.

    (malloc_trim(3), glibc; elsewhere nothing happens.)
    """
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)


def limit_libraries(root: Path = ROOT) -> None:
    """Tell libraries that are imported later of a quota, unless the user has told them a number."""
    if count := limit(root):
        for name in _READ_BY_LIBRARIES:
            os.environ.setdefault(name, str(count))


def _allowed() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def quota(root: Path = ROOT) -> float | None:
    """How many processors' time the kernel gives this process, None for all there is.

    A quota of any group above its own holds too. Inside a container the names of groups may be
    those outside of it: then the container's own group is where they are mounted.

    Args:
        root: under which proc and sys lie.
    """
    mounts = root / "sys/fs/cgroup"
    found = []
    for line in _read(root / "proc/self/cgroup").splitlines():
        _, controllers, group = line.split(":", 2)
        if not controllers:
            found += [_newer(folder) for folder in _upwards(mounts, group)]
        elif "cpu" in controllers.split(","):
            found += [_older(folder) for folder in _upwards(mounts / "cpu", group)]
    return min((share for share in found if share), default=None)


def _upwards(mount: Path, group: str) -> Iterator[Path]:
    """The folder of a group and those of the groups above it."""
    name = PurePosixPath(group.lstrip("/"))
    for part in (name, *name.parents):
        yield mount / part


def _newer(folder: Path) -> float | None:
    """By version 2: "max 100000" or "200000 100000"."""
    words = _read(folder / "cpu.max").split()
    return _share(*words) if len(words) == 2 else None


def _older(folder: Path) -> float | None:
    """By version 1: -1 for none."""
    return _share(_read(folder / "cpu.cfs_quota_us"), _read(folder / "cpu.cfs_period_us"))


def _share(time: str, period: str) -> float | None:
    with suppress(ValueError, ZeroDivisionError):
        share = int(time) / int(period)
        return share if share > 0 else None
    return None


def _read(path: Path) -> str:
    with suppress(OSError):
        return path.read_text()
    return ""
