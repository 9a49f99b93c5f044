"""Colour that people gave ends where the scene does, however it changes, and nowhere else."""

from collections.abc import Callable

import av
import cv2
import numpy as np
import pytest

from tests.scenes import SAMPLES
from tests.steady.conftest import GREEN, Noisy, texture, true_color
from vidcolor.color.hint import Hint
from vidcolor.steady.directed import settle_directed
from vidcolor.steady.settings import SteadySettings
from vidcolor.steady.shots import find_cuts

BEFORE, HEIGHT, WIDTH = 24, 96, 128
LENGTHS = (2, 3, 4, 6, 8, 12, 24)


@pytest.fixture(scope="module")
def street() -> np.ndarray:
    return frames("vtest", 0)


@pytest.fixture(scope="module")
def meadow() -> np.ndarray:
    return frames("nosferatu", 60)


def frames(sample: str, first: int) -> np.ndarray:
    """A scene of a sample to and fro, uint8 (80, 96, 128)."""
    found = []
    with av.open(str(SAMPLES / f"{sample}.mp4")) as film:
        for picture in film.decode(video=0):
            grey = picture.to_ndarray(format="gray")
            found.append(cv2.resize(grey, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA))
            if len(found) == first + 41:
                break
    shot = found[first:]
    return np.stack([*shot, *shot[-2::-1]])[:80]


def blended(first: np.ndarray, second: np.ndarray, share: float) -> np.ndarray:
    return cv2.addWeighted(first, 1 - share, second, share, 0)


def through_black(first: np.ndarray, second: np.ndarray, share: float) -> np.ndarray:
    return cv2.convertScaleAbs(first if share < 0.5 else second, alpha=abs(1 - 2 * share))


def wiped(first: np.ndarray, second: np.ndarray, share: float) -> np.ndarray:
    over = round(share * WIDTH)
    return np.hstack([second[:, :over], first[:, over:]])


def rolled_up(first: np.ndarray, second: np.ndarray, share: float) -> np.ndarray:
    over = HEIGHT - round(share * HEIGHT)
    return np.vstack([first[:over], second[over:]])


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("mix", [blended, through_black, wiped, rolled_up])
def test_a_new_scene_begins_while_the_old_one_goes(
    mix: Callable[..., np.ndarray], length: int, street: np.ndarray, meadow: np.ndarray
) -> None:
    end = BEFORE + length
    luma = np.concatenate([street[:end], meadow[end : end + BEFORE]])
    for i in range(length):
        place = BEFORE + i
        luma[place] = mix(street[place], meadow[place], (i + 1) / (length + 1))
    (cut,) = find_cuts(luma)
    assert BEFORE <= cut <= end


@pytest.mark.parametrize("length", [2, 3, 5, 8])
def test_a_look_at_another_scene_is_a_shot_of_its_own(
    length: int, street: np.ndarray, meadow: np.ndarray
) -> None:
    luma = street[: 2 * BEFORE].copy()
    luma[BEFORE : BEFORE + length] = meadow[:length]
    assert find_cuts(luma) == [BEFORE, BEFORE + length]


def lit(factors: list[float]) -> Callable[[np.ndarray], np.ndarray]:
    def light(luma: np.ndarray) -> np.ndarray:
        made = luma.astype(np.float32)
        side = np.linspace(1, 0.1, WIDTH)
        for i, factor in enumerate(factors):
            made[BEFORE + i] *= 1 + (factor - 1) * side
        return np.clip(made, 0, 255).astype(np.uint8)

    return light


def torn(luma: np.ndarray) -> np.ndarray:
    made = luma.copy()
    made[BEFORE][texture(5, low=0, high=255) > 128] = 235
    return made


def whipped(luma: np.ndarray) -> np.ndarray:
    """The camera turns by one and a half pictures within five frames."""
    made = []
    for i, plane in enumerate(luma):
        share = min(1.0, max(0.0, (i - BEFORE + 1) / 6))
        wide = np.hstack([plane, plane[:, ::-1], plane])
        if 0 < share < 1:
            wide = cv2.blur(wide, (WIDTH // 4, 1))
        left = round(1.5 * WIDTH * share)
        made.append(wide[:, left : left + WIDTH])
    return np.stack(made)


def passed(luma: np.ndarray) -> np.ndarray:
    """Something as wide as the picture passes in front of it within five frames."""
    made = luma.copy()
    thing = texture(4, low=20, high=200)
    for i in range(5):
        left = round(2 * WIDTH * (i + 1) / 6) - WIDTH
        a, b = max(0, left), min(WIDTH, left + WIDTH)
        made[BEFORE + i][:, a:b] = thing[:, a - left : b - left]
    return made


def closed(luma: np.ndarray) -> np.ndarray:
    """A dark door moves over most of the picture within six frames."""
    made = luma.copy()
    door = texture(6, low=30, high=60)
    for i in range(BEFORE, len(luma)):
        over = round(WIDTH * 0.75 * min(1.0, (i - BEFORE + 1) / 7))
        made[i, :, :over] = door[:, WIDTH - over :]
    return made


NO_CHANGES = {
    "a photographer's flash": lit([4, 2.5, 1.8, 1.4, 1.1]),
    "a lightning": lit([3.0, 1.0, 2.5, 3.5, 2.0, 1.3]),
    "a torn frame": torn,
    "a camera torn aside": whipped,
    "something large that passes": passed,
    "a door that closes": closed,
}


@pytest.mark.parametrize("what", NO_CHANGES)
@pytest.mark.parametrize("scene", ["street", "meadow"])
def test_no_scene_ends_with(what: str, scene: str, request: pytest.FixtureRequest) -> None:
    luma = request.getfixturevalue(scene)[: 2 * BEFORE]
    assert find_cuts(NO_CHANGES[what](luma)) == []


def test_what_does_not_look_like_the_stills_scene_is_not_ruled_by_it(
    street: np.ndarray, meadow: np.ndarray
) -> None:
    """Even where a change of scene was taken for none."""
    luma = np.concatenate([street[:8], meadow[:8]])
    network = Noisy(sigma=0, grain=0, color_of=lambda seen: true_color(np.zeros_like(seen)))
    blue = np.full((2, HEIGHT, WIDTH), 190, np.float32)
    law = np.ones((HEIGHT // 2, WIDTH // 2), np.float32)
    made = settle_directed(luma, network, SteadySettings(), [Hint(4, blue, law)])
    assert np.abs(made[:8].astype(np.float32) - 190).mean() < 4
    green = np.reshape(GREEN, (1, 2, 1, 1))
    assert np.abs(made[8:].astype(np.float32) - green).mean() < 4
