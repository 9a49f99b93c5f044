"""What is said of one thing changes that thing, and leaves the rest as it was."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

import vidcolor
from vidcolor.color.srgb import to_planes
from vidcolor.media.decode import read_frames
from vidcolor.media.probe import probe

FILM = "samples/nosferatu.mp4"
MIDDLE, RADIUS = (320, 200), 60


@pytest.fixture(scope="module")
def colorizer():
    with vidcolor.Colorizer() as made:
        yield made


@pytest.fixture(scope="module")
def luma() -> np.ndarray:
    """A meadow with a ball on it that is a little shaded."""
    picture = next(read_frames(probe(FILM), 97, 1, 0)).luma.astype(np.float32)
    rows, columns = np.mgrid[: picture.shape[0], : picture.shape[1]]
    ball = np.hypot(columns - MIDDLE[0], rows - MIDDLE[1]) < RADIUS
    picture[ball] = 215 - 0.3 * (columns[ball] - MIDDLE[0])
    return picture.astype(np.uint8)


def away(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.hypot(*(to_planes(first).chroma - to_planes(second).chroma))


def ball_of(luma: np.ndarray, grown: int) -> np.ndarray:
    rows, columns = np.mgrid[: luma.shape[0], : luma.shape[1]]
    return np.hypot(columns - MIDDLE[0], rows - MIDDLE[1]) < RADIUS + grown


@pytest.mark.parametrize("color", ["#d890c8", "#90c8d8"])
def test_a_dot_colours_its_thing_and_leaves_the_rest(colorizer, luma, color):
    plain = colorizer.photo(luma)
    made = colorizer.photo(luma, hints=f"{MIDDLE[0]},{MIDDLE[1]}={color}")
    rest = away(made, plain)[~ball_of(luma, 12)]
    assert rest.mean() < 2
    assert np.percentile(rest, 95) < 6
    asked = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)], np.uint8)
    inside = ball_of(luma, -12)
    assert away(made, np.broadcast_to(asked, made.shape))[inside].mean() < 6


def test_a_still_that_is_transparent_but_for_one_thing_leaves_the_rest(colorizer, luma, tmp_path):
    plain = colorizer.photo(luma)
    ball = ball_of(luma, 0)
    tint = np.dstack([luma.astype(int) + shift for shift in (-50, 10, 40)]).clip(0, 255)
    rgba = np.dstack([tint.astype(np.uint8), np.where(ball, 255, 0).astype(np.uint8)])
    cv2.imwrite(str(tmp_path / "ref_000000.png"), rgba)
    made = colorizer.photo(luma, references=tmp_path)
    assert away(made, plain)[~ball_of(luma, 12)].mean() < 2
    assert away(made, tint[..., ::-1].astype(np.uint8))[ball_of(luma, -12)].mean() < 6


def test_in_a_film_all_frames_keep_what_was_not_spoken_of(colorizer, tmp_path):
    options = {"start_s": 6.0, "duration_s": 0.8, "lossless": True}
    colorizer.film(FILM, tmp_path / "plain.mkv", **options)
    said = "0:06.4:240,346=#2040c0"
    colorizer.film(FILM, tmp_path / "told.mkv", hints=said, **options)
    plain, told = (
        [frame.planes[1:] for frame in read_frames(probe(tmp_path / name), 0, 20, 0)]
        for name in ("plain.mkv", "told.mkv")
    )
    moved = np.stack(
        [
            np.hypot(*(a.astype(float) - b.astype(float) for a, b in zip(one, two, strict=True)))
            for one, two in zip(plain, told, strict=True)
        ]
    )
    assert moved.shape[0] == 20
    assert moved[:, :120].mean() < 1
    assert moved.max() > 20
