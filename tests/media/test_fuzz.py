"""Damaged copies of small files: each is coloured as far as it goes, or refused in a sentence."""

from __future__ import annotations

import io
import itertools
import json
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import PIL.Image
import pytest

from tests.media.conftest import Recipe, make_film

LONGEST_S = 60
COPIES = 19
"""Of each kind: more than 300 in all."""
NO_STREAMS = {"options": {}, "time_base": Fraction(1, 24)}
FILMS: dict[str, dict[str, object]] = {
    "mp4": {"sound": True},
    "mov": {"sound": True, "codec": "mpeg4", "options": {}},
    "mkv": {"sound": True, "subtitles": "subrip"},
    "webm": {"codec": "libvpx", "options": {"deadline": "realtime"}},
    "avi": {"codec": "mjpeg", "pix_fmt": "yuvj420p", "full_range": True, **NO_STREAMS},
    "ts": {"codec": "mpeg2video", "sound": True, **NO_STREAMS},
    "mpg": {"codec": "mpeg1video", **NO_STREAMS},
    "flv": {"codec": "flv1", **NO_STREAMS},
}
PICTURES: dict[str, dict[str, object]] = {
    "png": {},
    "jpg": {"quality": 90},
    "webp": {"lossless": True},
    "tif": {"compression": "tiff_lzw"},
    "gif": {},
    "bmp": {},
    "pgm": {},
    "jp2": {},
}


def _flipped(data: bytearray, chance: np.random.Generator) -> bytearray:
    for place in chance.integers(0, len(data), max(4, len(data) // 400)):
        data[place] = int(chance.integers(256))
    return data


def _cut(data: bytearray, chance: np.random.Generator) -> bytearray:
    return data[: int(chance.integers(8, len(data)))]


def _zeroed(data: bytearray, chance: np.random.Generator) -> bytearray:
    first, length = int(chance.integers(len(data))), int(chance.integers(1, len(data) // 4))
    data[first : first + length] = bytes(len(data[first : first + length]))
    return data


def _removed(data: bytearray, chance: np.random.Generator) -> bytearray:
    first, length = int(chance.integers(len(data))), int(chance.integers(1, len(data) // 4))
    return data[:first] + data[first + length :]


def _doubled(data: bytearray, chance: np.random.Generator) -> bytearray:
    first, length = int(chance.integers(len(data))), int(chance.integers(1, len(data) // 4))
    return data[:first] + data[first : first + length] + data[first:]


def _header(data: bytearray, chance: np.random.Generator) -> bytearray:
    for place in chance.integers(4, min(400, len(data)), 3):
        data[place] = int(chance.choice([0, 1, 127, 128, 255]))
    return data


DAMAGES = (_flipped, _cut, _zeroed, _removed, _doubled, _header)


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """One small file of each kind."""
    folder = tmp_path_factory.mktemp("healthy")
    made = {}
    for suffix, changes in FILMS.items():
        recipe = Recipe(frames=10, **changes)  # type: ignore[arg-type]
        made[suffix] = make_film(folder / f"film.{suffix}", recipe).read_bytes()
    smooth = np.kron(np.arange(40, 200, 20), np.ones((48, 8))).astype(np.uint8)
    for suffix, options in PICTURES.items():
        path = folder / f"photograph.{suffix}"
        PIL.Image.fromarray(smooth).save(path, **options)
        made[suffix] = path.read_bytes()
    return made


class Worker:
    """A process that colours; another one takes its place when it dies or hangs."""

    def __init__(self) -> None:
        self._start()

    def _start(self) -> None:
        self._answers: queue.Queue[str] = queue.Queue()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.media.fuzz_worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        threading.Thread(target=self._listen, args=[self._process], daemon=True).start()

    def _listen(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout
        for line in process.stdout:
            self._answers.put(line)
        self._answers.put("")

    def run(self, arguments: list[str]) -> tuple[int | str, str]:
        """The exit code and what was said, or what happened instead of an answer."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps(arguments) + "\n")
        self._process.stdin.flush()
        try:
            answer = self._answers.get(timeout=LONGEST_S)
        except queue.Empty:
            self.close()
            self._start()
            return "hangs", ""
        if not answer:
            self._start()
            return "dies", ""
        code, said = json.loads(answer)
        return code, said

    def close(self) -> None:
        self._process.kill()
        self._process.wait()


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    made = Worker()
    yield made
    made.close()


def faults(
    data: bytes, name: str, folder: Path, worker: Worker, model: Path, output: str
) -> list[str]:
    """What is wrong with how one file was dealt with."""
    folder.mkdir()
    source, made = folder / name, folder / output
    source.write_bytes(data)
    code, said = worker.run(["colorize", str(source), str(made), "--model", str(model)])
    there = sorted(p.name for p in folder.iterdir())
    found = []
    if code not in (0, 3, 4):
        found.append(f"exit {code}")
    if "Traceback" in said or "defect" in said:
        found.append("a traceback")
    if there != sorted([name, output] if code == 0 else [name]):
        found.append(f"left {there}")
    if code == 0 and not _opens(made):
        found.append("an output that does not open")
    return [f"{source}: {what}: {said[-300:]}" for what in found]


def _opens(path: Path) -> bool:
    if path.suffix == ".png":
        with PIL.Image.open(io.BytesIO(path.read_bytes())) as image:
            image.load()
            return image.mode in ("RGB", "RGBA")
    with av.open(str(path)) as container:
        return next(container.decode(video=0), None) is not None


def check(
    healthy: dict[str, bytes], copies: range, folder: Path, worker: Worker, model: Path
) -> None:
    found = []
    for suffix, number in itertools.product(healthy, copies):
        chance = np.random.default_rng([number, *suffix.encode()])
        damage = DAMAGES[number % len(DAMAGES)]
        data = bytes(damage(bytearray(healthy[suffix]), chance))
        output = "out.mkv" if suffix in FILMS else "out.png"
        place = folder / f"{suffix}-{number}"
        found += faults(data, f"in.{suffix}", place, worker, model, output)
    assert not found, "\n".join(found)


def test_the_files_are_whole_before_they_are_damaged(
    healthy: dict[str, bytes], tmp_path: Path, worker: Worker, tiny_model: Path
) -> None:
    for suffix, data in healthy.items():
        output = "out.mkv" if suffix in FILMS else "out.png"
        folder = tmp_path / suffix
        assert not faults(data, f"in.{suffix}", folder, worker, tiny_model, output)
        assert (folder / output).exists()


def test_damaged_files_end_in_a_sentence(
    healthy: dict[str, bytes], tmp_path: Path, worker: Worker, tiny_model: Path
) -> None:
    check(healthy, range(2), tmp_path, worker, tiny_model)


@pytest.mark.slow
def test_three_hundred_damaged_files_end_in_a_sentence(
    healthy: dict[str, bytes], tmp_path: Path, worker: Worker, tiny_model: Path
) -> None:
    check(healthy, range(2, 2 + COPIES), tmp_path, worker, tiny_model)
