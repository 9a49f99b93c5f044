"""Parts of a batch: what is found, what the ledger remembers, workers that die."""

from __future__ import annotations

import os
from pathlib import Path

import PIL.Image
import pytest

from vidcolor.errors import OutputError, UsageError
from vidcolor.run.batch import cores, shared_out
from vidcolor.run.identity import identify
from vidcolor.run.inputs import find_inputs
from vidcolor.run.ledger import Event, Ledger, Standing, settings_key
from vidcolor.run.one import Task
from vidcolor.run.plan import ColorizeSettings
from vidcolor.run.workers import Crew, Failure


def tree(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return root


def found(target: Path, *given: Path | str, recursive: bool = False) -> set[str]:
    inputs = find_inputs([str(g) for g in given], target, recursive)
    return {pair.output.relative_to(target).as_posix() for pair in inputs.pairs}


def test_names_keep_the_tree_and_take_a_suffix_that_can_be_written(tmp_path: Path) -> None:
    names = ("a.MP4", "b.mpg", "c.gif", "d.tiff", "e.txt", ".f.mp4", "g.mp4.vidcolor/0.mp4")
    reels = tree(tmp_path / "reels", *names, "in/ner/h.mkv")
    target = tmp_path / "out"
    flat = {"a.MP4", "b.mkv", "c.png", "d.tiff"}
    assert found(target, reels) == flat
    assert found(target, reels, recursive=True) == {*flat, "in/ner/h.mkv"}
    assert find_inputs([str(reels)], target, False).others == 1


def test_several_folders_keep_their_names_and_patterns_are_resolved(tmp_path: Path) -> None:
    one, two = tree(tmp_path / "one", "x.mp4"), tree(tmp_path / "two", "x.mp4", "y.mov")
    target = tmp_path / "out"
    assert found(target, one, two) == {"one/x.mp4", "two/x.mp4", "two/y.mov"}
    assert found(target, f"{tmp_path}/t*/*.mov", one) == {"y.mov", "x.mp4"}


def test_a_moving_picture_becomes_a_film(tmp_path: Path) -> None:
    frames = [PIL.Image.new("L", (16, 16), shade) for shade in (0, 200)]
    frames[0].save(tmp_path / "moves.gif", save_all=True, append_images=frames[1:])
    assert found(tmp_path / "out", tmp_path / "moves.gif") == {"moves.mkv"}


def test_the_ledger_knows_what_is_done_and_by_whom(tmp_path: Path) -> None:
    source, output = tree(tmp_path, "in.mp4") / "in.mp4", tmp_path / "out.mp4"
    key = settings_key(ColorizeSettings(), "hash")
    path = tmp_path / "ledger.jsonl"
    me = identify(source)

    def standing(overwrite: bool = False, settings: str = key) -> Standing:
        return Ledger(path, tmp_path, settings).standing(identify(source), output, overwrite)

    assert standing() == Standing.MISSING
    Ledger(path, tmp_path, key).write(Event.BEGUN, me, output)
    output.write_bytes(b"colour")
    assert standing() == Standing.OWN
    Ledger(path, tmp_path, key).write(Event.DONE, me, output)
    with path.open("a") as stream:
        stream.write('{"event": "begun", "output": "out.')
    assert standing() == Standing.DONE
    Ledger(path, tmp_path, key).write(Event.BEGUN, me, tmp_path / "other.mp4")
    assert Ledger(path, tmp_path, key).standing(me, output, False) == Standing.DONE
    with pytest.raises(OutputError, match="other settings"):
        standing(settings=settings_key(ColorizeSettings(saturation=2), "hash"))
    assert standing(settings=settings_key(ColorizeSettings(threads=1), "hash")) == Standing.DONE
    source.write_bytes(b"another film")
    with pytest.raises(OutputError, match="another source"):
        standing()
    output.write_bytes(b"edited by hand")
    with pytest.raises(OutputError, match="changed since"):
        standing()
    assert standing(overwrite=True) == Standing.OWN


def test_jobs_times_threads_is_never_over_the_cores() -> None:
    for jobs in range(1, cores() + 1):
        assert jobs * shared_out(ColorizeSettings(), jobs).threads <= cores()
    with pytest.raises(UsageError, match=f"{cores()} cores"):
        shared_out(ColorizeSettings(), cores() + 1)
    with pytest.raises(UsageError, match="--threads"):
        shared_out(ColorizeSettings(threads=cores()), 2)


def test_a_worker_that_dies_fails_its_task_alone(tmp_path: Path, tiny_model: Path) -> None:
    good = tmp_path / "good.png"
    PIL.Image.new("L", (64, 64), 90).save(good)
    pipe = tmp_path / "blocks.png"
    os.mkfifo(pipe)  # whoever opens it waits for ever
    settings = ColorizeSettings(model=str(tiny_model), threads=1)
    tasks = [Task(source, tmp_path / f"out-{source.name}", settings) for source in (pipe, good)]
    crew = Crew(1, settings)
    crew_run = crew.run(iter(tasks))
    import threading

    threading.Timer(3, lambda: [w.process.kill() for w in crew._busy]).start()
    said = dict(crew_run)
    failure = said[tasks[0]]
    assert isinstance(failure, Failure)
    assert "signal 9" in failure.sentence and str(pipe) in failure.sentence
    assert tasks[1].output.exists()
