"""Stills of a film's shots, as a user asks for them."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from tests.cli.conftest import HEIGHT, SHOTS, WIDTH
from vidcolor.cli.main import run


def stills(*arguments: object) -> int:
    return run(["stills", *map(str, arguments)])


class Sheet(HTMLParser):
    """What a page links to and shows."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.sources: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.links += [given["href"]] if "href" in given else []
        self.sources += [given["src"]] if "src" in given else []


def test_every_shot_gives_a_still_from_its_midst_and_a_place_on_the_sheet(
    shots: Path, tmp_path: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "stills"
    assert stills(shots, folder, "--model", tiny_model, "--json") == 0
    taken = json.loads(capsys.readouterr().out)["stills"]
    assert [still["shot"] for still in taken] == [1, 2, 3]
    first = 0
    for still, frames in zip(taken, SHOTS, strict=True):
        # The frame in the midst of a pan sees more of it than any other.
        assert abs(still["frame"] - (first + frames / 2)) <= frames / 4
        first += frames
        with PIL.Image.open(folder / still["name"]) as image:
            assert still["name"] == f"ref_{still['frame']:06d}.png"
            assert image.size == (WIDTH, HEIGHT)
            assert image.text["Shot"] == str(still["shot"])
            assert image.text["Frame"] == str(still["frame"])
            assert float(image.text["Time"]) == pytest.approx(still["frame"] / 24, abs=1e-3)
            assert image.text["PTS"].startswith(f"{round(still['frame'] / 24 * 1000)} ")
            assert np.ptp(np.asarray(image).astype(int), axis=2).max() > 10
    page = (folder / "index.html").read_text()
    sheet = Sheet(page)
    assert sheet.links == [still["name"] for still in taken]
    assert all(source.startswith("data:image/jpeg;base64,") for source in sheet.sources)
    assert len(re.findall(r"<b>0:00:0\d\.\d{3}</b>", page)) == 3
    assert {path.name for path in folder.iterdir()} == {"index.html", *sheet.links}


def test_more_stills_of_a_shot_show_more_of_it(
    shots: Path, tmp_path: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert stills(shots, tmp_path, "--per-shot", 2, "--model", tiny_model, "--json") == 0
    frames = [still["frame"] for still in json.loads(capsys.readouterr().out)["stills"]]
    assert len(frames) == 6
    assert frames == sorted(frames)
    # In the long pan the second is of a part that the first does not show.
    assert frames[3] - frames[2] >= 8


def test_stills_that_are_there_are_kept_unless_asked_otherwise(
    shots: Path, tmp_path: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edited, note = tmp_path / "ref_000003.png", tmp_path / "note.txt"
    edited.write_bytes(b"a day's work")
    note.write_text("mine")
    assert stills(shots, tmp_path, "--model", tiny_model) == 4
    assert "--overwrite" in capsys.readouterr().err
    assert {path.name for path in tmp_path.iterdir()} == {edited.name, note.name}
    assert stills(shots, tmp_path, "--model", tiny_model, "--overwrite") == 0
    assert edited.read_bytes() == b"a day's work"
    assert note.read_text() == "mine"


def test_bad_input_is_one_sentence_with_its_code_and_writes_nothing(
    shots: Path, tmp_path: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "words.mp4").write_text("this is no film\n" * 20)
    cases = {
        "a file": ([shots, tmp_path / "file"], 4, "is a file"),
        "nowhere": ([shots, tmp_path / "no" / "stills"], 4, "no"),
        "missing": ([tmp_path / "no.mp4", tmp_path / "stills"], 3, "no.mp4"),
        "no film": ([tmp_path / "words.mp4", tmp_path / "stills"], 3, "words.mp4"),
        "model": ([shots, tmp_path / "stills", "--model", "nonesuch"], 7, "nonesuch"),
    }
    for name, (arguments, code, word) in cases.items():
        given = [] if "--model" in arguments else ["--model", tiny_model]
        assert stills(*arguments, *given) == code, name
        said = capsys.readouterr().err
        assert said.startswith("error: "), name
        assert word in said, name
        assert {path.name for path in tmp_path.iterdir()} == {"file", "words.mp4"}, name
