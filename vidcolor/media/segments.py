"""Encoded segments as one film: its packets in file order with stamps made over the whole join."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

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


@dataclass(frozen=True, eq=False)
class FilmTable:
    """Stamps of every packet of the film, in file order, in the film's time base.

    Args:
        segments: the files, in order.
        time_base: of the three arrays.
        pts: int64 (packets,).
        dts: int64 (packets,), strictly increasing and never after pts.
        duration: int64 (packets,), until the next frame is shown.
    """

    segments: tuple[Path, ...]
    time_base: Fraction
    pts: Stamps
    dts: Stamps
    duration: Stamps

    def shifted(self, ticks: int) -> FilmTable:
        """The same film, `ticks` later."""
        return replace(self, pts=self.pts + ticks, dts=self.dts + ticks)

    def at_rate(self, rate: Fraction) -> FilmTable:
        """The same film with ticks so fine that it lasts exactly as its rate says.

        Where stamps are in milliseconds, mp4's mean rate would else be off by the last one's
        rounding. A film whose length differs by more than a tick stays as it is.
        """
        length = len(self.pts) / rate / self.time_base
        rest = length - int((self.pts + self.duration).max() - self.pts.min())
        finer = length.denominator
        if not rest or abs(rest) > 1 or self.time_base.denominator * finer > FINEST_TIMESCALE:
            return self
        duration = self.duration * finer
        duration[self.pts.argmax()] += int(rest * finer)
        return replace(
            self,
            time_base=self.time_base / finer,
            pts=self.pts * finer,
            dts=self.dts * finer,
            duration=duration,
        )

    def by_decoding(self) -> FilmTable:
        """The same film for mp4 and mov, where a packet lasts until the next one is decoded.

        So the last one to be decoded lasts until the film's time is up, but not past its end.
        """
        if self.pts[-1] == self.pts.max():
            return self
        end = int((self.pts + self.duration).max())
        left = end - int(self.pts.min()) - int(self.dts[-1] - self.dts[0])
        duration = self.duration.copy()
        duration[-1] = max(1, min(left, end - int(self.pts[-1])))
        return replace(self, duration=duration)

    def packets(self, stream: Any, bitstream: str | None) -> Iterator[tuple[float, Packet[Any]]]:
        """Read the packets one by one, stamped for `stream`, with their time in seconds.

        Args:
            stream: of the output.
            bitstream: a filter that each packet goes through, such as 'h264_mp4toannexb'.
        """
        place = 0
        for path in self.segments:
            with av.open(media_url(path)) as container:
                film = container.streams.video[0]
                through = BitStreamFilterContext(bitstream, in_stream=film) if bitstream else None
                for packet in container.demux(film):
                    if packet.size == 0:
                        continue
                    made = through.filter(packet)[0] if through else packet
                    yield self._stamp(made, place, stream)
                    place += 1

    def tail(self, stream: Any) -> Iterator[tuple[float, Packet[Any]]]:
        """The empty packet that holds the last picture in avi, if it is held."""
        last = int((self.pts + self.duration).max()) - 1
        if last > self.pts.max():
            packet: Packet[Any] = Packet(b"")
            packet.time_base, packet.stream = self.time_base, stream
            packet.pts = packet.dts = last
            yield float(last * self.time_base), packet

    def _stamp(self, packet: Packet[Any], place: int, stream: Any) -> tuple[float, Packet[Any]]:
        packet.time_base = self.time_base
        packet.pts, packet.dts = int(self.pts[place]), int(self.dts[place])
        packet.duration = int(self.duration[place])
        packet.stream = stream
        return float(packet.dts * self.time_base), packet


def film_table(
    segments: Sequence[Path], offsets_pts: Sequence[int], clip: ClipInfo, to_slots: bool
) -> FilmTable:
    """Read all segments' stamps and make one film of them.

    Encoders give each segment decode stamps of its own that overlap where frames are reordered;
    so they are made anew: the sorted pts, late by the greatest reordering in the whole film.

    Args:
        segments: files whose time begins at 0.
        offsets_pts: pts of each one's first frame, in the clip's time base.
        clip: whose frames they are.
        to_slots: whether stamps become places on a grid of the frame rate, as avi has it.

    Raises:
        OutputError: a segment is damaged or was encoded otherwise than the first.
    """
    shown: list[int] = []
    extradata: bytes | None = None
    for path, offset in zip(segments, offsets_pts, strict=True):
        stamps, extra = _segment_stamps(path, clip.time_base)
        if extradata is not None and extra != extradata:
            raise _foreign(path, "was encoded with other settings than the first")
        extradata = extra
        shown += [offset + stamp for stamp in stamps]
        if not np.isin(shown[-len(stamps) :], clip.pts).all():
            raise _foreign(path, "holds other frames than it should")
    if len(set(shown)) != len(shown):
        raise _foreign(segments[-1], "overlaps with another")
    pts, time_base, end = np.array(shown, np.int64), clip.time_base, _film_end(shown, clip)
    if to_slots:
        slots = np.array(avi_slots(clip), np.int64)
        pts = slots[np.searchsorted(clip.pts, pts)]
        grid = 1 / clip.average_rate
        held = round((end - max(shown)) * time_base / grid)
        time_base, end = grid, int(pts.max()) + max(1, held)
    dts, duration = _decode_stamps(pts, end)
    return FilmTable(tuple(segments), time_base, pts, dts, duration)


def _film_end(shown: Sequence[int], clip: ClipInfo) -> int:
    return clip.frame_end(int(np.searchsorted(clip.pts, max(shown))))


def _foreign(path: Path, what: str) -> OutputError:
    return OutputError(f"The segment {path} {what}.", "Remove it and run the command again.")


def _segment_stamps(path: Path, time_base: Fraction) -> tuple[list[int], bytes]:
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
        raise _foreign(path, "cannot be read") from error
    if not stamps:
        raise _foreign(path, "is empty")
    return stamps, extra


def _decode_stamps(pts: Stamps, end: int) -> tuple[Stamps, Stamps]:
    """Decode stamps and durations for packets shown at `pts`, given in decoding order."""
    order = np.sort(pts)
    rank = np.searchsorted(order, pts)
    delay = int((np.arange(len(pts)) - rank).max())
    # As far apart as the frames are shown: of even steps there is only one, the first ones too.
    head = order[:delay] - (order[delay] - order[0])
    dts = np.concatenate([head, order])[: len(pts)]
    duration = np.append(order[1:], end)[rank] - pts
    return dts.astype(np.int64), np.maximum(duration, 1)
