"""Stills and dots of the truth: what they are worth by this program and by hand."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.evaluate.conftest import panning, scenery, write_clip
from vidcolor.cli.main import run
from vidcolor.color.convert import NEUTRAL
from vidcolor.color.srgb import to_planes
from vidcolor.evaluate.clips import read_shown
from vidcolor.evaluate.flow import Motion
from vidcolor.evaluate.given import Given, all_given, carried


def psnr(report: Path, kind: str = "psnr") -> dict[str, float]:
    rows = json.loads(report.read_text())["tables"][0]["rows"]
    return {row["name"]: row["figures"][kind]["value"] for row in rows}


def test_a_true_still_is_far_better_than_grey_and_dots_are_better_than_nothing(
    tmp_path: Path, tiny_model: Path
) -> None:
    write_clip(tmp_path / "pan.mp4", panning(9))
    report = tmp_path / "r.json"
    options = ("--stills", "first,middle", "--dots", "0,1,30", "--json", report, "--quiet")
    given = ("evaluate", "--data", tmp_path, "--model", tiny_model, *options)
    assert run([str(word) for word in given]) == 0
    found = psnr(report)
    for place in ("first", "middle"):
        assert found[f"still of the {place} frame"] > found["grey"] + 8
        assert found[f"{place} still, carried"] > found["grey"] + 8
    assert found["still of the middle frame"] > found["vidcolor"] + 8
    assert found["1 dot"] < found["30 dots"] < found["still of the first frame"]
    assert found["30 dots by luma alone, carried"] > found["1 dot by luma alone, carried"]
    assert json.loads(report.read_text())["about"]["settings"]["stills"] == "first,middle"


def test_shots_without_the_still_are_automatic(tmp_path: Path, tiny_model: Path) -> None:
    write_clip(tmp_path / "two.mp4", [*panning(8), *[scenery(5, 64, 96)[::-1]] * 8])
    figures = tmp_path / "r.json"
    given = ("evaluate", "--data", tmp_path, "--model", tiny_model, "--stills", "first")
    assert run([*map(str, given), "--json", str(figures), "--html", str(tmp_path / "r.html")]) == 0
    found = psnr(figures)
    assert found["vidcolor"] + 2 < found["still of the first frame"]
    assert found["still of the first frame"] < 40


def still_world(start: int, end: int, luma: np.ndarray, other: np.ndarray) -> Motion:
    everywhere = np.ones(luma.shape, bool)
    return Motion(np.zeros((*luma.shape, 2), np.float32), everywhere, ~everywhere)


def rightwards(start: int, end: int, luma: np.ndarray, other: np.ndarray) -> Motion:
    moved = still_world(start, end, luma, other)
    moved.flow[..., 0] = end - start
    return moved


@pytest.mark.parametrize("start", [0, 3, 5])
def test_carried_colour_is_the_truth_on_its_frame_and_moves_with_the_picture(start: int) -> None:
    color = to_planes(scenery(2)).chroma
    luma = [np.zeros((64, 80), np.uint8)] * 6
    made = list(carried(iter(luma), color, start, rightwards))
    assert len(made) == 6
    assert np.array_equal(made[start], color)
    for frame, planes in enumerate(made):
        shifted = np.roll(color, frame - start, axis=2)
        assert np.allclose(planes[:, :, 6:-6], shifted[:, :, 6:-6], atol=1e-3)


@pytest.mark.parametrize("degrade", [0.0, 0.6])
def test_what_is_given_is_the_truth_that_is_judged(tmp_path: Path, degrade: float) -> None:
    path = write_clip(tmp_path / "pan.mp4", panning(9))
    shown = list(read_shown(path, 7, degrade))
    given = all_given(lambda: read_shown(path, 7, degrade), ("first", "middle"), (10,), 1)
    assert [(one.row, one.frame) for one in given] == [
        ("still of the first frame", 0),
        ("still of the middle frame", 3),
        ("10 dots", 0),
    ]
    for one in given:
        picture, luma = shown[one.frame]
        assert np.array_equal(one.chroma, to_planes(picture).chroma)
        assert np.array_equal(one.seen, luma)


def test_ten_dots_are_the_first_ten_of_a_hundred() -> None:
    planes = to_planes(scenery(3, 96, 128))
    few, many = (Given("first", 0, planes.chroma, planes.luma_bytes, n, 4) for n in (10, 100))
    chroma, meant = few.spots((96, 128))
    more, covered = many.spots((96, 128))
    assert covered[meant > 0].all() and covered.sum() > 3 * meant.sum() > 0
    assert (chroma[:, meant == 0] == NEUTRAL).all()
    alone = (meant > 0) & (np.abs(more - chroma).max(axis=0) < 1e-3)
    assert alone.sum() > 0.5 * meant.sum()


def test_stills_that_cannot_be_given_are_one_sentence(
    photographs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_clip(tmp_path / "pan.mp4", panning(2))
    for data, word, says in (
        (tmp_path, "last", "no still 'last'. Choose first, middle."),
        (tmp_path, "first,", "no still ''"),
        (photographs, "first", "Stills are of clips"),
    ):
        assert run(["evaluate", "--data", str(data), "--stills", word]) == 2
        assert says in capsys.readouterr().err
    pairs = ["--pairs", str(tmp_path), str(tmp_path), "--stills", "first"]
    assert run(["evaluate", *pairs]) == 2


def test_a_clip_of_one_frame_can_be_directed(tmp_path: Path, tiny_model: Path) -> None:
    write_clip(tmp_path / "one.mp4", panning(1))
    report = tmp_path / "r.json"
    given = ("evaluate", "--data", tmp_path, "--model", tiny_model, "--stills", "first,middle")
    assert run([*map(str, given), "--dots", "3", "--json", str(report)]) == 0
    found = psnr(report)
    assert found["still of the middle frame"] > found["grey"] + 8
