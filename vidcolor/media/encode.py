"""Choosing an encoder before any work, and writing segments with it afterwards."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import av
import av.filter
import numpy as np
from av.codec.context import Flags
from av.container import OutputContainer
from av.video.frame import VideoFrame

from vidcolor.errors import OutputError, UsageError
from vidcolor.media.clip import ClipInfo, EncoderSettings, Frame, Plane
from vidcolor.media.codecs import (
    CONTAINERS,
    CRF_LIMITS,
    candidates,
    containers_for,
    encoder_options,
    preset_refusal,
    segment_suffix,
)
from vidcolor.media.files import publish, temporary_name, write_error
from vidcolor.media.planes import neutral_chroma, pack, plane_shapes, unpack_luma
from vidcolor.media.source import media_url

_REORDERING = 16
"""More frames than any encoder holds back to reorder them."""
_FIELD_NUMBERS = {"progressive": 1, "tt": 2, "bb": 3, "tb": 4, "bt": 5}


def choose_encoder(
    clip: ClipInfo,
    output: Path,
    codec: str | None = None,
    crf: int | None = None,
    preset: str | None = None,
    lossless: bool = False,
    threads: int = 4,
) -> EncoderSettings:
    """Find an encoder that holds the clip in the output's container, and try it.

    Trying means that a frame of the clip's size is encoded and put into a file of the
    container's kind, so that a refusal comes now and not after hours.

    Args:
        clip: its size, working format and tags.
        output: its suffix says the container.
        codec: an FFmpeg encoder, None to choose one.
        crf: constant quality, lower is better; None for the encoder's default here.
        preset: the encoder's own name or number of a speed.
        lossless: whether luma and chroma come back bit by bit.
        threads: of the encoder, at least 1; fixed because packets depend on it.

    Raises:
        UsageError: crf, preset or threads have bad values.
        OutputError: container, codec and clip don't go together.
    """
    suffix = _checked_suffix(output)
    if threads < 1:
        raise UsageError(f"{threads} threads cannot encode.", "Give 1 or more.")
    if lossless and crf is not None:
        raise UsageError("Lossless has no quality to choose.", "Leave out one of the two.")
    _check_rate(clip, suffix)
    names = [_checked_codec(codec)] if codec else candidates(clip, suffix, lossless)
    reasons = []
    for name in names:
        settings = _settings(clip, name, crf, preset, lossless, threads)
        reason = _try(clip, suffix, settings)
        if reason is None:
            return settings
        reasons.append(f"{name}: {reason}")
    raise OutputError(
        f"No encoder holds {clip.width}x{clip.height} {clip.working_format} in {suffix}"
        f"{' without loss' if lossless else ''} ({'; '.join(reasons) or 'none is known'}).",
        _remedy(clip, suffix, codec, lossless),
    )


def _checked_suffix(output: Path) -> str:
    suffix = output.suffix.lower()
    if suffix not in CONTAINERS:
        raise OutputError(
            f"{output.name} has no suffix of a film container that can be written.",
            f"Use one of {', '.join(CONTAINERS)}.",
        )
    return suffix


def _checked_codec(codec: str) -> str:
    try:
        kind = av.codec.Codec(codec, "w").type
    except ValueError as error:
        raise OutputError(
            f"There is no encoder {codec}.",
            "Use libx264, libx265, libsvtav1, libvpx-vp9, ffv1 or another of FFmpeg's.",
        ) from error
    if kind != "video":
        raise OutputError(f"{codec} encodes {kind}, not film.", "Use libx264 or another.")
    return codec


def _check_rate(clip: ClipInfo, suffix: str) -> None:
    if suffix == ".avi" and avi_slots(clip) is None:
        raise OutputError(
            "avi cannot hold a film whose frame rate varies.", "Use .mkv, .mp4 or .mov."
        )
    if suffix in (".mkv", ".webm"):
        thousandths = np.rint(clip.pts * float(clip.time_base * 1000))
        if (np.diff(thousandths) < 1).any():
            raise OutputError(
                f"{suffix} knows no time finer than 1 ms, and the film has frames closer together.",
                "Use .mp4 or .mov.",
            )


def avi_slots(clip: ClipInfo) -> list[int] | None:
    """The place of each frame on a grid of the clip's rate; None if they don't lie on one."""
    ticks = 1 / (clip.average_rate * clip.time_base)
    exact = [(int(p) - int(clip.pts[0])) / ticks for p in clip.pts]
    slots = [round(place) for place in exact]
    near = all(
        abs(place - slot) <= Fraction(3, 10) for place, slot in zip(exact, slots, strict=True)
    )
    return slots if near and len(set(slots)) == len(slots) else None


def _settings(
    clip: ClipInfo,
    codec: str,
    crf: int | None,
    preset: str | None,
    lossless: bool,
    threads: int,
) -> EncoderSettings:
    if crf is not None:
        low, high = CRF_LIMITS.get(codec, (1, 0))
        if low > high:
            raise UsageError(f"{codec} knows no crf.", "Leave it out.")
        if not low <= crf <= high:
            raise UsageError(f"crf {crf} is out of range.", f"{codec} takes {low} to {high}.")
    if preset is not None and (taken := preset_refusal(codec, preset)):
        raise UsageError(f"{codec} has no preset {preset}.", taken)
    options, crf, preset = encoder_options(clip, codec, crf, preset, lossless, threads)
    return EncoderSettings(
        codec=codec,
        pixel_format=clip.working_format,
        crf=crf,
        preset=preset,
        lossless=lossless,
        threads=threads,
        options=tuple(sorted(options.items())),
    )


def _remedy(clip: ClipInfo, suffix: str, codec: str | None, lossless: bool) -> str:
    if codec:
        return f"Use {', '.join(containers_for(codec))} for {codec}, or leave the codec out."
    if suffix != ".mkv":
        return "Use .mkv, which holds nearly everything."
    return "Try lossless, or another codec." if not lossless else "Leave out lossless."


def _try(clip: ClipInfo, suffix: str, settings: EncoderSettings) -> str | None:
    """Encode a few frames and put them into the container: a reason, or None if it went."""
    formats = av.codec.Codec(settings.codec, "w").video_formats
    if formats and settings.pixel_format not in {f.name for f in formats}:
        return f"takes no {settings.pixel_format}"
    if settings.codec in ("libx264", "libx265") and _cut_samples(clip):
        return "takes no odd size in this format"
    frames = _trial_frames(clip, 3 if settings.lossless else 1)
    with tempfile.TemporaryDirectory(prefix="vidcolor-") as folder:
        segment = Path(folder) / f"try{segment_suffix(settings.codec)}"
        try:
            with SegmentWriter(segment, clip, settings) as writer:
                for frame in frames:
                    writer.write(frame)
            _try_container(segment, Path(folder) / f"try-out{suffix}")
            if settings.lossless and not _comes_back(segment, clip, frames):
                return "is not lossless"
        except UsageError:
            raise
        except OutputError as error:
            return str(error.__cause__ or error.sentence)
        except (av.error.FFmpegError, ValueError) as error:
            return str(error)
    return None


def _cut_samples(clip: ClipInfo) -> bool:
    """Whether an odd width or height leaves half a chroma sample."""
    chroma = plane_shapes(clip.working_format, clip.width, clip.height)[1]
    halves = chroma[0] != clip.height, chroma[1] != clip.width
    return bool((halves[0] and clip.height % 2) or (halves[1] and clip.width % 2))


def _trial_frames(clip: ClipInfo, count: int) -> list[Frame]:
    """Noise, then the same but for a few samples by 1, which careless encoders pass over."""
    chance = np.random.default_rng(0)
    cb, cr = neutral_chroma(clip.working_format, clip.width, clip.height)
    shape = plane_shapes(clip.working_format, clip.width, clip.height)[0]
    luma: Plane = chance.integers(16, 1 << clip.depth - 1, shape).astype(cb.dtype)
    frames = []
    for index in range(min(count, clip.frame_count)):
        frames.append(Frame(index, int(clip.pts[index]), (luma, cb, cr)))
        luma = luma + (chance.random(shape) < 0.001).astype(cb.dtype)
    return frames


def _comes_back(segment: Path, clip: ClipInfo, frames: Sequence[Frame]) -> bool:
    with av.open(media_url(segment)) as container:
        decoded = list(container.decode(video=0))
    return len(decoded) == len(frames) and all(
        np.array_equal(unpack_luma(there, clip.full_range), here.luma)
        for there, here in zip(decoded, frames, strict=True)
    )


def _try_container(segment: Path, output: Path) -> None:
    with av.open(media_url(segment)) as source, av.open(media_url(output), "w") as target:
        film = source.streams.video[0]
        target.add_stream_from_template(film, opaque=True)
        target.start_encoding()


class SegmentWriter:
    """Encodes one segment to a file that appears when it is complete.

    Time starts at 0 with the first frame, in the clip's time base. Luma goes to the encoder
    sample by sample; nothing rescales or converts it.

    Args:
        path: where the finished segment is to be; its suffix is `segment_suffix(codec)`.
        clip: what the frames belong to.
        settings: equal for all segments of a film.
    """

    def __init__(self, path: Path, clip: ClipInfo, settings: EncoderSettings) -> None:
        self._path = Path(path)
        self._clip = clip
        self._settings = settings
        self._temporary = temporary_name(self._path)
        self._first_pts: int | None = None
        self._durations: dict[int, int] = {}
        self._stamps: list[int] = []
        self._muxed = 0
        self._fields = _field_setter(clip) if clip.interlaced else None
        self._container: OutputContainer | None = None

    def __enter__(self) -> Self:
        try:
            self._open()
        except (OSError, av.error.FFmpegError, ValueError) as error:
            self._discard()
            raise write_error(self._path, error) from error
        except BaseException:
            self._discard()
            raise
        return self

    def _open(self) -> None:
        clip, settings = self._clip, self._settings
        # The length of the edit list is stored in the movie's time scale, 1 ms by default.
        exact = {"movie_timescale": str(clip.time_base.denominator)}
        container = av.open(
            media_url(self._temporary),
            "w",
            container_options={} if self._path.suffix == ".nut" else exact,
        )
        self._container = container
        stream: Any = container.add_stream(
            settings.codec, rate=clip.average_rate, options=dict(settings.options)
        )
        _configure(stream, clip, settings)
        container.start_encoding()
        unknown = set(stream.codec_context.options)
        if unknown:
            raise UsageError(
                f"{settings.codec} does not know {', '.join(sorted(unknown))}.",
                "Leave the option out.",
            )
        self._stream = stream

    def write(self, frame: Frame) -> None:
        """Encode one frame: planes in the settings' pixel format, pts of the clip.

        Raises:
            OutputError: the disk is full, or the encoder failed.
            ValueError: the planes don't fit the format, or pts doesn't grow.
        """
        if self._first_pts is None:
            self._first_pts = frame.pts
        picture = pack(frame.planes, self._settings.pixel_format)
        if (picture.width, picture.height) != (self._clip.width, self._clip.height):
            raise ValueError(f"frame {frame.index} is {picture.width}x{picture.height}")
        picture.pts = frame.pts - self._first_pts
        if self._stamps and picture.pts <= self._stamps[-1]:
            raise ValueError(f"pts {frame.pts} of frame {frame.index} comes twice or backward")
        self._stamps.append(picture.pts)
        self._durations[picture.pts] = self._clip.frame_end(frame.index) - frame.pts
        self._tag(picture)
        try:
            self._mux(self._stream.encode(self._with_fields(picture)))
        except (OSError, av.error.FFmpegError) as error:
            raise write_error(self._path, error) from error

    def _tag(self, picture: VideoFrame) -> None:
        clip = self._clip
        picture.time_base = clip.time_base
        picture.pict_type = 0
        picture.color_range = 2 if clip.full_range else 1
        picture.colorspace, picture.color_primaries = clip.matrix, clip.primaries
        picture.color_trc = clip.transfer

    def _with_fields(self, picture: VideoFrame) -> VideoFrame:
        """Mark which field is first, which a new frame cannot be told directly."""
        if self._fields is None:
            return picture
        self._fields.push(picture)
        marked = self._fields.pull()
        assert isinstance(marked, VideoFrame) and marked.format.name == picture.format.name
        return marked

    def _mux(self, packets: Iterable[Any]) -> None:
        assert self._container is not None
        for packet in packets:
            # libsvtav1 ignores frame durations, and others guess them.
            packet.duration = self._durations[packet.pts]
            if self._path.suffix != ".nut":
                packet.dts = self._decode_stamp(self._muxed)
            self._muxed += 1
            self._container.mux(packet)

    def _decode_stamp(self, place: int) -> int:
        """A dts for the packet at a place: libx265 gives noise for segments of a frame or two."""
        if place < _REORDERING:
            return place - _REORDERING
        return self._stamps[place - _REORDERING]

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            self._discard()
            return
        try:
            self._mux(self._stream.encode(None))
            self._close()
            publish(self._temporary, self._path)
        except (OSError, av.error.FFmpegError) as failure:
            raise write_error(self._path, failure) from failure
        finally:
            self._discard()

    def _close(self) -> None:
        container, self._container = self._container, None
        if container is not None:
            container.close()

    def _discard(self) -> None:
        # A full disk fails again on closing, and the file is removed anyway.
        with contextlib.suppress(OSError, av.error.FFmpegError):
            self._close()
        self._temporary.unlink(missing_ok=True)


def _configure(stream: Any, clip: ClipInfo, settings: EncoderSettings) -> None:
    context = stream.codec_context
    stream.time_base = clip.time_base
    context.time_base = clip.time_base
    context.width, context.height = clip.width, clip.height
    context.pix_fmt = settings.pixel_format
    context.sample_aspect_ratio = clip.sample_aspect_ratio
    context.color_range = 2 if clip.full_range else 1
    context.colorspace, context.color_primaries = clip.matrix, clip.primaries
    context.color_trc = clip.transfer
    context.flags |= Flags.frame_duration
    context.thread_count = settings.threads
    context.thread_type = "FRAME"  # slices would make larger files, by the number of cores
    if clip.interlaced:
        context.flags |= Flags.interlaced_dct | Flags.interlaced_me
        context.field_order = _FIELD_NUMBERS[clip.field_order]


def _field_setter(clip: ClipInfo) -> av.filter.Graph:
    graph = av.filter.Graph()
    source = graph.add_buffer(
        width=clip.width,
        height=clip.height,
        format=av.VideoFormat(clip.working_format),
        time_base=clip.time_base,
    )
    setter = graph.add("setfield", "tff" if clip.field_order in ("tt", "tb") else "bff")
    sink = graph.add("buffersink")
    source.link_to(setter)
    setter.link_to(sink)
    graph.configure()
    return graph
