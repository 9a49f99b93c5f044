"""Parts of a batch: what is found, what the ledger remembers, workers that die."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import PIL.Image
import pytest

from vidcolor.errors import InputError, OutputError, UsageError
from vidcolor.machine import cores
from vidcolor.run import watch
from vidcolor.run.batch import run_batch
from vidcolor.run.identity import identify
from vidcolor.run.inputs import Search
from vidcolor.run.ledger import Event, Ledger, Standing, settings_key
from vidcolor.run.messages import Failure
from vidcolor.run.one import Task
from vidcolor.run.order import Order, shared_out
from vidcolor.run.results import Result
from vidcolor.run.settings import ColorizeSettings
from vidcolor.run.watch import Arrivals
from vidcolor.run.workers import Crew


def watcher(**heard: object) -> SimpleNamespace:
    """Who hears of what is given, and prints the rest."""
    silent = dict.fromkeys(("note", "moved", "advanced", "ended"), print)
    return SimpleNamespace(**silent | heard)


def tree(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return root


def found(target: Path, *given: Path | str, recursive: bool = False) -> set[str]:
    inputs = Search([str(g) for g in given], target, recursive).find()
    return {pair.output.relative_to(target).as_posix() for pair in inputs.pairs}


def test_names_keep_the_tree_and_take_a_suffix_that_can_be_written(tmp_path: Path) -> None:
    names = ("a.MP4", "b.mpg", "c.gif", "d.tiff", "e.txt", ".f.mp4", "g.mp4.vidcolor/0.mp4")
    reels = tree(tmp_path / "reels", *names, "in/ner/h.mkv")
    target = tmp_path / "out"
    flat = {"a.MP4", "b.mkv", "c.png", "d.tiff"}
    assert found(target, reels) == flat
    assert found(target, reels, recursive=True) == {*flat, "in/ner/h.mkv"}
    assert Search([str(reels)], target, False).find().others == (reels / "e.txt",)


def test_programs_and_music_named_like_films_are_left_alone(tmp_path: Path) -> None:
    reels = tree(tmp_path / "reels", "a.m1v", "b.jfif", "c.heic")
    (reels / "page.ts").write_text("export const film = 1;\n")
    (reels / "song.mod").write_bytes(b"song".ljust(1080, b"\0") + b"M.K.")
    inputs = Search([str(reels)], tmp_path / "out").find()
    assert [pair.output.name for pair in inputs.pairs] == ["a.mkv", "b.jfif", "c.png"]
    assert inputs.others == (reels / "page.ts", reels / "song.mod")


def test_kept_suffixes_tell_files_of_one_name_apart(tmp_path: Path) -> None:
    reels = tree(tmp_path / "reels", "a.avi", "a.mpg", "a.wmv", "b.bmp", "b.png", "c.mov")
    kept = Search([str(reels)], tmp_path / "out", keep_suffix=True).find()
    names = {pair.output.name for pair in kept.pairs}
    assert names == {"a.avi", "a.mpg.mkv", "a.wmv.mkv", "b.bmp.png", "b.png", "c.mov"}
    with pytest.raises(OutputError) as refused:
        Search([str(reels)], tmp_path / "out").find()
    for name in ("a.mpg", "a.wmv", "b.bmp", "b.png", "--keep-suffix", "a.wmv.mkv"):
        assert name in str(refused.value)
    assert "c.mov" not in str(refused.value)


def test_where_kept_suffixes_would_not_help_they_are_not_advised(tmp_path: Path) -> None:
    one, two = tree(tmp_path / "one", "x.mp4"), tree(tmp_path / "two", "x.mp4")
    with pytest.raises(OutputError, match="give their folders"):
        Search([str(one / "x.mp4"), str(two / "x.mp4")], tmp_path / "out").find()


def test_all_that_is_not_there_is_said_at_once(tmp_path: Path) -> None:
    reels = tree(tmp_path / "reels", "x.mp4")
    given = [str(reels), "no.mp4", "nowhere/", "*.nothing", "none*"]
    with pytest.raises(InputError) as refused:
        Search(given, tmp_path / "out").find()
    assert "no.mp4, nowhere/ do not exist" in refused.value.sentence
    assert "Nothing fits *.nothing, none*" in refused.value.sentence


def test_links_to_folders_are_followed_and_each_file_is_taken_once(tmp_path: Path) -> None:
    reels = tree(tmp_path / "reels", "a/x.mp4", "z/y.mp4")
    other = tree(tmp_path / "other", "k.mkv", "deep/l.mkv")
    target = tree(tmp_path / "out", "made.mp4")
    (reels / "a" / "away").symlink_to(other)
    (reels / "a" / "up").symlink_to(reels)
    (other / "round").symlink_to(other)
    (reels / "a" / "before z").symlink_to(reels / "z")
    (reels / "same.mp4").symlink_to(reels / "z" / "y.mp4")
    (reels / "gone.mp4").symlink_to(tmp_path / "nowhere.mp4")
    (reels / "made").symlink_to(target)
    inputs = Search([str(reels)], target, recursive=True).find()
    names = {pair.output.relative_to(target).as_posix() for pair in inputs.pairs}
    assert names == {"a/x.mp4", "z/y.mp4", "a/away/k.mkv", "a/away/deep/l.mkv"}
    said = "\n".join(inputs.notes)
    assert f"{reels / 'gone.mp4'} leads nowhere" in said
    assert f"{reels / 'same.mp4'} is {reels / 'z' / 'y.mp4'} again" in said
    assert f"{reels / 'made'} is the output folder" in said
    assert found(target, reels / "same.mp4", reels / "z", reels / "z" / "*.mp4") == {"same.mp4"}


def test_several_folders_keep_their_names_and_patterns_are_resolved(tmp_path: Path) -> None:
    one, two = tree(tmp_path / "one", "x.mp4"), tree(tmp_path / "two", "x.mp4", "y.mov")
    target = tmp_path / "out"
    assert found(target, one, two) == {"one/x.mp4", "two/x.mp4", "two/y.mov"}
    assert found(target, f"{tmp_path}/t*/*.mov", one) == {"y.mov", "x.mp4"}


def test_a_moving_picture_becomes_a_film(tmp_path: Path) -> None:
    frames = [PIL.Image.new("L", (16, 16), shade) for shade in (0, 200)]
    frames[0].save(tmp_path / "moves.gif", save_all=True, append_images=frames[1:])
    assert found(tmp_path / "out", tmp_path / "moves.gif") == {"moves.mkv"}


def test_a_file_is_taken_when_it_stands_still_and_again_when_it_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    monkeypatch.setattr(watch, "time", SimpleNamespace(monotonic=lambda: now))
    reels = tree(tmp_path / "reels", "there.mp4", "notes.txt")
    arrivals = iter(Arrivals(Search([str(reels)], tmp_path / "out", False)))

    def come(after_s: float) -> list[str]:
        nonlocal now
        now += after_s
        return [pair.source.name for pair in iter(lambda: next(arrivals), None)]

    growing = reels / "growing.mov"
    growing.touch()
    assert come(0) == []
    assert come(watch.STILL_S) == ["there.mp4"]
    growing.write_bytes(b"half")
    assert come(watch.STILL_S) == []
    growing.write_bytes(b"half and half")
    assert come(watch.STILL_S) == []
    growing.unlink()
    assert come(watch.STILL_S) == []
    growing.write_bytes(b"half and half")
    assert come(watch.STILL_S) == come(watch.SCAN_EVERY_S / 2) == []
    assert come(watch.STILL_S) == ["growing.mov"]
    (reels / "there.mp4").write_bytes(b"another film")
    assert come(watch.STILL_S) == []
    assert come(watch.STILL_S) == ["there.mp4"]
    assert come(watch.STILL_S) == []


def test_a_file_that_vanishes_before_its_turn_fails_alone(tmp_path: Path, tiny_model: Path) -> None:
    for name in ("gone.png", "stays.png"):
        PIL.Image.new("L", (64, 64), 90).save(tmp_path / name)
    target = tmp_path / "out"
    inputs = Search([str(tmp_path / "*.png")], target, False).find()
    (tmp_path / "gone.png").unlink()
    order = Order(inputs, target, ColorizeSettings(model=str(tiny_model)))
    gone, stays = sorted(run_batch(order, watcher()), key=lambda result: result.source)
    assert (gone.status, gone.code, stays.status) == ("failed", 3, "done")
    assert "does not exist" in gone.error


def test_two_files_that_come_for_one_output_are_not_mixed_up(
    tmp_path: Path, tiny_model: Path
) -> None:
    reels, target = tree(tmp_path / "reels", "a.mpg", "a.wmv"), tmp_path / "out"
    inputs = Search([str(reels)], target, False).look()
    order = Order(inputs, target, ColorizeSettings(model=str(tiny_model)))
    said = [r.error for r in run_batch(order, watcher())]
    assert len(said) == 2 and sum("would both become" in error for error in said) == 1


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


def test_what_a_killed_run_left_of_a_photograph_is_cleared_and_made_again(
    tmp_path: Path, tiny_model: Path
) -> None:
    source, target = tmp_path / "in.png", tmp_path / "out"
    PIL.Image.new("L", (64, 64), 90).save(source)
    settings = ColorizeSettings(model=str(tiny_model))
    order = Order(Search([str(source)], target, False).find(), target, settings)
    ended: list[Result] = []
    hearing = watcher(ended=ended.append)
    assert run_batch(order, hearing) == ended
    assert [r.error + r.trace for r in ended] == [""]
    whole = (target / "in.png").read_bytes()
    ledger = target / ".vidcolor-batch" / "ledger.jsonl"
    ledger.write_text(ledger.read_text().splitlines(keepends=True)[0])
    (target / ".in.4242.part.png").write_bytes(whole[:50])
    (target / "in.png").write_bytes(whole[:50])
    assert [r.error + r.trace for r in run_batch(order, hearing)] == [""]
    assert (target / "in.png").read_bytes() == whole
    assert not (target / ".in.4242.part.png").exists()


def test_jobs_times_threads_is_never_over_the_cores() -> None:
    for jobs in range(1, cores() + 1):
        assert jobs * shared_out(ColorizeSettings(), jobs).threads <= cores()
    with pytest.raises(UsageError, match=f"{cores()} cores"):
        shared_out(ColorizeSettings(), cores() + 1)
    with pytest.raises(UsageError, match="--threads"):
        shared_out(ColorizeSettings(threads=cores()), 2)


def test_a_worker_that_dies_fails_its_task_alone(
    tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = ColorizeSettings(model=str(tiny_model), threads=2)
    tasks = []
    for name in ("first.png", "second.png", "third.png", "fourth.png"):
        PIL.Image.new("L", (64, 64), 90).save(tmp_path / name)
        tasks.append(Task(tmp_path / name, tmp_path / f"out-{name}", settings))
    half = tmp_path / ".out-second.4242.part.png"
    half.touch()
    crew = Crew(1, settings)
    give = crew._give

    def killing(task: Task) -> bool:
        given = give(task)
        for worker in crew._workers:
            if tasks[1].output in [held.output for held in worker.tasks]:
                worker.process.kill()
        return given

    monkeypatch.setattr(crew, "_give", killing)
    last = {task.source.name: message for task, message in crew.run(iter(tasks))}
    failure = last["second.png"]
    assert isinstance(failure, Failure)
    assert "signal 9" in failure.sentence and "second.png" in failure.sentence
    assert [task.output.exists() for task in tasks] == [True, False, True, True]
    assert not half.exists()
