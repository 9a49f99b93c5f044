"""The join: encoded segments and the source's other streams become the finished film."""

from __future__ import annotations

import heapq
import itertools
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from fractions import Fraction
from operator import itemgetter
from pathlib import Path
from typing import Any

import av
from av.bitstream import BitStreamFilterContext
from av.container import InputContainer, OutputContainer

from vidcolor.files import finished_file, write_error
from vidcolor.media.clip import ClipInfo
from vidcolor.media.fields import NUMBERS
from vidcolor.media.sample import Sample
from vidcolor.media.segments import FINEST_TIMESCALE, FilmTable, film_table
from vidcolor.media.source import media_url, open_source
from vidcolor.media.streams import Passengers, StreamPlan, kept_metadata

__all__ = ["StreamPlan", "join"]

_MP4 = (".mp4", ".mov", ".m4v")


def join(
    segments: Sequence[Path],
    offsets_pts: Sequence[int],
    clip: ClipInfo,
    output: Path,
    plans: Sequence[StreamPlan],
    *,
    start_pts: int | None = None,
    end_pts: int | None = None,
    tag: str | None = None,
    sample: Sample | None = None,
) -> tuple[str, ...]:
    """Join segments at packet level with the other streams; nothing is encoded twice.

    Every frame keeps the source's pts. All streams are shifted by one and the same time, or
    none: where only a part is joined (its start becomes 0), where the film would begin before
    0, where the source's clock may begin anywhere and in avi, which knows no start.

    Args:
        segments: from `SegmentWriter`, in order, all with equal settings.
        offsets_pts: pts of each segment's first frame, in the clip's time base.
        clip: the source.
        output: appears when it is complete; its suffix says the container.
        plans: from `plan_streams`.
        start_pts: where only a part is joined, its start; other streams are cut to it.
        end_pts: likewise, its end.
        tag: a line about this program, put where it hides no other comment.
        sample: packets of the other streams that stand for all of them, for a trial.

    Returns:
        sentences on packets that the container would not take, since they are damaged.

    Raises:
        OutputError: writing failed, or a segment is damaged or foreign.
    """
    output = Path(output)
    suffix = output.suffix.lower()
    table = film_table(segments, offsets_pts, clip, to_slots=suffix == ".avi")
    if suffix in _MP4:
        table = table.at_rate(clip.average_rate).by_decoding()
    shift_s = _shift(clip, table, suffix, start_pts, plans)
    # A sequence of pictures has no other streams, and no more has its first segment.
    beside = segments[0] if clip.files else clip.path
    with finished_file(output) as temporary, _in_words(output), _opened(beside, sample) as source:
        options = _container_options(clip, source, suffix, table.time_base.denominator)
        with av.open(media_url(temporary), "w", container_options=options) as target:
            film = _film_carrier(target, clip, segments[0], suffix, table)
            if start_pts is None and suffix == ".avi":
                start_pts = int(clip.pts[0])  # it would play earlier sound late
            window = _seconds(start_pts, clip), _seconds(end_pts, clip)
            passengers = Passengers(source, target, plans, shift_s, window, clip)
            target.metadata.update(kept_metadata(dict(clip.metadata)))
            if tag:
                _add_tag(target.metadata, tag, suffix)
            _add_chapters(target, source, shift_s, window)
            target.start_encoding()
            ticks = 0 if suffix == ".avi" else round(shift_s / table.time_base)
            packets = table.shifted(ticks).packets(film, _bitstream(film, suffix))
            if suffix == ".avi":
                packets = itertools.chain(packets, table.tail(film))
            others = passengers.packets(sample.packets() if sample else None)
            damaged: Counter[str] = Counter()
            for _, packet in heapq.merge(packets, others, key=itemgetter(0)):
                _mux(target, packet, film, damaged)
    return tuple(map(_left_out, damaged.items()))


@contextmanager
def _in_words(output: Path) -> Iterator[None]:
    """What FFmpeg says of a file that cannot be written, in a user's words."""
    try:
        yield
    except av.error.FFmpegError as error:
        raise write_error(output, error) from error


def _mux(target: OutputContainer, packet: Any, film: Any, damaged: Counter[str]) -> None:
    """Write a packet; of those of other streams that are no such thing, only the count is kept."""
    try:
        target.mux(packet)
    except av.error.InvalidDataError:
        if packet.stream.index == film.index:
            raise
        damaged[packet.stream.type or "data"] += 1


def _left_out(kind_and_count: tuple[str, int]) -> str:
    kind, count = kind_and_count
    return f"{count} damaged packet{'s are' if count > 1 else ' is'} left out ({kind})"


def _opened(path: Path, sample: Sample | None) -> AbstractContextManager[InputContainer]:
    return nullcontext(sample.source) if sample else open_source(path)


def _seconds(pts: int | None, clip: ClipInfo) -> Fraction | None:
    return None if pts is None else pts * clip.time_base


def _shift(
    clip: ClipInfo,
    table: FilmTable,
    suffix: str,
    start_pts: int | None,
    plans: Sequence[StreamPlan],
) -> Fraction:
    """Seconds to add to every stream."""
    if start_pts is not None:
        return -start_pts * clip.time_base
    first = int(clip.pts[0]) * clip.time_base
    if suffix == ".avi":
        return -first
    if clip.clock.free:
        kept = [plan.index for plan in plans if plan.action != "leave" and plan.kind == "audio"]
        return -clip.clock.start_s(first, kept)
    # mp4 trims what is shown before 0.
    return max(Fraction(0), -int(table.pts.min()) * table.time_base)


def _container_options(
    clip: ClipInfo, source: InputContainer, suffix: str, scale: int
) -> dict[str, str]:
    if suffix not in _MP4:
        return {}
    flags = "+faststart"
    if suffix == ".mov" and any("." in key for key in clip.metadata):
        flags += "+use_metadata_tags"
    # The start of each track is stored in the movie's time scale, 1 ms by default.
    rates = [s.rate for s in source.streams.audio if s.codec_context is not None and s.rate]
    for rate in rates:
        finer = math.lcm(scale, int(rate))
        scale = finer if finer <= FINEST_TIMESCALE else scale
    return {"movflags": flags, "movie_timescale": str(scale)}


def _film_carrier(
    target: OutputContainer, clip: ClipInfo, segment: Path, suffix: str, table: FilmTable
) -> Any:
    with av.open(media_url(segment)) as first:
        coded = first.streams.video[0]
        coded_range = coded.codec_context.color_range
        carrier: Any = target.add_stream_from_template(coded, opaque=True)
        if bitstream := _bitstream(carrier, suffix):
            BitStreamFilterContext(bitstream, in_stream=coded, out_stream=carrier)
    carrier.time_base = table.time_base
    context = carrier.codec_context
    # Without a rate of the stream the timecode track cannot be written.
    carrier.framerate = clip.average_rate
    context.sample_aspect_ratio = clip.sample_aspect_ratio
    # Some codecs have one range, and frames are brought to it; nut tells none.
    context.color_range = coded_range or (2 if clip.full_range else 1)
    context.colorspace, context.color_primaries = clip.matrix, clip.primaries
    context.color_trc = clip.transfer
    context.field_order = NUMBERS[clip.field_order]
    if suffix in _MP4 and context.name == "hevc":
        context.codec_tag = "hvc1"  # the one that Apple's players take
    if clip.display_matrix is not None:
        carrier.set_display_matrix(list(clip.display_matrix))
    carrier.metadata.update(kept_metadata(dict(clip.stream_metadata)))
    carrier.disposition = clip.disposition
    return carrier


def _bitstream(carrier: Any, suffix: str) -> str | None:
    """The filter that avi wants for streams with start codes and others do without."""
    name = carrier.codec_context.name
    return f"{name}_mp4toannexb" if suffix == ".avi" and name in ("h264", "hevc") else None


def _add_chapters(
    target: OutputContainer,
    source: InputContainer,
    shift_s: Fraction,
    window: tuple[Fraction | None, Fraction | None],
) -> None:
    chapters = [c for c in map(_moved(shift_s, window), source.chapters()) if c]
    if chapters:
        target.set_chapters(chapters)


def _add_tag(metadata: dict[str, str], tag: str, suffix: str) -> None:
    """Put the tag where nobody has written, else below what is written; mov has one place."""
    present = {key.lower() for key in metadata}
    for key in ("comment",) if suffix == ".mov" else ("comment", "description"):
        if key not in present:
            metadata[key] = tag
            return
    key = next(key for key in metadata if key.lower() == "comment")
    metadata[key] = f"{metadata[key]}\n{tag}"


def _moved(shift_s: Fraction, window: tuple[Fraction | None, Fraction | None]) -> Any:
    """A function that cuts a chapter to the window and shifts it; None if nothing is left."""

    def move(chapter: Any) -> Any:
        base = Fraction(chapter["time_base"].numerator, chapter["time_base"].denominator)
        start, end = chapter["start"] * base, chapter["end"] * base
        start = start if window[0] is None else max(start, window[0])
        end = end if window[1] is None else min(end, window[1])
        if end <= start and window != (None, None):
            return None
        moved = dict(chapter)
        moved["start"] = round((start + shift_s) / base)
        moved["end"] = round((end + shift_s) / base)
        return moved

    return move
