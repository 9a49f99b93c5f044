"""Pictures and clips behind symbolic links."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from PIL import Image

from tests.evaluate.conftest import panning, scenery, write_clip
from tests.evaluate.fakes import FakeJudge
from vidcolor.cli.main import run
from vidcolor.evaluate import session
from vidcolor.evaluate.read import find, search
from vidcolor.media.suffixes import may_be_film, may_be_picture


@pytest.fixture(autouse=True)
def quick_judge(monkeypatch):
    monkeypatch.setattr(session, "judges", lambda *_: [FakeJudge()])


@pytest.fixture
def linked(photographs: Path, tmp_path: Path) -> Path:
    """A folder of nothing but links: to a folder, a file, a file of another name, a clip."""
    write_clip(tmp_path / "pan.mp4", panning(3))
    folder = tmp_path / "linked"
    folder.mkdir()
    (folder / "all").symlink_to(photographs)
    (folder / "one.png").symlink_to(photographs / "town" / "0.png")
    (folder / "best").symlink_to(photographs / "wood" / "3.png")
    (folder / "pan.mp4").symlink_to(tmp_path / "pan.mp4")
    return folder


def names(folder: Path, suffixes: frozenset[str]) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in find(folder, suffixes)]


def test_links_to_folders_and_files_are_followed(linked, tmp_path):
    inside = ["all/town/0.png", "all/town/1.png", "all/town/2.png",
              "all/wood/3.png", "all/wood/4.png", "all/wood/5.png"]  # fmt: skip
    assert names(linked, may_be_picture) == [*inside, "best", "one.png"]
    assert names(linked, may_be_film) == ["pan.mp4"]
    top = tmp_path / "top"
    top.symlink_to(linked)
    assert len(find(top, may_be_picture)) == 8


def test_a_circle_of_links_ends_and_folders_are_taken_once_under_their_own_name(photographs):
    (photographs / "a-link").symlink_to(photographs / "wood")
    (photographs / "town" / "up").symlink_to(photographs)
    (photographs / "wood" / "across").symlink_to(photographs / "town")
    (photographs / "self").symlink_to(photographs / "self")
    found = names(photographs, may_be_picture)
    assert found == [*(f"town/{i}.png" for i in range(3)), *(f"wood/{i}.png" for i in (3, 4, 5))]


def test_evaluate_judges_what_links_lead_to_and_notes_what_they_do_not(linked, tmp_path, capsys):
    (linked / "gone.png").symlink_to(tmp_path / "gone.png")
    (linked / "lost").symlink_to(tmp_path / "lost")
    report = tmp_path / "r.json"
    options = ["--model", "none", "--json", str(report)]
    assert run(["evaluate", "--data", str(linked), *options]) == 0
    stored = json.loads(report.read_text())
    assert stored["about"]["data"]["pictures"]["count"] == 8
    assert stored["about"]["data"]["clips"]["count"] == 1
    (note,) = (note for note in stored["notes"] if "nowhere" in note)
    assert note == f"Links that lead nowhere, passed over: {linked}/gone.png, {linked}/lost."
    assert note in capsys.readouterr().out


def test_a_note_names_ten_links_and_counts_the_others(tmp_path):
    for number in range(13):
        (tmp_path / f"{number:02}.png").symlink_to(tmp_path / "gone")
    (note,) = search(tmp_path).notes()
    assert "09.png and 3 more." in note
    assert "10.png" not in note


def test_nothing_but_dangling_links_is_one_sentence_that_says_so(tmp_path, capsys):
    (tmp_path / "a.png").symlink_to("gone.png")
    assert run(["evaluate", "--data", str(tmp_path)]) == 3
    assert "neither pictures nor clips. Links that lead nowhere" in capsys.readouterr().err
    assert run(["evaluate", "--data", str(tmp_path / "a.png")]) == 3
    assert "it is a link to gone.png" in capsys.readouterr().err


def test_results_made_elsewhere_are_found_behind_links(photographs, tmp_path, capsys):
    results = tmp_path / "results"
    results.mkdir()
    for index in range(3):
        Image.fromarray(scenery(index)).save(results / f"{index}.png")
    made = tmp_path / "made"
    made.mkdir()
    (made / "town").symlink_to(results)
    assert run(["evaluate", "--pairs", str(made), str(photographs)]) == 0
    assert "3 pictures" in capsys.readouterr().out


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may look")
def test_a_closed_folder_is_noted(photographs):
    (photographs / "town").chmod(0)
    try:
        assert "may not be looked into" in search(photographs).notes()[0]
    finally:
        (photographs / "town").chmod(0o700)
