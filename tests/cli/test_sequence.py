"""Sequences of pictures in and out, as a user calls it."""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import PIL.Image
import PIL.ImageCms
import pytest

from tests.cli.test_interrupted import interrupted
from tests.media.conftest import decoded_lumas
from tests.sequences import HEIGHT, WIDTH, light, luma, make, samples_of, tinted
from vidcolor.cli.main import run
from vidcolor.run import folder

Maker = Callable[..., Path]
Words = pytest.CaptureFixture[str]


@pytest.fixture
def color(tiny_model: Path, capsys: Words) -> Callable[..., tuple[dict[str, Any], str]]:
    """Run colorize to its good end: its JSON, and what it said."""

    def call(*arguments: object) -> tuple[dict[str, Any], str]:
        command = ["colorize", *arguments, "--model", tiny_model, "--json"]
        code = run([*map(str, command)])
        said = capsys.readouterr()
        assert code == 0, said.err
        return json.loads(said.out), said.err

    return call


def refused(capsys: Words, *command: object) -> tuple[int, str]:
    code = run([*map(str, command)])
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    return code, said.err


def rate_and_frames(path: Path) -> tuple[Fraction, int]:
    with av.open(str(path)) as container:
        film = container.streams.video[0]
        rate = film.average_rate
        return Fraction(rate.numerator, rate.denominator), sum(1 for _ in container.decode(film))


@pytest.mark.parametrize("word", ["frame_%05d.png", "*.png", ""])
def test_numbered_pictures_become_a_film(
    tmp_path: Path, color: Callable[..., Any], word: str
) -> None:
    made = make(tmp_path / "my scan", numbers=range(86400, 86410))
    output = tmp_path / "out.mkv"
    result, words = color(tmp_path / "my scan" / word, output, "--lossless")
    assert result["frames"] == 10
    assert "24 a second" in words
    assert rate_and_frames(output) == (24, 10)
    for ours, theirs in zip(decoded_lumas(output), made, strict=True):
        assert (ours == theirs).all()


@pytest.mark.parametrize(
    ("form", "bits"), [("f_%d.png", 16), ("f_%d.tif", 16), ("f_%d.dpx", 10), ("f_%d.dpx", 12)]
)
@pytest.mark.parametrize("of_color", [False, True])
def test_depth_is_kept_in_a_film(
    tmp_path: Path, color: Callable[..., Any], form: str, bits: int, of_color: bool
) -> None:
    made = make(tmp_path / "in", form, range(3), bits, of_color)
    output = tmp_path / "out.mkv"
    color(tmp_path / "in" / form, output, "--codec", "ffv1", "--frame-rate", "23.976")
    for ours, theirs in zip(decoded_lumas(output), made, strict=True):
        assert np.abs(ours - luma(theirs)).max() < 1
    rate, frames = rate_and_frames(output)
    assert frames == 3 and abs(rate - Fraction(24000, 1001)) < Fraction(1, 50)


@pytest.mark.parametrize(
    ("form", "bits", "depth"),
    [
        ("f_%04d.png", 8, 8),
        ("f_%04d.png", 16, 16),
        ("f_%04d.tif", 8, 8),
        ("f_%04d.tif", 16, 16),
        ("f_%04d.dpx", 10, 10),
        ("f_%04d.dpx", 12, 12),
        ("f_%04d.dpx", 16, 16),
    ],
)
@pytest.mark.parametrize("of_color", [False, True])
def test_pictures_become_pictures_of_the_same_numbers_depth_and_luma(
    tmp_path: Path,
    color: Callable[..., Any],
    form: str,
    bits: int,
    depth: int,
    of_color: bool,
) -> None:
    numbers = range(997, 1001)
    made = make(tmp_path / "in", form, numbers, bits, of_color)
    result, _ = color(tmp_path / "in", tmp_path / "out" / form)
    assert result["frames"] == 4
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == sorted(form % number for number in numbers)
    spread = 0
    for number, source in zip(numbers, made, strict=True):
        rgb = samples_of(tmp_path / "out" / (form % number))
        assert rgb.dtype == (np.uint8 if depth == 8 else np.uint16)
        assert np.abs(luma(rgb) - luma(source)).max() <= 1
        spread = max(spread, np.ptp(rgb.astype(int), axis=2).max())
    assert spread > 0.02 * (1 << depth)


def film_luma(rgb: np.ndarray, matrix: int, full_range: bool, depth: int) -> np.ndarray:
    """Codes of a film's luma from RGB of 8 or 16 bits."""
    red, blue = {6: (0.299, 0.114), 1: (0.2126, 0.0722)}[matrix]
    light = rgb @ [red, 1 - red - blue, blue] / (255 if rgb.dtype == np.uint8 else 65535)
    if full_range:
        return light * ((1 << depth) - 1)
    return (16 + 219 * light) * (1 << depth - 8)


@pytest.mark.parametrize("full_range", [False, True])
@pytest.mark.parametrize("matrix", [1, 6])
@pytest.mark.parametrize(("pix_fmt", "depth"), [("yuv420p", 8), ("yuv420p10le", 10)])
def test_a_films_frames_become_pictures_by_its_own_matrix(
    film: Maker,
    tmp_path: Path,
    color: Callable[..., Any],
    pix_fmt: str,
    depth: int,
    matrix: int,
    full_range: bool,
) -> None:
    source = film(
        "in.mkv", frames=3, pix_fmt=pix_fmt, full_range=full_range, matrix=matrix, sound=True
    )
    _, words = color(source, tmp_path / "out" / "f_%03d.png")
    assert "1 of audio" in words and "left out" in words
    low, high = (0, 1) if full_range else (16 / 255, 235 / 255)
    for index, before in enumerate(decoded_lumas(source)):
        rgb = samples_of(tmp_path / "out" / f"f_{index:03d}.png")
        assert rgb.dtype == (np.uint8 if depth == 8 else np.uint16)
        top = (1 << depth) - 1
        inside = np.clip(before, round(low * top), round(high * top))
        assert np.abs(film_luma(rgb, matrix, full_range, depth) - inside).max() <= 1


def test_a_turned_film_gives_upright_pictures(
    film: Maker, tmp_path: Path, color: Callable[..., Any]
) -> None:
    source = film("in.mp4", frames=2, turn=(90.0, False))
    color(source, tmp_path / "f_%d.png")
    turned = samples_of(tmp_path / "f_0.png")
    (before, _) = decoded_lumas(source)
    assert turned.shape == (64, 48, 3)
    grey = 16 + luma(turned) * 219 / 255
    sides = (np.rot90(before, -1), np.rot90(before, 1))
    assert min(np.abs(grey - np.clip(side, 16, 235)).max() for side in sides) <= 1


def test_a_part_keeps_the_numbers(tmp_path: Path, color: Callable[..., Any]) -> None:
    make(tmp_path / "in", numbers=range(1, 25))
    output = tmp_path / "out" / "c_%05d.jpg"
    part = ["--frame-rate", "12", "--start", "0.5", "--duration", "0.25"]
    color(tmp_path / "in", output, *part)
    names = sorted(path.name for path in output.parent.iterdir())
    assert names == ["c_00007.jpg", "c_00008.jpg", "c_00009.jpg"]
    # Parts may be made one after the other into one folder.
    color(tmp_path / "in", output, "--frame-rate", "12", "--duration", "0.5")
    assert len(list(output.parent.iterdir())) == 9


def test_the_note_and_the_profile_go_along(tmp_path: Path, color: Callable[..., Any]) -> None:
    profile = PIL.ImageCms.ImageCmsProfile(PIL.ImageCms.createProfile("sRGB")).tobytes()
    (tmp_path / "in").mkdir()
    for number in range(2):
        picture = PIL.Image.fromarray(tinted(light(number, 255), 255))
        picture.save(tmp_path / "in" / f"f_{number}.png", icc_profile=profile)
    for suffix in ("png", "tif", "jpg"):
        color(tmp_path / "in", tmp_path / suffix / f"f_%d.{suffix}")
        with PIL.Image.open(tmp_path / suffix / f"f_1.{suffix}") as made:
            note = made.info.get("Software") or made.getexif().get(305)
            assert note.startswith("Coloured by vidcolor")
            assert made.info["icc_profile"] == profile
    color(tmp_path / "in", tmp_path / "bare" / "f_%d.png", "--no-tag")
    with PIL.Image.open(tmp_path / "bare" / "f_1.png") as made:
        assert "Software" not in made.info


def test_gaps_are_said_and_held(tmp_path: Path, color: Callable[..., Any]) -> None:
    make(tmp_path / "in", numbers=[1, 2, 5, 6])
    result, words = color(tmp_path / "in", tmp_path / "out" / "f_%d.png")
    assert "2 numbers are missing (3, 4)" in words
    assert result["frames"] == 6
    grey = [luma(samples_of(tmp_path / "out" / f"f_{number}.png")) for number in range(1, 7)]
    assert np.abs(grey[1] - grey[3]).max() <= 1 < np.abs(grey[3] - grey[4]).max()


def test_what_is_there_stays_unless_it_may_be_replaced(
    tmp_path: Path, color: Callable[..., Any], tiny_model: Path, capsys: Words
) -> None:
    make(tmp_path / "in", numbers=range(3))
    output = tmp_path / "out" / "frame_%05d.png"
    output.parent.mkdir()
    there = output.with_name("frame_00002.png")
    there.write_bytes(b"precious")
    command = ["colorize", tmp_path / "in", output, "--model", tiny_model]
    code, words = refused(capsys, *command)
    assert code == 4 and "frame_00002.png exists already" in words
    assert [path.name for path in output.parent.iterdir()] == ["frame_00002.png"]
    assert there.read_bytes() == b"precious"
    color(tmp_path / "in", output, "--overwrite")
    assert samples_of(there).shape == (HEIGHT, WIDTH, 3)
    assert len(list(output.parent.iterdir())) == 3


def test_the_source_is_never_replaced(tmp_path: Path, tiny_model: Path, capsys: Words) -> None:
    make(tmp_path / "in", numbers=range(3))
    before = {path: path.read_bytes() for path in (tmp_path / "in").iterdir()}
    (tmp_path / "link").symlink_to(tmp_path / "in")
    source = tmp_path / "in" / "frame_%05d.png"
    for place in ("in", "link"):
        output = tmp_path / place / "frame_%05d.png"
        command = ["colorize", source, output, "--model", tiny_model, "--overwrite"]
        code, words = refused(capsys, *command)
        assert code == 4 and "source itself" in words
        other = tmp_path / place / "other_%05d.png"
        for open_ended in (tmp_path / "in", tmp_path / "in" / "*.png"):
            code, words = refused(capsys, "colorize", open_ended, other, "--model", tiny_model)
            assert code == 4 and "among the pictures of the source" in words
    assert {path: path.read_bytes() for path in (tmp_path / "in").iterdir()} == before


def test_what_cannot_be_is_said(
    film: Maker, tmp_path: Path, tiny_model: Path, capsys: Words
) -> None:
    make(tmp_path / "in", numbers=range(3))
    make(tmp_path / "odd", numbers=range(3))
    PIL.Image.new("L", (50, 40)).save(tmp_path / "odd" / "frame_00001.png")
    make(tmp_path / "two", "a_%d.png", range(2))
    make(tmp_path / "two", "b_%d.png", range(2))
    (tmp_path / "empty").mkdir()
    source = film("in.mp4", frames=2)
    cases: list[tuple[list[object], int, str]] = [
        ([tmp_path / "none_%d.png", tmp_path / "o.mkv"], 3, "none_%d.png"),
        ([tmp_path / "odd", tmp_path / "o.mkv"], 3, "frame_00001.png differs"),
        ([tmp_path / "two", tmp_path / "o.mkv"], 3, "holds 2 sequences"),
        ([tmp_path / "empty", tmp_path / "o.mkv"], 3, "is a folder"),
        ([tmp_path / "in", tmp_path / "o.png"], 3, "is a folder"),
        ([tmp_path / "in" / "*.png", tmp_path / "o.png"], 4, "frame_%05d.png"),
        ([tmp_path / "in" / "*.png", tmp_path / "no" / "no" / "%d.png"], 4, "does not exist"),
        ([tmp_path / "in" / "frame_00001.png", tmp_path / "o_%d.png"], 4, "is one picture"),
        ([tmp_path / "in", tmp_path / "o_%d.png", "--crf", "20"], 2, "--crf"),
        ([tmp_path / "in", tmp_path / "o.mkv", "--frame-rate", "fast"], 2, "fast is no rate"),
        ([source, tmp_path / "o.mkv", "--frame-rate", "25"], 2, "numbered pictures"),
    ]
    for arguments, code, words in cases:
        found, said = refused(capsys, "colorize", *arguments, "--model", tiny_model)
        assert (found, words in said) == (code, True), said
    assert not [path for path in tmp_path.iterdir() if path.name.startswith("o.")]


@pytest.fixture
def short_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vidcolor.run.film.SEGMENT_LONGEST_S", 0.5)
    monkeypatch.setattr("vidcolor.run.film.SEGMENT_SHORTEST_S", 0.2)


@pytest.mark.usefixtures("short_segments")
def test_an_interrupted_run_goes_on_and_ends_with_the_same_files(
    tmp_path: Path, color: Callable[..., Any], tiny_model: Path, capsys: Words
) -> None:
    make(tmp_path / "in", numbers=range(60))
    straight, stopped = tmp_path / "a" / "f_%03d.png", tmp_path / "b" / "f_%03d.png"
    color(tmp_path / "in", straight)
    job = tmp_path / "b" / "f_%03d.png.vidcolor"
    command = ["colorize", tmp_path / "in", stopped, "--model", tiny_model]
    interrupted(command, lambda: any(job.glob("[0-9]*.json")))
    assert "frames are kept" in capsys.readouterr().err
    assert [path.name for path in stopped.parent.iterdir()] == [job.name]
    result, _ = color(tmp_path / "in", stopped)
    assert 0 < result["resumed"] < 60
    names = sorted(path.name for path in straight.parent.iterdir())
    assert sorted(path.name for path in stopped.parent.iterdir()) == names
    for name in names:
        assert (stopped.parent / name).read_bytes() == (straight.parent / name).read_bytes()


def test_an_interrupted_run_that_kept_nothing_leaves_nothing(
    tmp_path: Path, tiny_model: Path
) -> None:
    make(tmp_path / "in", numbers=range(60))
    output = tmp_path / "out" / "f_%03d.png"
    job = tmp_path / "out" / "f_%03d.png.vidcolor"
    interrupted(
        ["colorize", tmp_path / "in", output, "--model", tiny_model], (job / "plan.json").exists
    )
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_an_interrupt_while_the_job_begins_leaves_nothing(
    tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path / "in", numbers=range(5))
    write = folder.write_text

    def stopped(path: Path, text: str) -> None:
        write(path, text)
        raise KeyboardInterrupt

    monkeypatch.setattr(folder, "write_text", stopped)
    command = ["colorize", tmp_path / "in", tmp_path / "out" / "f_%03d.png", "--model", tiny_model]
    assert run([*map(str, command)]) == 130
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_a_source_that_changed_is_not_gone_on_with(
    tmp_path: Path, tiny_model: Path, capsys: Words, short_segments: None
) -> None:
    make(tmp_path / "in", numbers=range(60))
    output = tmp_path / "out" / "f_%03d.png"
    job = tmp_path / "out" / "f_%03d.png.vidcolor"
    command = ["colorize", tmp_path / "in", output, "--model", tiny_model]
    interrupted(command, lambda: any(job.glob("[0-9]*.json")))
    capsys.readouterr()
    make(tmp_path / "in", numbers=[60])
    code, words = refused(capsys, *command)
    assert code == 3 and "source has changed" in words


def test_a_run_that_was_stopped_while_pictures_got_their_names_only_goes_on_with_that(
    tmp_path: Path,
    color: Callable[..., Any],
    tiny_model: Path,
    capsys: Words,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make(tmp_path / "in", numbers=range(8))
    output = tmp_path / "out" / "f_%d.png"
    replace, moved = Path.replace, []

    def failing(path: Path, target: Path) -> Path:
        if path.parent.suffix == ".frames":
            moved.append(target)
            if len(moved) == 4:
                raise PermissionError(13, "is open elsewhere")
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", failing)
    code, words = refused(capsys, "colorize", tmp_path / "in", output, "--model", tiny_model)
    assert code == 4 and "f_3.png could not be put in place" in words
    monkeypatch.setattr(Path, "replace", replace)
    result, _ = color(tmp_path / "in", output)
    assert result["resumed"] == result["frames"] == 8
    assert sorted(p.name for p in output.parent.iterdir()) == [f"f_{n}.png" for n in range(8)]


def test_a_kept_job_does_not_stand_for_pictures_that_are_gone(
    tmp_path: Path, color: Callable[..., Any]
) -> None:
    make(tmp_path / "in", numbers=range(3))
    output = tmp_path / "out" / "f_%d.png"
    color(tmp_path / "in", output, "--keep-job")
    job = tmp_path / "out" / "f_%d.png.vidcolor"
    assert job.is_dir()
    for path in output.parent.glob("*.png"):
        path.unlink()
    # What a run leaves that was killed in the middle of a segment.
    (job / ".000000000-000003.1.part.frames").mkdir()
    (job / ".000000000-000003.1.part.frames" / "f_0.png").write_bytes(b"half")
    result, _ = color(tmp_path / "in", output)
    assert result["resumed"] == 0
    assert sorted(path.name for path in output.parent.iterdir()) == [f"f_{n}.png" for n in range(3)]


def test_preview_stills_and_shots_take_a_sequence(
    tmp_path: Path, tiny_model: Path, capsys: Words
) -> None:
    made = make(tmp_path / "reel", numbers=range(10, 30))
    pattern = tmp_path / "reel" / "frame_%05d.png"
    assert run(["shots", str(pattern), "--frame-rate", "10", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)["shots"]
    assert listed == [{"first": 0, "frames": 20, "start_s": 0.0, "duration_s": 2.0}]
    common = ["--model", str(tiny_model), "--frame-rate", "10", "--json"]
    assert run(["preview", str(pattern), "--at", "0.5", *common]) == 0
    assert json.loads(capsys.readouterr().out)["frame"] == 5
    shown = samples_of(tmp_path / "reel_frame-000005.png")
    assert np.abs(luma(shown) - made[5]).max() <= 2
    assert run(["stills", str(tmp_path / "reel"), str(tmp_path / "stills"), *common]) == 0
    assert len(list((tmp_path / "stills").glob("ref_*.png"))) == 1
    assert len(list((tmp_path / "reel").iterdir())) == 20


def test_an_output_folder_that_exists_gets_pictures_of_the_same_names(
    tmp_path: Path, color: Callable[..., Any]
) -> None:
    make(tmp_path / "in", "f_%02d.dpx", range(3), 10)
    (tmp_path / "out").mkdir()
    color(tmp_path / "in" / "*.dpx", tmp_path / "out")
    assert len(list((tmp_path / "out").glob("f_0?.dpx"))) == 3


def test_the_shipped_network_colours_a_dpx_sequence(tmp_path: Path, capsys: Words) -> None:
    made = make(tmp_path / "in", "f_%04d.dpx", range(4), 10)
    assert run(["colorize", str(tmp_path / "in"), str(tmp_path / "out" / "f_%04d.tif")]) == 0
    for index, source in enumerate(made):
        rgb = samples_of(tmp_path / "out" / f"f_{index:04d}.tif")
        assert rgb.dtype == np.uint16
        assert np.abs(luma(rgb) / 65535 - source / 1023).max() < 1 / 1023


@pytest.fixture
def reels(tmp_path: Path) -> Path:
    """A folder with a sequence and a poster, one with a photograph, one with two sequences."""
    make(tmp_path / "reels" / "one.v2", numbers=range(30))
    PIL.Image.new("L", (64, 48), 90).save(tmp_path / "reels" / "one.v2" / "poster.png")
    make(tmp_path / "reels" / "photos", "lone_%d.png", [4])
    make(tmp_path / "reels" / "two", "a_%d.png", range(2))
    make(tmp_path / "reels" / "two", "b_%d.png", range(2))
    return tmp_path / "reels"


def test_batch_makes_a_film_of_each_folder(
    reels: Path, tmp_path: Path, tiny_model: Path, capsys: Words
) -> None:
    target = tmp_path / "out"
    command = ["batch", reels, target, "--recursive", "--sequence", "--model", tiny_model]
    assert run([*map(str, command)]) == 5
    words = capsys.readouterr().err
    assert "holds 2 sequences" in words
    made = {p.relative_to(target).as_posix() for p in target.rglob("*") if p.is_file()}
    made = {name for name in made if not name.startswith((".vidcolor-batch", "report"))}
    assert made == {"one.v2.mkv", "one.v2/poster.png", "photos/lone_4.png"}
    assert rate_and_frames(target / "one.v2.mkv") == (24, 30)
    assert run([*map(str, command)]) == 5
    assert "3 skipped" in capsys.readouterr().err


def test_batch_says_that_a_folder_looks_like_a_film(
    reels: Path, tmp_path: Path, tiny_model: Path, capsys: Words
) -> None:
    command = ["batch", reels, tmp_path / "out", "--recursive", "--model", tiny_model, "--dry-run"]
    assert run([*map(str, command)]) == 0
    words = capsys.readouterr().err
    assert words.count("--sequence makes one film") == 1
    assert "one.v2 looks like a film" in words
    assert "36 files to colour" in words


def test_batch_takes_patterns_as_films(
    reels: Path, tmp_path: Path, tiny_model: Path, capsys: Words
) -> None:
    target = tmp_path / "out"
    pattern, quoted = reels / "two" / "a_%d.png", reels / "two" / "b_*.png"
    command = ["batch", pattern, quoted, target, "--sequence", "--frame-rate", "25"]
    assert run([*map(str, command), "--model", str(tiny_model)]) == 0
    for name in ("two_a.mkv", "two_b.mkv"):
        assert rate_and_frames(target / name) == (25, 2)
