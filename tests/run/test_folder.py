"""The job folder: what is refused, what is taken over, what is gone on with."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from tests.run.test_job import color, video_packets
from tests.run.threads import is_main_thread
from vidcolor.errors import InputError, OutputError
from vidcolor.infer.choose import load_predictor
from vidcolor.infer.predictor import Predictor
from vidcolor.media.probe import probe
from vidcolor.run.folder import JobFolder, is_joined, job_folder
from vidcolor.run.here import Here
from vidcolor.run.job import Finished, Told, run_job
from vidcolor.run.lock import Lock
from vidcolor.run.plan import Plan, make_plan
from vidcolor.run.settings import ColorizeSettings

Maker = Callable[..., Path]


class StopError(Exception):
    pass


@pytest.fixture
def short_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vidcolor.run.film.SEGMENT_LONGEST_S", 0.5)
    monkeypatch.setattr("vidcolor.run.film.SEGMENT_SHORTEST_S", 0.2)


@pytest.fixture
def source(film: Maker) -> Path:
    return film("in.mp4", frames=60)


@pytest.fixture
def plan(source: Path, tmp_path: Path, tiny_model: Path, short_segments: None) -> Plan:
    return planned(source, tmp_path / "out.mp4", tiny_model)


@pytest.fixture(scope="module")
def predictor(tiny_model: Path) -> Predictor:
    return load_predictor(str(tiny_model), "cpu", "openvino", threads=1)


def planned(source: Path, output: Path, model: Path, **settings: object) -> Plan:
    return make_plan(probe(source), output, ColorizeSettings(model=str(model), **settings), 1)


def run(plan: Plan, predictor: Predictor, stop_after: float = 1e9, **options: bool) -> Finished:
    """Run a job; raise StopError once so many frames are encoded."""
    written = 0

    def step(frames: float, stage: str) -> None:
        nonlocal written
        written += is_main_thread()
        if written >= stop_after:
            raise StopError

    return run_job(plan, Here(predictor), JobFolder(plan, "test"), Told(step), **options)


def stop(plan: Plan, predictor: Predictor, after: float = 30) -> None:
    with pytest.raises(StopError):
        run(plan, predictor, after)


def test_a_resumed_run_decodes_nothing_of_what_is_done_and_blends_its_seam(
    plan: Plan,
    predictor: Predictor,
    tiny_model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    straight = tmp_path / "straight.mp4"
    color(plan.clip.path, straight, tiny_model)
    stop(plan, predictor)
    done = JobFolder(plan, "test")
    parts = done.standing().done
    done.release()
    assert parts and sum(p.count for p in parts) < 60
    begun: list[int] = []

    def watched(clip: object, first: int, *rest: object) -> object:
        begun.append(first)
        return read_frames(clip, first, *rest)

    from vidcolor.media.decode import read_frames

    monkeypatch.setattr("vidcolor.run.own.read_frames", watched)
    finished = run(plan, predictor)
    assert finished.resumed == parts[-1].first + parts[-1].count
    assert min(begun) == finished.resumed - parts[-1].shared
    assert video_packets(plan.output) == video_packets(straight)


def test_a_damaged_segment_is_made_again(plan: Plan, predictor: Predictor) -> None:
    run(plan, predictor, keep=True)
    whole = video_packets(plan.output)
    plan.output.unlink()
    for path in sorted(job_folder(plan.output).glob("0*.mp4"))[1:2]:
        path.write_bytes(path.read_bytes()[:500])
    assert 0 < run(plan, predictor).resumed < 60
    assert video_packets(plan.output) == whole


def test_a_kept_job_joins_again_without_colouring(plan: Plan, predictor: Predictor) -> None:
    run(plan, predictor, keep=True)
    whole = video_packets(plan.output)
    plan.output.unlink()
    assert run(plan, predictor).resumed == 60
    assert video_packets(plan.output) == whole
    assert not job_folder(plan.output).exists()


def test_a_run_killed_between_the_rename_and_the_clearing_is_seen_to_be_done(
    plan: Plan, predictor: Predictor
) -> None:
    run(plan, predictor, keep=True)
    stamp = plan.output.stat()
    assert is_joined(plan.output)
    assert run(plan, predictor).resumed == 60
    assert plan.output.stat().st_ino == stamp.st_ino
    assert not job_folder(plan.output).exists()


def half_joined(plan: Plan) -> bool:
    return any(job_folder(plan.output).glob(".film.*.part.mp4"))


def test_a_film_is_joined_while_segments_are_still_missing(
    plan: Plan, predictor: Predictor, tiny_model: Path, tmp_path: Path
) -> None:
    seen: list[bool] = []

    def step(frames: float, stage: str) -> None:
        if is_main_thread() and stage != "join":
            assert not plan.output.exists()
            seen.append(half_joined(plan))

    run_job(plan, Here(predictor), JobFolder(plan, "test"), Told(step))
    assert not seen[0] and seen[-1]
    straight = tmp_path / "straight.mp4"
    color(plan.clip.path, straight, tiny_model)
    assert straight.read_bytes() == plan.output.read_bytes()


DIE_WHEN_HALF_IS_JOINED = """
import os, signal, sys
from pathlib import Path
from tests.run import test_folder as of
from vidcolor.infer.choose import load_predictor
from vidcolor.run import film
film.SEGMENT_LONGEST_S, film.SEGMENT_SHORTEST_S = 0.5, 0.2
source, output, model = map(Path, sys.argv[1:])
plan = of.planned(source, output, model)

def step(frames, stage):
    if of.half_joined(plan):
        os.kill(os.getpid(), signal.SIGKILL)

predictor = load_predictor(str(model), "cpu", "openvino", threads=1)
of.run_job(plan, of.Here(predictor), of.JobFolder(plan, "test"), of.Told(step))
"""


def test_a_run_killed_while_half_of_the_film_is_joined_goes_on_and_leaves_nothing(
    plan: Plan, predictor: Predictor, tiny_model: Path, tmp_path: Path
) -> None:
    words = [str(plan.clip.path), str(plan.output), str(tiny_model)]
    killed = subprocess.run([sys.executable, "-c", DIE_WHEN_HALF_IS_JOINED, *words], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert half_joined(plan)
    assert not plan.output.exists()
    assert 0 < run(plan, predictor).resumed < 60
    straight = tmp_path / "straight.mp4"
    color(plan.clip.path, straight, tiny_model)
    assert video_packets(plan.output) == video_packets(straight)
    assert not job_folder(plan.output).exists()


def test_what_is_joined_of_a_run_that_is_stopped_goes_away_and_its_segments_stay(
    plan: Plan, predictor: Predictor
) -> None:
    def step(frames: float, stage: str) -> None:
        if half_joined(plan):
            raise StopError

    with pytest.raises(StopError):
        run_job(plan, Here(predictor), JobFolder(plan, "test"), Told(step))
    left = {path.name for path in job_folder(plan.output).iterdir()}
    assert not any("film" in name for name in left)
    assert any(name.endswith(".mp4") for name in left)


def test_a_film_put_there_by_somebody_else_is_not_taken_for_the_jobs(
    plan: Plan, predictor: Predictor
) -> None:
    run(plan, predictor, keep=True)
    plan.output.write_bytes(b"somebody's")
    assert not is_joined(plan.output)


def test_rubble_of_a_killed_run_goes_away(plan: Plan, predictor: Predictor) -> None:
    stop(plan, predictor)
    rubble = job_folder(plan.output) / ".000000060-000012.99999.part.mp4"
    rubble.write_bytes(b"x" * 100)
    JobFolder(plan, "test").release()
    assert not rubble.exists()


def test_the_second_run_on_a_job_says_who_works_there_and_leaves(plan: Plan) -> None:
    first = JobFolder(plan, "test")
    with pytest.raises(OutputError, match=f"process {os.getpid()} on .* works on this job"):
        JobFolder(plan, "test")
    first.release()
    JobFolder(plan, "test").release()


def test_the_lock_of_a_killed_process_is_taken_over_and_said(tmp_path: Path) -> None:
    path = tmp_path / "job" / "lock"
    code = (
        "import sys, os, signal, pathlib; from vidcolor.run.lock import Lock;"
        f"held = Lock(pathlib.Path({str(path)!r}), 'job'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    dead = subprocess.Popen([sys.executable, "-c", code])
    dead.wait()
    lock = Lock(path, "job")
    assert lock.taken_from is not None
    assert lock.taken_from.process == dead.pid
    lock.release()
    again = Lock(path, "job")
    assert again.taken_from is None
    again.release()


def test_a_job_goes_on_in_its_precision_however_that_is_asked_for(
    source: Path, tmp_path: Path, tiny_model: Path, short_segments: None
) -> None:
    machine = "CPU, OpenVINO, float32"
    for options in ({}, {"precision": "float32"}, {"device": "cpu", "backend": "openvino"}):
        plan = planned(source, tmp_path / "out.mp4", tiny_model, **options)
        JobFolder(plan, machine).release()
    with pytest.raises(OutputError, match="float32, now CPU, OpenVINO, bf16"):
        JobFolder(plan, "CPU, OpenVINO, bf16")


@pytest.mark.parametrize(
    ("change", "kind", "word"),
    [
        (lambda p: {**p, "version": "0.0.1"}, OutputError, "vidcolor 0.0.1"),
        (lambda p: {k: v for k, v in p.items() if k != "layout"}, OutputError, "this is"),
        (lambda p: {**p, "machine": "CUDA"}, OutputError, "machine CUDA, now test"),
        (lambda p: {**p, "source": {}}, InputError, "source has changed"),
        (lambda p: [], OutputError, "cannot be read"),
    ],
)
def test_another_job_is_not_mixed_in_and_the_words_say_what_differs(
    plan: Plan,
    change: Callable[[dict[str, object]], object],
    kind: type[Exception],
    word: str,
) -> None:
    JobFolder(plan, "test").release()
    stored = job_folder(plan.output) / "plan.json"
    stored.write_text(json.dumps(change(json.loads(stored.read_text()))))
    with pytest.raises(kind, match=word) as caught:
        JobFolder(plan, "test")
    assert "`restart`" in str(caught.value)
    JobFolder(plan, "test", restart=True).release()


def test_a_folder_of_that_name_that_is_no_job_is_left_alone_even_on_restart(plan: Plan) -> None:
    folder = job_folder(plan.output)
    folder.mkdir()
    (folder / "diary.txt").write_text("dear diary")
    for restart in (False, True):
        with pytest.raises(OutputError, match="in the way"):
            JobFolder(plan, "test", restart)
    assert [p.name for p in folder.iterdir()] == ["diary.txt"]


def test_a_full_disk_is_noticed_before_the_work(
    plan: Plan, predictor: Predictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1000))
    with pytest.raises(OutputError, match=r"0\.0 MB free, and the film needs about"):
        run(plan, predictor)
    assert not plan.output.exists()
    assert not job_folder(plan.output).exists()


@pytest.mark.parametrize("change", ["rewritten", "removed"])
def test_a_source_that_changes_during_the_run_is_noticed_and_nothing_comes_out(
    plan: Plan, predictor: Predictor, change: str
) -> None:
    path = plan.clip.path
    changed = False

    def step(frames: float, stage: str) -> None:
        nonlocal changed
        if is_main_thread() and not changed:
            changed = True
            content = path.read_bytes()
            path.unlink()
            if change == "rewritten":
                path.write_bytes(content[: len(content) // 2])

    with pytest.raises(InputError, match="during the run"):
        run_job(plan, Here(predictor), JobFolder(plan, "test"), Told(step))
    assert not plan.output.exists()


def test_a_run_that_finished_no_segment_leaves_no_folder(plan: Plan, predictor: Predictor) -> None:
    stop(plan, predictor, after=1)
    assert not job_folder(plan.output).exists()
    stop(plan, predictor, after=30)
    assert job_folder(plan.output).exists()


def test_no_colouring_goes_on_behind_a_run_that_ended(plan: Plan, predictor: Predictor) -> None:
    asked = 0

    class Counting:
        description = "test"

        def predict(self, luma: np.ndarray, hints: np.ndarray | None = None) -> object:
            nonlocal asked
            asked += 1
            return predictor.predict(luma, hints)

    def step(frames: float, stage: str) -> None:
        raise StopError

    with pytest.raises(StopError):
        run_job(plan, Here(Counting()), JobFolder(plan, "test"), Told(step))
    seen = asked
    run(plan, predictor)
    assert asked == seen
