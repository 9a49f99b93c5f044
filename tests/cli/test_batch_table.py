"""What a batch says while it runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from vidcolor.cli import batch_table
from vidcolor.cli.batch_table import Notes, Table, roughly
from vidcolor.cli.talk import Talk
from vidcolor.run.progress import Progress
from vidcolor.run.results import Result, Status


def test_a_sentence_is_read_once_and_counted_after() -> None:
    notes = Notes()
    assert notes.lines(["one.", "two."]) == ["  note 1: one.", "  note 2: two."]
    assert notes.lines(["two.", "three."]) == ["  note 3: three.", "  note 2 again"]
    assert notes.lines(["two.", "one."]) == ["  notes 1, 2 again"]
    assert notes.lines([]) == []
    assert notes.summary() == ["note 2 (3 files): two.", "note 1 (2 files): one."]


def test_a_hundred_files_with_one_note_are_a_hundred_short_lines(
    capsys: pytest.CaptureFixture[str],
) -> None:
    sentence = "Stream 2 (subtitles in eng) is left out, since .mp4 cannot hold it. " * 3
    with Table(100, Talk(False, False, False)) as table:
        for number in range(100):
            done = Result(f"{number}.mp4", f"out/{number}.mp4", Status.DONE, 5, notes=(sentence,))
            table.ended(done)
    said = capsys.readouterr().err
    assert said.count(sentence) == 2
    assert said.count("note 1 again") == 99
    assert "note 1 (100 files): " in said


def test_notes_of_skipped_files_are_not_said_again(capsys: pytest.CaptureFixture[str]) -> None:
    with Table(1, Talk(False, False, False)) as table:
        table.ended(Result("a.mp4", "out/a.mp4", Status.SKIPPED, 5, notes=("said long ago",)))
    assert "said long ago" not in capsys.readouterr().err


def test_plain_lines_say_share_files_time_and_what_is_at_work(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(batch_table, "PLAIN_EVERY_S", 0.0)
    with Table(4, Talk(False, False, False)) as table:
        table.moved(Path("reels/a very long name of a film, part two.mp4"), 0.5)
        table.advanced(Progress(250, 750, 1800))
    said = capsys.readouterr().err
    assert "25%, 0 of 4 files, 30 min left; at work: a very lon…rt two.mp4 50%" in said


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (1, "5 s"),
        (33, "35 s"),
        (89, "1 min"),
        (3000, "50 min"),
        (7400, "2 h 5 min"),
        (9e5, "250 h"),
    ],
)
def test_time_left_is_said_in_few_digits(seconds: float, words: str) -> None:
    assert roughly(seconds) == words
