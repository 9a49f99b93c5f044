"""One frame in colour, as a user asks for it."""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

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
