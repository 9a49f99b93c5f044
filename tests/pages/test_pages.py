"""What people named their files is text on a page, whatever it looks like."""

from __future__ import annotations

from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import pytest

from vidcolor.evaluate.exhibits import Exhibit, Exhibits, Sheet, Still
from vidcolor.evaluate.page import as_page as report_page
from vidcolor.evaluate.report import About, Report
from vidcolor.evaluate.table import Column, Row, Table
from vidcolor.pages.plots import boxes, lines
from vidcolor.run.batch_page import batch_page
from vidcolor.run.exhibit import Shown
from vidcolor.run.results import Result, Status
from vidcolor.run.sheet import Shown as StillShown
from vidcolor.run.sheet import contact_sheet
from vidcolor.train.page import as_page as train_page

NAME = "<b>&\"'.mp4"


class _Reader(HTMLParser):
    """The elements of a page, its text, and what its attributes say."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.text = ""
        self.attributes: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes += [value or "" for _, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text += data


def read(page: str) -> _Reader:
    reader = _Reader()
    reader.feed(page)
    return reader


def batch() -> str:
    done = Result(NAME, f"/out/{NAME}", Status.DONE, 3, 1.0, notes=(NAME,))
    failed = Result(f"2{NAME}", "", Status.FAILED, error=f"{NAME} is damaged.")
    began = datetime(2024, 1, 2, 3, 4)
    return batch_page([done, failed], lambda _: Shown(b"1", b"2"), Path("/out"), began)


def stills() -> str:
    clip = SimpleNamespace(path=Path(NAME), frame_count=9, duration_s=1.0)
    return contact_sheet(clip, [StillShown(NAME, 3, 0.1, 1, 0.0, 9, b"1")])


def report() -> str:
    column = Column(NAME, NAME, 1, "higher")
    tables = (Table(NAME, (column,), (Row(NAME, {}, weights="0a"),), notes=(NAME,)),)
    about = About({}, {NAME: "0a"}, {NAME: NAME}, {}, NAME)
    sheet = Sheet(NAME, NAME, (Exhibit(NAME, (Still("data:,", NAME),)),))
    return report_page(Report(about, tables, notes=(NAME,)), Exhibits(sheets=[sheet]))


def training() -> str:
    rows = [{"step": step, "samples": step, "phase": NAME, "smoothed": 1.0} for step in (1, 2)]
    return train_page(NAME, rows, [NAME])


def plots() -> str:
    points = [(0.0, 1.0), (1.0, 2.0)]
    return str(lines({NAME: points}, NAME, NAME) + boxes({NAME: [1.0, 2.0]}, NAME))


@pytest.mark.parametrize("make", [batch, stills, report, training, plots])
def test_a_name_like_markup_is_text(make) -> None:
    page = make()
    assert "<b>&" not in page
    found = read(page)
    assert NAME in found.text
    assert found.elements.count("b") == {"batch": 2, "stills": 1}.get(make.__name__, 0)


def test_a_name_like_markup_stays_in_its_attribute() -> None:
    assert NAME in read(stills()).attributes
    assert NAME in read(report()).attributes
    assert NAME in read(training()).attributes
    assert "%3Cb%3E%26%22%27.mp4" in read(batch()).attributes
