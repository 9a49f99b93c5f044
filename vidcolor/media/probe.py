"""Looking at a source before any work: one pass over its packets, a few frames decoded."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.container import InputContainer
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from vidcolor.errors import InputError
from vidcolor.media.clip import ClipInfo, OtherStream
from vidcolor.media.clock import Clock
from vidcolor.media.cut import cut_sentences
from vidcolor.media.fields import field_order, mixture
from vidcolor.media.films import (
    beside,
    choice_sentences,
    film_stream,
    has_transparency_beside,
)
from vidcolor.media.hold import LastPicture, last_picture
from vidcolor.media.leaps import Logs
from vidcolor.media.moving import is_animation, is_still
from vidcolor.media.planes import FormatTraits, format_traits, is_readable
from vidcolor.media.rate import borne_out, clockwork, has_stamps
from vidcolor.media.sequence import sequence_of
from vidcolor.media.source import OLD_WORDS, check_file, decoded, is_cover, is_single, open_source
from vidcolor.media.stamps import Stamps, fraction, settle, typical_step
from vidcolor.media.stretches import Stretches
from vidcolor.media.tiffread import is_tiff
from vidcolor.media.traits import (
    chroma_location,
    display_matrix,
    hdr_options,
    is_full_range,
    matrix_of,
    side_data,
    tag_of,
    turn,
    unwritten,
)

_SAMPLE = 24
"""Frames that are decoded to see whether packets and frames tell the same story."""


def kind_of(path: Path) -> str:
    """Say whether a file is a 'clip' or a 'picture', without reading all of it.

    A sequence of pictures is a clip.

    Raises:
        InputError: neither.
    """
    path = Path(path)
    if sequence_of(path):
        return "clip"
    check_file(path)
    if is_tiff(path) or is_still(path):
        return "picture"
    with open_source(path) as container:
        film_stream(container, path)
        return "picture" if is_single(container) and not is_animation(path) else "clip"


def probe(path: Path, stream: int | None = None, fits: bool = False) -> ClipInfo:
    """Look at a film: geometry, colour, every frame's time, the other streams.

    Args:
        path: the file.
        stream: index of the film's stream, None for the likeliest.
        fits: whether pictures of another size or format are to be brought to the first's.

    Raises:
        InputError: the file is missing, no media, no film, or no frame of it can be decoded.
        UsageError: there is no such stream.
    """
    path = Path(path)
    if kind_of(path) == "picture":
        raise InputError(f"{path} is a still picture, not a film.", "Colour it as a picture.")
    table = _packet_table(path, stream)
    sample = _first_frames(path, table)
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
        film = film_stream(container, path, table.index)
        clip = _describe(path, container, film, sample, timing)
    stretches = table.stretches.by_index(clip.pts, table.pts, clip.in_order)
    repairs = clip.repairs + table.stretches.holes()
    keys = () if clip.in_order else table.keys_among(clip.pts)
    return replace(clip, stretches=stretches, fits=fits, repairs=repairs, keys=keys)


@dataclass(frozen=True)
class _Table:
    """The packets of the film that hold a picture to be shown."""

    index: int
    pts: tuple[int | None, ...]
    dts: tuple[int | None, ...]
    last: LastPicture
    rates: tuple[Fraction, ...]
    time_base: Fraction
    trusted: bool
    framed: bool
    clock: Clock
    stretches: Stretches
    keys: tuple[int, ...]

    @property
    def frame_ticks(self) -> int:
        return max(1, round(1 / (self.rates[0] * self.time_base)))

    def keys_among(self, shown: Stamps) -> tuple[int, ...]:
        """Indexes of the frames that come of keyframes."""
        stamps = {self.pts[place] for place in self.keys}
        return tuple(index for index, stamp in enumerate(shown.tolist()) if stamp in stamps)


@dataclass(frozen=True)
class _Timing:
    pts: Stamps
    end_pts: int
    in_order: bool
    rate: Fraction
    repairs: tuple[str, ...]
    time_base: Fraction
    clock: Clock


def _packet_table(path: Path, stream: int | None) -> _Table:
    stamps: list[int | None] = []
    decode_stamps: list[int | None] = []
    keys: list[int] = []
    latest, duration, packets_read = None, 0, 0
    with open_source(path) as container:
        film = film_stream(container, path, stream)
        index = film.index
        name = container.format.name
        trusted = has_stamps(name, film.codec_context.name)
        indexed = len(film.index_entries)
        logs = Logs(name)
        stretches = Stretches(film)
        packets = container.demux() if logs.free else container.demux(film)
        while (packet := _next_packet(packets)) is not None:
            logs.add(packet)
            if packet.size == 0 or packet.stream.index != film.index:
                continue
            packets_read += 1
            if packet.is_discard:
                continue
            stamps.append(packet.pts)
            decode_stamps.append(packet.dts)
            stamp = packet.pts if trusted else packet.dts
            if stamp is not None and (latest is None or stamp > latest):
                latest, duration = stamp, packet.duration or 0
            stretches.see(packet, len(stamps) - 1)
            if packet.is_keyframe:
                keys.append(len(stamps) - 1)
        # Packets of these may hold no picture of their own (hidden, or "not coded").
        framed = film.codec_context.codec.canonical_name not in ("vp8", "mpeg4")
        time_base, rates = clockwork(film, name, path)
        last = last_picture(container, film, latest or 0, duration, packets_read == indexed)
        clock = logs.clock(index)
        pts = clock.mended(index, stamps, time_base)
    return _Table(
        index,
        tuple(pts),
        tuple(decode_stamps),
        last,
        rates,
        time_base,
        trusted,
        framed,
        clock,
        stretches,
        tuple(keys),
    )


def _next_packet(packets: Any) -> Any:
    try:
        return next(packets, None)
    except av.error.FFmpegError:
        return None


def _first_frames(path: Path, table: _Table) -> list[VideoFrame]:
    with open_source(path) as container:
        film = film_stream(container, path, table.index)
        film.thread_type = "AUTO"
        return list(itertools.islice(decoded(container, film), _SAMPLE))


def _timing(path: Path, table: _Table, sample: Sequence[VideoFrame]) -> _Timing:
    known = [p for p in table.pts if p is not None]
    shown = sorted(known)
    seen = table.clock.followed([frame.pts for frame in sample], table.time_base)
    first = seen[0]
    sound = (
        table.trusted
        and len(known) == len(table.pts)
        and len(set(known)) == len(known)
        and first in set(known)
    )
    if sound and first is not None:
        lost = shown.index(first)
        shown = shown[lost:]
        if seen == shown[: len(seen)] or (table.framed and _only_damage(seen, shown)):
            repairs = (_lost_sentence(lost),) if lost else ()
            return _finish(np.array(shown, np.int64), table, False, repairs)
    return _timing_by_decoding(path, table)


def _only_damage(stamps: Sequence[int | None], shown: Sequence[int]) -> bool:
    """Whether decoding merely left some frames out, which are repeats of their predecessors."""
    ordered = all(a is not None and b is not None and a < b for a, b in itertools.pairwise(stamps))
    return ordered and set(stamps) <= set(shown) and len(stamps) * 2 > shown.index(stamps[-1] or 0)


def _lost_sentence(lost: int) -> str:
    frames = "frame" if lost == 1 else f"{lost} frames"
    return f"The first {frames} cannot be decoded; the film begins after that."


def _timing_by_decoding(path: Path, table: _Table) -> _Timing:
    """Where packets don't say when frames are shown, every frame is decoded once."""
    with open_source(path) as container:
        film = film_stream(container, path, table.index)
        film.thread_type = "AUTO"
        raw = [frame.pts for frame in decoded(container, film)]
    raw = table.clock.followed(raw, table.time_base)
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
    step = typical_step(pts, table.last.by_packet or table.frame_ticks)
    end = int(pts[-1]) + table.last.duration(step)
    span = (int(pts[-1]) - int(pts[0]) + step) * table.time_base
    rate = borne_out(table.rates, len(pts) / span, table.time_base)
    leaps = table.clock.sentence(int(pts[0]) * table.time_base)
    repairs += (leaps,) if leaps else ()
    return _Timing(pts, end, in_order, rate, repairs, table.time_base, table.clock)


def _describe(
    path: Path,
    container: InputContainer,
    film: VideoStream,
    sample: Sequence[VideoFrame],
    timing: _Timing,
) -> ClipInfo:
    others = tuple(_other(s) for s in beside(film, container))
    context, frame = film.codec_context, sample[0]
    order = field_order(context, frame)
    traits = format_traits(frame.format.name)
    full_range = is_full_range(frame, traits, context.color_range)
    display = display_matrix(frame)
    rotation, flipped, odd_turn = turn(display)
    time_base = timing.time_base
    shown = int(timing.pts[0]) * time_base, timing.end_pts * time_base
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
        matrix=matrix_of(frame, traits, context.colorspace),
        primaries=tag_of(frame.color_primaries, context.color_primaries),
        transfer=tag_of(frame.color_trc, context.color_trc),
        chroma_location=chroma_location(context.codec.canonical_name, frame, traits),
        field_order=order,
        time_base=time_base,
        pts=timing.pts,
        end_pts=timing.end_pts,
        average_rate=timing.rate,
        other_streams=others,
        metadata=dict(container.metadata),
        stream_metadata=dict(film.metadata),
        disposition=_disposition(film, others),
        in_order=timing.in_order,
        chapters=len(container.chapters()),
        clock=timing.clock,
        hdr=hdr_options(frame),
        captions=any(side_data(each, "A53_CC") for each in sample),
        repairs=choice_sentences(container, film)
        + cut_sentences(path, container, film, *shown)
        + timing.repairs
        + odd_turn
        + mixture(order, sample)
        + unwritten(sample)
        + _said_of_words(container)
        + _format_repairs(
            frame.format.name,
            traits,
            dict(film.metadata),
            traits.alpha or has_transparency_beside(film, container),
        ),
    )


def _said_of_words(container: InputContainer) -> tuple[str, ...]:
    if container.metadata_encoding != OLD_WORDS:
        return ()
    return ("Its text tags are not UTF-8 and are read as Windows-1252.",)


def _pixel_aspect(film: VideoStream) -> Fraction:
    aspect = fraction(film.sample_aspect_ratio) or Fraction(1)
    return aspect if Fraction(1, 10) <= aspect <= 10 else Fraction(1)


def _other(stream: Any) -> OtherStream:
    kind = "cover" if stream.type == "video" and is_cover(stream) else stream.type or "data"
    context = stream.codec_context
    name = context.codec.canonical_name if context else "unknown"
    size = (context.width, context.height) if kind == "video" and context else (0, 0)
    return OtherStream(
        stream.index, kind, name, dict(stream.metadata), int(stream.disposition), size
    )


def _disposition(film: VideoStream, others: Sequence[OtherStream]) -> int:
    """The film's, which of several is the one that players are to show."""
    several = any(other.kind == "video" for other in others)
    return int(film.disposition | Disposition.default if several else film.disposition)


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
