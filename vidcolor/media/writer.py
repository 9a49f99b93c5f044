"""Encoding one segment of a film to a file that appears when it is complete."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import av
import av.filter
import cv2
from av.codec.context import Flags
from av.container import OutputContainer
from av.video.frame import VideoFrame

from vidcolor.errors import UsageError
from vidcolor.files import publish, temporary_name, write_error
from vidcolor.media.clip import ClipInfo, EncoderSettings, Frame
from vidcolor.media.fields import NUMBERS, shown_first
from vidcolor.media.formats import as_encoded
from vidcolor.media.planes import pack
from vidcolor.media.source import media_url

_REORDERING = 16
"""More frames than any encoder holds back to reorder them."""
_AVX_512F = 13
"""OpenCV's number of it."""


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
        self._clip = clip = as_encoded(clip, settings.codec, settings.pixel_format)
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
        # SVT-AV1 greets on stderr with every segment unless it is told not to.
        os.environ.setdefault("SVT_LOG", "1")
        # The length of the edit list is stored in the movie's time scale, 1 ms by default.
        exact = {"movie_timescale": str(clip.time_base.denominator)}
        container = av.open(
            media_url(self._temporary),
            "w",
            container_options={} if self._path.suffix == ".nut" else exact,
        )
        self._container = container
        options = _repeatable(settings.codec, dict(settings.options))
        stream: Any = container.add_stream(settings.codec, rate=clip.average_rate, options=options)
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
        """Encode one frame: planes in the settings' pixel format and its range, pts of the clip.

        Raises:
            OutputError: the disk is full, or the encoder failed.
            ValueError: the planes don't fit the format, or pts doesn't grow.
        """
        if self._first_pts is None:
            self._first_pts = frame.pts
        picture = pack(frame.planes, self._settings.pixel_format, frame.captions)
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
            if not self._stamps:
                raise ValueError(f"no frame was written to {self._path}")
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


def _repeatable(codec: str, options: dict[str, str]) -> dict[str, str]:
    """Options with what keeps this processor from making other packets at each run.

    With AVX-512 libx264's macroblock tree reads memory that nobody wrote (seen in PyAV 18.1).
    """
    if codec == "libx264" and cv2.checkHardwareSupport(_AVX_512F):
        given = options.get("x264-params")
        return options | {"x264-params": f"{given}:asm=avx2" if given else "asm=avx2"}
    return options


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
        context.field_order = NUMBERS[clip.field_order]


def _field_setter(clip: ClipInfo) -> av.filter.Graph:
    graph = av.filter.Graph()
    source = graph.add_buffer(
        width=clip.width,
        height=clip.height,
        format=av.VideoFormat(clip.working_format),
        time_base=clip.time_base,
    )
    setter = graph.add("setfield", "tff" if shown_first(clip.field_order) == "top" else "bff")
    sink = graph.add("buffersink")
    source.link_to(setter)
    setter.link_to(sink)
    graph.configure()
    return graph
