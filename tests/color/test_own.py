"""Colour of things, and what only looks like it."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from vidcolor.color.own import has_own_color

FRAMES, HEIGHT, WIDTH = 24, 48, 64
Planes = np.ndarray


def soft(seed: int, sigma: float) -> Planes:
    noise = np.random.default_rng(seed).normal(size=(HEIGHT, WIDTH)).astype(np.float32)
    blurred = cv2.GaussianBlur(noise, (0, 0), sigma)
    return (blurred - blurred.min()) / np.ptp(blurred)


def luma() -> Planes:
    still = 30 + 200 * soft(1, 3)
    return np.stack([np.roll(still, index, axis=1) for index in range(FRAMES)])


def planes(cb: Planes | float, cr: Planes | float) -> Planes:
    shape = (FRAMES, HEIGHT, WIDTH)
    both = [np.broadcast_to(plane, shape) for plane in (cb, cr)]
    return np.clip(128 + np.stack(both, axis=1), 0, 255).astype(np.uint8)


def things(strength: float) -> Planes:
    """Two coloured things on grey, of no brightness of their own."""
    cb, cr = np.zeros((2, HEIGHT, WIDTH), np.float32)
    cb[8:24, 6:26], cr[8:24, 6:26] = -strength, strength
    cb[20:40, 36:56] = strength
    return planes(cb, cr)


def sepia() -> Planes:
    bow = 4 * (luma() / 255) * (1 - luma() / 255)
    return planes(-24 * bow, 16 * bow)


def toned() -> Planes:
    share = luma() / 255
    return planes(20 * (1 - share) - 22 * share, -10 * (1 - share) + 14 * share)


def noise() -> Planes:
    chance = np.random.default_rng(3)
    coarse = chance.normal(0, 4, (2, FRAMES, HEIGHT // 4, WIDTH // 4)).astype(np.float32)
    size = WIDTH, HEIGHT
    grown = [[cv2.resize(plane, size) for plane in frames] for frames in coarse]
    return planes(*(np.stack(g) + chance.normal(0, 4, (FRAMES, HEIGHT, WIDTH)) for g in grown))


def rainbow() -> Planes:
    """What luma leaves in the chroma of a composite signal: it turns from frame to frame."""
    edges = np.minimum(np.abs(np.gradient(luma(), axis=2)), 20)
    turn = 0.7 * np.arange(WIDTH) + 1.1 * np.arange(HEIGHT)[:, None]
    turn = turn + 2.1 * np.arange(FRAMES)[:, None, None]
    return planes(edges * np.cos(turn), edges * np.sin(turn))


def mark() -> Planes:
    """A channel's sign in the corner of grey film."""
    cb, cr = np.zeros((2, HEIGHT, WIDTH), np.float32)
    cb[2:7, 2:9], cr[2:7, 2:9] = 60, -40
    return planes(cb, cr)


FALSE: dict[str, Callable[[], Planes]] = {
    "grey": lambda: planes(0.0, 0.0),
    "a weak cast": lambda: planes(3.0, -2.0),
    "tinted": lambda: planes(20.0, -14.0),
    "sepia": sepia,
    "toned by brightness": toned,
    "a stain": lambda: planes(8 * soft(4, 14) - 4, 8 * soft(5, 14) - 4),
    "noise": noise,
    "rainbow": rainbow,
    "a mark": mark,
}


@pytest.mark.parametrize("kind", FALSE)
def test_what_only_looks_like_colour_is_none(kind: str) -> None:
    assert not has_own_color(luma(), FALSE[kind]())


@pytest.mark.parametrize("strength", [14, 30, 60])
def test_coloured_things_are_colour(strength: float) -> None:
    assert has_own_color(luma(), things(strength))


@pytest.mark.parametrize("kind", ["tinted", "sepia", "toned by brightness", "noise"])
def test_coloured_things_are_colour_under_a_taint_too(kind: str) -> None:
    both = things(30).astype(int) + FALSE[kind]() - 128
    assert has_own_color(luma(), both.clip(0, 255).astype(np.uint8))


def test_a_single_frame_is_judged() -> None:
    assert has_own_color(luma()[:1], things(30)[:1])
    assert not has_own_color(luma()[:1], sepia()[:1])
