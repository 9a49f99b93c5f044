"""The committed tables: whole, with the rows that must stand in them, under a command that runs."""

from __future__ import annotations

import math
import re
import shlex
import sys
from pathlib import Path

import known_motion
import numpy as np
import pytest
import tables

from vidcolor.cli.evaluate import evaluate
from vidcolor.evaluate.read import read_clip

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


ROWS = {
    "quality.md": {"grey", "mean chroma", "mean chroma by luma", "quarter-size truth", "truth"},
    "temporal.md": {"grey", "per frame", "5-frame average", "first frame carried",
                    "two-way recursion", "vidcolor", "truth"},
}  # fmt: skip
COMMITTED = [
    pytest.param(file, title, body, id=title)
    for file in ROWS
    for title, body in (
        part.split("\n", 1)
        for part in (BENCHMARKS / file).read_text(encoding="utf-8").split("\n## ")[1:]
    )
]


def accepted(words):
    """Whether a command line is understood; the command itself does not run."""
    if words[0] == "python":
        assert words[1] == "benchmarks/known_motion.py"
        return known_motion.parser().parse_args(words[2:])
    assert words[:2] == ["vidcolor", "evaluate"]
    return evaluate.make_context("evaluate", words[2:])


def grids(body):
    """Tables of a Markdown text, as lists of lines of cells."""
    found = re.findall(r"(?:^\|.*\|\n)+", body + "\n", re.MULTILINE)
    return [
        [[cell.strip() for cell in line.strip("|").split("|")] for line in grid.splitlines()]
        for grid in found
    ]


@pytest.mark.parametrize("section", tables.SECTIONS, ids=lambda section: section.name)
@pytest.mark.parametrize("quick", [False, True])
def test_every_section_s_command_is_understood(section, quick):
    assert accepted(section.arguments("../shared/data", "vidcolor-base", quick))


@pytest.mark.parametrize(("file", "title", "body"), COMMITTED)
def test_committed_sections_name_command_data_model_and_commit(file, title, body):
    section = next(s for s in tables.SECTIONS if (s.file, s.title) == (file, title))
    command, facts = re.match(r"\n    ([^\n]+)\n\n(.+?)\n\n###", body, re.DOTALL).groups()
    assert accepted(shlex.split(command))
    model = re.search(r"--model (\S+)", command)[1]
    assert shlex.split(command) == section.arguments("../shared/data", model, False)
    assert re.search(r"\d+ (pictures|clips|photographs), SHA-256 [0-9a-f]{16}\.", facts)
    assert re.search(rf"{model}: weights SHA-256 [0-9a-f]{{16}}\.", facts)
    assert re.search(r"Commit [0-9a-f]{12}\.", facts)


@pytest.mark.parametrize(("file", "title", "body"), COMMITTED)
def test_committed_tables_hold_every_row_and_nothing_but_figures(file, title, body):
    found = grids(body)
    assert found
    for head, rule, *lines in found:
        assert {len(line) for line in (head, rule, *lines)} == {len(head)}
        assert rule[1:] == ["---:"] * (len(head) - 1)
        if head[1] == "weights":
            assert all(re.fullmatch(r"-|[0-9a-f]{12}", line.pop(1)) for line in lines)
        rows = {line[0] for line in lines}
        assert rows >= ROWS[file] or head[0].startswith("minus ")
        for cell in (cell for line in lines for cell in line[1:] if cell != "-"):
            value, *interval = re.fullmatch(
                r"([+-]?[\d.]+|inf)(?: \((-?[\d.]+)\.\.(-?[\d.]+)\))?", cell
            ).groups()
            assert not math.isnan(float(value))
            if interval[0] is not None:
                assert float(interval[0]) <= float(interval[1])


def test_a_section_made_anew_leaves_the_others_alone():
    odd, even = tables.SECTIONS[:2]
    text = tables.put("", even, "    command\n\n### old")
    text = tables.put(text, odd, "    another\n\n### first")
    again = tables.put(text, even, "    command\n\n### new")
    assert again == text.replace("### old", "### new")
    assert again.index(odd.title) < again.index(even.title)
    for file in ROWS:
        stored = (BENCHMARKS / file).read_text(encoding="utf-8")
        _, first, *_ = stored.split("\n## ")
        title, content = first.split("\n", 1)
        section = next(s for s in tables.SECTIONS if s.title == title)
        assert tables.put(stored, section, content.strip("\n")) == stored


def test_known_motion_makes_its_section_and_keeps_its_clips(
    photographs, tmp_path, tiny_model, monkeypatch
):
    target = tmp_path / "table.md"
    options = ["--model", tiny_model, "--count", 1, "--frames", 3, "--markdown", target,
               "--clips", tmp_path / "clips"]  # fmt: skip
    words = ["benchmarks/known_motion.py", *map(str, [photographs, *options])]
    monkeypatch.setattr(sys, "argv", words)
    known_motion.main()
    section = next(s for s in tables.SECTIONS if s.name == "motion")
    body = tables.section_text(section, ["python", *words], target.read_text(encoding="utf-8"))
    assert "1 photographs, SHA-256 " in body
    assert {line[0] for line in grids(body)[0][2:]} == ROWS["temporal.md"]
    (scene, *_) = known_motion.make(known_motion.photographs(photographs, 1), 3)
    stored = list(read_clip(tmp_path / "clips" / f"{scene.name}.mkv"))
    assert all(np.array_equal(f, scene.picture(t)) for t, f in enumerate(stored))
    with np.load(tmp_path / "clips" / f"{scene.name}.npz") as truth:
        assert np.array_equal(truth["flow"][1], scene.flow(1, 2))
