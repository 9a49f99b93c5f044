"""One frame in colour, as a user asks for it."""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from tests.direct.conftest import LENGTH, film_of, save, shot, tinted  # noqa: F401
from tests.media.conftest import decoded_lumas
from vidcolor.cli.main import run

Maker = Callable[..., Path]


def preview(*arguments: object) -> int:
    return run(["preview", *map(str, arguments)])


@pytest.mark.parametrize(
    ("matrix", "weights"), [(6, (0.299, 0.587, 0.114)), (1, (0.2126, 0.7152, 0.0722))]
)
def test_a_frame_comes_out_in_colour_with_the_films_own_luma(
    film: Maker, tmp_path: Path, tiny_model: Path, matrix: int, weights: tuple[float, ...]
) -> None:
    source, output = film("in.mkv", full_range=True, matrix=matrix), tmp_path / "out.png"
    assert preview(source, "--frame", 9, "-o", output, "--model", tiny_model) == 0
    with PIL.Image.open(output) as image:
        assert image.text["Frame"] == "9"
        rgb = np.asarray(image).astype(float)
    assert np.ptp(rgb, axis=2).max() > 10
    assert np.abs(rgb @ weights - decoded_lumas(source)[9]).max() <= 1


def test_time_is_counted_from_the_first_frame_and_named_as_people_write_it(
    film: Maker, tmp_path: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pts = [19200, 20200, 21900, 22000, 25000, 25100, 29000, 30000]
    source = film("in.mp4", frames=8, pts=pts)
    for at, frame in {"0": 0, "0:00.1": 1, "0.117": 3, "00:00:00.2417": 4, "0.45": 7}.items():
        options = ["--model", tiny_model, "--json", "--overwrite"]
        assert preview(source, "--at", at, *options) == 0
        said = json.loads(capsys.readouterr().out)
        assert said["frame"] == frame, at
        assert said["time_s"] == pytest.approx((pts[frame] - pts[0]) / 24000, abs=1e-6)
        assert said["output"] == str(tmp_path / f"in-{frame:06d}.png")
        assert Path(said["output"]).is_file()


def test_a_turned_film_with_oblong_pixels_comes_upright_and_square(
    film: Maker, tmp_path: Path, tiny_model: Path
) -> None:
    source = film("in.mp4", frames=4, turn=(90, False), aspect=Fraction(4, 3))
    output = tmp_path / "out.jpg"
    assert preview(source, "--frame", 0, "-o", output, "--model", tiny_model) == 0
    assert PIL.Image.open(output).size == (48, round(64 * 4 / 3))


def _cases(tmp: Path, source: Path) -> dict[str, tuple[list[object], int, str]]:
    out = tmp / "out.png"
    (tmp / "there.png").write_bytes(b"precious")
    return {
        "no place": ([source, "-o", out], 2, "--at"),
        "two places": ([source, "--at", 0, "--frame", 0, "-o", out], 2, "--at"),
        "no time": ([source, "--at", "noon", "-o", out], 2, "noon"),
        "late": ([source, "--at", 3, "-o", out], 2, "lasts 0.125 s"),
        "behind the last": ([source, "--frame", 3, "-o", out], 2, "0 to 2"),
        "before the first": ([source, "--frame", -1, "-o", out], 2, "0 to 2"),
        "exists": ([source, "--frame", 0, "-o", tmp / "there.png"], 4, "--overwrite"),
        "itself": ([source, "--frame", 0, "-o", source, "--overwrite"], 4, ".png"),
        "no folder": ([source, "--frame", 0, "-o", tmp / "no" / "out.png"], 4, "no"),
        "format": ([source, "--frame", 0, "-o", tmp / "out.gif"], 4, ".png"),
        "missing": ([tmp / "no.mp4", "--frame", 0, "-o", out], 3, "no.mp4"),
        "reference": ([source, "--frame", 0, "-o", out, "--reference", tmp / "no"], 2, "no"),
        "hints": ([source, "--frame", 0, "-o", out, "--hints", tmp / "no.json"], 2, "no.json"),
        "model": ([source, "--frame", 0, "-o", out, "--model", "nonesuch"], 7, "nonesuch"),
    }


def test_bad_input_is_one_sentence_with_its_code_and_writes_nothing(
    film: Maker, tmp_path: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = film("in.mp4", frames=3)
    cases = _cases(tmp_path, source)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    for name, (arguments, code, word) in cases.items():
        found = preview(
            *(["--model", tiny_model] if "--model" not in arguments else []), *arguments
        )
        said = capsys.readouterr()
        assert found == code, (name, said.err)
        assert said.err.startswith("error: "), name
        assert word in said.err, (name, said.err)
        assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before, name


def chroma_of(path: Path) -> np.ndarray:
    """Cb and Cr less 128, (height, width, 2)."""
    return np.asarray(PIL.Image.open(path).convert("YCbCr")).astype(float)[..., 1:] - 128


def painted(path: Path, target: Path, cb: int, cr: int) -> Path:
    """A still with its own brightness and one colour all over."""
    planes = np.asarray(PIL.Image.open(path).convert("YCbCr")).copy()
    planes[..., 1:] = 128 + cb, 128 + cr
    PIL.Image.fromarray(planes, "YCbCr").convert("RGB").save(target)
    return target


def test_a_still_colours_the_other_frames_of_its_shot_and_no_other_shot(
    shots: Path, tmp_path: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, folder, output = ("--model", tiny_model), tmp_path / "refs", tmp_path / "out.png"
    folder.mkdir()
    assert preview(shots, "--frame", 20, "-o", tmp_path / "plain.png", *model) == 0
    painted(tmp_path / "plain.png", folder / "ref_000020.png", 30, -40)
    for frame, follows in {20: True, 30: True, 41: True, 5: False, 50: False}.items():
        capsys.readouterr()
        options = ("--reference", folder, "--overwrite", *model)
        assert preview(shots, "--frame", frame, "-o", output, *options) == 0
        said = capsys.readouterr().err
        assert ("automatic" in said) != follows
        near = np.abs(np.median(chroma_of(output), axis=(0, 1)) - [30, -40]).max() < 8
        assert near == follows, frame


def test_a_still_of_another_shot_reaches_a_frame_as_far_as_it_may(
    shots: Path, tmp_path: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, output = ("--model", tiny_model), tmp_path / "out.png"
    assert preview(shots, "--frame", 20, "-o", tmp_path / "plain.png", *model) == 0
    still = painted(tmp_path / "plain.png", tmp_path / "ref_000020.png", 30, -40)
    away = {}
    for reach, follows in {"shot": False, "scene": False, "film": True}.items():
        capsys.readouterr()
        options = ("--reference", still, "--reach", reach, "--overwrite", *model)
        assert preview(shots, "--frame", 55, "-o", output, *options) == 0
        assert ("automatic" in capsys.readouterr().err) != follows
        away[reach] = np.abs(np.median(chroma_of(output), axis=(0, 1)) - [30, -40]).max()
    assert away["film"] < away["shot"]


def test_a_still_reaches_a_frame_where_the_camera_came_back(
    film_of: Maker,  # noqa: F811
    tmp_path: Path,
    tiny_model: Path,
) -> None:
    source, output = film_of(seeds=(1, 2, 1)), tmp_path / "out.png"
    still = save(tmp_path / "ref_000002.png", tinted(shot(1)[2], 158, 88))
    options = ("--reference", still, "--reach", "scene", "--model", tiny_model, "-o", output)
    assert preview(source, "--frame", 2 * LENGTH + 3, *options) == 0
    assert np.abs(np.median(chroma_of(output), axis=(0, 1)) - [30, -40]).max() < 8


def test_a_dot_colours_its_place(shots: Path, tmp_path: Path, tiny_model: Path) -> None:
    hints, output = tmp_path / "dots.json", tmp_path / "out.png"
    dot = {"frame": 20, "points": [[64, 48]], "radius": 10, "colour": "#ff0000"}
    hints.write_text(json.dumps({"version": 1, "hints": [dot]}))
    options = ("--hints", hints, "--model", tiny_model)
    assert preview(shots, "--frame", 20, "-o", output, *options) == 0
    assert chroma_of(output)[44:52, 60:68, 1].mean() > 40


def test_a_dots_colour_is_what_was_asked_whatever_the_saturation(
    shots: Path, tmp_path: Path, tiny_model: Path
) -> None:
    output = tmp_path / "out.png"
    dot = {"frame": 30, "points": [[64, 48]], "radius": 12, "colour": "#6070a0"}
    (tmp_path / "dots.json").write_text(json.dumps({"version": 1, "hints": [dot]}))
    for saturation in (0.7, 1.0, 1.6):
        options = ["--hints", tmp_path / "dots.json", "--saturation", saturation, "--overwrite"]
        assert preview(shots, "--frame", 30, "-o", output, "--model", tiny_model, *options) == 0
        red, _, blue = np.asarray(PIL.Image.open(output)).astype(float)[48, 64]
        assert blue - red == pytest.approx(0xA0 - 0x60, abs=8)


def test_only_stills_near_the_frame_are_looked_at(
    shots: Path, tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vidcolor.run.film.SEGMENT_LONGEST_S", 1.0)
    folder, output = tmp_path / "refs", tmp_path / "out.png"
    folder.mkdir()
    (folder / "ref_000060.png").write_text("no picture, but far away")
    options = ("--reference", folder, "-o", output, "--model", tiny_model)
    assert preview(shots, "--frame", 5, *options) == 0
    assert preview(shots, "--frame", 50, *options, "--overwrite") == 2
