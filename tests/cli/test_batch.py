"""`vidcolor batch` as a user calls it, in processes of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import PIL.Image
import pytest

from tests.cli.test_colorize import vidcolor
from tests.direct.conftest import film_of, save, shot, tinted  # noqa: F401
from tests.media.conftest import decoded_lumas, seconds
from tests.run.test_job import video_packets
from vidcolor.cli.main import run

Maker = Callable[..., Path]


def photograph(path: Path) -> Path:
    samples = np.random.default_rng(0).integers(30, 220, (64, 80)).astype(np.uint8)
    PIL.Image.fromarray(samples).save(path)
    return path


@pytest.fixture
def reels(film: Maker, tmp_path: Path) -> Path:
    """Two films and a photograph that are good, two files that are not, and a note."""
    folder = tmp_path / "reels"
    (folder / "inner").mkdir(parents=True)
    film("reels/one.mp4", frames=6)
    film("reels/inner/two.mkv", frames=6)
    photograph(folder / "three.bmp")
    (folder / "broken.mp4").write_bytes(b"\0" * 5000)
    (folder / "inner" / "empty.mov").touch()
    (folder / "notes.txt").write_text("not for colouring")
    return folder


def files(folder: Path) -> set[str]:
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and ".vidcolor-batch" not in path.parts and path.stem[:6] != "report"
    }


def report(folder: Path) -> dict[str, str]:
    stored = json.loads((folder / "report.json").read_text())
    return {Path(entry["source"]).name: entry["status"] for entry in stored["files"]}


def test_good_files_are_done_bad_ones_reported_and_the_next_run_skips(
    reels: Path, tmp_path: Path, tiny_model: Path
) -> None:
    target = tmp_path / "out"
    words = ["batch", reels, target, "--recursive", "--model", tiny_model]
    done = vidcolor(*words, "--jobs", min(2, os.cpu_count() or 1), "--json")
    assert done.returncode == 5, done.stderr
    assert "2 of 5 files failed" in done.stderr
    assert "broken.mp4" in done.stderr and "empty.mov is empty" in done.stderr
    assert "Traceback" not in done.stderr
    assert files(target) == {"one.mp4", "inner/two.mkv", "three.png"}
    assert json.loads(done.stdout)["counts"] == {"done": 3, "skipped": 0, "failed": 2}
    first = (target / "one.mp4").stat()

    (reels / "broken.mp4").unlink()
    (reels / "inner" / "empty.mov").unlink()
    (target / "three.png").unlink()
    again = vidcolor(*words)
    assert again.returncode == 0, again.stderr
    assert report(target) == {"one.mp4": "skipped", "two.mkv": "skipped", "three.bmp": "done"}
    assert (target / "one.mp4").stat() == first


def entry(folder: Path, name: str) -> dict[str, Any]:
    """What the latest report says of a source."""
    stored = json.loads((folder / "report.json").read_text())
    return next(one for one in stored["files"] if Path(one["source"]).name == name)


def test_notes_of_a_file_are_those_of_colorize_and_said_once(
    film: Maker, tmp_path: Path, tiny_model: Path
) -> None:
    reels, target = tmp_path / "reels", tmp_path / "out"
    reels.mkdir()
    for name in ("a", "b", "c"):
        film(f"reels/{name}.mkv", frames=6, pix_fmt="gray", codec="ffv1", options={})
    film("reels/plain.mkv", frames=6)
    tail = ["--model", tiny_model, "--json"]
    alone = vidcolor("colorize", reels / "a.mkv", tmp_path / "alone.mkv", *tail)
    notes = json.loads(alone.stdout)["notes"]
    assert notes and all(f"note: {sentence}" in alone.stderr for sentence in notes)

    done = vidcolor("batch", reels, target, *tail)
    assert done.returncode == 0, done.stderr
    whole = json.loads(done.stdout)
    assert [one["notes"] for one in whole["files"]] == [notes, notes, notes, []]
    assert whole["with_notes"] == 3 and "3 files with notes" in done.stderr
    assert entry(target, "b.mkv")["notes"] == notes
    lines = done.stderr.splitlines()
    first = next(n for n, line in enumerate(lines) if line.startswith(f"done: {reels / 'a.mkv'}"))
    assert notes[0] in lines[first + 1] and "note 1" in lines[first + 1]
    assert lines[first + 3].strip() == "note 1 again"
    assert "note 1 (3 files)" in done.stderr


def test_notes_of_a_file_that_fails_are_kept(film: Maker, tmp_path: Path, tiny_model: Path) -> None:
    source = film("a.mkv", frames=6, pix_fmt="gray", codec="ffv1", options={})
    target = tmp_path / "out"
    (target / "a.mkv.vidcolor").mkdir(parents=True)
    (target / "a.mkv.vidcolor" / "foreign.txt").write_text("in the way")
    assert vidcolor("batch", source, target, "--model", tiny_model).returncode == 5
    assert "gray" in entry(target, "a.mkv")["notes"][0]


def test_each_run_keeps_its_report_and_skips_know_what_was_made(
    film: Maker, tmp_path: Path, tiny_model: Path
) -> None:
    source, target = (
        film("a.mkv", frames=6, pix_fmt="gray", codec="ffv1", options={}),
        tmp_path / "o",
    )
    words = ["batch", source, target, "--model", tiny_model]
    assert vidcolor(*words).returncode == 0
    made = entry(target, "a.mkv")
    again = vidcolor(*words)
    assert again.returncode == 0
    skipped = entry(target, "a.mkv")
    assert skipped == made | {"status": "skipped"} and made["frames"] == 6 and made["notes"]
    dated = sorted(target.glob("report-2*.json"))
    assert [json.loads(one.read_text())["counts"]["done"] for one in dated] == [1, 0]
    assert " 0 frames in" in again.stderr and "fps" not in again.stderr


def test_the_page_shows_each_file_before_and_after(
    reels: Path, tmp_path: Path, tiny_model: Path
) -> None:
    (reels / "one.mp4").rename(reels / "<b>one & only.mp4")
    target = tmp_path / "out"
    words = ["batch", reels, target, "--model", tiny_model]
    assert vidcolor(*words).returncode == 5
    page = (target / "report.html").read_text()
    assert page.count("data:image/jpeg") == 4
    assert "&lt;b&gt;one &amp; only.mp4" in page and "<b>one" not in page
    assert 'href="%3Cb%3Eone%20%26%20only.mp4"' in page
    assert page.index("broken.mp4") < page.index("three.bmp")
    assert "<script" not in page and "http" not in page
    assert vidcolor(*words).returncode == 5
    assert (target / "report.html").read_text().count("data:image/jpeg") == 4


def test_what_is_left_alone_is_named(reels: Path, tmp_path: Path, tiny_model: Path) -> None:
    words = ["batch", reels, tmp_path / "out", "--model", tiny_model]
    assert "notes.txt" not in vidcolor(*words).stderr
    assert f"left alone: {reels / 'notes.txt'}" in vidcolor(*words, "--verbose").stderr
    stored = json.loads((tmp_path / "out" / "report.json").read_text())
    assert stored["left_alone"] == [str(reels / "notes.txt")]


def everything_in(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*")}


def test_a_dry_run_writes_nothing_and_says_what_would_be_done(
    reels: Path, film: Maker, tmp_path: Path, tiny_model: Path
) -> None:
    target = tmp_path / "out"
    words = ["batch", reels, target, "--recursive", "--model", tiny_model]
    dry = [*words, "--dry-run", "--json"]
    first = vidcolor(*dry)
    assert first.returncode == 5, first.stderr
    assert not target.exists()
    said = json.loads(first.stdout)
    assert said["counts"] == {"colour": 3, "go on": 0, "skip": 0, "refuse": 2}
    assert said["frames"] == 13 and said["bytes"] > 0 and said["seconds"] > 0
    assert "nothing was measured here yet" in first.stderr
    assert "refuse: " in first.stderr and "empty.mov is empty" in first.stderr

    assert vidcolor(*words).returncode == 5
    film("reels/inner/grey.mkv", frames=240, pix_fmt="gray", codec="ffv1", options={})
    assert vidcolor(*words).returncode == 5
    (target / "inner" / "grey.mkv").unlink()
    before = everything_in(target)
    (reels / "broken.mp4").unlink()
    (reels / "inner" / "empty.mov").unlink()
    again = vidcolor(*dry)
    assert again.returncode == 0, again.stderr
    assert everything_in(target) == before
    said = json.loads(again.stdout)
    assert said["counts"] == {"colour": 1, "go on": 0, "skip": 3, "refuse": 0}
    assert "frames a second of 252 frames" in said["basis"]
    assert "Frames are gray" in again.stderr


def test_a_dry_run_knows_what_is_half_done_and_what_has_other_settings(
    film: Maker, tmp_path: Path, tiny_model: Path
) -> None:
    source, target = film("long.mp4", frames=900), tmp_path / "out"
    words = ["batch", str(source), str(target), "--model", str(tiny_model)]
    process = subprocess.Popen(
        [sys.executable, "-m", "vidcolor", *words], stderr=subprocess.PIPE, text=True
    )
    job = target / "long.mp4.vidcolor"
    while not list(job.glob("0*.json")) and process.poll() is None:
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    process.communicate()
    done = json.loads(next(job.glob("0*.json")).read_text())["count"]
    dry = vidcolor(*words, "--dry-run")
    assert dry.returncode == 0, dry.stderr
    assert f"go on: {source}" in dry.stderr and f"at {done} of 900 frames" in dry.stderr
    other = vidcolor(*words, "--dry-run", "--saturation", "0.5", "--json")
    assert other.returncode == 5
    assert "unfinished job with other settings" in other.stderr
    assert json.loads(other.stdout)["files"][0]["code"] == 4
    again = vidcolor(*words, "--json")
    result = json.loads(again.stdout)["files"][0]
    assert (result["frames"], result["resumed"]) == (900, done)
    assert f"{900 - done} frames in" in again.stderr.splitlines()[-1]


def test_what_the_batch_did_not_make_is_not_replaced(
    reels: Path, tmp_path: Path, tiny_model: Path
) -> None:
    target = tmp_path / "out"
    target.mkdir()
    (target / "one.mp4").write_bytes(b"precious")
    words = ["batch", reels / "one.mp4", reels / "three.bmp", target, "--model", tiny_model]
    done = vidcolor(*words)
    assert done.returncode == 5
    assert "not made by this batch" in done.stderr
    assert report(target) == {"one.mp4": "failed", "three.bmp": "done"}
    assert (target / "one.mp4").read_bytes() == b"precious"


def test_other_settings_ask_before_they_replace(
    reels: Path, tmp_path: Path, tiny_model: Path
) -> None:
    target = tmp_path / "out"
    words = ["batch", reels / "three.bmp", target, "--model", tiny_model]
    assert vidcolor(*words).returncode == 0
    before = (target / "three.png").read_bytes()
    grey = [*words, "--saturation", "0"]
    asked = vidcolor(*grey)
    assert asked.returncode == 5
    assert "other settings" in asked.stderr and "--overwrite" in asked.stderr
    assert vidcolor(*grey, "--overwrite").returncode == 0
    assert (target / "three.png").read_bytes() != before


def test_a_killed_batch_goes_on_where_it_was(film: Maker, tmp_path: Path, tiny_model: Path) -> None:
    sources = [film(f"{name}.mp4", frames=40) for name in "abc"]
    straight, target = tmp_path / "straight", tmp_path / "out"
    tail = ["--model", tiny_model]
    assert vidcolor("batch", *sources, straight, *tail).returncode == 0
    command = [sys.executable, "-m", "vidcolor", "batch", *map(str, [*sources, target, *tail])]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    while not (target / "a.mp4").exists() and process.poll() is None:
        time.sleep(0.005)
    process.kill()
    process.wait()
    again = vidcolor("batch", *sources, target, *tail)
    assert again.returncode == 0, again.stderr
    for name in "abc":
        assert video_packets(target / f"{name}.mp4") == video_packets(straight / f"{name}.mp4")
    assert files(target) == {"a.mp4", "b.mp4", "c.mp4"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_batch_prints_the_command_to_go_on(
    film: Maker, tmp_path: Path, tiny_model: Path, number: signal.Signals
) -> None:
    source, target = film("long film.mp4", frames=400), tmp_path / "out"
    words = ["batch", str(source), str(target), "--model", str(tiny_model)]
    process = subprocess.Popen(
        [sys.executable, "-m", "vidcolor", *words], stderr=subprocess.PIPE, text=True
    )
    while not (target / "long film.mp4.vidcolor").exists() and process.poll() is None:
        time.sleep(0.005)
    process.send_signal(number)
    said = process.communicate()[1]
    assert process.returncode == 130, said
    assert "To go on: vidcolor batch" in said and "'" in said
    assert not (target / "long film.mp4").exists()
    assert report(target) == {}


def test_photographs_at_work_when_a_batch_is_interrupted_leave_nothing_and_are_made_next_time(
    tmp_path: Path, tiny_model: Path
) -> None:
    folder, target = tmp_path / "album", tmp_path / "out"
    folder.mkdir()
    names = [f"{number:02d}.png" for number in range(12)]
    for name in names:
        PIL.Image.effect_noise((1500, 1500), 60).save(folder / name)
    words = ["batch", str(folder), str(target), "--model", str(tiny_model)]
    process = subprocess.Popen(
        [sys.executable, "-m", "vidcolor", *words], stderr=subprocess.PIPE, text=True
    )
    while not (target / "01.png").exists() and process.poll() is None:
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 130, said
    assert not list(target.glob(".*part*"))
    assert vidcolor(*words).returncode == 0
    assert files(target) == set(names)
    assert list(report(target)) == names


def test_a_watched_folder_is_coloured_as_it_fills_and_ctrl_c_ends_the_watch(
    film: Maker, tmp_path: Path, tiny_model: Path
) -> None:
    whole = film("whole.mp4", frames=12).read_bytes()
    folder, target = tmp_path / "reels", tmp_path / "out"
    folder.mkdir()
    words = ["batch", "--watch", str(folder), str(target), "--model", str(tiny_model)]
    process = subprocess.Popen(
        [sys.executable, "-m", "vidcolor", *words], stderr=subprocess.PIPE, text=True
    )

    def until_there(name: str) -> None:
        while not (target / name).exists() and process.poll() is None:
            time.sleep(0.05)

    photograph(folder / "first.png")
    with (folder / "slow.mp4").open("wb") as stream:
        for part in (whole[:800], whole[800:1600], whole[1600:]):
            stream.write(part)
            stream.flush()
            time.sleep(1.5)
    until_there("slow.mp4")
    photograph(folder / "last.png")
    until_there("last.png")
    while report(target) != {"first.png": "done", "slow.mp4": "done", "last.png": "done"}:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 0, said
    assert "3 done, 0 skipped, 0 failed" in said and "Traceback" not in said
    assert len(seconds(target / "slow.mp4")) == 12


def test_an_interrupted_watch_that_was_at_work_says_how_to_go_on(
    film: Maker, tmp_path: Path, tiny_model: Path
) -> None:
    (tmp_path / "reels").mkdir()
    source, target = film("reels/long.mp4", frames=400), tmp_path / "out"
    words = ["batch", "--watch", str(source.parent), str(target), "--model", str(tiny_model)]
    process = subprocess.Popen(
        [sys.executable, "-m", "vidcolor", *words], stderr=subprocess.PIPE, text=True
    )
    while not (target / "long.mp4.vidcolor").exists() and process.poll() is None:
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 130, said
    assert "To go on: vidcolor batch --watch" in said


def test_a_batch_in_a_folder_that_is_worked_in_leaves(
    reels: Path, tmp_path: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from vidcolor.run.lock import Lock

    held = Lock(tmp_path / ".vidcolor-batch" / "lock", "batch")
    found = run(["batch", str(reels), str(tmp_path), "--model", str(tiny_model)])
    held.release()
    assert found == 4
    assert f"process {os.getpid()}" in capsys.readouterr().err


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write all")
def test_where_nothing_may_be_written_or_read_it_is_said(
    reels: Path, tmp_path: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    model = ["--model", str(tiny_model)]
    assert run(["batch", str(reels / "three.bmp"), str(closed / "out"), *model]) == 4
    assert run(["batch", str(reels / "three.bmp"), str(closed), *model]) == 4
    assert run(["colorize", str(reels / "one.mp4"), str(closed / "out.mp4"), *model]) == 4
    assert capsys.readouterr().err.count("may not be written to") == 3
    (reels / "one.mp4").chmod(0)
    (reels / "inner").chmod(0)
    words = ["batch", str(reels), str(tmp_path / "out"), "--recursive", *model]
    (reels / "broken.mp4").unlink()
    (reels / "three.bmp").unlink()
    assert run(words) == 5
    (reels / "inner").chmod(0o700)
    assert report(tmp_path / "out") == {"one.mp4": "failed", "inner": "failed"}
    assert "may not be read" in capsys.readouterr().err


def test_bad_calls_are_one_sentence_with_their_code(
    reels: Path, tmp_path: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hollow, target = tmp_path / "hollow", tmp_path / "out"
    hollow.mkdir()
    (tmp_path / "three.bmp").write_bytes((reels / "three.bmp").read_bytes())
    cases: dict[str, tuple[list[object], int, str]] = {
        "empty": ([hollow, target], 3, "no film or photograph"),
        "pattern": ([f"{hollow}/*.mp4", target], 3, "Nothing fits"),
        "itself": ([reels, reels], 4, "is the input folder"),
        "inside": ([reels, reels / "out", "--recursive"], 4, "inside the input folder"),
        "one word": ([reels], 2, "OUT_DIR"),
        "no words": ([], 2, "OUT_DIR"),
        "file last": ([reels, reels / "one.mp4"], 4, "OUT_DIR"),
        "gone": ([tmp_path / "no", tmp_path / "no.mp4", target], 3, "do not exist"),
        "gone, watched": ([tmp_path / "no", target, "--watch"], 3, "does not exist"),
        "dry watch": ([reels, target, "--watch", "--dry-run"], 2, "--watch"),
        "same": ([reels / "three.bmp", tmp_path / "three.bmp", target], 4, "would both become"),
        "jobs": ([reels, target, "--jobs", 9999], 2, "cores"),
        "threads": ([reels, target, "--threads", 9999], 2, "cores"),
        "model": ([reels, target, "--model", "nonesuch"], 7, "nonesuch"),
        "vividness": ([reels / "three.bmp", target, "--vividness", 99], 2, "vividness"),
    }
    for name, (words, code, said) in cases.items():
        model = [] if "--model" in words else ["--model", tiny_model]
        found = run(["batch", *map(str, [*words, *model])])
        heard = capsys.readouterr().err
        assert (found, said in heard, "Traceback" in heard) == (code, True, False), (name, heard)
        assert not (target / "three.png").exists()


def still_of(source: Path, frame: int, path: Path) -> Path:
    """A frame of a film with its own brightness, in one strong colour."""
    luma = decoded_lumas(source)[frame]
    planes = np.dstack([luma, np.full_like(luma, 158), np.full_like(luma, 88)])
    path.parent.mkdir(parents=True, exist_ok=True)
    PIL.Image.fromarray(planes.astype(np.uint8), "YCbCr").convert("RGB").save(path)
    return path


def color_of(path: Path) -> np.ndarray:
    """Mean Cb and Cr of a film."""
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray(format="yuv444p") for frame in container.decode(video=0)]
    return np.mean(frames, axis=(0, 2, 3))[1:]


def test_each_film_gets_its_own_stills_and_hints_and_the_others_are_automatic(
    film_of: Maker,  # noqa: F811
    tmp_path: Path,
    tiny_model: Path,
) -> None:
    reels, refs, hints, target = (tmp_path / n for n in ("reels", "refs", "hints", "out"))
    reels.mkdir()
    for name in ("one", "two", "plain"):
        film_of(seeds=(1,), frames=10).rename(reels / f"{name}.mkv")
    for name in ("three", "four"):
        photograph(reels / f"{name}.png")
    still_of(reels / "one.mkv", 2, refs / "one" / "ref_000002.png")
    hints.mkdir()
    dot = {"frame": 2, "points": [[64, 48]], "radius": 40, "colour": "#ff0000"}
    (hints / "two.json").write_text(json.dumps({"version": 1, "hints": [dot]}))
    (hints / "four.csv").write_text("frame,x,y,radius,colour\n0,40,32,30,#ff0000\n")
    words = ["batch", reels, target, "--model", tiny_model, "--reference", refs, "--hints", hints]
    done = vidcolor(*words)
    assert done.returncode == 0, done.stderr
    one, two, plain = (color_of(target / f"{name}.mkv") for name in ("one", "two", "plain"))
    assert np.abs(one - (158, 88)).max() < 8
    assert np.abs(two - plain).max() > 4
    assert np.abs(plain - (158, 88)).max() > 10
    three, four = (np.array(PIL.Image.open(target / f"{n}.png")) for n in ("three", "four"))
    redness = (four.astype(int) - three)[20:44, 28:52].mean((0, 1))
    assert redness[0] > 20 > redness[2]

    still_of(reels / "plain.mkv", 2, refs / "plain" / "ref_000002.png")
    save(refs / "plain" / "stranger.png", tinted(shot(9)[0]))
    asked = vidcolor(*words)
    assert asked.returncode == 5
    assert "other settings, stills or hints" in asked.stderr
    again = vidcolor(*words, "--overwrite")
    assert again.returncode == 0, again.stderr
    assert "stranger.png" in again.stderr
    assert report(target) == {
        "one.mkv": "skipped",
        "two.mkv": "skipped",
        "plain.mkv": "done",
        "three.png": "skipped",
        "four.png": "skipped",
    }
    assert np.abs(color_of(target / "plain.mkv") - (158, 88)).max() < 8


def test_directions_that_direct_nothing_are_said_before_any_work(
    reels: Path, tmp_path: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "refs"

    def cases() -> Iterator[tuple[str, str]]:
        yield "--reference", "refs is not there"
        folder.mkdir()
        yield "--reference", "nothing that is named after a film or photograph"
        photograph(folder / "ref_000001.png")
        yield "--reference", "nothing that is named after a film or photograph"
        (folder / "one").mkdir()
        yield "--reference", "one holds no picture"
        photograph(folder / "one" / "ref_000001.png")
        (folder / "four").mkdir()
        photograph(folder / "four" / "ref_000001.png")
        yield "--reference", "four is named after no file"
        (folder / "four").rename(tmp_path / "elsewhere")
        (folder / "twoo.csv").write_text("frame,x,y,colour\n1,2,3,red\n")
        yield "--hints", "twoo.csv is named after no file"
        (folder / "twoo.csv").unlink()
        (reels / "inner" / "one.mkv").write_bytes(b"another film of that name")
        yield "--reference", "alike"

    for option, words in cases():
        given = ("batch", reels, tmp_path / "out", "--recursive", option, folder)
        assert run([*map(str, given), "--model", str(tiny_model)]) == 2, words
        assert words in capsys.readouterr().err
        assert not (tmp_path / "out").exists()
