"""Dots among two flat halves: what they say, where it ends, and who speaks elsewhere."""

import numpy as np
import pytest

from vidcolor.color.spread import away, heed, spread, thing_of


@pytest.fixture
def luma() -> np.ndarray:
    halves = np.full((64, 96), 60, np.uint8)
    halves[:, 48:] = 180
    return halves


def dotted(*dots: tuple[int, int, float, float]) -> np.ndarray:
    hints = np.zeros((3, 16, 24), np.float32)
    for y, x, cb, cr in dots:
        hints[:, y, x] = cb, cr, 1
    return hints


def test_each_half_takes_its_own_dot(luma: np.ndarray) -> None:
    found = spread(luma, dotted((8, 4, 90, 170), (8, 20, 150, 110)))
    assert np.abs(found[:, :, :10] - np.array([90, 170])[:, None, None]).max() < 1
    assert np.abs(found[:, :, 14:] - np.array([150, 110])[:, None, None]).max() < 1


def test_distance_grows_with_luma_crossed(luma: np.ndarray) -> None:
    distance = away(luma, dotted((8, 4, 90, 170)))
    assert distance[8, 4] == 0
    assert distance[:, :11].max() < 0.3
    assert distance[:, 13:].min() > 1.5


def test_the_network_is_corrected_by_the_dot_and_speaks_where_it_is_not(luma: np.ndarray) -> None:
    told = np.full((2, 16, 24), 128, np.float32)
    told[0, :, 12:] = 150
    hints = dotted((8, 4, 90, 170))
    heard = heed(told, spread(luma, hints), away(luma, hints))
    assert np.allclose(heard[:, 8, 4], (90, 170), atol=0.1)
    near, far = heard[:, :, :10].mean((1, 2)), heard[:, :, 14:].mean((1, 2))
    assert np.abs(near - (90, 170)).max() < np.abs(near - (128, 128)).max() / 3
    assert np.abs(far - (150, 128)).max() < 0.9 * np.abs(np.array((90, 170)) - (150, 128)).max()


def test_a_thing_ends_at_an_edge_and_not_at_shading() -> None:
    shaded = np.tile(np.linspace(60, 150, 96), (64, 1))
    shaded[:, 64:] += 60
    said = np.zeros((16, 24), bool)
    said[8, 4] = True
    thing = thing_of(shaded.astype(np.uint8), said)
    assert thing[:, :13].min() > 0.5
    assert thing[:, 18:].max() < 0.1
