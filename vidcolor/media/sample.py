"""The first packets of a source's other streams, kept to be muxed as often as is to be tried."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
from av.container import InputContainer
from av.packet import Packet

from vidcolor.media.source import is_cover

_EACH = 4
"""Packets of a stream that are tried, all if there are fewer."""
_EACH_OF_SOUND = 16


@dataclass(frozen=True)
class _Kept:
    packet: Packet[Any]
    stream: Any
    time_base: Fraction
    pts: int | None
    dts: int | None
    duration: int | None

    def fresh(self) -> Packet[Any]:
        """The packet as it was read: muxing changes its stream and stamps."""
        packet = self.packet
        packet.stream, packet.time_base = self.stream, self.time_base
        packet.pts, packet.dts, packet.duration = self.pts, self.dts, self.duration
        return packet


class Sample:
    """Packets from the start of each of some streams.

    Args:
        source: open, read from its start here; stays open as long as the sample is of use.
        indexes: of the streams; none of them an attachment or unknown data.
    """

    def __init__(self, source: InputContainer, indexes: Sequence[int]) -> None:
        self.source = source
        self._kept: list[_Kept] = []
        streams = [source.streams[i] for i in indexes]
        missing = Counter({s.index: _quota(s) for s in streams})
        packets = source.demux(*streams) if +missing else iter(())
        while +missing:
            try:
                packet = next(packets)
            except (StopIteration, av.error.FFmpegError):
                return
            if packet.size and missing[packet.stream.index] > 0:
                missing[packet.stream.index] -= 1
                stamps = packet.time_base, packet.pts, packet.dts, packet.duration
                self._kept.append(_Kept(packet, packet.stream, *stamps))

    def packets(self, index: int | None = None) -> Iterator[Packet[Any]]:
        """The packets as they were read, of one stream or all."""
        for kept in self._kept:
            if index is None or kept.stream.index == index:
                yield kept.fresh()


def _quota(stream: Any) -> int:
    if stream.type == "video" and is_cover(stream):
        return 1
    return _EACH_OF_SOUND if stream.type == "audio" else _EACH
