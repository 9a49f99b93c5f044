"""Changes of scene of every make, and what only looks like one, made of shots that are given.

A shot is uint8 (frames, height, width). Where a change is made, it is known to the frame.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Luma = NDArray[np.uint8]

LENGTHS = (1, 2, 3, 4, 6, 8, 12, 24, 48)
SIDES = ("right", "left", "down", "up")
AWAY = (2, 3, 4, 6, 8)
# Frames of one scene alone before and after a change.
AROUND = 26
SEED = 28


@dataclass(frozen=True, eq=False)
class Trial:
    """A film with what is true of it.

    Attributes:
        kind: what was done.
        length: over how many frames.
        luma: uint8 (frames, height, width).
        changes: of each change of scene the first and the last frame at which the new shot may
            begin.
    """

    kind: str
    length: int
    luma: Luma
    changes: tuple[tuple[int, int], ...] = ()


def to_and_fro(shot: Luma, count: int, first: int = 0) -> Luma:
    """A shot of any length: forward and backward, again and again."""
    period = max(1, 2 * len(shot) - 2)
    places = (np.arange(first, first + count)) % period
    return shot[np.minimum(places, period - places)]


def changes(first: Luma, second: Luma) -> Iterator[Trial]:
    """Every make of a change from one scene to another."""
    yield _joined("hard cut", 0, first, second, lambda a, b, share: b)
    for length in LENGTHS:
        yield _joined("blend", length, first, second, _blend)
    for length in LENGTHS[1:]:
        yield _joined("through black", length, first, second, _through_black)
    for side in SIDES:
        for length in LENGTHS[1:]:
            yield _joined(f"wipe {side}", length, first, second, _wipe(side))
    for length in AWAY:
        yield _away(first, second, length)


def _joined(
    kind: str, length: int, first: Luma, second: Luma, mix: Callable[[Luma, Luma, float], Luma]
) -> Trial:
    count = 2 * AROUND + length
    one, other = to_and_fro(first, count), to_and_fro(second, count)
    luma = np.concatenate([one[: AROUND + length], other[AROUND + length :]])
    for i in range(length):
        place = AROUND + i
        luma[place] = mix(one[place], other[place], (i + 1) / (length + 1))
    return Trial(kind, length, luma, ((AROUND, AROUND + length),))


def _away(first: Luma, second: Luma, length: int) -> Trial:
    """Some frames of another scene, then back."""
    luma = to_and_fro(first, 2 * AROUND + length).copy()
    luma[AROUND : AROUND + length] = to_and_fro(second, length)
    back = AROUND + length
    return Trial("another scene", length, luma, ((AROUND, AROUND), (back, back)))


def _blend(first: Luma, second: Luma, share: float) -> Luma:
    return cv2.addWeighted(first, 1 - share, second, share, 0)


def _through_black(first: Luma, second: Luma, share: float) -> Luma:
    shown = first if share < 0.5 else second
    return cv2.convertScaleAbs(shown, alpha=abs(1 - 2 * share))


def _wipe(side: str) -> Callable[[Luma, Luma, float], Luma]:
    def mix(first: Luma, second: Luma, share: float) -> Luma:
        height, width = first.shape
        over, down = round(share * width), round(share * height)
        covered = {
            "right": np.s_[:, :over],
            "left": np.s_[:, width - over :],
            "down": np.s_[:down],
            "up": np.s_[height - down :],
        }[side]
        made = first.copy()
        made[covered] = second[covered]
        return made

    return mix


def no_changes(shot: Luma, other: Luma) -> Iterator[Trial]:
    """What happens within one scene, some of it as sudden as a cut; `other` lends its texture."""
    still = to_and_fro(shot, 2 * AROUND + 8)
    yield Trial("nothing", 0, to_and_fro(shot, 4 * AROUND))
    for length in (1, 2, 4):
        yield Trial("flash", length, _lit(still, [1.0] * length, lambda x, _: x + 120))
    yield Trial("photographer's flash", 5, _lit(still, [4, 2.5, 1.8, 1.4, 1.1], lambda x, k: x * k))
    strokes = [3.0, 1.0, 2.5, 3.5, 2.0, 1.3]
    yield Trial("lightning", 6, _lit(still, strokes, _from_the_side))
    yield Trial("white frame", 1, _lit(still, [1.0], lambda x, _: np.full_like(x, 255)))
    yield Trial("lamp goes out", 0, _lit(still, [0.3] * (AROUND + 8), lambda x, k: x * k))
    yield Trial("torn frame", 1, _torn(still))
    yield Trial("grain and flicker", 0, _flickering(still))
    for length in (3, 5, 8):
        yield Trial("whip pan", length, _whipped(still, length))
        yield Trial("zoom", length, _zoomed(still, length))
    for length in (4, 6, 10):
        yield Trial("door closes", length, _door(still, other[0], length))
    for length in (6, 10, 16):
        yield Trial("something large passes", length, _passing(still, other[0], length))


def _lit(luma: Luma, factors: list[float], light: Callable[..., NDArray[np.floating]]) -> Luma:
    made = luma.copy()
    for i, factor in enumerate(factors):
        lit = light(luma[AROUND + i].astype(np.float32), factor)
        made[AROUND + i] = np.clip(lit, 0, 255)
    return made


def _from_the_side(plane: NDArray[np.float32], factor: float) -> NDArray[np.float32]:
    """Hard light from the left: what is there burns out, the right hardly changes."""
    reach = np.linspace(1, 0.1, plane.shape[1], dtype=np.float32)
    return plane * (1 + (factor - 1) * reach)


def _torn(luma: Luma) -> Luma:
    random = np.random.default_rng(SEED)
    blots = cv2.GaussianBlur(random.normal(0, 1, luma.shape[1:]).astype(np.float32), (0, 0), 12)
    made = luma.copy()
    made[AROUND][blots > 0] = 235
    return made


def _flickering(luma: Luma) -> Luma:
    random = np.random.default_rng(SEED)
    made = luma * random.uniform(0.85, 1.15, (len(luma), 1, 1))
    made += random.normal(0, 10, luma.shape)
    return np.clip(made, 0, 255).astype(np.uint8)


def _whipped(luma: Luma, length: int) -> Luma:
    """The camera is torn aside by one and a half pictures, with blur of motion."""
    _, _, width = luma.shape
    begin = [0.0] * AROUND
    travel = [1.5 * width * (i + 1) / (length + 1) for i in range(length)]
    ending = [1.5 * width] * (len(luma) - AROUND - length)
    blur = round(1.5 * width / (length + 1))
    made = []
    for i, (plane, left) in enumerate(zip(luma, [*begin, *travel, *ending], strict=True)):
        wide = np.hstack([plane, plane[:, ::-1], plane])
        if AROUND <= i < AROUND + length:
            wide = cv2.blur(wide, (blur, 1))
        made.append(wide[:, round(left) : round(left) + width])
    return np.stack(made)


def _zoomed(luma: Luma, length: int) -> Luma:
    height, width = luma.shape[1:]
    made = []
    for i, plane in enumerate(luma):
        size = 1 + 0.8 * min(1.0, max(0.0, (i - AROUND + 1) / (length + 1)))
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), 0, size)
        made.append(cv2.warpAffine(plane, matrix, (width, height)))
    return np.stack(made)


def _door(luma: Luma, texture: Luma, length: int) -> Luma:
    """A dark panel slides over five sixths of the picture and stays."""
    width = luma.shape[2]
    panel = cv2.convertScaleAbs(cv2.blur(texture, (9, 9)), alpha=0.3, beta=25)
    made = luma.copy()
    for i in range(AROUND, len(luma)):
        over = round(width * 5 / 6 * min(1.0, (i - AROUND + 1) / (length + 1)))
        made[i, :, :over] = panel[:, width - over :]
    return made


def _passing(luma: Luma, texture: Luma, length: int) -> Luma:
    """Something as wide as the picture passes in front of it."""
    width = luma.shape[2]
    made = luma.copy()
    for i in range(length):
        left = round(-width + 2 * width * (i + 1) / (length + 1))
        shown = range(max(0, left), min(width, left + width))
        if len(shown):
            made[AROUND + i][:, shown.start : shown.stop] = texture[
                :, shown.start - left : shown.stop - left
            ]
    return made
