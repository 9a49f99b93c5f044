"""What becomes of the source's other streams: decided before the work, carried out at the join."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import av
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import Disposition

from vidcolor.errors import OutputError
from vidcolor.media.clip import ClipInfo, OtherStream
from vidcolor.media.codecs import CONTAINERS
from vidcolor.media.files import trial_folder
from vidcolor.media.source import is_cover, media_url, open_source

Action = Literal["copy", "convert", "attach", "leave"]

_MP4 = (".mp4", ".mov", ".m4v")
_TEXT = {"subrip", "srt", "ass", "ssa", "mov_text", "webvtt", "text"}
_TEXT_CODEC = {
    ".mp4": "mov_text",
    ".mov": "mov_text",
    ".m4v": "mov_text",
    ".mkv": "srt",
    ".webm": "webvtt",
}
_AVI_SOUND = ("mp3", "mp2", "ac3", "aac", "pcm_", "adpcm_", "wma", "dts")
"""FFmpeg writes others into avi too, but with wrong times."""
_COVER_NAMES = {"mjpeg": ("cover.jpg", "image/jpeg"), "png": ("cover.png", "image/png")}


@dataclass(frozen=True)
class StreamPlan:
    """What becomes of one stream of the source.

    Args:
        index: its place in the source.
        kind: as in `OtherStream`.
        action: 'copy' packet by packet, 'convert' to `codec`, 'attach' as a file, or 'leave'.
        codec: of the output where it is converted, else ''.
        sentence: for the user; '' where nothing is lost.
    """

    index: int
    kind: str
    action: Action
    codec: str = ""
    sentence: str = ""


def plan_streams(clip: ClipInfo, output: Path) -> tuple[StreamPlan, ...]:
    """Decide for every stream but the film, by trying whether the container takes it.

    Raises:
        OutputError: the container cannot hold a sound track; another that can is named.
    """
    with open_source(clip.path) as source:
        return tuple(_plan(source, other, output) for other in clip.other_streams)


def _plan(source: InputContainer, other: OtherStream, output: Path) -> StreamPlan:
    suffix = output.suffix.lower()

    def left(why: str) -> StreamPlan:
        return StreamPlan(other.index, other.kind, "leave", "", f"{_name(other)} {why}.")

    stream = source.streams[other.index]
    if other.kind == "cover" and suffix == ".mkv":
        if other.codec in _COVER_NAMES:
            return StreamPlan(other.index, other.kind, "attach")
        return left("is left out, since it is no JPEG or PNG")
    if other.kind == "data":
        return left("is left out; chapters and timecode are written anew")
    if other.kind != "attachment" and stream.codec_context is None:
        return left("is left out, since its codec is unknown")
    if other.kind == "subtitle":
        return _plan_subtitle(stream, other, output)
    if _fits(stream, other, output):
        return StreamPlan(other.index, other.kind, "copy", "", _stays_grey(other))
    if other.kind == "audio":
        others = [s for s in CONTAINERS if s != suffix]
        fitting = [s for s in others if _fits(stream, other, output.with_suffix(s))]
        raise OutputError(
            f"{suffix} cannot hold {_name(other)} ({other.codec}).",
            f"Use {' or '.join(fitting[:3])}." if fitting else "Convert the sound first.",
        )
    return left(f"is left out, since {suffix} cannot hold it")


def _plan_subtitle(stream: Any, other: OtherStream, output: Path) -> StreamPlan:
    suffix = output.suffix.lower()
    if _fits(stream, other, output):
        return StreamPlan(other.index, other.kind, "copy")
    target = _TEXT_CODEC.get(suffix)
    if target and other.codec in _TEXT:
        sentence = f"{_name(other)} is converted from {other.codec} to {target}."
        return StreamPlan(other.index, other.kind, "convert", target, sentence)
    sentence = f"{_name(other)} ({other.codec}) is left out, since {suffix} cannot hold it."
    return StreamPlan(other.index, other.kind, "leave", "", sentence)


def _stays_grey(other: OtherStream) -> str:
    """What is said of a second film, which is copied."""
    if other.kind != "video":
        return ""
    return f"{_name(other)} is copied as it is; --stream {other.index} colours it."


def _name(other: OtherStream) -> str:
    language = f" in {other.language}" if other.language not in ("", "und") else ""
    if other.kind == "video":
        return f"Stream {other.index} (video{language}, {other.size[0]}x{other.size[1]})"
    kinds = {"audio": "sound", "subtitle": "subtitles", "cover": "cover"}
    return f"Stream {other.index} ({kinds.get(other.kind, other.kind)}{language})"


def _fits(stream: Any, other: OtherStream, output: Path) -> bool:
    """Whether the header of the output's container can be written with this stream in it."""
    suffix = output.suffix.lower()
    if other.kind == "attachment" and suffix != ".mkv":
        return False
    if other.kind == "cover" and suffix not in _MP4:
        return False
    if other.kind == "audio" and suffix == ".avi" and not other.codec.startswith(_AVI_SOUND):
        return False
    if other.kind == "video" and suffix == ".avi" and other.codec in ("h264", "hevc"):
        return False  # its packets would need start codes
    with trial_folder(output) as folder:
        try:
            with av.open(media_url(folder / f"try{suffix}"), "w") as target:
                _templated(target, stream)
                target.start_encoding()
        except (av.error.FFmpegError, ValueError):
            return False
    return True


def _templated(target: OutputContainer, stream: Any) -> Any:
    carrier = target.add_stream_from_template(stream, opaque=True)
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
        path: of the source; the open one does not know its name if that is not UTF-8.
    """

    def __init__(
        self,
        source: InputContainer,
        target: OutputContainer,
        plans: Iterable[StreamPlan],
        shift_s: Fraction,
        window_s: tuple[Fraction | None, Fraction | None],
        path: Path,
    ) -> None:
        self._source = source
        self._shift_s = shift_s
        self._window_s = window_s
        self._carriers: dict[int, Any] = {}
        self._converted: set[int] = set()
        self._last_dts: dict[int, int] = {}
        for plan in plans:
            stream = source.streams[plan.index]
            if plan.action == "copy":
                self._carriers[plan.index] = _templated(target, stream)
            elif plan.action == "convert":
                self._carriers[plan.index] = _text_carrier(target, stream, plan.codec)
                self._converted.add(plan.index)
            elif plan.action == "attach":
                _attach(target, stream, path)

    def packets(self) -> Iterator[tuple[float, Packet[Any]]]:
        """Packets for the output, with their time in seconds, about in order of time."""
        streams = [self._source.streams[i] for i in self._carriers]
        streams = [s for s in streams if s.type != "attachment"]
        if not streams:
            return
        now = float("-inf")
        packets = self._source.demux(*streams)
        while True:
            try:
                packet = next(packets)
            except (StopIteration, av.error.FFmpegError):
                return
            for ready in self._ready(packet):
                if ready.dts is not None:
                    base = Fraction(ready.time_base.numerator, ready.time_base.denominator)
                    now = max(now, float(ready.dts * base))
                yield now, ready

    def _ready(self, packet: Packet[Any]) -> Iterator[Packet[Any]]:
        index = packet.stream.index
        if packet.size == 0 or packet.stream.index not in self._carriers:
            return
        if packet.stream.type == "video" and is_cover(packet.stream):
            packet.pts = packet.dts = 0
        elif not self._stamped(packet):
            return
        made = self._as_text(packet) if index in self._converted else packet
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
        start, end = self._window_s
        text = packet.stream.type == "subtitle"
        if end is not None and pts * base >= end:
            return False
        if start is not None and pts * base < start:
            first = -(-start // base)
            rest = pts + (packet.duration or 0) - first
            if not text or rest <= 0:
                return False
            packet.duration = int(rest)
            pts = dts = int(first)
        shift = round(self._shift_s / base)
        pts, dts = pts + shift, dts + shift
        index = packet.stream.index
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
    carrier.metadata.update(kept_metadata(stream.metadata))
    carrier.disposition = stream.disposition
    return carrier


def _attach(target: OutputContainer, stream: Any, path: Path) -> None:
    """Make an attachment of a cover, whose single packet is read from the source anew."""
    name, mime = _COVER_NAMES[stream.codec_context.codec.canonical_name]
    with av.open(media_url(path)) as source:
        packet = next(p for p in source.demux(source.streams[stream.index]) if p.size)
        target.add_attachment(name, mime, bytes(packet))
