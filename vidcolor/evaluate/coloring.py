"""How colourings of clips come in: as callables from luma frames to chroma frames."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice, tee

import numpy as np
from numpy.typing import NDArray

from vidcolor.color.convert import NEUTRAL
from vidcolor.color.srgb import Floats
from vidcolor.color.upscale import enlarge as guided
from vidcolor.evaluate.flow import MotionSource
from vidcolor.evaluate.names import PER_FRAME

Luma = NDArray[np.uint8]
"""uint8 (height, width), full range, at the evaluation size."""

ClipColoring = Callable[[Iterator[Luma]], Iterator[Floats]]
"""Luma frames to chroma frames, float32 (2, height, width) or a quarter of it each way."""

Smoothing = Callable[[Iterator[Luma], Iterator[Floats], MotionSource], Iterator[Floats]]
"""Luma frames and per-frame chroma to steadier chroma, with the referee's motion at hand."""

ClipColorings = Callable[[Iterator[Luma], MotionSource], Mapping[str, Iterator[Floats]]]
"""Luma frames (and the referee's motion, for baselines) to rows' chroma frames, by name."""

PIECE = 240


def enlarge(chroma: Floats, luma: Luma) -> Floats:
    """Chroma at luma's size: as it is, or enlarged by the project's own upscale.

    Args:
        chroma: float32 (2, height, width) or (2, height / 4, width / 4).
        luma: uint8 (height, width), the upscale's guide.
    """
    if chroma.shape[1:] == luma.shape:
        return chroma
    return guided(chroma, luma)


def grey(luma: Iterator[Luma]) -> Iterator[Floats]:
    """No colour at all."""
    for frame in luma:
        yield np.full((2, *frame.shape), NEUTRAL, np.float32)


def whole(function: Callable[[NDArray[np.uint8]], Floats], piece: int = PIECE) -> ClipColoring:
    """A colouring from a function of whole shots.

    Args:
        function: luma uint8 (frames, height, width) to chroma float32 (frames, 2, height, width)
            or a quarter of it each way.
        piece: longer clips are handed over in pieces of so many frames, to bound memory.
    """

    def color(luma: Iterator[Luma]) -> Iterator[Floats]:
        while frames := list(islice(luma, piece)):
            yield from function(np.stack(frames))

    return color


def each(rows: Mapping[str, ClipColoring]) -> ClipColorings:
    """Rows that know nothing of each other, side by side over one reading of the clip."""

    def color(luma: Iterator[Luma], motion: MotionSource) -> Mapping[str, Iterator[Floats]]:
        streams = tee(luma, len(rows))
        pairs = zip(rows.items(), streams, strict=True)
        return {name: row(stream) for (name, row), stream in pairs}

    return color


def treated(
    per_frame: ClipColoring, smoothings: Mapping[str, Smoothing], prefix: str = ""
) -> ClipColorings:
    """Rows of one per-frame colouring, computed once: itself, and with each smoothing."""

    def color(luma: Iterator[Luma], motion: MotionSource) -> Mapping[str, Iterator[Floats]]:
        lumas = tee(luma, len(smoothings) + 1)
        chromas = tee(per_frame(lumas[0]), len(smoothings) + 1)
        rows = {prefix + PER_FRAME: chromas[0]}
        for (name, smooth), frames, chroma in zip(
            smoothings.items(), lumas[1:], chromas[1:], strict=True
        ):
            rows[prefix + name] = smooth(frames, chroma, motion)
        return rows

    return color


def together(parts: Sequence[ClipColorings]) -> ClipColorings:
    """All rows of several over one reading of the clip."""

    def color(luma: Iterator[Luma], motion: MotionSource) -> Mapping[str, Iterator[Floats]]:
        rows: dict[str, Iterator[Floats]] = {}
        for part, stream in zip(parts, tee(luma, len(parts)), strict=True):
            rows.update(part(stream, motion))
        return rows

    return color
