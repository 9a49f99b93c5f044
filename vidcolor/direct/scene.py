"""Stills of other shots: what of their colour a frame may take that shows the same scene.

Where the camera came back to its place the still is laid over the frame as over its own; elsewhere
places that look alike (light, texture, height in the picture) take the still's palette. Neither is
law.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from vidcolor.color.hint import HALF, Hint
from vidcolor.color.srgb import compose_rgb
from vidcolor.direct.direction import Direction, PlacedHint, SmallLuma
from vidcolor.direct.placing import thumb
from vidcolor.direct.reference import Still
from vidcolor.direct.register import register

FloatArray = NDArray[np.float32]

# So many stills that resemble a frame most are tried.
TRIED = 3
# How sure colour is that came from another shot: of the same place, and by looks alone.
SAME_PLACE, ALIKE = 0.85, 0.6
# Looks are compared at this share of the working size, in units of what is a difference.
COARSE = 8
LIGHT, TEXTURE, HEIGHT, WIDTH = 14.0, 8.0, 0.35, 0.9
NEIGHBOURS = 5
LOOK, SPREAD = 1.0, 10.0


def recalled(direction: Direction, luma: SmallLuma, frame: int) -> Hint | None:
    """`recall` as far as what was said may reach; the frame's own shot has no still."""
    return recall(direction.roaming, luma, frame, by_looks=direction.reach == "film")


def recall(
    stills: Sequence[PlacedHint], luma: SmallLuma, frame: int, by_looks: bool
) -> Hint | None:
    """Colour for a frame from stills of other shots, None if no still is of its scene.

    Args:
        stills: of other shots.
        luma: uint8 (height, width) of the frame at working size.
        frame: the index that the hint gets.
        by_looks: whether places that merely look alike take colour too.

    Returns:
        a hint of confidence below 1.
    """
    here = thumb(luma)
    likely = sorted(stills, key=lambda still: -float(thumb(still.luma) @ here))[:TRIED]
    for hint in likely:
        laid = register(_still(hint), luma)
        if laid.fits:
            sure = laid.confidence * np.float32(SAME_PLACE)
            return Hint(frame, laid.chroma, sure, guides=hint.guides)
    if not by_looks or not likely:
        return None
    return Hint(frame, *_palette(likely[0], luma), guides=likely[0].guides)


def _still(hint: PlacedHint) -> Still:
    height, width = hint.luma.shape
    chroma = np.stack([cv2.resize(plane, (width, height)) for plane in hint.chroma])
    alpha = cv2.resize(hint.confidence, (width, height))
    rgb = compose_rgb(hint.luma, chroma).astype(np.float32)
    return Still(Path(hint.name), rgb, hint.luma, alpha, hint.digest)


def _palette(hint: PlacedHint, luma: SmallLuma) -> tuple[FloatArray, FloatArray]:
    there, looks = _looks(hint.luma), _looks(luma)
    size = hint.luma.shape[1] // COARSE, hint.luma.shape[0] // COARSE
    planes = [cv2.resize(p, size, interpolation=cv2.INTER_AREA).ravel() for p in hint.chroma]
    sure = cv2.resize(hint.confidence, size, interpolation=cv2.INTER_AREA).ravel()
    apart = ((looks[:, None] - there[None]) ** 2).sum(axis=2) + 10 * (1 - sure)[None]
    nearest = np.argpartition(apart, NEIGHBOURS, axis=1)[:, :NEIGHBOURS]
    colors = np.stack(planes, axis=1)[nearest]
    mean = colors.mean(axis=1)
    spread = colors.std(axis=1).max(axis=1)
    look = np.take_along_axis(apart, nearest, 1).mean(axis=1)
    trust = ALIKE * np.exp(-look / LOOK**2 - (spread / SPREAD) ** 2)
    shape = luma.shape[0] // COARSE, luma.shape[1] // COARSE
    half = luma.shape[1] // HALF, luma.shape[0] // HALF
    chroma = [cv2.resize(p.reshape(shape).astype(np.float32), half) for p in mean.T]
    return np.stack(chroma), np.asarray(cv2.resize(trust.reshape(shape), half), np.float32)


def _looks(luma: SmallLuma) -> FloatArray:
    """What a place looks like, float32 (places, 4): light, texture, height and width."""
    plane = luma.astype(np.float32)
    size = luma.shape[1] // COARSE, luma.shape[0] // COARSE
    light = cv2.resize(plane, size, interpolation=cv2.INTER_AREA)
    square = cv2.resize(plane * plane, size, interpolation=cv2.INTER_AREA)
    texture = np.sqrt(np.maximum(square - light * light, 0))
    rows, columns = np.mgrid[: size[1], : size[0]].astype(np.float32)
    parts = [light / LIGHT, texture / TEXTURE, rows / size[1] / HEIGHT, columns / size[0] / WIDTH]
    return np.stack([part.ravel() for part in parts], axis=1).astype(np.float32)
