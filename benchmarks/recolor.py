"""Recolour stills of samples/nosferatu.mp4 as a person with an image editor might.

    python benchmarks/recolor.py STILLS PREVIEW OUT

From STILLS (`vidcolor stills samples/nosferatu.mp4 STILLS --per-shot 2`) and PREVIEW (`vidcolor
preview samples/nosferatu.mp4 --frame 170 -o PREVIEW`): a yellow meadow and a red dress in
OUT/ref_000061.png and OUT/ref_000097.png, and OUT/ref_000170.png, transparent but for dress and
horse.
"""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
import PIL.Image
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
Points = list[tuple[int, int]]

YELLOW, RED, BROWN = (-42, 16), (-8, 60), (-16, 14)
MEADOW = [(0, 330), (140, 318), (330, 345), (400, 352), (640, 440), (640, 480), (0, 480)]
DRESS = [(325, 348), (360, 322), (385, 293), (448, 288), (470, 300), (490, 318), (480, 330)]
DRESS += [(455, 325), (452, 380), (462, 405), (455, 437), (386, 440), (384, 345), (335, 360)]
DRESS_LATER = [(150, 300), (162, 294), (182, 298), (186, 318), (180, 326), (187, 380), (150, 384)]
DRESS_LATER += [(146, 350)]
HORSE = [(220, 332), (236, 326), (262, 326), (268, 312), (276, 310), (284, 330), (284, 352)]
HORSE += [(274, 355), (266, 366), (268, 384), (262, 412), (256, 414), (254, 374), (240, 380)]
HORSE += [(238, 424), (230, 424), (222, 395), (216, 352)]


class Canvas:
    """A picture being painted on: Y, Cr, Cb as OpenCV has them."""

    def __init__(self, path: Path) -> None:
        rgb = np.asarray(PIL.Image.open(path).convert("RGB"))
        self._image: FloatArray = cv2.cvtColor(rgb, cv2.COLOR_RGB2YCrCb).astype(np.float32)
        self._luma = cv2.GaussianBlur(self._image[..., 0], (0, 0), 2)
        self._touched = np.zeros(self._luma.shape, np.float32)

    def paint(
        self, points: Points, color: tuple[int, int], soft: float, dark: int = 0, light: int = 255
    ) -> None:
        """One colour (Cb, Cr less 128) inside an outline, where luma is between two values."""
        mask = np.zeros(self._luma.shape, np.float32)
        cv2.fillPoly(mask, [np.array(points)], 1)
        mask *= (self._luma > dark) & (self._luma < light)
        mask = cv2.GaussianBlur(mask, (0, 0), soft) if soft else mask
        strength = np.minimum(1, self._luma / 60)
        for plane, value in zip((2, 1), color, strict=True):
            target = 128 + value * strength
            self._image[..., plane] += mask * (target - self._image[..., plane])
        self._touched = np.maximum(self._touched, mask)

    def save(self, path: Path, only_touched: bool = False) -> None:
        """Write a PNG, transparent where nothing was painted if that is wanted."""
        whole = self._image.clip(0, 255).astype(np.uint8)
        rgb = cv2.cvtColor(whole, cv2.COLOR_YCrCb2RGB)
        alpha = (self._touched * 255).astype(np.uint8)
        PIL.Image.fromarray(np.dstack([rgb, alpha]) if only_touched else rgb).save(path)


def main() -> None:
    stills, later, out = map(Path, sys.argv[1:4])
    out.mkdir(parents=True, exist_ok=True)
    early = Canvas(stills / "ref_000061.png")
    early.paint(MEADOW, YELLOW, soft=4, dark=45)
    early.save(out / "ref_000061.png")
    middle = Canvas(stills / "ref_000097.png")
    middle.paint(MEADOW, YELLOW, soft=4, dark=45)
    middle.paint(DRESS, RED, soft=2.5, light=105)
    middle.save(out / "ref_000097.png")
    part = Canvas(later)
    part.paint(HORSE, BROWN, soft=0, light=110)
    part.paint(DRESS_LATER, RED, soft=0, light=110)
    part.save(out / "ref_000170.png", only_touched=True)


if __name__ == "__main__":
    main()
