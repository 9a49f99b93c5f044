"""Which model a row is of: its name, and the weights that stand beside it."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path

import pytest
from PIL import Image

from tests.evaluate.conftest import panning, scenery, write_clip
from tests.evaluate.fakes import FakeJudge
from vidcolor.cli.main import run
from vidcolor.evaluate import session
from vidcolor.evaluate.names import Weights, row_names
from vidcolor.network import registry


@pytest.fixture(autouse=True)
def quick_judge(monkeypatch):
    monkeypatch.setattr(session, "judges", lambda *_: [FakeJudge()])


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    Image.fromarray(scenery(1)).save(folder / "one.png")
    return folder


def evaluate(*arguments, expect: int = 0) -> None:
    assert run(["evaluate", *map(str, arguments)]) == expect


def rows_of(report: Path, table: int = 0) -> dict[str, dict]:
    return {row["name"]: row for row in json.loads(report.read_text())["tables"][table]["rows"]}


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["/x/mine.safetensors"], ["mine"]),
        (["/x/run1/model.safetensors"], ["run1"]),
        (["/x/run1/model.safetensors", "/x/run2/model.safetensors"], ["run1", "run2"]),
        (["/x/a/best.safetensors", "/x/b/best.safetensors"], ["a", "b"]),
        (["/x/a/best.safetensors", "/x/b/last.safetensors"], ["best", "last"]),
        (["/a/run/model.safetensors", "/b/run/model.safetensors"], ["a", "b"]),
        (
            ["/x/a/run/model.safetensors", "/x/b/run/model.safetensors", "/x/b/go/run.safetensors"],
            ["a", "b", "go"],
        ),
        (
            [f"/x/{place}/step.safetensors" for place in ("r1/a", "r1/b", "r2/a")],
            ["r1/a", "r1/b", "r2/a"],
        ),
        (["/x/run1/../run2/model.safetensors"], ["run2"]),
        (["/model.safetensors"], ["model"]),
        (["/x/truth.safetensors"], ["x"]),
        (
            ["/x/run/model.safetensors", "/x/run.safetensors"],
            ["run 000000000000", "run 111111111111"],
        ),
    ],
)
def test_a_name_is_the_shortest_that_tells_models_apart(paths, names):
    models = [Weights(Path(path), str(index) * 64) for index, path in enumerate(paths)]
    assert row_names(models) == names


def test_what_is_found_by_its_name_keeps_it():
    other = Weights(Path("/x/mine/vidcolor-base.safetensors"), "0" * 64)
    shipped = Weights(Path("/site/_models/vidcolor-base.safetensors"), "1" * 64, on_shelf=True)
    assert row_names([other, shipped]) == ["mine", "vidcolor-base"]


def test_every_output_says_which_weights_have_made_a_row(runs, picture, capsys):
    write_clip(picture / "pan.mp4", panning(3))
    models = [runs / f"run{number}" / "model.safetensors" for number in (1, 2)]
    places = {kind: picture.parent / f"r.{kind}" for kind in ("json", "csv", "html", "markdown")}
    outputs = [word for kind, place in places.items() for word in (f"--{kind}", place)]
    given = [word for model in models for word in ("--model", model)]
    evaluate("--data", picture, *given, "--stills", "first", *outputs)
    printed = capsys.readouterr().out
    about = json.loads(places["json"].read_text())["about"]
    assert about["models"] == {f"run{i}": digest(model) for i, model in enumerate(models, start=1)}
    for name, model in zip(("run1", "run2"), models, strict=True):
        short = digest(model)[:12]
        assert rows_of(places["json"])[name]["weights"] == short
        clips = rows_of(places["json"], 1)
        mine = {row for row in clips if clips[row]["weights"] == short}
        assert mine == {row for row in clips if row.startswith(f"{name}: ")}
        assert f"{name}: still of the first frame" in mine
        lines = csv.DictReader(places["csv"].open())
        assert {line["weights"] for line in lines if line["row"] == name} == {short}
        for text in (printed, places["html"].read_text(), places["markdown"].read_text()):
            line = next(line for line in text.replace("<tr>", "\n").splitlines() if name in line
                        and short in line)  # fmt: skip
            assert line
    assert rows_of(places["json"])["grey"]["weights"] == ""


def test_one_model_s_rows_of_clips_have_its_weights_and_baselines_none(runs, tmp_path):
    write_clip(tmp_path / "pan.mp4", panning(3))
    model = runs / "run1" / "model.safetensors"
    evaluate("--data", tmp_path / "pan.mp4", "--model", model, "--dots", "0,3",
             "--json", tmp_path / "r.json")  # fmt: skip
    found = {name: row["weights"] for name, row in rows_of(tmp_path / "r.json").items()}
    without = {name for name, weights in found.items() if not weights}
    assert without == {"grey", "3 dots by luma alone, carried", "truth"}
    assert set(found.values()) == {"", digest(model)[:12]}


def test_a_model_given_twice_is_refused_in_one_sentence(runs, picture, tmp_path, capsys):
    model = runs / "run1" / "model.safetensors"
    copy = tmp_path / "copy.safetensors"
    copy.write_bytes(model.read_bytes())
    link = tmp_path / "link.safetensors"
    link.symlink_to(model)
    for again in (model, copy, link):
        evaluate("--data", picture, "--model", model, "--model", again, expect=2)
        said = capsys.readouterr().err
        assert f"--model {model} and --model {again} are the same weights" in said
        assert digest(model)[:12] in said
        assert said.count("\n") == 1


def test_without_a_model_the_default_one_is_judged(picture, tmp_path, runs, monkeypatch):
    assert registry.DEFAULT_MODEL == "vidcolor-base"
    monkeypatch.setenv("VIDCOLOR_MODELS", str(tmp_path))
    monkeypatch.setattr(registry, "DEFAULT_MODEL", "chosen")
    (tmp_path / "chosen.safetensors").symlink_to(runs / "run1" / "model.safetensors")
    evaluate("--data", picture, "--json", tmp_path / "r.json")
    assert rows_of(tmp_path / "r.json")["chosen"]["weights"]


def test_baselines_alone_are_judged_where_no_model_is_wanted(picture, tmp_path, capsys):
    evaluate("--data", picture, "--model", "none", "--json", tmp_path / "r.json")
    assert list(rows_of(tmp_path / "r.json")) == [
        "grey", "mean chroma", "mean chroma by luma", "quarter-size truth", "truth"
    ]  # fmt: skip
    assert " weights " not in capsys.readouterr().out.splitlines()[1]
    evaluate("--data", picture, "--model", "none", "--model", "vidcolor-base", expect=2)
    assert "--model none means that no model is judged" in capsys.readouterr().err


def test_only_models_of_two_reports_are_set_against_each_other(runs, picture, tmp_path, capsys):
    models = [runs / f"run{number}" / "model.safetensors" for number in (1, 2)]
    evaluate("--data", picture, "--model", models[0], "--json", tmp_path / "a.json")
    capsys.readouterr()
    evaluate("--data", picture, "--model", models[1], "--against", tmp_path / "a.json")
    said = capsys.readouterr().out.split("Comparable with a.json")[1]
    short = [digest(model)[:12] for model in models]
    assert f"run2 is {short[1]} here, run1 is {short[0]} there" in said
    assert any(line.startswith("run2 ") for line in said.splitlines())
