"""Models by kind of thing, `benchmarks/kinds.py`."""

from __future__ import annotations

import json
from pathlib import Path

import kinds
import pytest

from tests.evaluate.fakes import FakeJudge
from vidcolor.cli.main import run as vidcolor
from vidcolor.evaluate import session


def test_kinds_stand_under_each_other_with_grey_taken_off(
    photographs: Path, runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "judges", lambda *_: [FakeJudge()])
    report, out = tmp_path / "both.json", tmp_path / "kinds.md"
    told = ["evaluate", "--data", str(photographs), "--json", str(report), "--quiet"]
    for name in ("run1", "run2"):
        told += ["--model", str(runs / name)]
    assert vidcolor(told) == 0
    kinds.main([str(report), "--out", str(out)])
    head, _, *lines = out.read_text().splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line]
    assert [row[:3] for row in rows] == [
        ["town", "3", "run1"],
        ["town", "3", "run2"],
        ["wood", "3", "run1"],
        ["wood", "3", "run2"],
    ]
    stored = json.loads(report.read_text())
    table = next(one for one in stored["tables"] if one["title"].startswith("town"))
    figures = {row["name"]: row["figures"] for row in table["rows"]}
    gain = figures["run1"]["delta_e"]["value"]
    assert float(rows[0][-1]) == pytest.approx(gain, abs=0.006)
    found = figures["run1"]["recognition"]["value"] - figures["grey"]["recognition"]["value"]
    column = [cell.strip() for cell in head.strip("|").split("|")].index("recognition over grey")
    assert float(rows[0][column]) == pytest.approx(found, abs=0.0006)


def test_reports_of_other_pictures_are_refused() -> None:
    reports = [{"about": {"data": {"pictures": {"sha256": digest}}}} for digest in "ab"]
    with pytest.raises(SystemExit, match="different pictures"):
        kinds.by_kind(reports)
