"""The studio's page in a real browser: what a person does there, and what becomes of it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest

from tests.studio.conftest import Running, until

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

SAMPLES = Path(__file__).parents[2] / "samples"
NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = os.environ.get("VIDCOLOR_TEST_CHROMIUM") or next(
    filter(None, map(shutil.which, NAMES)), None
)
if CHROMIUM is None:
    pytest.skip("no Chromium is installed (apt-get install chromium)", allow_module_level=True)

Opener = Callable[..., Any]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--use-gl=swiftshader"]
        )
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Any) -> Iterator[Opener]:
    """Opens a window at a studio's address; what goes wrong in it fails the test."""
    contexts, wrong = [], []

    def open_page(address: str, **options: Any) -> Any:
        options = {"viewport": {"width": 1400, "height": 860}, "accept_downloads": True} | options
        context = chromium.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on(
            "console",
            lambda said: (
                said.type == "error"
                and "40" not in said.text
                and "ERR_CONNECTION" not in said.text
                and "WebSocket" not in said.text
                and wrong.append(said.text)
            ),
        )
        page.goto(address)
        page.wait_for_selector("body[data-ready]", timeout=90_000)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert wrong == []


@pytest.fixture
def page(film: Path, running: Callable[..., Running], open_page: Opener) -> Any:
    return open_page(running(film).address)


def seen(page: Any) -> int:
    return int(page.evaluate("document.body.dataset.seen ?? 0"))


def frame_of(page: Any) -> int:
    return int(page.evaluate("document.body.dataset.frame"))


def place(page: Any, x: float, y: float) -> tuple[float, float]:
    """Where a place of the picture, 0..1 each, is on the screen."""
    box = page.locator("#overlay").bounding_box()
    size = page.evaluate("fetch('/api/0/state').then(a => a.json()).then(s => [s.width, s.height])")
    scale = min(box["width"] / size[0], box["height"] / size[1])
    return (
        box["x"] + (box["width"] - size[0] * scale) / 2 + x * size[0] * scale,
        box["y"] + (box["height"] - size[1] * scale) / 2 + y * size[1] * scale,
    )


def color(page: Any, x: float, y: float) -> np.ndarray:
    """The colour at a place of the picture."""
    box = page.locator("#overlay").bounding_box()
    left, top = place(page, x, y)
    found = page.evaluate(
        """([x, y]) => { const from = document.querySelector('#picture');
        const share = from.width / from.getBoundingClientRect().width;
        const sheet = new OffscreenCanvas(1, 1).getContext('2d');
        sheet.drawImage(from, x * share, y * share, 1, 1, 0, 0, 1, 1);
        return [...sheet.getImageData(0, 0, 1, 1).data].slice(0, 3); }""",
        [left - box["x"], top - box["y"]],
    )
    return np.array(found, float)


def after(page: Any, act: Callable[[], object]) -> None:
    """Do something, and wait until the picture has its new colour."""
    before = seen(page)
    act()
    until(lambda: seen(page) > before)


def go_to(page: Any, frame: int) -> None:
    def scrub() -> None:
        page.evaluate(
            """frame => { const scrub = document.querySelector('#scrub'); scrub.value = frame;
            scrub.dispatchEvent(new Event('input')); }""",
            frame,
        )

    if frame_of(page) != frame:
        after(page, scrub)


def type_color(page: Any, text: str) -> None:
    page.fill("#text", text)
    page.press("#text", "Enter")


def dots_of(film: Path) -> list[dict[str, Any]]:
    path = film.with_name(f"{film.name}.vidcolor-studio") / "hints.json"
    return json.loads(path.read_text())["hints"] if path.exists() else []


def test_a_coat_is_pointed_at_and_gets_its_colour_near_and_not_far(
    tmp_path: Path, running: Callable[..., Running], open_page: Opener
) -> None:
    film = Path(shutil.copy(SAMPLES / "nosferatu.mp4", tmp_path))
    studio = Running(film)
    try:
        page = open_page(studio.address)
        go_to(page, 100)
        coat, sky = (0.7, 0.8), (0.1, 0.05)
        near, far = color(page, *coat), color(page, *sky)
        page.mouse.click(*place(page, *coat))
        page.wait_for_selector("#likely button", timeout=60_000)
        assert 2 <= page.locator("#likely button").count() <= 6
        after(page, lambda: type_color(page, "#203a90"))
        blue = color(page, *coat)
        assert blue[2] - blue[0] > near[2] - near[0] + 15
        assert abs(color(page, *sky) - far).max() < 12
        page.keyboard.press("m")
        until(lambda: page.evaluate("document.body.dataset.masked"))
        page.keyboard.press("m")
        page.keyboard.press("Control+z")
        until(lambda: abs(color(page, *coat) - near).max() <= 3)
        assert dots_of(film) == []
        page.keyboard.press("Control+y")
        until(lambda: [dot["colour"] for dot in dots_of(film)] == ["#203a90"])
    finally:
        studio.end()


def test_strokes_grey_and_the_eraser(page: Any, film: Path) -> None:
    go_to(page, 20)
    page.keyboard.press("b")
    start, stop = place(page, 0.3, 0.5), place(page, 0.6, 0.5)
    page.mouse.move(*start)
    page.mouse.down()
    for share in np.linspace(0, 1, 12):
        page.mouse.move(start[0] + (stop[0] - start[0]) * share, start[1])
    page.mouse.up()
    until(lambda: dots_of(film))
    stroke = dots_of(film)[0]
    assert len(stroke["points"]) > 3
    assert stroke["frame"] == 20
    page.keyboard.press("g")
    page.mouse.click(*place(page, 0.8, 0.2))
    until(lambda: len(dots_of(film)) == 2)
    assert dots_of(film)[1]["colour"] == "grey"
    page.keyboard.press("e")
    page.mouse.click(*place(page, 0.45, 0.5))
    until(lambda: len(dots_of(film)) == 3)
    grey, left, right = dots_of(film)
    assert grey["colour"] == "grey"
    assert left["colour"] == right["colour"] == stroke["colour"]
    assert left["points"][-1][0] < 0.45 * 128 < right["points"][0][0]
    assert (left["points"][0], right["points"][-1]) == (stroke["points"][0], stroke["points"][-1])
    page.keyboard.press("Control+z")
    until(lambda: sorted(dots_of(film), key=str) == sorted([grey, stroke], key=str))
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*stop, steps=12)
    page.mouse.up()
    until(lambda: [dot["colour"] for dot in dots_of(film)] == ["grey"])
    until(lambda: page.locator("#palette button").count() == 1)


def test_the_picker_takes_the_colour_that_is_seen(page: Any) -> None:
    go_to(page, 20)
    wanted = color(page, 0.25, 0.75)
    page.keyboard.press("i")
    page.mouse.click(*place(page, 0.25, 0.75))
    found = page.input_value("#text")
    picked = np.array([int(found[i : i + 2], 16) for i in (1, 3, 5)], float)
    assert abs(picked - wanted).max() <= 4


def test_a_shot_plays_and_a_changed_one_is_marked(page: Any) -> None:
    until(lambda: page.locator("#shots button").count() == 3)
    go_to(page, 20)
    page.keyboard.press("Space")
    page.wait_for_selector("body[data-playing=yes]", timeout=60_000)
    until(lambda: page.evaluate("document.querySelector('#video').currentTime") > 0.1)
    assert page.evaluate("document.querySelector('#video').videoWidth") == 128
    page.keyboard.press("Escape")
    page.wait_for_selector("body[data-playing=no]")
    marks = "#shots li:nth-child(2) .mark-ready"
    assert page.locator(marks).count() == 1
    go_to(page, 30)
    page.mouse.click(*place(page, 0.5, 0.5))
    type_color(page, "teal")
    page.wait_for_selector(marks, state="detached")
    page.wait_for_selector(marks, state="attached", timeout=60_000)


def test_a_still_goes_out_and_comes_back(page: Any, film: Path, tmp_path: Path) -> None:
    go_to(page, 20)
    page.click("[data-tab=stills]")
    with page.expect_download() as saved:
        page.click("#save-still")
    assert saved.value.suggested_filename == "ref_000020.png"
    saved.value.save_as(tmp_path / "ref_000020.png")
    rgb = np.asarray(PIL.Image.open(tmp_path / "ref_000020.png")).astype(float)
    luma = (rgb @ [0.299, 0.587, 0.114])[..., None]
    green = np.clip(luma + np.array([-40, 22, -40]), 0, 255).astype(np.uint8)
    PIL.Image.fromarray(green).save(tmp_path / "ref_000020.png")
    after(page, lambda: page.set_input_files("#still-file", tmp_path / "ref_000020.png"))
    until(lambda: page.locator("#stills li").count() == 1)
    assert "trusted on" in page.inner_text("#stills li")
    until(lambda: np.ptp(color(page, 0.5, 0.5)) > 25)
    made = color(page, 0.5, 0.5)
    assert made[1] > made[0] + 15
    page.click("#stills li button:last-child")
    until(lambda: page.locator("#stills li").count() == 0)
    page.keyboard.press("Control+z")
    until(lambda: page.locator("#stills li").count() == 1)
    page.keyboard.press("Control+z")
    until(lambda: page.locator("#stills li").count() == 0)
    page.keyboard.press("Control+y")
    until(lambda: page.locator("#stills li").count() == 1)
    until(lambda: color(page, 0.5, 0.5)[1] > color(page, 0.5, 0.5)[0] + 15)


def looks_of(film: Path) -> list[dict[str, Any]]:
    path = film.with_name(f"{film.name}.vidcolor-studio") / "shots.json"
    return json.loads(path.read_text())["shots"] if path.exists() else []


def slide(page: Any, slider: str, value: float) -> None:
    page.evaluate(
        """([id, value]) => { const slider = document.querySelector(id); slider.value = value;
        for (const name of ['input', 'change']) slider.dispatchEvent(new Event(name)); }""",
        [slider, value],
    )


def test_a_shot_gets_sliders_of_its_own_and_all_sliders_are_undone(page: Any, film: Path) -> None:
    until(lambda: page.locator("#shots button").count() == 3)
    go_to(page, 50)
    other = color(page, 0.3, 0.3)
    go_to(page, 20)
    page.click("[data-tab=shot]")
    before = color(page, 0.3, 0.3)
    after(page, lambda: page.check("#shot-grey"))
    assert np.ptp(color(page, 0.3, 0.3)) <= 2
    assert looks_of(film) == [{"first": 14, "frames": 30, "saturation": 0}]
    assert page.is_disabled("#shot-saturation")
    after(page, lambda: page.check("#shot-coloured"))
    assert abs(color(page, 0.3, 0.3) - before).max() <= 2
    after(page, lambda: slide(page, "#shot-saturation", 0.25))
    assert np.ptp(color(page, 0.3, 0.3)) < 0.5 * np.ptp(before)
    go_to(page, 50)
    assert abs(color(page, 0.3, 0.3) - other).max() <= 2
    page.click("[data-tab=look]")
    after(page, lambda: slide(page, "#saturation", 0))
    assert np.ptp(color(page, 0.3, 0.3)) <= 2
    after(page, lambda: page.keyboard.press("Control+z"))
    assert abs(color(page, 0.3, 0.3) - other).max() <= 2
    until(lambda: "--per-shot" in page.inner_text("#command"))
    for _ in range(3):
        after(page, lambda: page.keyboard.press("Control+z"))
    assert looks_of(film) == []
    go_to(page, 20)
    assert abs(color(page, 0.3, 0.3) - before).max() <= 2


def test_a_dropped_picture_may_lend_its_colours(page: Any) -> None:
    page.evaluate(
        """async () => { const sheet = new OffscreenCanvas(40, 40), pen = sheet.getContext('2d');
        pen.fillStyle = '#aa3311'; pen.fillRect(0, 0, 40, 40);
        const file = new File([await sheet.convertToBlob()], 'rug.png', { type: 'image/png' });
        const data = new DataTransfer(); data.items.add(file);
        document.querySelector('#stage').dispatchEvent(
          new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true })); }"""
    )
    page.click("#drop-dialog button[value=sample]")
    page.wait_for_selector("#sample:not([hidden])")
    page.click("#sample-picture")
    assert page.input_value("#text") == "#aa3311"


def test_the_film_is_coloured_and_the_command_is_shown(page: Any, film: Path) -> None:
    page.keyboard.press("Control+Enter")
    assert page.input_value("#order-name") == "film-colour.mkv"
    page.click("#order-go")
    page.wait_for_selector("body[data-making=done]", timeout=90_000)
    assert film.with_name("film-colour.mkv").exists()
    until(lambda: page.locator("#shots .mark-filmed").count() == 3)
    page.click("[data-tab=look]")
    until(lambda: "vidcolor colorize" in page.inner_text("#command"))


def test_a_server_that_is_killed_in_the_middle_is_gone_on_with(
    film: Path, running: Callable[..., Running], open_page: Opener
) -> None:
    studio = running(film)
    page = open_page(studio.address)
    page.click("#film")
    page.click("#order-go")
    page.wait_for_selector("body[data-making=running]")
    page.click("#making-pause")
    page.wait_for_selector("body[data-making=paused]")
    studio.process.kill()
    page.wait_for_selector("#banner:not([hidden])", timeout=30_000)
    assert "has ended" in page.inner_text("#banner")
    assert not film.with_name("film-colour.mkv").exists()
    page = open_page(running(film).address)
    assert "What was finished is kept" in page.inner_text("#making-words")
    page.click("#film")
    page.click("#order-go")
    page.wait_for_selector("body[data-making=done]", timeout=90_000)
    assert film.with_name("film-colour.mkv").exists()


def test_two_windows_show_the_same(
    film: Path, running: Callable[..., Running], open_page: Opener
) -> None:
    studio = running(film)
    one, other = open_page(studio.address), open_page(studio.address)
    for page in (one, other):
        go_to(page, 20)
    one.mouse.click(*place(one, 0.5, 0.5))
    after(other, lambda: type_color(one, "crimson"))
    until(lambda: other.locator("#palette button").count() == 1)
    other.mouse.click(*place(other, 0.2, 0.2))
    type_color(other, "navy")
    until(lambda: one.locator("#palette button").count() == 2)
    assert len(dots_of(film)) == 2
    one.keyboard.press("Control+z")
    until(lambda: [dot["colour"] for dot in dots_of(film)] == ["#000080"])


def test_all_goes_by_the_keyboard_alone(page: Any, film: Path) -> None:
    until(lambda: page.locator("#shots button").count() == 3)
    after(page, lambda: page.keyboard.press("PageDown"))
    assert frame_of(page) == 14
    after(page, lambda: page.keyboard.press("Shift+ArrowRight"))
    assert frame_of(page) == 24
    page.keyboard.press("x")
    page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("Enter")
    page.wait_for_selector("#likely button", timeout=60_000)
    page.keyboard.press("2")
    until(lambda: len(dots_of(film)) == 1)
    page.keyboard.press("Escape")
    page.keyboard.press("k")
    page.keyboard.type("olive")
    page.keyboard.press("Enter")
    assert page.input_value("#text") == "#808000"
    page.keyboard.press("?")
    assert page.locator("#keys-dialog[open]").count() == 1
    page.keyboard.press("Escape")
    focused = set()
    for _ in range(45):
        page.keyboard.press("Tab")
        focused.add(
            page.evaluate("document.activeElement.id || document.activeElement.dataset.tool")
        )
    assert {"film", "overlay", "wheel", "text", "play", "scrub"} <= focused


def test_a_finger_does_on_a_phone_what_a_mouse_does(
    film: Path, running: Callable[..., Running], open_page: Opener
) -> None:
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    page = open_page(running(film).address, **phone)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    go_to(page, 20)
    page.touchscreen.tap(*place(page, 0.5, 0.5))
    page.wait_for_selector("#likely button", timeout=60_000)
    page.locator("#likely button").nth(1).tap()
    until(lambda: len(dots_of(film)) == 1)
    small = page.evaluate(
        """() => [...document.querySelectorAll('.tools button, .transport button, .tabs button')]
        .filter(b => b.offsetParent && (b.offsetWidth < 44 || b.offsetHeight < 40))
        .map(b => b.id)"""
    )
    assert small == []


CONTRASTS = """() => {
  const parse = (c) => {
    const v = c.match(/[\\d.]+/g).map(Number);
    return [v[0], v[1], v[2], v[3] ?? 1];
  };
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (el) => {
    for (let e = el; e; e = e.parentElement) {
      const c = parse(getComputedStyle(e).backgroundColor);
      if (c[3] > 0.6) return c;
    }
    return [255, 255, 255, 1];
  };
  const bad = [];
  for (const el of document.querySelectorAll('body *')) {
    const own = [...el.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
    if (!own || !el.offsetParent || el.closest('[disabled]')) continue;
    const a = light(parse(getComputedStyle(el).color)), b = light(behind(el));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) bad.push([el.tagName, el.textContent.trim().slice(0, 30), ratio]);
  }
  return bad; }"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_word_can_be_read(
    scheme: str, film: Path, running: Callable[..., Running], open_page: Opener
) -> None:
    page = open_page(running(film).address, color_scheme=scheme)
    for tab in ("colour", "stills", "look", "shot"):
        page.click(f"[data-tab={tab}]")
        assert page.evaluate(CONTRASTS) == []
    for button in ("#keys", "#film"):
        page.click(button)
        assert page.evaluate(CONTRASTS) == []
        page.keyboard.press("Escape")


def test_without_webgl_the_picture_is_the_same(
    film: Path, running: Callable[..., Running], open_page: Opener
) -> None:
    studio = running(film)
    page = open_page(studio.address)
    go_to(page, 20)
    wanted = [color(page, *at) for at in ((0.3, 0.3), (0.7, 0.6))]
    page.goto(studio.address.split("?")[0] + "?flat")
    page.wait_for_selector("body[data-canvas='2d'][data-ready]")
    go_to(page, 20)
    for at, expected in zip(((0.3, 0.3), (0.7, 0.6)), wanted, strict=True):
        assert abs(color(page, *at) - expected).max() < 14


def test_a_folder_is_a_grid_from_which_each_is_opened(
    film: Path, photo: Path, running: Callable[..., Running], open_page: Opener
) -> None:
    page = open_page(running(film.parent).address)
    assert page.locator("#items li").count() == 2
    page.click("#items li:nth-child(2) button")
    page.wait_for_selector("body.photograph")
    assert page.inner_text("#film-words") == "Save in colour"
    assert not page.locator("#play").is_visible()
    page.click("#home")
    until(lambda: page.locator("#items li").count() == 2)


def test_a_file_that_is_no_film_is_a_sentence_on_the_page(
    tmp_path: Path, running: Callable[..., Running], open_page: Opener
) -> None:
    (tmp_path / "words.mp4").write_text("no film")
    page = open_page(running(tmp_path / "words.mp4").address)
    assert "words.mp4" in page.inner_text("#opening")
