"""People colour private photographs: no command asks another machine or writes elsewhere."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.media.conftest import Recipe, make_film

GUARD = """
import os, sys

def look(event, given):
    if event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.sendto") or (
        event in ("socket.connect", "socket.bind") and isinstance(given[1], tuple)
    ):
        with open(os.environ["GUARD_LOG"], "a") as log:
            log.write(f"{event} {given}\\n")
        raise OSError("the network is out of bounds")

sys.addaudithook(look)
"""
"""Python reads it at the start of every process, workers' too."""

COMMANDS = {
    "help": "--help",
    "version": "--version",
    "film": "colorize film.mp4 out.mp4 --model tiny.safetensors",
    "photograph": "colorize photo.png out.png --model tiny.safetensors",
    "torch": "colorize film.mp4 out.mp4 --model tiny.safetensors --backend torch",
    "shipped": "colorize photo.png out.png",
    "batch": "batch film.mp4 photo.png out --model tiny.safetensors --jobs 2",
    "preview": "preview film.mp4 --at 0.1 -o out.png --model tiny.safetensors",
    "stills": "stills film.mp4 out --model tiny.safetensors",
    "shots": "shots film.mp4",
    "compare": "compare film.mp4 film.mp4 -o out.mp4",
    "evaluate": "evaluate --data pictures --model tiny.safetensors --html out.html",
    "export": "export tiny.safetensors out.onnx",
    "train": "train --data pictures --val pictures --out out --steps 2 --batch 2 --size 64"
    " --generator unet-plain --width 8 --depth 3",
}


@pytest.fixture(scope="module")
def desk(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a film, a photograph, pictures, a model, and what guards the network."""
    path = tmp_path_factory.mktemp("desk")
    make_film(path / "film.mp4", Recipe(frames=6))
    (path / "tiny.safetensors").write_bytes(tiny_model.read_bytes())
    (path / "guard").mkdir()
    (path / "guard/sitecustomize.py").write_text(GUARD)
    (path / "pictures").mkdir()
    chance = np.random.default_rng(0)
    for number in range(6):
        soft = cv2.resize(chance.integers(0, 256, (6, 8, 3), np.uint8), (128, 96))
        cv2.imwrite(str(path / f"pictures/{number}.png"), soft)
    cv2.imwrite(str(path / "photo.png"), soft)
    return path


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_no_command_asks_another_machine_or_writes_into_the_home_folder(
    command: str, desk: Path, tmp_path: Path
) -> None:
    home, log = tmp_path / "home", tmp_path / "asked.txt"
    home.mkdir()
    for name in ("film.mp4", "photo.png", "tiny.safetensors", "pictures"):
        (tmp_path / name).symlink_to(desk / name)
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    path = os.pathsep.join(filter(None, [str(desk / "guard"), kept.get("PYTHONPATH", "")]))
    run = subprocess.run(
        [sys.executable, "-m", "vidcolor", *command.split()],
        cwd=tmp_path,
        env={**kept, "PYTHONPATH": path, "HOME": str(home), "GUARD_LOG": str(log)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert not log.exists(), log.read_text()
    assert {path.relative_to(home).as_posix() for path in home.glob(".*/*")} <= {".cache/vidcolor"}
    assert {path.name for path in home.iterdir()} <= {".cache"}
    assert "guard" not in run.stderr
