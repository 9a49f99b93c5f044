"""Encoded segments as one film: its packets in file order with stamps made over the whole join."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeAlias

import av
import numpy as np
from av.bitstream import BitStreamFilterContext
from av.packet import Packet

from vidcolor.errors import OutputError
from vidcolor.media.clip import ClipInfo
from vidcolor.media.codecs import avi_slots
from vidcolor.media.source import media_url
from vidcolor.media.stamps import Stamps

FINEST_TIMESCALE = 10_000_000
"""Ticks a second that mp4 and mov are written with at most."""

Timed: TypeAlias = "tuple[float, Packet[Any]]"
"""A packet, and its time in seconds."""


@dataclass(frozen=True, eq=False)
class Coded:
    """A segment: which frames its packets are.

    Args:
        path: the file.
        frames: int64 (packets,), places in the film, in file order.
        extradata: what its decoder is told beforehand.
    """

    path: Path
    frames: Stamps
    extradata: bytes

    @property
    def first(self) -> int:
        """The place of the frame that is shown first."""
        return int(self.frames.min())

    @property
    def stop(self) -> int:
        """The place behind the last."""
        return self.first + len(self.frames)

    @property
    def delay(self) -> int:
        """By how many packets a frame comes late at most."""
        return int((self.first + np.arange(len(self.frames)) - self.frames).max())

    def packets(self, bitstream: str | None) -> Iterator[Packet[Any]]:
        """Read the packets one by one.

        Args:
            bitstream: a filter that each packet goes through, such as 'h264_mp4toannexb'.
        """
        with av.open(media_url(self.path)) as container:
            film = container.streams.video[0]
            through = BitStreamFilterContext(bitstream, in_stream=film) if bitstream else None
            for packet in container.demux(film):
                if packet.size:
                    yield through.filter(packet)[0] if through else packet


@dataclass(frozen=True, eq=False)
class FilmTable:
    """When the frames of a film are shown, in the film's time base, before any is encoded.

    Args:
        time_base: of the two arrays.
        pts: int64 (frames,), rising.
        duration: int64 (frames,), until the next frame is shown.
        delay: by how many packets a frame comes late at most in the whole film.
        by_decoding: whether a packet lasts until the next one is decoded, as in mp4 and mov. So the
            last one to be decoded lasts until the film's time is up, but not past its end.
    """

    time_base: Fraction
    pts: Stamps
    duration: Stamps
    delay: int = 0
    by_decoding: bool = False

    @property
    def end(self) -> int:
        """When the last frame ends."""
        return int(self.pts[-1] + self.duration[-1])

    def shifted(self, ticks: int) -> FilmTable:
        """The same film, `ticks` later."""
        return replace(self, pts=self.pts + ticks)

    def at_rate(self, rate: Fraction) -> FilmTable:
        """The same film with ticks so fine that it lasts exactly as its rate says.

        Where stamps are in milliseconds, mp4's mean rate would else be off by the last one's
        rounding. A film whose length differs by more than a tick stays as it is.
        """
        length = len(self.pts) / rate / self.time_base
        rest = length - int(self.end - self.pts[0])
        finer = length.denominator
        if not rest or abs(rest) > 1 or self.time_base.denominator * finer > FINEST_TIMESCALE:
            return self
        duration = self.duration * finer
        duration[-1] += int(rest * finer)
        return replace(
            self, time_base=self.time_base / finer, pts=self.pts * finer, duration=duration
        )

    def packets(self, coded: Coded, stream: Any, bitstream: str | None) -> Iterator[Timed]:
        """The packets of a segment, stamped.

        Encoders give each segment decode stamps of its own that overlap where frames are reordered;
        so they are made anew: the sorted pts, late by the greatest reordering in the whole film.

        Args:
            coded: the segment.
            stream: of the output.
            bitstream: as that of `Coded.packets`.
        """
        pts, duration = self.pts[coded.frames], self.duration[coded.frames]
        dts = self._decoded(np.arange(coded.first, coded.stop))
        if self.by_decoding and coded.stop == len(self.pts) and pts[-1] < self.pts[-1]:
            left = self.end - int(self.pts[0]) - int(dts[-1] - self._decoded(np.zeros(1, int))[0])
            duration[-1] = max(1, min(left, self.end - int(pts[-1])))
        stamps = zip(pts.tolist(), dts.tolist(), duration.tolist(), strict=True)
        for packet, (shown, decoded, lasts) in zip(coded.packets(bitstream), stamps, strict=True):
            packet.time_base, packet.stream = self.time_base, stream
            packet.pts, packet.dts, packet.duration = shown, decoded, lasts
            yield float(decoded * self.time_base), packet

    def _decoded(self, places: Stamps) -> Stamps:
        """Decode stamps of packets, by their places in the file."""
        # As far apart as the frames are shown: of even steps there is only one, the first ones too.
        head = self.pts[places] - (self.pts[self.delay] - self.pts[0])
        return np.where(places < self.delay, head, self.pts[places - self.delay])

    def tail(self, stream: Any) -> Iterator[Timed]:
        """The empty packet that holds the last picture in avi, if it is held."""
        last = self.end - 1
        if last > self.pts[-1]:
            packet: Packet[Any] = Packet(b"")
            packet.time_base, packet.stream = self.time_base, stream
            packet.pts = packet.dts = last
            yield float(last * self.time_base), packet


def film_table(clip: ClipInfo, frames: range, to_slots: bool) -> FilmTable:
    """When frames of a clip are shown.

    Args:
        clip: whose frames they are.
        frames: their indexes.
        to_slots: whether stamps become places on a grid of the frame rate, as avi has it.
    """
    inside = slice(frames.start, frames.stop)
    pts, time_base, end = clip.pts[inside], clip.time_base, clip.frame_end(frames[-1])
    if to_slots:
        grid = 1 / clip.average_rate
        held = round((end - int(pts[-1])) * time_base / grid)
        pts, time_base = np.array(avi_slots(clip), np.int64)[inside], grid
        end = int(pts[-1]) + max(1, held)
    duration = np.maximum(np.diff(pts, append=end), 1)
    return FilmTable(time_base, pts, duration)


def read_segment(path: Path, offset_pts: int, clip: ClipInfo, frames: range) -> Coded:
    """Find out which frames of a film the packets of a segment are.

    Args:
        path: a file whose time begins at 0.
        offset_pts: pts of its first frame, in the clip's time base.
        clip: whose frames they are.
        frames: as those of `film_table`.

    Raises:
        OutputError: it is damaged, or holds other frames than some of these that follow each other.
    """
    stamps, extradata = _stamps_in(path, clip.time_base)
    shown = stamps + offset_pts
    found = np.searchsorted(clip.pts[frames.start : frames.stop], shown)
    coded = Coded(path, found.astype(np.int64), extradata)
    inside = slice(frames.start + coded.first, min(frames.stop, frames.start + coded.stop))
    if not np.array_equal(np.sort(shown), clip.pts[inside]):
        raise foreign(path, "holds other frames than it should")
    return coded


def foreign(path: Path, what: str) -> OutputError:
    """The error of a segment that does not belong."""
    return OutputError(f"The segment {path} {what}.", "Remove it and run the command again.")


def _stamps_in(path: Path, time_base: Fraction) -> tuple[Stamps, bytes]:
    try:
        with av.open(media_url(path)) as container:
            film: Any = container.streams.video[0]
            unit = Fraction(film.time_base.numerator, film.time_base.denominator) / time_base
            stamps = [
                round(packet.pts * unit)
                for packet in container.demux(film)
                if packet.size and packet.pts is not None
            ]
            extra = bytes(film.codec_context.extradata or b"")
    except (av.error.FFmpegError, OSError, IndexError) as error:
        raise foreign(path, "cannot be read") from error
    if not stamps:
        raise foreign(path, "is empty")
    return np.array(stamps, np.int64), extra
