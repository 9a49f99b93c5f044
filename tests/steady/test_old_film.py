"""Damage that is new in every frame must not become colour flicker."""

import cv2
import numpy as np
import pytest

from tests.steady.conftest import Noisy, crossing
from vidcolor.steady.settings import SteadySettings
from vidcolor.steady.settle import settle


def grain(luma, random):
    return luma + random.normal(0, 12, luma.shape)


def brightness(luma, random):
    return luma * random.uniform(0.8, 1.2)


def dust(luma, random):
    spotted = luma.copy()
    for _ in range(6):
        place = int(random.integers(0, luma.shape[1])), int(random.integers(0, luma.shape[0]))
        cv2.circle(spotted, place, int(random.integers(2, 5)), 250.0, -1)
    return spotted


def jitter(luma, random):
    shift = np.float32([[1, 0, random.uniform(-2, 2)], [0, 1, random.uniform(-2, 2)]])
    size = luma.shape[::-1]
    return cv2.warpAffine(luma, shift, size, borderMode=cv2.BORDER_REFLECT)


def damaged(kinds, frames=24):
    random = np.random.default_rng(11)
    clean = crossing(frames, lambda i: 2 * i).astype(np.float32)
    for kind in kinds:
        clean = np.stack([kind(luma, random) for luma in clean]).astype(np.float32)
    return np.clip(clean, 0, 255).astype(np.uint8)


def flicker(chroma):
    """Of the still background below the object, in units of 255."""
    below = chroma[:, :, 18:, 2:-2]
    return float(np.linalg.norm(np.diff(below, axis=0), axis=1).mean())


@pytest.mark.parametrize(
    ("kinds", "share"),
    [
        ((grain,), 0.15),
        ((brightness,), 0.15),
        ((dust,), 0.15),
        ((jitter,), 0.15),
        ((grain, brightness, dust, jitter), 0.2),
    ],
)
def test_damage_does_not_become_colour_flicker(kinds, share):
    luma = damaged(kinds)
    alone = Noisy().predict(luma).chroma
    steady = settle(luma, Noisy(), SteadySettings())
    assert flicker(steady) < share * flicker(alone)


def test_duplicated_frames_have_one_colour():
    luma = np.repeat(damaged((grain,), frames=12), 2, axis=0)
    steady = settle(luma, Noisy(), SteadySettings())
    pairs = np.abs(steady[0::2] - steady[1::2]).mean()
    alone = Noisy().predict(luma).chroma
    assert pairs < 0.1 * np.abs(alone[0::2] - alone[1::2]).mean()
