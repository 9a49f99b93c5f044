"""The source's other streams during the join: copied, converted, attached or left, as planned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import av
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import Disposition

from vidcolor.media.clip import ClipInfo
from vidcolor.media.resound import Placing, SoundConverter
from vidcolor.media.sound import SoundTarget, channel_layout, sound_carrier
from vidcolor.media.source import is_cover, media_url

Action = Literal["copy", "convert", "attach", "leave"]

COVER_NAMES = {"mjpeg": ("cover.jpg", "image/jpeg"), "png": ("cover.png", "image/png")}


_LONGEST_S = 12 * 3600
"""No packet lasts longer: Ogg's last one of Vorbis may say a day, which mp4 refuses."""


@dataclass(frozen=True)
class StreamPlan:
    """What becomes of one stream of the source.

    Args:
        index: its place in the source.
        kind: as in `OtherStream`.
        action: 'copy' packet by packet, 'convert' to `codec`, 'attach' as a file, or 'leave'.
        codec: of the output where it is converted, else ''.
        sentence: for the user; '' where nothing is lost.
        sound: how sound is converted, else None.
    """

    index: int
    kind: str
    action: Action
    codec: str = ""
    sentence: str = ""
    sound: SoundTarget | None = None


def _templated(target: OutputContainer, stream: Any) -> Any:
    carrier = target.add_stream_from_template(stream, opaque=True)
    if stream.type == "audio":
        # Without a layout mp4 refuses the first packet.
        carrier.codec_context.layout = channel_layout(stream)
    return _described(carrier, stream)


def _described(carrier: Any, stream: Any) -> Any:
    carrier.metadata.update(kept_metadata(stream.metadata))
    carrier.disposition = stream.disposition
    if stream.type == "video" and not is_cover(stream):
        carrier.disposition &= ~Disposition.default  # a player shows the film in colour
    return carrier


def kept_metadata(metadata: dict[str, str]) -> dict[str, str]:
    """Leave out what describes the old encoding and would be untrue."""
    stale = (
        "encoder",
        "duration",
        "bps",
        "number_of_",
        "_statistics",
        "major_brand",
        "minor_version",
        "compatible_brands",
        "alpha_mode",
    )
    return {k: v for k, v in metadata.items() if not k.lower().startswith(stale)}


class Passengers:
    """The copied streams during a join: made in the output, then fed packet by packet.

    Args:
        source: the open source.
        target: the open output, before its header.
        plans: from `plan_streams`.
        shift_s: added to every time stamp.
        window_s: what to keep, (start, end) in the source's seconds.
        clip: the source; the open one does not know its name if that is not UTF-8.
    """

    def __init__(
        self,
        source: InputContainer,
        target: OutputContainer,
        plans: Iterable[StreamPlan],
        shift_s: Fraction,
        window_s: tuple[Fraction | None, Fraction | None],
        clip: ClipInfo,
    ) -> None:
        self._source = source
        self._clock = clip.clock
        self._seen: Counter[int] = Counter()
        self._shift_s = shift_s
        self._window_s = window_s
        self._carriers: dict[int, Any] = {}
        self._texts: set[int] = set()
        self._sounds: dict[int, SoundConverter] = {}
        self._last_dts: dict[int, int] = {}
        for plan in plans:
            stream = source.streams[plan.index]
            if plan.action == "copy":
                self._carriers[plan.index] = _templated(target, stream)
            elif plan.sound:
                carrier = _described(sound_carrier(target, stream, plan.sound), stream)
                self._carriers[plan.index] = carrier
                self._sounds[plan.index] = self._converter(stream, carrier)
            elif plan.action == "convert":
                self._carriers[plan.index] = _text_carrier(target, stream, plan.codec)
                self._texts.add(plan.index)
            elif plan.action == "attach":
                _attach(target, stream, clip.path)

    def _converter(self, stream: Any, carrier: Any) -> SoundConverter:
        """One that cuts to the window; what is before 0 would be lost or delay all else."""
        start, end = (None if s is None else s + self._shift_s for s in self._window_s)
        kept = max(start or Fraction(0), Fraction(0)), end
        leads = carrier.container.format.name == "avi"
        return SoundConverter(
            stream, carrier, Placing(*kept, leads, self._shift_s if self._counted else None)
        )

    @property
    def _counted(self) -> bool:
        """Whether sound's place is known by counting: avi's stamps are wrong for some codecs."""
        return bool(self._source.format.name == "avi")

    def packets(
        self, demuxed: Iterable[Packet[Any]] | None = None
    ) -> Iterator[tuple[float, Packet[Any]]]:
        """Packets for the output, with their time in seconds, about in order of time.

        Args:
            demuxed: packets of the open source to be taken instead of all that it holds.
        """
        now = float("-inf")
        for ready in self._all_ready(self._demuxed() if demuxed is None else demuxed):
            if ready.dts is not None:
                base = Fraction(ready.time_base.numerator, ready.time_base.denominator)
                now = max(now, float(ready.dts * base))
            yield now, ready

    def _demuxed(self) -> Iterator[Packet[Any]]:
        streams = [self._source.streams[i] for i in self._carriers]
        streams = [s for s in streams if s.type != "attachment"]
        if not streams:
            return
        packets = self._source.demux(*streams)
        while True:
            try:
                packet = next(packets)
            except (StopIteration, av.error.FFmpegError):
                return
            yield packet

    def _all_ready(self, packets: Iterable[Packet[Any]]) -> Iterator[Packet[Any]]:
        for packet in packets:
            yield from self._ready(packet)
        for sound in self._sounds.values():
            yield from sound.finish()

    def _ready(self, packet: Packet[Any]) -> Iterator[Packet[Any]]:
        index = packet.stream.index
        if packet.size == 0 or packet.stream.index not in self._carriers:
            return
        self._seen[index] += 1
        if packet.stream.type == "video" and is_cover(packet.stream):
            packet.pts = packet.dts = 0
        elif not (self._counted and index in self._sounds) and not self._stamped(packet):
            return
        if index in self._sounds:
            yield from self._sounds[index].feed(packet)
            return
        made = self._as_text(packet) if index in self._texts else packet
        if made is not None:
            made.stream = self._carriers[index]
            yield made

    def _stamped(self, packet: Packet[Any]) -> bool:
        """Trim and shift a packet's stamps and keep them growing; False if it is outside."""
        pts = packet.pts if packet.pts is not None else packet.dts
        if pts is None:
            return False
        dts = packet.dts if packet.dts is not None else pts
        base = Fraction(packet.time_base.numerator, packet.time_base.denominator)
        index = packet.stream.index
        mended = round(self._clock.shift_s(index, self._seen[index] - 1) / base)
        pts, dts = pts + mended, dts + mended
        if (packet.duration or 0) * base > _LONGEST_S:
            packet.duration = 0
        start, end = self._window_s
        text = packet.stream.type == "subtitle"
        if end is not None and pts * base >= end:
            return False
        if start is not None and pts * base < start:
            first = -(-start // base)
            rest = pts + (packet.duration or 0) - first
            sound = packet.stream.index in self._sounds  # which is cut sample by sample
            if not (text or sound) or rest <= 0:
                return False
            if text:
                packet.duration = int(rest)
                pts = dts = int(first)
        shift = round(self._shift_s / base)
        pts, dts = pts + shift, dts + shift
        last = self._last_dts.get(index)
        if last is not None and dts < last + (not text):
            dts = last + (not text)
            pts = max(pts, dts)
        self._last_dts[index] = dts
        packet.pts, packet.dts = pts, dts
        return True

    def _as_text(self, packet: Packet[Any]) -> Packet[Any] | None:
        subtitle = packet.stream.codec_context.decode2(packet)
        if subtitle is None:
            return None
        made = self._carriers[packet.stream.index].codec_context.encode_subtitle(subtitle)
        made.time_base = packet.time_base
        made.pts = made.dts = packet.pts
        made.duration = packet.duration
        return made  # type: ignore[no-any-return]


def _text_carrier(target: OutputContainer, stream: Any, codec: str) -> Any:
    carrier: Any = target.add_stream(codec)
    header = stream.codec_context.subtitle_header
    carrier.codec_context.subtitle_header = header or b""
    return _described(carrier, stream)


def _attach(target: OutputContainer, stream: Any, path: Path) -> None:
    """Make an attachment of a cover, whose single packet is read from the source anew."""
    name, mime = COVER_NAMES[stream.codec_context.codec.canonical_name]
    with av.open(media_url(path)) as source:
        packet = next(p for p in source.demux(source.streams[stream.index]) if p.size)
        target.add_attachment(name, mime, bytes(packet))
