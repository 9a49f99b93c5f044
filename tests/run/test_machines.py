"""Disks without locks, as some network drives are: only `fcntl.flock` is not the real one here."""

from __future__ import annotations

import errno
import json
import os
import platform
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from vidcolor.cli.main import run
from vidcolor.errors import OutputError
from vidcolor.run.lock import Lock

fcntl = pytest.importorskip("fcntl")
Maker = Callable[..., Path]


@pytest.fixture
def refuse(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Have the disk answer every wish for a lock with an error."""

    def with_number(number: int) -> None:
        def flock(*_: object) -> None:
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(fcntl, "flock", flock)

    return with_number


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_a_film_is_coloured_without_a_lock_and_that_is_said_once(
    number: int,
    refuse: Callable[[int], None],
    film: Maker,
    tmp_path: Path,
    tiny_model: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    refuse(number)
    source, output = film("in.mp4", frames=3), tmp_path / "out.mp4"
    assert run(["colorize", str(source), str(output), "--model", str(tiny_model)]) == 0
    assert capsys.readouterr().err.count("knows no locks") == 1
    assert {path.name for path in tmp_path.iterdir()} == {"in.mp4", "out.mp4"}


def test_another_error_of_the_lock_is_a_sentence_and_leaves_nothing(
    refuse: Callable[[int], None],
    film: Maker,
    tmp_path: Path,
    tiny_model: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    refuse(errno.EIO)
    source, output = film("in.mp4", frames=3), tmp_path / "out.mp4"
    assert run(["colorize", str(source), str(output), "--model", str(tiny_model)]) == 4
    assert "could not be written" in capsys.readouterr().err
    assert {path.name for path in tmp_path.iterdir()} == {"in.mp4"}


def held_by(path: Path, process: int, host: str) -> Path:
    path.parent.mkdir()
    path.write_text(json.dumps({"process": process, "host": host}))
    return path


def test_without_locks_the_living_and_those_elsewhere_keep_what_they_hold(
    refuse: Callable[[int], None], tmp_path: Path
) -> None:
    refuse(errno.ENOLCK)
    living = held_by(tmp_path / "living" / "lock", os.getppid(), platform.node())
    elsewhere = held_by(tmp_path / "elsewhere" / "lock", 1, "another machine")
    for path in (living, elsewhere):
        before = path.read_text()
        with pytest.raises(OutputError, match="works on this job") as caught:
            Lock(path, "job")
        assert f"remove {path}" in caught.value.remedy
        assert path.read_text() == before


def test_without_locks_the_dead_are_followed(refuse: Callable[[int], None], tmp_path: Path) -> None:
    refuse(errno.ENOLCK)
    dead = subprocess.Popen(["true"])
    dead.wait()
    path = held_by(tmp_path / "dead" / "lock", dead.pid, platform.node())
    lock = Lock(path, "job")
    assert lock.taken_from is not None and lock.taken_from.process == dead.pid
    assert not lock.is_guarded
    lock.release()
    assert not path.exists()


def test_a_start_that_fails_behind_the_lock_leaves_no_folder(
    film: Maker, tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OutputError("The disk is full.", "Free some space.")

    monkeypatch.setattr("vidcolor.run.folder.write_text", full)
    source, output = film("in.mp4", frames=3), tmp_path / "out.mp4"
    assert run(["colorize", str(source), str(output), "--model", str(tiny_model)]) == 4
    assert {path.name for path in tmp_path.iterdir()} == {"in.mp4"}
