"""The programs of docs/api.md and the examples of the face, run as they stand."""

import doctest
import re
from pathlib import Path

import cv2
import pytest

import vidcolor.colorizer
from tests.golden.cases import film, frames
from tests.scenes import scene

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
PROGRAMS = re.findall(r"```python\n(.*?)```", TEXT.split("## Five small programs")[1], re.DOTALL)


@pytest.mark.parametrize("number", range(5))
def test_a_program_of_the_documentation_runs(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    film(tmp_path / "film.mkv", frames("vtest", 30)).rename(tmp_path / "film.mp4")
    (tmp_path / "scans").mkdir()
    cv2.imwrite(str(tmp_path / "scans" / "one.png"), scene())
    before = set(tmp_path.iterdir())
    held: dict[str, object] = {"__name__": "program"}
    exec(compile(PROGRAMS[number], f"program {number + 1}", "exec"), held)
    made = set(tmp_path.iterdir()) - before
    assert made or "side_by_side" in held
    assert all(path.is_dir() or path.stat().st_size for path in made)


@pytest.mark.parametrize(
    "example", doctest.DocTestFinder().find(vidcolor.colorizer), ids=lambda test: test.name
)
def test_an_example_is_true(example: doctest.DocTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    said: list[str] = []
    doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(example, out=said.append)
    assert not said, "".join(said)


def test_there_are_five() -> None:
    assert len(PROGRAMS) == 5
