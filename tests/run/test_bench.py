"""Photographs side by side: the order of what is said, what is together, what is shown."""

from __future__ import annotations

import io
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest

from vidcolor.media.picture import pixels_of, read_picture
from vidcolor.media.quiet import quiet
from vidcolor.run import bench
from vidcolor.run.bench import Bench, Model
from vidcolor.run.exhibit import QUALITY, SIDE, Shown
from vidcolor.run.messages import Failure, Message, Took
from vidcolor.run.one import Outcome, Task
from vidcolor.run.settings import ColorizeSettings
from vidcolor.run.thumbnail import thumbnail

PATIENCE_S = 30


def photograph(path: Path, height: int, width: int, mode: str = "L") -> Path:
    chance = np.random.default_rng(height)
    small = chance.integers(30, 220, (height // 16, width // 16, 3)).astype(np.uint8)
    PIL.Image.fromarray(small).resize((width, height), PIL.Image.Resampling.BICUBIC).convert(
        mode
    ).save(path)
    return path


@dataclass(frozen=True)
class Channel:
    """Keeps what it is sent, with the name of the file."""

    name: str
    said: list[tuple[str, Message]]

    def send(self, message: Message) -> None:
        self.said.append((self.name, message))


def done(settings: ColorizeSettings, *tasks: Task) -> list[tuple[str, Message]]:
    said: list[tuple[str, Message]] = []
    desk = Bench(Model(settings), settings)
    for task in tasks:
        desk.do(task, Channel(task.source.name, said))
    desk.finish()
    return said


@pytest.fixture
def settings(tiny_model: Path) -> ColorizeSettings:
    return ColorizeSettings(model=str(tiny_model), threads=2)


def test_what_is_said_comes_file_by_file_in_their_order(
    tmp_path: Path, settings: ColorizeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    second_is_done = threading.Event()
    colorize = bench.colorize_file

    def held_up(task: Task, *rest: Any) -> Outcome:
        if task.source.name == "first.png":
            assert second_is_done.wait(PATIENCE_S)
        outcome = colorize(task, *rest)
        if task.source.name == "second.png":
            second_is_done.set()
        return outcome

    monkeypatch.setattr(bench, "colorize_file", held_up)
    (tmp_path / "broken.png").write_bytes(b"no picture")
    photograph(tmp_path / "first.png", 64, 96)
    photograph(tmp_path / "second.png", 64, 64)
    names = ["first.png", "second.png", "broken.png"]
    said = done(settings, *(Task(tmp_path / n, tmp_path / f"out-{n}", settings) for n in names))
    kinds = [(name, type(message)) for name, message in said]
    assert kinds == [
        *(("first.png", kind) for kind in (Took, Outcome, Shown)),
        *(("second.png", kind) for kind in (Took, Outcome, Shown)),
        *(("broken.png", kind) for kind in (Took, Failure)),
    ]


@pytest.mark.parametrize(("most", "together"), [(1 << 20, 2), (5000, 1)])
def test_photographs_are_at_work_together_as_far_as_their_pixels_allow(
    tmp_path: Path,
    settings: ColorizeSettings,
    monkeypatch: pytest.MonkeyPatch,
    most: int,
    together: int,
) -> None:
    monkeypatch.setattr(bench, "MOST_PIXELS", most)
    at_work: list[int] = []
    inside = threading.Semaphore(0)
    colorize, alone = bench.colorize_file, threading.Lock()
    count = 0

    def counted(*given: Any) -> Outcome:
        nonlocal count
        with alone:
            count += 1
            at_work.append(count)
        inside.release()
        if together == 2 and len(at_work) == 1:
            while len(at_work) < 2:
                assert inside.acquire(timeout=PATIENCE_S)
        outcome = colorize(*given)
        with alone:
            count -= 1
        return outcome

    monkeypatch.setattr(bench, "colorize_file", counted)
    names = ["a.png", "b.png"]
    done(
        settings,
        *(
            Task(photograph(tmp_path / name, 64, 64), tmp_path / f"out-{name}", settings)
            for name in names
        ),
    )
    assert max(at_work) == together


@pytest.mark.parametrize(
    ("name", "mode", "size"),
    [
        ("wide.jpg", "L", (480, 1600)),
        ("high.png", "RGB", (900, 400)),
        ("small.tif", "L", (64, 96)),
        ("deep.png", "I;16", (700, 512)),
    ],
)
def test_the_pictures_shown_are_those_of_both_files(
    tmp_path: Path, settings: ColorizeSettings, name: str, mode: str, size: tuple[int, int]
) -> None:
    source = photograph(tmp_path / name, *size, "L" if mode == "I;16" else mode)
    if mode == "I;16":
        samples = np.asarray(PIL.Image.open(source)).astype(np.uint16) * 257
        PIL.Image.fromarray(samples).save(source)
    output = tmp_path / f"out-{name}"
    shown = done(settings, Task(source, output, settings))[-1][1]
    assert isinstance(shown, Shown)
    for jpeg, path in ((shown.before, source), (shown.after, output)):
        made = PIL.Image.open(io.BytesIO(jpeg)).convert("RGB")
        whole = read_picture(path).rgb_bytes()
        meant = PIL.Image.open(io.BytesIO(thumbnail(whole, SIDE, QUALITY)))
        assert made.size == meant.size
        apart = np.asarray(made).astype(int) - np.asarray(meant)
        assert np.abs(apart).mean() < 2


def test_pixels_are_known_by_a_files_head(tmp_path: Path) -> None:
    assert pixels_of(photograph(tmp_path / "a.jpg", 64, 80)) == 64 * 80
    pages = [PIL.Image.new("L", (32, 16)), PIL.Image.new("L", (50, 40))]
    pages[0].save(tmp_path / "b.tif", save_all=True, append_images=pages[1:])
    assert pixels_of(tmp_path / "b.tif") == 50 * 40
    (tmp_path / "c.png").write_bytes(b"no picture")
    assert pixels_of(tmp_path / "c.png") == pixels_of(tmp_path / "gone.png") == 0


def test_pillows_bound_is_off_for_all_threads_and_back_after_the_last() -> None:
    bound = PIL.Image.MAX_IMAGE_PIXELS
    first_is_in, second_is_in, first_is_out = (threading.Event() for _ in range(3))

    def first() -> None:
        with quiet():
            first_is_in.set()
            assert second_is_in.wait(PATIENCE_S)
        first_is_out.set()

    def second() -> int | None:
        assert first_is_in.wait(PATIENCE_S)
        with quiet():
            second_is_in.set()
            assert first_is_out.wait(PATIENCE_S)
            return PIL.Image.MAX_IMAGE_PIXELS

    with ThreadPoolExecutor(2) as threads:
        threads.submit(first)
        assert threads.submit(second).result() is None
    assert bound == PIL.Image.MAX_IMAGE_PIXELS
