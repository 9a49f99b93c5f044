"""A studio of a small film of three shots, by a tiny network; and one in a process of its own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import pytest
from starlette.testclient import TestClient

from tests.cli.conftest import scene, shots  # noqa: F401
from vidcolor.studio.app import make_app
from vidcolor.studio.guard import Guard
from vidcolor.studio.house import House
from vidcolor.studio.shelf import items_of

ROOT = Path(__file__).parents[2]
TOKEN = "the-token-of-this-test"
HERE = "http://127.0.0.1:8000"


@pytest.fixture
def film(shots: Path, tmp_path: Path) -> Path:  # noqa: F811
    """A film in a folder of its own."""
    (tmp_path / "desk").mkdir()
    return Path(shutil.copy(shots, tmp_path / "desk/film.mkv"))


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    (tmp_path / "desk").mkdir(exist_ok=True)
    cv2.imwrite(str(tmp_path / "desk/photo.png"), scene(5))
    return tmp_path / "desk/photo.png"


@pytest.fixture
def studio(tiny_model: Path) -> Iterator[Callable[..., TestClient]]:
    """Opens a studio and gives a client that has its cookie."""
    opened: list[House] = []

    def open_studio(source: Path, folder: Path | None = None) -> TestClient:
        house = House(items_of(source, folder), source.is_dir(), {"model": str(tiny_model)})
        opened.append(house)
        app = make_app(house, lambda app: Guard(app, TOKEN, ["127.0.0.1"]))
        client = TestClient(app, base_url=HERE, headers={"Origin": HERE})
        client.__enter__()
        client.get(f"/?token={TOKEN}")
        return client

    yield open_studio
    for house in opened:
        house.close()


@pytest.fixture
def client(studio: Callable[..., TestClient], film: Path) -> TestClient:
    return studio(film)


class Running:
    """`vidcolor studio` in a process of its own."""

    def __init__(self, *arguments: object, site: Path | None = None) -> None:
        words = [sys.executable, "-m", "vidcolor", "studio", *map(str, arguments), "--no-browser"]
        places = [site, ROOT, os.environ.get("PYTHONPATH")]
        env = os.environ | {"PYTHONPATH": os.pathsep.join(str(one) for one in places if one)}
        self.process = subprocess.Popen(words, env=env, stderr=subprocess.PIPE, text=True)
        assert self.process.stderr
        said = self.process.stderr.readline()
        found = re.search(r"http://\S+", said)
        assert found, said + self.process.stderr.read()
        self.address = found[0]

    def end(self, signal: int = 2) -> tuple[int, str]:
        """Its exit code, and what else it said."""
        if self.process.poll() is None:
            self.process.send_signal(signal)
        assert self.process.stderr
        said = self.process.stderr.read()
        return self.process.wait(30), said


@pytest.fixture
def running(tiny_model: Path) -> Iterator[Callable[..., Running]]:
    """Starts studios with the tiny network."""
    started: list[Running] = []

    def start(*arguments: object, site: Path | None = None) -> Running:
        started.append(Running(*arguments, "--model", tiny_model, site=site))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()
        if one.process.stderr:
            one.process.stderr.close()


def until(true: Callable[[], object], seconds: float = 60) -> None:
    """Wait for something; fails where it does not come."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.02)
