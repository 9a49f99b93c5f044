"""Colour of a film's own, found shot by shot while it is surveyed; and that of a photograph."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from vidcolor.color.own import has_own_color
from vidcolor.color.srgb import to_planes
from vidcolor.media.decode import read_frames
from vidcolor.media.photograph import Picture
from vidcolor.run.film import Film, SmallLuma
from vidcolor.run.segment import Segment

Bytes = NDArray[np.uint8]
FloatArray = NDArray[np.float32]

SEEN = 48
"""Short side in pixels at which a photograph's own colour is looked for, as that of a film is."""


class OwnColor:
    """Remembers the small chroma of the frames that are surveyed, until their segment is made.

    Args:
        view: the film.
    """

    def __init__(self, view: Film) -> None:
        self._view = view
        self._seen: dict[int, Bytes] = {}

    def survey(self, first: int) -> Iterator[SmallLuma]:
        """Small luma of all frames from `first` on, as `Film.small_luma` gives it."""
        left = self._view.first + self._view.count - first
        for index, (luma, chroma) in enumerate(seen_frames(self._view, first, left), first):
            if chroma is not None:
                self._seen[index] = chroma
            yield luma

    def find(self, segment: Segment) -> dict[range, FloatArray]:
        """The shots of a surveyed segment that are in colour, by their places in its `luma`.

        What the next segment does not show is forgotten.

        Returns:
            their chroma, float32 (frames, 2, height / 4, width / 4) on 0..255.
        """
        if not self._seen:
            return {}
        start = segment.first - segment.lead
        found = shots_in_color(
            segment, np.stack([self._seen[start + place] for place in range(len(segment.luma))])
        )
        for index in [i for i in self._seen if i < segment.first + segment.count - segment.shared]:
            del self._seen[index]
        return found


def seen_frames(view: Film, first: int, count: int) -> Iterator[tuple[SmallLuma, Bytes | None]]:
    """So many frames from `first` on: small luma, and small chroma where the film has any."""
    if view.clip.pixel_format.startswith(("gray", "mono")):
        for luma in view.small_luma(first, count):
            yield luma, None
        return
    for frame in read_frames(view.clip, first, count, view.threads):
        chroma = view.small_chroma(frame)
        yield view.small(frame.luma), chroma


def shots_in_color(segment: Segment, chroma: Bytes) -> dict[range, FloatArray]:
    """The shots of a segment that are in colour, by their places in its `luma`.

    Args:
        segment: with its luma.
        chroma: uint8 (frames, 2, height / 4, width / 4), of each frame of that.

    Returns:
        as `OwnColor.find`.
    """
    edges = [0, *segment.cuts, len(segment.luma)]
    return {
        range(begin, end): chroma[begin:end].astype(np.float32)
        for begin, end in itertools.pairwise(edges)
        if _is_own(segment.luma[begin:end], chroma[begin:end])
    }


def _is_own(luma: Bytes, chroma: Bytes) -> bool:
    size = chroma.shape[3], chroma.shape[2]
    small = [cv2.resize(frame, size, interpolation=cv2.INTER_AREA) for frame in luma]
    return has_own_color(np.stack(small), chroma)


def is_in_color(picture: Picture) -> bool:
    """Whether a photograph is in colour, and not tinted, toned or stained."""
    if picture.glimpse is None:
        return False
    height, width = picture.glimpse.shape[:2]
    share = min(1.0, SEEN / min(height, width))
    size = max(1, round(width * share)), max(1, round(height * share))
    seen = to_planes(cv2.resize(picture.glimpse, size, interpolation=cv2.INTER_AREA))
    return has_own_color(seen.luma[None], seen.chroma[None])
