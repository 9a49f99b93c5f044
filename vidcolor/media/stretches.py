"""Where a film's picture becomes another one: found by its headers, while packets pass.

A new size, aspect or colour tag needs a new sequence header. Those of keyframes are compared, and
only where one is new a frame is decoded to see what it changes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import av
import numpy as np
from av.bitstream import BitStreamFilterContext
from av.packet import Packet
from av.video.stream import VideoStream

from vidcolor.media.clip import Stretch
from vidcolor.media.stamps import Stamps

_WITH_SEQUENCE_HEADERS = {
    *("h264", "hevc", "vvc", "av1", "vc1"),
    *("mpeg1video", "mpeg2video", "mpeg4", "cavs"),
}
"""Codecs whose headers FFmpeg's filter extract_extradata finds in packets."""
_SPARSE, _ZEROS = 8, 16
"""Of every so manieth packet so many bytes are looked at: none begins with so many zeros."""
_HEAD = 4096
"""Bytes of a keyframe before which its headers end."""
Header = Callable[[Any], bytes]


class Stretches:
    """Learns the stretches of like pictures from a film's packets.

    Args:
        film: its stream, of a container that nobody decodes from.
    """

    def __init__(self, film: VideoStream) -> None:
        self._film = film
        self._header = _header_of(film)
        self._known: dict[bytes, Stretch | None] = {}
        self._latest: Stretch | None = None
        self._found: list[tuple[int, Stretch]] = []
        self._looked = self._empty = 0

    def see(self, packet: Packet[VideoStream], place: int) -> None:
        """Look at the next packet; it may have been decoded afterwards.

        Args:
            packet: of the film, not empty.
            place: how many pictures came before it.
        """
        if self._header is None:
            return
        if place % _SPARSE == 0:
            self._looked += 1
            self._empty += not any(memoryview(packet)[:_ZEROS])
        if not packet.is_keyframe:
            return
        header = _announced(packet) or self._header(packet)
        if self._latest is not None and not header:
            return  # as before: the container may hold the header once
        if header not in self._known or self._latest is None:
            self._known[header] = self._decode(packet)
        now = self._known[header]
        if now is not None and now != self._latest:
            self._latest = now
            self._found.append((place, now))

    def by_index(
        self, pts: Stamps, stamps: Sequence[int | None], in_order: bool
    ) -> tuple[Stretch, ...]:
        """The stretches with the indexes of their first frames; none where all are alike.

        Args:
            pts: of the frames, in the film's time base.
            stamps: of the packets as they come, likewise.
            in_order: whether frames are known by their place, and not by these.
        """
        made: dict[int, Stretch] = {}
        for place, stretch in self._found:
            index, stamp = place, stamps[place]
            if stamp is not None and not in_order:
                index = int(np.searchsorted(pts, stamp))
            index = min(index, len(pts) - 1)
            made[index] = replace(stretch, first=index)
        return tuple(made.values()) if len(made) > 1 else ()

    def holes(self) -> tuple[str, ...]:
        """What is to be said of packets that are mere zeros; nothing if there are none."""
        if not self._empty:
            return ()
        share = max(1, round(100 * self._empty / self._looked))
        return (
            f"About {share} % of the film holds nothing, as in a download that is not complete;"
            " the frame before stands in for each that is missing.",
        )

    def _decode(self, packet: Packet[VideoStream]) -> Stretch | None:
        context = self._film.codec_context
        try:
            frames = [*context.decode(packet), *context.decode(None)]
        except av.error.FFmpegError:
            frames = []
        context.flush_buffers()
        if not frames:
            return None
        frame, aspect = frames[0], context.sample_aspect_ratio
        return Stretch(
            first=0,
            size=(frame.width, frame.height),
            pixel_format=frame.format.name,
            aspect=Fraction(aspect.numerator, aspect.denominator) if aspect else Fraction(1),
            color_range=int(frame.color_range),
            matrix=int(frame.colorspace),
        )


def _header_of(film: VideoStream) -> Header | None:
    """What takes the header out of a keyframe; None for codecs that have it outside."""
    codec = film.codec_context.codec.canonical_name
    if codec not in _WITH_SEQUENCE_HEADERS:
        return _OWN.get(codec)
    bitstream = BitStreamFilterContext("extract_extradata", in_stream=film)
    prefix = _length_bytes(codec, film.codec_context.extradata)
    head = None if codec == "av1" else _HEAD  # whose units must be whole

    def header(packet: Packet[VideoStream]) -> bytes:
        data = memoryview(packet)[:head]
        copy = Packet(_with_start_codes(data, prefix) if prefix else bytes(data))
        copy.is_keyframe = True
        try:
            return b"".join(map(_announced, bitstream.filter(copy)))
        except av.error.FFmpegError:
            return b""

    return header


def _length_bytes(codec: str, extradata: bytes | None) -> int:
    """How many bytes of length stand before each unit, as in mp4 and mkv; 0 for start codes."""
    place = {"h264": 4, "hevc": 21}.get(codec)
    if place is None or not extradata or len(extradata) <= place or extradata[0] != 1:
        return 0
    return (extradata[place] & 3) + 1


def _with_start_codes(data: memoryview, prefix: int) -> bytes:
    """The units of a packet, the last perhaps not whole, as the filter wants them."""
    made, place = bytearray(), 0
    while place + prefix < len(data):
        stop = place + prefix + int.from_bytes(data[place : place + prefix])
        made += b"\0\0\1" + data[place + prefix : stop]
        place = stop
    return bytes(made)


def _announced(packet: Any) -> bytes:
    """A header that comes beside a packet, as where an mp4 has several sample descriptions."""
    if not packet.has_sidedata("new_extradata"):
        return b""
    return bytes(packet.get_sidedata("new_extradata"))


def _jpeg_header(packet: Any) -> bytes:
    """The frame header, SOF, which is found from segment to segment."""
    data, place = memoryview(packet), 2
    while place + 10 < len(data) and data[place] == 0xFF:
        kind, length = data[place + 1], int.from_bytes(data[place + 2 : place + 4])
        if 0xC0 <= kind <= 0xCF and kind not in (0xC4, 0xC8, 0xCC):
            return bytes(data[place : place + 2 + length])
        place += 2 + length
    return b""


def _slice(first: int, stop: int) -> Header:
    return lambda packet: bytes(memoryview(packet)[first:stop])


def _dv_header(packet: Any) -> bytes:
    """The length tells PAL from NTSC; the aspect is in the pack of video control."""
    return bytes([packet.size % 251, memoryview(packet)[455] & 7]) if packet.size > 455 else b""


_OWN: dict[str, Header] = {
    "mjpeg": _jpeg_header,
    "vp8": _slice(6, 10),
    "vp9": _slice(1, 9),
    "prores": _slice(16, 25),
    "dvvideo": _dv_header,
}
"""Where in a packet the others say what their picture is."""
