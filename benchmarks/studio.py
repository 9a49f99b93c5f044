"""How long a person waits for the studio: from the command to the page, from a click to its colour.

python benchmarks/studio.py samples/nosferatu.mp4 -o benchmarks/studio.md

The film is shown at each height that is asked for, enlarged where it is smaller. In a headless
Chromium a frame is gone to, a place pointed at, a colour typed; the clock runs from the key that
takes the colour to the picture that has it. Each dot falls on another frame: none is remembered.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np

from vidcolor.machine import cores

SEED, FRAMES = 29, 240
NAMES = ("chromium", "chromium-browser", "google-chrome")
COLORS = ("#8a2030", "#203a90", "olive", "teal", "#c8a060")


@dataclass(frozen=True)
class Waits:
    """Seconds a person waited.

    Attributes:
        page: from the command to the film without colour, to be pointed at.
        first: from the command to its first colour.
        dots: from each dot's colour to the picture that has it.
        more: the same for a second dot on the same frame.
        likely: from each click to the likely colours.
        played: from the wish to play a directed shot to its first frame, and the shot's frames.
    """

    page: float
    first: float
    dots: list[float]
    more: list[float]
    likely: list[float]
    played: tuple[float, int]


def enlarged(film: Path, height: int, folder: Path) -> Path:
    """The first frames of a film at another height."""
    target = folder / f"{film.stem}-{height}.mp4"
    with av.open(str(film)) as source, av.open(str(target), "w") as sink:
        stream = source.streams.video[0]
        made = sink.add_stream("libx264", rate=stream.average_rate)
        made.width = round(stream.width * height / stream.height / 2) * 2
        made.height, made.pix_fmt = height, "yuv420p"
        for number, frame in enumerate(source.decode(stream)):
            if number == FRAMES:
                break
            sink.mux(made.encode(frame.reformat(made.width, height, "yuv420p")))
        sink.mux(made.encode())
    return target


@contextmanager
def studio(film: Path) -> Any:
    """A studio in a process of its own: its address, and when it was begun."""
    began = time.perf_counter()
    words = [sys.executable, "-m", "vidcolor", "studio", str(film), "--no-browser"]
    process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr
        found = re.search(r"http://\S+", process.stderr.readline())
        assert found
        yield found[0], began
    finally:
        process.send_signal(2)
        process.wait(30)


def waits(browser: Any, film: Path, count: int) -> Waits:
    """What a person waits for with one film."""
    context = browser.new_context(viewport={"width": 1400, "height": 860})
    page = context.new_page()
    rng = np.random.default_rng(SEED)
    with studio(film) as (address, began):
        page.goto(address)
        page.wait_for_selector("body[data-shown]", timeout=90_000)
        shown = time.perf_counter() - began
        page.wait_for_selector("body[data-seen]", timeout=90_000)
        first = time.perf_counter() - began
        until(lambda: page.locator("#survey").inner_text() == "", page)
        dots, more, likely = [], [], []
        frames = rng.choice(FRAMES, count, replace=False).tolist()
        for number, frame in enumerate(frames):
            go_to(page, frame)
            for into in (dots, more):
                x, y = rng.uniform(0.15, 0.85, 2)
                began_at = time.perf_counter()
                page.evaluate("document.querySelector('#likely').replaceChildren()")
                page.mouse.click(*place(page, x, y))
                page.wait_for_selector("#likely button", timeout=60_000)
                likely.append(time.perf_counter() - began_at)
                into.append(colored(page, COLORS[number % len(COLORS)]))
            if number == 0:
                play = played(page, frame)
    context.close()
    return Waits(shown, first, dots, more, likely, play)


def played(page: Any, frame: int) -> tuple[float, int]:
    """Play the shot of a frame; seconds until it does, and its frames."""
    began = time.perf_counter()
    page.keyboard.press("Escape")
    page.keyboard.press("Space")
    page.wait_for_selector("body[data-playing=yes]", timeout=300_000)
    seconds = time.perf_counter() - began
    page.keyboard.press("Escape")
    length = page.evaluate(
        "fetch('/api/0/state').then(a => a.json())"
        f".then(s => s.shots.find(r => r[0] <= {frame} && {frame} < r[0] + r[1])[1])"
    )
    return seconds, int(length)


def seen(page: Any) -> int:
    return int(page.evaluate("document.body.dataset.seen ?? 0"))


def until(true: Callable[[], object], page: Any) -> None:
    while not true():
        page.wait_for_timeout(5)


def go_to(page: Any, frame: int) -> None:
    before = seen(page)
    page.evaluate(
        """frame => { const scrub = document.querySelector('#scrub'); scrub.value = frame;
        scrub.dispatchEvent(new Event('input')); }""",
        frame,
    )
    until(lambda: seen(page) > before, page)


def place(page: Any, x: float, y: float) -> tuple[float, float]:
    box = page.locator("#overlay").bounding_box()
    width, height = page.evaluate(
        "fetch('/api/0/state').then(a => a.json()).then(s => [s.width, s.height])"
    )
    scale = min(box["width"] / width, box["height"] / height)
    left, top = (box["width"] - width * scale) / 2, (box["height"] - height * scale) / 2
    return box["x"] + left + x * width * scale, box["y"] + top + y * height * scale


def colored(page: Any, color: str) -> float:
    """Give what is pointed at a colour; seconds until the picture has it."""
    page.fill("#text", color)
    before, began = seen(page), time.perf_counter()
    page.press("#text", "Enter")
    until(lambda: seen(page) > before, page)
    return time.perf_counter() - began


def table(rows: dict[str, Waits]) -> str:
    """Waits as Markdown."""
    lines = [
        "| film | page | first colour | dot: median (p95) | second dot | likely | shot plays |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, one in rows.items():
        seconds, frames = one.played
        lines.append(
            f"| {name} | {one.page:.2f} | {one.first:.2f} | {two(one.dots)} | {two(one.more)}"
            f" | {two(one.likely)} | {seconds:.1f} ({frames} frames) |"
        )
    return "\n".join(lines)


def two(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.2f} ({np.percentile(values, 95):.2f})"


def main() -> None:
    """Measure, and write the table."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("film", type=Path)
    parser.add_argument("--height", type=int, action="append")
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("-o", "--output", type=Path)
    given = parser.parse_args()
    chromium = os.environ.get("VIDCOLOR_TEST_CHROMIUM") or next(
        filter(None, map(shutil.which, NAMES))
    )
    rows = {}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as started:
        browser = started.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--use-gl=swiftshader"]
        )
        for height in given.height or (480, 1080):
            film = enlarged(given.film, height, Path(folder))
            rows[f"{given.film.stem}, {height} lines"] = waits(browser, film, given.count)
        browser.close()
    text = (
        "# How long a person waits for the studio\n\n"
        "`python benchmarks/studio.py samples/nosferatu.mp4 -o benchmarks/studio.md`, "
        f"{cores()} cores ({platform.machine()}), Chromium drawing on the same ones.\n"
        "Seconds: from the command to the film without colour and to its first colour; from a"
        f" dot's colour to the picture that has it, {given.count} frames, and for a second dot on"
        " each; from a click to the likely colours; from the wish to play a shot with dots to its"
        " first frame.\n\n" + table(rows) + "\n"
    )
    print(text)
    if given.output:
        given.output.write_text(text)


if __name__ == "__main__":
    main()
