"""Names and paths as long as a disk takes them, and longer: done, or refused in one sentence."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from vidcolor.cli.main import run

Maker = Callable[..., Path]
LONGEST = 255


def named(folder: Path, letter: str, suffix: str, length: int) -> Path:
    """A path whose name has at most so many bytes."""
    return folder / (letter * ((length - len(suffix)) // len(letter.encode())) + suffix)


def bytes_of(folder: Path) -> list[int]:
    return [len(os.fsencode(path.name)) for path in folder.iterdir()]


@pytest.fixture
def still(tmp_path: Path) -> Path:
    samples = np.random.default_rng(0).integers(30, 220, (64, 80)).astype(np.uint8)
    PIL.Image.fromarray(samples).save(tmp_path / "in.pgm")
    return tmp_path / "in.pgm"


@pytest.fixture
def deep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], Path]:
    """Make a folder whose path has so many bytes."""

    def make(length: int) -> Path:
        path = tmp_path
        monkeypatch.chdir(path)
        while (left := length - len(os.fsencode(path)) - 1) > 0:
            name = "d" * (left if left <= 200 else 199)
            Path(name).mkdir(exist_ok=True)
            os.chdir(name)
            path /= name
        monkeypatch.chdir(tmp_path)
        return path

    return make


@pytest.mark.parametrize(("letter", "length"), [("x", LONGEST), ("日", LONGEST), ("日", 243)])
def test_a_batch_names_what_becomes_of_long_names(
    letter: str, length: int, film: Maker, still: Path, tmp_path: Path, tiny_model: Path
) -> None:
    reels, target = tmp_path / "reels", tmp_path / "out"
    reels.mkdir()
    film("in.ts", frames=3).rename(named(reels, letter, ".ts", length))
    still.rename(named(reels, letter + letter.upper(), ".pgm", length))
    command = ["batch", str(reels), str(target), "--model", str(tiny_model), "--keep-suffix"]
    assert run(command) == 0
    made = {path.suffix for path in target.iterdir() if path.name.startswith(letter)}
    assert made == {".mkv", ".png"}
    assert len(bytes_of(target)) == 6  # two outputs, the memory, two reports and the page
    assert max(bytes_of(target)) <= LONGEST


@pytest.mark.parametrize("letter", ["x", "日"])
@pytest.mark.parametrize("command", [["preview", "--frame", "1"], ["compare"]])
def test_a_name_made_from_a_long_one_is_cut(
    letter: str, command: list[str], film: Maker, tmp_path: Path, tiny_model: Path
) -> None:
    source = film("in.mkv", frames=3).rename(named(tmp_path, letter, ".mkv", LONGEST))
    model = ["--model", str(tiny_model)] if command[0] == "preview" else [str(source)]
    assert run([*command, str(source), *model]) == 0
    assert len(bytes_of(tmp_path)) == 2
    assert min(bytes_of(tmp_path)) > 245


@pytest.mark.parametrize("room", [20, 76, 130])
def test_a_path_too_long_is_refused_before_any_work(
    room: int,
    deep: Callable[[int], Path],
    film: Maker,
    still: Path,
    tmp_path: Path,
    tiny_model: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = deep(os.pathconf(tmp_path, "PC_PATH_MAX") - room)
    source, model = str(film("in.mkv", frames=3)), ["--model", str(tiny_model)]
    for command, code in (
        (["colorize", source, str(folder / "out.mkv"), *model], 4),
        (["colorize", str(still), str(folder / "out.png"), *model], 4),
        (["preview", source, "--frame", "1", "-o", str(folder / "a.png"), *model], 4),
        (["compare", source, source, "-o", str(folder / "out.mp4")], 4),
        (["stills", source, str(folder / "stills"), *model], 4),
        (["batch", source, str(folder), *model], 4),
    ):
        assert run(command) == (code if room < 80 else 0), command
        said = capsys.readouterr().err
        assert ("is too long for the system. Choose a folder" in said) == (room < 80)


def test_names_too_long_for_any_file_are_errors_in_a_sentence(
    film: Maker, tmp_path: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out, never = str(film("in.mkv", frames=3)), str(tmp_path / "out.mkv"), "z" * 300
    model = ["--model", str(tiny_model)]
    for command, code in (
        (["batch", never, str(tmp_path / "out"), *model], 3),
        (["batch", source, never, *model], 4),
        (["batch", source, str(tmp_path / "out"), "--reference", never, *model], 3),
        (["colorize", source, out, "--reference", never, *model], 3),
        (["colorize", source, out, "--hints", f"{never}.png", *model], 3),
        (["evaluate", "--data", never], 3),
        (["preview", never, "--frame", "1", *model], 3),
    ):
        assert run(command) == code, command
        said = capsys.readouterr().err
        assert "defect" not in said
        assert said.startswith(("error: ", "1 file"))


def test_hints_are_looked_for_by_a_long_name(film: Maker, tmp_path: Path, tiny_model: Path) -> None:
    long = film("in.ts", frames=3).rename(named(tmp_path, "x", ".ts", LONGEST))
    other = film("other.mkv", frames=3)
    hints = tmp_path / "hints"
    hints.mkdir()
    (hints / "other.csv").write_text("frame,x,y,radius,colour\n0,20,20,6,#aa2200\n")
    inputs = [str(long), str(other), str(tmp_path / "out")]
    assert run(["batch", *inputs, "--hints", str(hints), "--model", str(tiny_model)]) == 0
