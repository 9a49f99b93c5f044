"""The examples of docs/directing.md are read as they stand, and fit the film they are for."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import numpy as np
import pytest

from tests.scenes import SAMPLES
from vidcolor.cli.colorize import colorize
from vidcolor.color.hint import HALF
from vidcolor.direct.hints import read_hints
from vidcolor.direct.looks import read_looks
from vidcolor.direct.paint import stroke_hints
from vidcolor.media.probe import probe
from vidcolor.run.film import Film

TEXT = (Path(__file__).parents[2] / "docs/directing.md").read_text(encoding="utf-8")
*FILES, LOOKS = re.findall(r"```(csv|json)\n(.*?)```", TEXT, re.DOTALL)
FILM = probe(SAMPLES / "nosferatu.mp4")
VIEW = Film.whole(FILM, 192)


@pytest.fixture(params=range(len(FILES)))
def example(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    kind, text = FILES[request.param]
    path = tmp_path / f"dots.{kind}"
    path.write_text(text)
    return path


def test_there_is_a_table_a_stroke_and_a_size() -> None:
    assert [kind for kind, _ in FILES] == ["csv", "csv", "json"]


def test_a_file_of_the_documentation_is_read_and_lies_in_its_film(example: Path) -> None:
    placed = stroke_hints(read_hints(example), VIEW)
    assert {hint.frame for hint in placed} <= {170, FILM.frame_at(2.5)}
    assert all((hint.confidence > 0).sum() >= 5 for hint in placed)


def test_the_looks_of_the_documentation_are_read(tmp_path: Path) -> None:
    (tmp_path / "shots.json").write_text(LOOKS[1])
    looks = read_looks(tmp_path / "shots.json", 333)
    assert [(one.first, one.saturation, one.leave) for one in looks.shots] == [
        (48, 0.8, False),
        (168, None, True),
        (243, 0.0, False),
    ]


def test_the_horse_is_where_the_dot_the_table_and_the_smaller_picture_say(tmp_path: Path) -> None:
    shell = next(
        line for line in TEXT.splitlines() if line.startswith("vidcolor") and "--hint " in line
    )
    given = colorize.make_context("colorize", shlex.split(shell)[2:]).params["strokes"]
    ways = [given]
    for place in (0, 2):
        path = tmp_path / f"{place}.{FILES[place][0]}"
        path.write_text(FILES[place][1])
        ways.append(read_hints(path)[:1])
    height, width = FILM.upright_size
    small = VIEW.look(170).shape
    for strokes in ways:
        hint = next(hint for hint in stroke_hints(strokes, VIEW) if hint.frame == 170)
        rows, columns = np.nonzero(hint.confidence)
        across, down = small[1] / HALF / width, small[0] / HALF / height
        assert columns.mean() == pytest.approx(240.5 * across - 0.5, abs=1)
        assert rows.mean() == pytest.approx(346.5 * down - 0.5, abs=1)
