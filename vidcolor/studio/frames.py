"""Frames of an open film, decoded when they are asked for and kept while there is room."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from vidcolor.errors import InputError, VidcolorError
from vidcolor.run.opened import Opened
from vidcolor.studio import wire
from vidcolor.studio.remembering import Kept

SMALL_BYTES, GUIDE_BYTES, LUMA_BYTES = 192 << 20, 64 << 20, 96 << 20
STEPPED = 12
"""Frames that are decoded at once where somebody steps from one to the next."""

T = TypeVar("T")
Bytes = NDArray[np.uint8]


class Frames:
    """Frames without their colour.

    Args:
        film: whose.
        check: raises InputError where the film's file is no longer what it was.
    """

    def __init__(self, film: Opened, check: Callable[[], None]) -> None:
        self._film, self._check = film, check
        self._small: Kept[Bytes] = Kept(SMALL_BYTES, lambda one: one.nbytes)
        self._guide: Kept[Bytes] = Kept(GUIDE_BYTES, lambda one: one.nbytes)
        self._luma: Kept[bytes] = Kept(LUMA_BYTES, len)

    def luma(self, frame: int) -> bytes:
        """A frame's luma as a JPEG.

        Raises:
            InputError: it cannot be decoded, or the film changed; so do the others.
        """
        found = self._luma.get(frame)
        if found is None:
            steps = STEPPED if self._luma.get(frame - 1) else 1
            self._read(frame, min(steps, self._film.frame_count - frame))
        return _there(found or self._luma.get(frame), frame)

    def guide(self, frame: int) -> Bytes:
        """A frame's luma at the size of chroma on the page."""
        found = self._guide.get(frame)
        if found is None:
            self._read(frame, 1)
        return _there(found if found is not None else self._guide.get(frame), frame)

    def small(self, frame: int) -> Bytes:
        """A frame as the network sees it."""
        found = self._small.get(frame)
        if found is None:
            self._read(frame, 1)
        return _there(found if found is not None else self._small.get(frame), frame)

    def prepare(self, first: int, stop: int) -> None:
        """Have frames first..stop as the network sees them, decoded in one go."""
        missing = [frame for frame in range(first, stop) if self._small.get(frame) is None]
        if missing:
            count = missing[-1] - missing[0] + 1
            for frame, seen in enumerate(self._film.read(missing[0], count), missing[0]):
                self._small.put(frame, seen.small)

    def _read(self, first: int, count: int) -> None:
        try:
            for frame, seen in enumerate(self._film.read(first, count), first):
                self._small.put(frame, seen.small)
                self._guide.put(frame, wire.guide_of(seen.luma))
                self._luma.put(frame, wire.luma_file(seen.luma))
        except VidcolorError:
            self._check()
            raise


def _there(found: T | None, frame: int) -> T:
    if found is None:
        raise InputError(f"Frame {frame} cannot be decoded.", "Choose another.")
    return found
