"""What others do about flicker: the baselines of every table of clips.

They use the referee's own flow, so they look as good as they can.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from itertools import islice

import numpy as np

from vidcolor.color.srgb import Floats
from vidcolor.evaluate.coloring import Luma, Smoothing, enlarge
from vidcolor.evaluate.flow import Motion, MotionSource

AVERAGE = "5-frame average"
CARRIED = "first frame carried"
TWO_WAY = "two-way recursion"
PIECE = 120
"""Frames that the two-way recursion holds at a time; clips that are longer are cut into pieces."""
_REACH = 2


def average(
    luma: Iterator[Luma], chroma: Iterator[Floats], motion: MotionSource
) -> Iterator[Floats]:
    """Mean of the frame and its two neighbours on each side; fewer at the ends. No flow."""
    window: deque[Floats] = deque(islice(chroma, _REACH), maxlen=2 * _REACH + 1)
    waiting = len(window)
    for planes in chroma:
        window.append(planes)
        yield np.mean(window, axis=0, dtype=np.float32)
    # The last frames have fewer and fewer after them, whatever the clip's length.
    for left in range(waiting, 0, -1):
        last = list(window)[-_REACH - left :]
        yield np.mean(last, axis=0, dtype=np.float32)


def carried(
    luma: Iterator[Luma], chroma: Iterator[Floats], motion: MotionSource
) -> Iterator[Floats]:
    """The first frame's colour carried from frame to frame; own colour where nothing was seen."""
    before: tuple[Luma, Floats] | None = None
    for index, (frame, planes) in enumerate(zip(luma, chroma, strict=False)):
        result = enlarge(planes, frame)
        if before is not None:
            seen = motion(index, index - 1, frame, before[0])
            result = _bring(result, before[1], seen, 1.0)
        before = frame, result
        yield result


def two_way(
    luma: Iterator[Luma], chroma: Iterator[Floats], motion: MotionSource
) -> Iterator[Floats]:
    """Mean of a frame's own and its neighbour's warped colour, forward, then backward.

    Where the neighbour shows nothing of a pixel, it keeps its own.
    """
    frames = enumerate(zip(luma, chroma, strict=False))
    while piece := list(islice(frames, PIECE)):
        start = piece[0][0]
        lumas = [frame for _, (frame, _) in piece]
        planes = [enlarge(chroma, frame) for _, (frame, chroma) in piece]
        count = len(piece)
        for order, step in ((range(1, count), -1), (range(count - 2, -1, -1), 1)):
            for here in order:
                there = here + step
                seen = motion(start + here, start + there, lumas[here], lumas[there])
                planes[here] = _bring(planes[here], planes[there], seen, 0.5)
        yield from planes


def _bring(own: Floats, other: Floats, motion: Motion, weight: float) -> Floats:
    """Own colour, mixed where visible with what the motion brings from the other frame."""
    seen = motion.visible
    result = own.copy()
    brought = motion.warp @ other.reshape(2, -1).T
    result[:, seen] = (1 - weight) * own[:, seen] + weight * brought.T
    return result


def smoothings() -> Mapping[str, Smoothing]:
    """All of them by name."""
    return {AVERAGE: average, CARRIED: carried, TWO_WAY: two_way}
