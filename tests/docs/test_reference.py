"""What the documentation says of codes, messages and JSON is what the program does."""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import click
import cv2
import numpy as np
import pytest

from vidcolor.cli.main import COMMANDS, cli, run

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs/reference.md").read_text(encoding="utf-8")
Maker = Callable[..., Path]
Said = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def maker() -> ModuleType:
    """`docs/make.py`."""
    spec = importlib.util.spec_from_file_location("make_docs", ROOT / "docs/make.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def part(title: str, level: int = 2) -> str:
    """What stands below a heading."""
    mark = "#" * level
    behind = TEXT.split(f"\n{mark} {title}\n")[1]
    return re.split(rf"^#{{2,{level}}} ", behind, flags=re.MULTILINE)[0]


def fields(table: str) -> set[str]:
    return set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE))


def test_the_reference_is_what_would_be_made_now(maker: ModuleType) -> None:
    assert maker.reference() == TEXT, "run: python docs/make.py"


def test_the_man_page_names_every_command_and_option() -> None:
    page = (ROOT / "vidcolor/vidcolor.1").read_text(encoding="utf-8").replace("\\-", "-")
    for name in COMMANDS:
        command = cli.get_command(click.Context(cli), name)
        assert f"vidcolor {name} " in page
        options = [p for p in command.params if isinstance(p, click.Option) and not p.hidden]
        assert [o.opts[0] for o in options if o.opts[0] not in page] == []


@pytest.fixture
def desk(film: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    film("film.mkv", frames=5)
    cv2.imwrite(str(tmp_path / "photo.png"), np.full((64, 64), 90, np.uint8))
    (tmp_path / "words.mp4").write_text("no film")
    (tmp_path / "run").mkdir()
    (tmp_path / "pictures").mkdir()
    chance = np.random.default_rng(0)
    for number in range(4):
        soft = cv2.resize(chance.integers(0, 256, (6, 8, 3), np.uint8), (128, 96))
        cv2.imwrite(str(tmp_path / f"pictures/{number}.png"), soft)
    monkeypatch.chdir(tmp_path)
    return tmp_path


JSON = {
    "colorize": "colorize film.mkv out.mkv --model MODEL --json",
    "preview": "preview film.mkv --frame 2 -o out.png --model MODEL --json",
    "stills": "stills film.mkv stills --model MODEL --json",
    "shots": "shots film.mkv --json",
    "batch": "batch film.mkv photo.png out --model MODEL --json",
    "evaluate": "evaluate --data pictures --model MODEL --json",
    "train": "train --data pictures --val pictures --out trained --steps 1 --batch 2 --size 64"
    " --generator unet-plain --width 8 --depth 3 --json",
}


@pytest.mark.parametrize("command", JSON)
def test_json_has_the_fields_that_are_listed(
    command: str, desk: Path, tiny_model: Path, capsys: Said
) -> None:
    words = JSON[command].replace("MODEL", str(tiny_model)).split()
    assert run(words) == 0
    found = json.loads(capsys.readouterr().out)
    outer, _, inner = part(command, 3).partition("| field of each |")
    assert set(found) == fields(outer)
    for name, listed in found.items():
        if inner and isinstance(listed, list) and listed and isinstance(listed[0], dict):
            assert set(listed[0]) == fields(inner), name


WRONG = {
    "colorize film.mkv": 2,
    "colorize film.mkv out.mkv --start soon": 2,
    "colorize film.mkv out.mkv --every 0": 2,
    "colorize film.mkv out.mkv --start 99": 2,
    "preview film.mkv": 2,
    "colorize missing.mkv out.mkv": 3,
    "colorize words.mp4 out.mkv": 3,
    "colorize run out.mkv": 3,
    "batch run out": 3,
    "colorize film.mkv photo.png": 4,
    "colorize film.mkv missing/out.mkv": 4,
    "colorize film.mkv film.mkv --overwrite": 4,
    "colorize photo.png out.txt": 4,
    "colorize film.mkv out.mkv --device cuda:77": 6,
    "colorize film.mkv out.mkv --model nobody": 7,
    "colorize film.mkv out.mkv --model run": 7,
}


@pytest.mark.parametrize("command", WRONG)
def test_every_error_is_a_listed_message_with_its_code(
    command: str, desk: Path, capsys: Said
) -> None:
    code = WRONG[command]
    assert run(command.split()) == code
    said = capsys.readouterr().err.strip().splitlines()[-1].removeprefix("error: ")
    parts = re.split(r"^### ", TEXT, flags=re.MULTILINE)
    own = next(text for text in parts if text.startswith(f"{code}: "))
    patterns = [
        re.sub(r"\\\*[^*]+\\\*", ".*", re.escape(line[2:]))
        for line in own.splitlines()
        if line.startswith("- ")
    ]
    assert any(re.fullmatch(pattern, said) for pattern in patterns), said


def test_the_listed_codes_are_those_of_the_program() -> None:
    codes = [int(code) for code in re.findall(r"^\| (\d+) \|", part("Exit codes"), re.MULTILINE)]
    assert codes == sorted(set(codes)) == [0, 1, 2, 3, 4, 5, 6, 7, 130]
