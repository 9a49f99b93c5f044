"""What the page shows: lines that can be told apart, pictures that say what they are."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest

from tests.evaluate.conftest import panning, write_clip
from tests.evaluate.fakes import FakeJudge
from vidcolor.cli.main import run
from vidcolor.evaluate import session
from vidcolor.pages.plots import lines, styles
from vidcolor.truth.delta_e import delta_e, to_lab

ROWS = ["grey", *(f"row {number}" for number in range(20)), "truth"]
# Machado, Oliveira, Fernandes 2009, severity 1, on linear sRGB.
SIGHT = {
    "usual": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
                   [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
                     [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
                   [0.004733, 0.691367, 0.303900]],
}  # fmt: skip


def seen(color: str, sight: str) -> np.ndarray:
    """A colour "#rrggbb" as people of that sight see it: uint8 (1, 1, 3)."""
    srgb = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    linear = (np.array(SIGHT[sight]) @ linear).clip(0, 1)
    again = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.rint(255 * again).astype(np.uint8).reshape(1, 1, 3)


def test_no_two_lines_are_drawn_alike_and_grey_is_not_the_truth():
    found = styles(ROWS)
    assert len({(style.color, style.dash) for style in found.values()}) == len(ROWS)
    assert len({style.color for style in styles([*ROWS[:13], "truth"]).values()}) == 14


@pytest.mark.parametrize("sight", SIGHT)
def test_lines_of_the_same_dashes_differ_in_colour_for_every_sight(sight):
    for one, other in itertools.combinations(styles(ROWS).values(), 2):
        if one.dash == other.dash:
            difference = delta_e(seen(one.color, sight), to_lab(seen(other.color, sight)))
            assert float(difference.mean()) > 10


def test_a_row_looks_alike_on_every_plot():
    points = [(1.0, 2.0), (2.0, 3.0)]
    whole = lines({"grey": points, "a": points, "b": points, "truth": points}, "x", "y")
    part = lines({"grey": points, "a": [(1.0, float("nan"))], "b": points}, "x", "y")
    strokes = [re.findall(r'stroke="(#\w+)"[^>]*/></svg>(\w+)<', text) for text in (whole, part)]
    assert {name for _, name in strokes[0]} == {"grey", "a", "b", "truth"}
    assert set(strokes[1]) == {pair for pair in strokes[0] if pair[1] in ("grey", "b")}


def test_points_have_forms_besides_colours():
    points = [(1.0, 2.0), (2.0, 3.0)]
    drawn = lines({"a": points, "b": points}, "x", "y", dots=True)
    assert drawn.count("<circle") == drawn.count("<polygon") == 3


def test_stills_say_clip_colouring_frame_and_time(tmp_path, runs):
    data = tmp_path / "data"
    (data / "sea").mkdir(parents=True)
    write_clip(data / "sea" / "pan.mp4", panning(8))
    page = tmp_path / "r.html"
    words = ["--html", str(page)]
    for number in (1, 2):
        words += ["--model", str(runs / f"run{number}" / "model.safetensors")]
    assert run(["evaluate", "--data", str(data), *words]) == 0
    text = page.read_text()
    labels = re.findall(r"<img [^>]*><figcaption>([^<]+)</figcaption>", text)
    assert labels == [
        f"sea/pan, {model}: vidcolor, frame {frame} at {seconds} s"
        for model in ("run1", "run2")
        for frame, seconds in ((0, "0.00"), (6, "0.25"))
    ]
    assert re.findall(r'<img [^>]*alt="([^"]*)"', text) == labels


def test_pictures_say_what_they_are(photographs, tmp_path, monkeypatch):
    monkeypatch.setattr(session, "judges", lambda *_: [FakeJudge()])
    page = tmp_path / "r.html"
    options = ["--model", "none", "--html", str(page)]
    assert run(["evaluate", "--data", str(photographs / "town"), *options]) == 0
    labels = re.findall(r"<img [^>]*><figcaption>([^<]+)</figcaption>", page.read_text())
    assert labels[:3] == ["input", "mean chroma by luma", "truth"]
    assert len(labels) % 3 == 0
