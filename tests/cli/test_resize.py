"""A picture that changes midway: refused before the work, or brought to the first size."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import PIL.Image
import pytest

from tests.media.conftest import decoded_lumas
from tests.media.test_stretches import glued
from vidcolor.cli.main import run


@pytest.fixture
def changing(film, tmp_path: Path) -> Path:
    """A second of 64x48, then one of 128x96."""
    return glued(tmp_path / "c.ts", [film("a.ts"), film("b.ts", width=128, height=96)])


def test_it_is_refused_before_the_work_with_time_and_remedy(changing, tmp_path, capsys):
    output = tmp_path / "out.mp4"
    assert run(["colorize", str(changing), str(output), "--model", "vidcolor-base"]) == 3
    said = capsys.readouterr().err
    assert "changes from 64x48 to 128x96 at 0:00:01.000" in said
    assert "--resize first" in said
    assert "working size" not in said
    for command in (["shots"], ["stills", str(tmp_path / "stills")]):
        assert run([command[0], str(changing), *command[1:]]) == 3
        assert "at 0:00:01.000" in capsys.readouterr().err
    assert run(["preview", str(changing), "--at", "1.5", "-o", str(tmp_path / "p.png")]) == 3
    assert "at 0:00:01.000" in capsys.readouterr().err


def test_a_part_without_the_change_is_done(changing, tmp_path, tiny_model, capsys):
    words = ["--duration", "0.9", "--model", str(tiny_model), "--json"]
    assert run(["colorize", str(changing), str(tmp_path / "out.mp4"), *words]) == 0
    made = json.loads(capsys.readouterr().out)
    assert not any("changes" in note for note in made["notes"])


def test_resize_first_makes_one_film_of_it(changing, tmp_path, tiny_model, capsys):
    output, resize = tmp_path / "out.mkv", ["--resize", "first"]
    words = ["--model", str(tiny_model), "--json", "--lossless", *resize]
    assert run(["colorize", str(changing), str(output), *words]) == 0
    made = json.loads(capsys.readouterr().out)
    assert made["frames"] == 48
    assert any("every frame is brought to 64x48" in note for note in made["notes"])
    lumas = decoded_lumas(output)
    assert {luma.shape for luma in lumas} == {(48, 64)}
    untouched = decoded_lumas(tmp_path / "a.ts")
    assert all(map(np.array_equal, lumas[:24], untouched))
    assert run(["shots", str(changing), *resize, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["frames"] == 48
    picture, model = tmp_path / "p.png", ["--model", str(tiny_model)]
    assert run(["preview", str(changing), "--at", "1.5", "-o", str(picture), *model, *resize]) == 0
    assert PIL.Image.open(picture).size == (64, 48)
    assert run(["stills", str(changing), str(tmp_path / "stills"), *model, *resize]) == 0
    assert run(["batch", str(changing), str(tmp_path / "many"), *model, *resize]) == 0
    capsys.readouterr()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"aspect": Fraction(4, 3)}, "shape changes from 4:3 to 16:9 at 0:00:01.000"),
        ({"full_range": True}, "changes from limited to full range at 0:00:01.000"),
        ({"matrix": 1}, "matrix changes from BT.601 to BT.709 at 0:00:01.000"),
    ],
)
def test_what_changes_but_its_size_is_said(film, tmp_path, tiny_model, capsys, change, words):
    source = glued(tmp_path / "c.ts", [film("a.ts"), film("b.ts", **change)])
    output = tmp_path / "out.mkv"
    command = ["colorize", str(source), str(output), "--model", str(tiny_model), "--json"]
    assert run(command) == 0
    notes = json.loads(capsys.readouterr().out)["notes"]
    assert len([note for note in notes if words in note]) == 1
    with av.open(str(output)) as container:
        assert sum(1 for _ in container.decode(video=0)) == 48
