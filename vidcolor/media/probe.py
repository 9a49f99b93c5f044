"""Looking at a source before any work: one pass over its packets, a few frames decoded."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from vidcolor.errors import InputError
from vidcolor.media.clip import UNSPECIFIED, ClipInfo, OtherStream
from vidcolor.media.moving import is_animation, is_still
from vidcolor.media.planes import FormatTraits, format_traits, is_readable
from vidcolor.media.source import (
    beside,
    check_file,
    decoded,
    film_stream,
    has_transparency_beside,
    is_cover,
    is_single,
    open_source,
)
from vidcolor.media.stamps import Stamps, settle, typical_step
from vidcolor.media.traits import chroma_location, display_matrix, field_order, hdr_options, turn

_SAMPLE = 24
"""Frames that are decoded to see whether packets and frames tell the same story."""


def kind_of(path: Path) -> str:
    """Say whether a file is a 'clip' or a 'picture', without reading all of it.

    Raises:
        InputError: neither.
    """
    path = Path(path)
    check_file(path)
    if is_still(path):
        return "picture"
    with open_source(path) as container:
        film_stream(container, path)
        return "picture" if is_single(container) and not is_animation(path) else "clip"


def probe(path: Path) -> ClipInfo:
    """Look at a film: geometry, colour, every frame's time, the other streams.

    Raises:
        InputError: the file is missing, no media, no film, or no frame of it can be decoded.
    """
    path = Path(path)
    if kind_of(path) == "picture":
        raise InputError(f"{path} is a still picture, not a film.", "Colour it as a picture.")
    table = _packet_table(path)
    sample = _first_frames(path)
    if not sample:
        raise InputError(
            f"No frame of {path} can be decoded.", "Check that it plays, or get another copy."
        )
    if not is_readable(sample[0]):
        raise InputError(
            f"The frames of {path} are {sample[0].format.name}, which cannot be read here.",
            "Convert it to another pixel format, such as yuv422p10le or gray16le.",
        )
    timing = _timing(path, table, sample)
    with open_source(path) as container:
        return _describe(path, container, sample[0], timing)


@dataclass(frozen=True)
class _Table:
    """The packets of the film that hold a picture to be shown."""

    pts: tuple[int | None, ...]
    dts: tuple[int | None, ...]
    last_duration: int
    rate: Fraction
    time_base: Fraction
    trusted: bool
    framed: bool

    @property
    def frame_ticks(self) -> int:
        return max(1, round(1 / (self.rate * self.time_base)))


@dataclass(frozen=True)
class _Timing:
    pts: Stamps
    end_pts: int
    in_order: bool
    rate: Fraction
    repairs: tuple[str, ...]


def _packet_table(path: Path) -> _Table:
    stamps: list[int | None] = []
    decode_stamps: list[int | None] = []
    latest, last_duration = None, 0
    with open_source(path) as container:
        film = film_stream(container, path)
        # AVI stores no pts, and FFmpeg's guess for H.264 in it is wrong.
        trusted = not (container.format.name == "avi" and film.codec_context.name in _REORDERING)
        packets = container.demux(film)
        while (packet := _next_packet(packets)) is not None:
            if packet.size == 0 or packet.is_discard:
                continue
            stamps.append(packet.pts)
            decode_stamps.append(packet.dts)
            if packet.pts is not None and (latest is None or packet.pts > latest):
                latest, last_duration = packet.pts, packet.duration or 0
        # Packets of these may hold no picture of their own (hidden, or "not coded").
        framed = film.codec_context.codec.canonical_name not in ("vp8", "mpeg4")
        rate = _rate(film)
        time_base = _fraction(film.time_base) or Fraction(1, 1000)
    return _Table(
        tuple(stamps), tuple(decode_stamps), last_duration, rate, time_base, trusted, framed
    )


_REORDERING = {"h264", "hevc"}


def _next_packet(packets: Any) -> Any:
    try:
        return next(packets, None)
    except av.error.FFmpegError:
        return None


def _rate(film: VideoStream) -> Fraction:
    rates = (film.average_rate, film.guessed_rate, film.base_rate)
    return next((r for r in map(_fraction, rates) if r and 0 < r <= 1000), Fraction(25))


def _fraction(value: Any) -> Fraction | None:
    """PyAV 18 gives None, 19 a falsy rational, where there is nothing."""
    if not value or not value.denominator:
        return None
    return Fraction(value.numerator, value.denominator)


def _first_frames(path: Path) -> list[VideoFrame]:
    with open_source(path) as container:
        film = film_stream(container, path)
        film.thread_type = "AUTO"
        return list(itertools.islice(decoded(container, film), _SAMPLE))


def _timing(path: Path, table: _Table, sample: Sequence[VideoFrame]) -> _Timing:
    known = [p for p in table.pts if p is not None]
    shown = sorted(known)
    first = sample[0].pts
    sound = (
        table.trusted
        and len(known) == len(table.pts)
        and len(set(known)) == len(known)
        and first in set(known)
    )
    if sound and first is not None:
        lost = shown.index(first)
        shown = shown[lost:]
        if [f.pts for f in sample] == shown[: len(sample)] or (
            table.framed and _only_damage(sample, shown)
        ):
            repairs = (_lost_sentence(lost),) if lost else ()
            return _finish(np.array(shown, np.int64), table, False, repairs)
    return _timing_by_decoding(path, table)


def _only_damage(sample: Sequence[VideoFrame], shown: Sequence[int]) -> bool:
    """Whether decoding merely left some frames out, which are repeats of their predecessors."""
    stamps = [f.pts for f in sample]
    ordered = all(a is not None and b is not None and a < b for a, b in itertools.pairwise(stamps))
    return ordered and set(stamps) <= set(shown) and len(stamps) * 2 > shown.index(stamps[-1] or 0)


def _lost_sentence(lost: int) -> str:
    frames = "frame" if lost == 1 else f"{lost} frames"
    return f"The first {frames} cannot be decoded; the film begins after that."


def _timing_by_decoding(path: Path, table: _Table) -> _Timing:
    """Where packets don't say when frames are shown, every frame is decoded once."""
    with open_source(path) as container:
        film = film_stream(container, path)
        film.thread_type = "AUTO"
        raw = [frame.pts for frame in decoded(container, film)]
    if not table.trusted:
        slots = sorted(d for d in table.dts if d is not None)
        if len(slots) != len(raw) or len(set(slots)) != len(slots):
            slots = [index * table.frame_ticks for index in range(len(raw))]
        repairs = (
            f"The container stores no time stamps for {len(raw)} frames; "
            "they are shown in decoding order.",
        )
        return _finish(np.array(slots, np.int64) - slots[0], table, True, repairs)
    stamps, changed = settle(raw, _step(raw, table))
    if not changed:
        return _finish(stamps, table, False, ())
    repairs = (
        f"{changed} of {len(raw)} time stamps were missing, doubled or backward "
        "and have been set anew.",
    )
    return _finish(stamps, table, True, repairs)


def _step(raw: Sequence[int | None], table: _Table) -> int:
    known = np.array([r for r in raw if r is not None], np.int64)
    steps = np.diff(known)
    steps = steps[steps > 0]
    if len(steps) * 2 < len(raw):
        return table.frame_ticks
    return max(1, round(float(np.median(steps))))


def _finish(pts: Stamps, table: _Table, in_order: bool, repairs: tuple[str, ...]) -> _Timing:
    step = typical_step(pts, table.last_duration or table.frame_ticks)
    last = table.last_duration if step <= 4 * table.last_duration <= 16 * step else step
    end = int(pts[-1]) + last
    rate = table.rate
    measured = Fraction(len(pts)) / ((end - int(pts[0])) * table.time_base)
    if not 0.5 < measured / rate < 2:
        rate = measured.limit_denominator(1001)
    return _Timing(pts, end, in_order, rate, repairs)


def _describe(
    path: Path, container: InputContainer, frame: VideoFrame, timing: _Timing
) -> ClipInfo:
    film = film_stream(container, path)
    context = film.codec_context
    traits = format_traits(frame.format.name)
    full_range = _full_range(frame, context, traits)
    display = display_matrix(frame)
    rotation, flipped, odd_turn = turn(display)
    return ClipInfo(
        path=path,
        container=container.format.name,
        video_index=film.index,
        codec=context.codec.canonical_name,
        width=frame.width,
        height=frame.height,
        sample_aspect_ratio=_pixel_aspect(film),
        display_matrix=display,
        rotation=rotation,
        flipped=flipped,
        pixel_format=frame.format.name,
        depth=traits.depth,
        working_format=traits.working,
        full_range=full_range,
        matrix=_tag(frame.colorspace, context.colorspace, traits),
        primaries=_tag(frame.color_primaries, context.color_primaries),
        transfer=_tag(frame.color_trc, context.color_trc),
        chroma_location=chroma_location(context.codec.canonical_name, frame, traits),
        field_order=field_order(context, frame),
        time_base=_fraction(film.time_base) or Fraction(1, 1000),
        pts=timing.pts,
        end_pts=timing.end_pts,
        average_rate=timing.rate,
        other_streams=tuple(_other(s) for s in beside(film, container)),
        metadata=dict(container.metadata),
        stream_metadata=dict(film.metadata),
        disposition=int(film.disposition),
        in_order=timing.in_order,
        hdr=hdr_options(frame),
        repairs=timing.repairs
        + odd_turn
        + _format_repairs(
            frame.format.name,
            traits,
            dict(film.metadata),
            traits.alpha or has_transparency_beside(film, container),
        ),
    )


def _full_range(frame: VideoFrame, context: Any, traits: FormatTraits) -> bool:
    if not traits.has_luma and traits.full_range:
        return True
    tagged = frame.color_range or context.color_range
    return (
        tagged == 2
        or (tagged == 0 and bool(traits.full_range))
        or frame.format.name.startswith("yuvj")
    )


def _tag(frame_tag: int, context_tag: int, traits: FormatTraits | None = None) -> int:
    if traits is not None and not traits.has_luma and traits.full_range:
        return 6  # RGB is converted by BT.601, as in JPEG
    tag = frame_tag if frame_tag != UNSPECIFIED else context_tag
    return UNSPECIFIED if traits is not None and tag == 0 else int(tag)


def _pixel_aspect(film: VideoStream) -> Fraction:
    aspect = _fraction(film.sample_aspect_ratio) or Fraction(1)
    return aspect if Fraction(1, 10) <= aspect <= 10 else Fraction(1)


def _other(stream: Any) -> OtherStream:
    kind = "cover" if stream.type == "video" and is_cover(stream) else stream.type or "data"
    name = stream.codec_context.codec.canonical_name if stream.codec_context else "unknown"
    return OtherStream(stream.index, kind, name, dict(stream.metadata), int(stream.disposition))


def _format_repairs(
    name: str, traits: FormatTraits, metadata: dict[str, str], clear: bool
) -> tuple[str, ...]:
    said = []
    if not traits.has_luma:
        said.append(f"Frames are converted from {name} to {traits.working}.")
    elif name.replace("yuvj", "yuv") != traits.working:
        said.append(f"Frames are {name} and become {traits.working} with the same luma.")
    if clear or metadata.get("alpha_mode") == "1":
        said.append("Transparency is left out.")
    return tuple(said)
