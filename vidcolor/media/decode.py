"""Frames of a clip by their index: exactly those asked for, wherever the container seeks to."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from vidcolor.errors import InputError
from vidcolor.machine import limit
from vidcolor.media.clip import ClipInfo, Frame, Plane
from vidcolor.media.films import film_stream
from vidcolor.media.fit import fit
from vidcolor.media.frames import read_picture_lumas, read_pictures
from vidcolor.media.planes import format_traits, unpack, unpack_luma
from vidcolor.media.source import decoded, open_source
from vidcolor.media.traits import captions_of

_BACK = (0, 12, 48, 250)
"""Frames before the target at which to seek, one try after the other; then the file's start."""
_GUESSED_S = Fraction(1, 2)
_END = 8
"""Frames at the end of a part that may be missing."""
RESIZE_REMEDY = "Give `resize=first`, which brings all to the first size, or cut the film there."
_ENOUGH = 2
"""The try from which a frame that is missing behind frames that are not counts as lost."""


def read_frames(
    clip: ClipInfo, first: int = 0, count: int | None = None, threads: int = 0
) -> Iterator[Frame]:
    """Decode frames `first` to `first + count` in display order.

    A frame that is damaged beyond decoding comes as a repeat of the one before (`repeated`),
    under its own index and pts, so that nothing shifts.

    Args:
        clip: from `probe`.
        first: index of the first wanted frame.
        count: how many; None means to the end.
        threads: of the decoder, 0 for as many as it likes; frames don't depend on it.

    Raises:
        InputError: the file is gone, or the picture's size or format changes midway and the clip
            does not fit it.
        IndexError: the clip has no such frames.
    """
    if clip.files:
        yield from read_pictures(clip, *_stretch(clip, first, count))
        return
    for index, frame, repeated in _located(clip, first, count, threads):
        planes: tuple[Plane, ...] = unpack(frame, clip.full_range)
        if clip.fits:
            planes = fit(clip, index, frame, planes)
        captions = None if repeated else captions_of(frame)
        shown = planes[0], planes[1], planes[2]
        yield Frame(index, int(clip.pts[index]), shown, repeated, captions)


def read_luma(
    clip: ClipInfo, first: int = 0, count: int | None = None, threads: int = 0
) -> Iterator[Plane]:
    """Decode as `read_frames` does, luma planes alone: read-only (height, width)."""
    if clip.files:
        yield from read_picture_lumas(clip, *_stretch(clip, first, count))
        return
    for index, frame, _ in _located(clip, first, count, threads):
        luma = unpack_luma(frame, clip.full_range)
        yield fit(clip, index, frame, [luma])[0] if clip.fits else luma


def _stretch(clip: ClipInfo, first: int, count: int | None) -> tuple[int, int]:
    """The first index and the one behind the last; raises IndexError where there are none such."""
    stop = clip.frame_count if count is None else first + count
    if not 0 <= first <= stop <= clip.frame_count:
        raise IndexError(f"frames {first} to {stop} of {clip.frame_count}")
    return first, stop


def _located(
    clip: ClipInfo, first: int, count: int | None, threads: int
) -> Iterator[tuple[int, VideoFrame, bool]]:
    first, stop = _stretch(clip, first, count)
    run = _Run(clip, stop, threads, wanted=first)
    while run.wanted < stop:
        for item in run.attempt():
            if not clip.fits:
                _check_same(clip, item[1])
            yield item


@dataclass
class _Run:
    """Frames from `wanted` to `stop`, in as many attempts as the container needs.

    A gap before a wanted frame may come of seeking badly, so it is tried again from further
    back. What is missing even then, although frames before it came, is lost.
    """

    clip: ClipInfo
    stop: int
    threads: int
    wanted: int
    tries: int = 0
    last_index: int = -1
    last_frame: VideoFrame | None = None

    def attempt(self) -> Iterator[tuple[int, VideoFrame, bool]]:
        """Decode from one place on until the end, or until a gap asks for another attempt."""
        start, passed = self._start(), False
        for index, frame in _indexed(self.clip, start, self.threads):
            if index > self.wanted:
                if not self._accepts_gap(start, passed):
                    return
                yield from self._repeat_until(min(index, self.stop), frame)
            if index == self.wanted < self.stop:
                yield self._next(frame, repeated=False)
            elif index >= self.last_index:
                self.last_index, self.last_frame = index, frame
            passed = True
            if self.wanted >= self.stop:
                return
        if self._accepts_gap(start, passed):
            yield from self._repeat_until(self.stop, None)

    def _start(self) -> int | None:
        """The index to seek to, None for the file's start."""
        if self.clip.in_order or self.tries >= len(_BACK):
            return None
        target = self.wanted - _BACK[self.tries]
        return target if target > 0 else None

    def _accepts_gap(self, start: int | None, passed: bool) -> bool:
        if start is None or (passed and self.tries >= _ENOUGH):
            return True
        self.tries += 1
        return False

    def _repeat_until(
        self, stop: int, later: VideoFrame | None
    ) -> Iterator[tuple[int, VideoFrame, bool]]:
        frame = self.last_frame or later
        if frame is None:
            raise InputError(
                f"Frame {self.wanted} of {self.clip.path} cannot be decoded, nor any before it.",
                "Check that the file hasn't changed since it was looked at.",
            )
        while self.wanted < stop:
            yield self._next(frame, repeated=True)

    def _next(self, frame: VideoFrame, repeated: bool) -> tuple[int, VideoFrame, bool]:
        index = self.wanted
        self.wanted, self.tries = index + 1, 0
        self.last_index, self.last_frame = index, frame
        return index, frame, repeated


def _indexed(clip: ClipInfo, start: int | None, threads: int) -> Iterator[tuple[int, VideoFrame]]:
    """Frames with their index from a seek to frame `start` on; strangers are left out."""
    with open_source(clip.path) as container:
        film = film_stream(container, clip.path, clip.video_index)
        film.thread_type = "AUTO"
        film.codec_context.thread_count = threads or limit()
        if clip.in_order:
            yield from zip(range(clip.frame_count), decoded(container, film), strict=False)
            return
        part = 0
        if start is not None:
            # A container that cannot seek stays at its start, which serves as well.
            with contextlib.suppress(av.error.FFmpegError):
                part = _seek(container, film, clip, start)
        numbering = _Numbering(clip, part)
        for frame in decoded(container, film):
            index = None if frame.pts is None else numbering.index(frame.pts)
            if index is not None:
                yield index, frame


def _seek(container: InputContainer, film: VideoStream, clip: ClipInfo, start: int) -> int:
    """Go to where frame `start` can be decoded from; gives the part of the clock that lies in."""
    wanted = int(clip.pts[start])
    if not clip.clock.leaps:
        container.seek(wanted, stream=film)
        return 0
    # Stamps may come twice there, but no byte does; the first ones behind it FFmpeg may guess.
    time_s, position = clip.clock.key_before(wanted * clip.time_base - _GUESSED_S)
    container.seek(position, stream=film, unsupported_byte_offset=True)
    return clip.clock.part_of(time_s)


class _Numbering:
    """Tells frames by their stamps, which start anew where the clock leaps.

    Args:
        clip: theirs.
        part: of the clock in which decoding begins.
    """

    def __init__(self, clip: ClipInfo, part: int) -> None:
        firsts = [round(leap.first_s / clip.time_base) for leap in clip.clock.leaps]
        self._pts = clip.pts
        self._mend = clip.clock.mender(clip.time_base)
        self._bounds = [0, *np.searchsorted(clip.pts, firsts).tolist(), clip.frame_count]
        self._part = part
        self._last = -1

    def index(self, stamp: int) -> int | None:
        """The index of the next frame that is decoded; None if it is a stranger."""
        for part in range(self._part, min(self._part + 2, len(self._bounds) - 1)):
            mended = self._mend(part, stamp)
            index = int(np.searchsorted(self._pts, mended))
            known = self._bounds[part] <= index < self._bounds[part + 1]
            if known and self._pts[index] == mended and not self._is_over(part, index):
                self._part, self._last = part, index
                return index
        return None

    def _is_over(self, part: int, index: int) -> bool:
        """Whether a stamp that comes again means the next part, since this one is at its end."""
        following = part + 2 < len(self._bounds)
        return following and index <= self._last and self._last + _END > self._bounds[part + 1]


def _check_same(clip: ClipInfo, frame: VideoFrame) -> None:
    working = format_traits(frame.format.name).working
    if (frame.width, frame.height, working) != (clip.width, clip.height, clip.working_format):
        raise InputError(
            f"The picture of {clip.path} changes from {clip.width}x{clip.height} "
            f"{clip.working_format} to {frame.width}x{frame.height} {working} midway.",
            RESIZE_REMEDY,
        )
