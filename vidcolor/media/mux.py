"""The join: encoded segments and the source's other streams become the finished film."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.bitstream import BitStreamFilterContext
from av.container import InputContainer, OutputContainer

from vidcolor.errors import OutputError
from vidcolor.files import finished_file, write_error
from vidcolor.media.clip import ClipInfo
from vidcolor.media.fields import NUMBERS
from vidcolor.media.sample import Sample
from vidcolor.media.segments import (
    FINEST_TIMESCALE,
    Coded,
    FilmTable,
    Timed,
    film_table,
    foreign,
    read_segment,
)
from vidcolor.media.source import media_url, open_source
from vidcolor.media.streams import Passengers, StreamPlan, kept_metadata

__all__ = ["Join", "JoinPlan", "StreamPlan", "join"]

_MP4 = (".mp4", ".mov", ".m4v")


@dataclass(frozen=True, eq=False)
class JoinPlan:
    """What is to be joined.

    Args:
        clip: the source.
        output: appears when it is complete; its suffix says the container.
        plans: from `plan_streams`.
        start_pts: where only a part is joined, its start; other streams are cut to it.
        end_pts: likewise, its end.
        tag: a line about this program, put where it hides no other comment.
        sample: packets of the other streams that stand for all of them, for a trial.
    """

    clip: ClipInfo
    output: Path
    plans: Sequence[StreamPlan]
    start_pts: int | None = None
    end_pts: int | None = None
    tag: str | None = None
    sample: Sample | None = None

    @property
    def suffix(self) -> str:
        """The output's, in small letters."""
        return self.output.suffix.lower()

    @property
    def frames(self) -> range:
        """Indexes of the frames that are joined."""
        pts = self.clip.pts
        first = 0 if self.start_pts is None else int(np.searchsorted(pts, self.start_pts))
        stop = len(pts) if self.end_pts is None else int(np.searchsorted(pts, self.end_pts))
        return range(first, stop)

    def table(self) -> FilmTable:
        """When they are shown, as the container has it."""
        table = film_table(self.clip, self.frames, to_slots=self.suffix == ".avi")
        if self.suffix in _MP4:
            table = replace(table.at_rate(self.clip.average_rate), by_decoding=True)
        return table


class Join:
    """A film, joined at packet level as its segments are finished; nothing is encoded twice.

    Every frame keeps the source's pts. All streams are shifted by one and the same time, or
    none: where only a part is joined (its start becomes 0), where the film would begin before
    0, where the source's clock may begin anywhere and in avi, which knows no start.

    Decode stamps follow from the greatest reordering of all segments: where a later one has more
    than those before, the film is begun anew.

    Args:
        plan: what is to be joined.
    """

    def __init__(self, plan: JoinPlan) -> None:
        self._plan, self._table = plan, plan.table()
        self._joined: list[Coded] = []
        self._writing: Generator[None, Coded | None, tuple[str, ...]] | None = None

    def add(self, segment: Path, offset_pts: int) -> None:
        """Join the next segment.

        Args:
            segment: from `SegmentWriter`; all have equal settings.
            offset_pts: pts of its first frame, in the clip's time base.

        Raises:
            OutputError: writing failed, or the segment is damaged or foreign.
        """
        coded = read_segment(segment, offset_pts, self._plan.clip, self._plan.frames)
        self._check(coded)
        self._joined.append(coded)
        if self._writing and coded.delay <= self._table.delay:
            self._writing.send(coded)
            return
        self.close()
        self._table = replace(self._table, delay=max(self._table.delay, coded.delay))
        self._writing = _written(self._plan, self._table)
        next(self._writing)
        for each in self._joined:
            self._writing.send(each)

    def _check(self, coded: Coded) -> None:
        """See that a segment follows on from the one before."""
        place = self._joined[-1].stop if self._joined else 0
        if coded.first < place:
            raise foreign(coded.path, "overlaps with another")
        if self._joined and coded.extradata != self._joined[0].extradata:
            raise foreign(coded.path, "was encoded with other settings than the first")
        if coded.first > place:
            raise foreign(coded.path, "does not follow on from the one before")

    def finish(self) -> tuple[str, ...]:
        """Let the film appear, once all its segments were added.

        Returns:
            sentences on packets that the container would not take, since they are damaged.

        Raises:
            OutputError: writing failed, or segments are missing.
        """
        assert self._writing is not None
        last = self._joined[-1]
        if last.stop < len(self._plan.frames):
            raise foreign(last.path, "is not the film's last, and none follows")
        try:
            self._writing.send(None)
        except StopIteration as ended:
            said: tuple[str, ...] = ended.value
            return said
        raise AssertionError("a film ends")

    def close(self) -> None:
        """Throw away what is joined of a film that has not appeared."""
        if self._writing:
            with suppress(OutputError):  # what cannot be completed goes away all the same
                self._writing.close()
            self._writing = None


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
    """Join segments that are all there; see `Join` and `JoinPlan`."""
    plan = JoinPlan(clip, Path(output), plans, start_pts, end_pts, tag, sample)
    with closing(Join(plan)) as film:
        for segment, offset in zip(segments, offsets_pts, strict=True):
            film.add(segment, offset)
        return film.finish()


def _written(plan: JoinPlan, table: FilmTable) -> Generator[None, Coded | None, tuple[str, ...]]:
    """Write a film of the segments that are sent in; None is sent behind the last."""
    clip, suffix, start_pts = plan.clip, plan.suffix, plan.start_pts
    shift_s = _shift(plan, table)
    coded = yield
    assert coded is not None
    # A sequence of pictures has no other streams, and no more has its first segment.
    beside = coded.path if clip.files else clip.path
    with (
        finished_file(plan.output) as temporary,
        _in_words(plan.output),
        _opened(beside, plan.sample) as source,
    ):
        options = _container_options(clip, source, suffix, table.time_base.denominator)
        with av.open(media_url(temporary), "w", container_options=options) as target:
            film = _film_carrier(target, clip, coded.path, suffix, table)
            if start_pts is None and suffix == ".avi":
                start_pts = int(clip.pts[0])  # it would play earlier sound late
            window = _seconds(start_pts, clip), _seconds(plan.end_pts, clip)
            passengers = Passengers(source, target, plan.plans, shift_s, window, clip)
            target.metadata.update(kept_metadata(dict(clip.metadata)))
            if plan.tag:
                _add_tag(target.metadata, plan.tag, suffix)
            _add_chapters(target, source, shift_s, window)
            target.start_encoding()
            ticks = 0 if suffix == ".avi" else round(shift_s / table.time_base)
            table, bitstream = table.shifted(ticks), _bitstream(film, suffix)
            others = passengers.packets(plan.sample.packets() if plan.sample else None)
            both = _Both(target, film, others)
            while coded is not None:
                both.mux(table.packets(coded, film, bitstream))
                coded = yield
            both.mux(table.tail(film) if suffix == ".avi" else ())
            both.mux_rest()
    return tuple(map(_left_out, both.damaged.items()))


class _Both:
    """Packets of the film and of the other streams on their way into the output, by their time.

    Attributes:
        damaged: how many were no such thing, by kind.
    """

    def __init__(self, target: OutputContainer, film: Any, others: Iterator[Timed]) -> None:
        self.damaged: Counter[str] = Counter()
        self._target, self._film, self._others = target, film, others
        self._next = next(others, None)

    def mux(self, film: Iterable[Timed]) -> None:
        """Write packets of the film, and those of other streams that come before each."""
        for time_s, packet in film:
            self._mux_others(time_s)
            self._target.mux(packet)

    def mux_rest(self) -> None:
        """Write what is left of the other streams."""
        self._mux_others(math.inf)

    def _mux_others(self, until_s: float) -> None:
        while self._next and self._next[0] < until_s:
            _, packet = self._next
            try:
                self._target.mux(packet)
            except av.error.InvalidDataError:
                self.damaged[packet.stream.type or "data"] += 1
            self._next = next(self._others, None)


@contextmanager
def _in_words(output: Path) -> Iterator[None]:
    """What FFmpeg says of a file that cannot be written, in a user's words."""
    try:
        yield
    except av.error.FFmpegError as error:
        raise write_error(output, error) from error


def _left_out(kind_and_count: tuple[str, int]) -> str:
    kind, count = kind_and_count
    return f"{count} damaged packet{'s are' if count > 1 else ' is'} left out ({kind})"


def _opened(path: Path, sample: Sample | None) -> AbstractContextManager[InputContainer]:
    return nullcontext(sample.source) if sample else open_source(path)


def _seconds(pts: int | None, clip: ClipInfo) -> Fraction | None:
    return None if pts is None else pts * clip.time_base


def _shift(plan: JoinPlan, table: FilmTable) -> Fraction:
    """Seconds to add to every stream."""
    clip = plan.clip
    if plan.start_pts is not None:
        return -plan.start_pts * clip.time_base
    first = int(clip.pts[0]) * clip.time_base
    if plan.suffix == ".avi":
        return -first
    if clip.clock.free:
        kept = [one.index for one in plan.plans if one.action != "leave" and one.kind == "audio"]
        return -clip.clock.start_s(first, kept)
    # mp4 trims what is shown before 0.
    return max(Fraction(0), -int(table.pts[0]) * table.time_base)


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
