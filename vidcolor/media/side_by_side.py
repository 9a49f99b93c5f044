"""Two films in one picture, for people: beside each other or split, labelled, with sound."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.stream import VideoStream
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from vidcolor.errors import InputError, OutputError
from vidcolor.files import publish, temporary_name
from vidcolor.media.films import film_stream
from vidcolor.media.shown import upright
from vidcolor.media.source import check_file, media_url

Picture = NDArray[np.uint8]
_QUALITY = "18"


@dataclass(frozen=True)
class Layout:
    """How two pictures become one.

    Attributes:
        kind: "beside", or "split": the left half of one and the right half of the other.
        labels: words on the left and on the right; empty for none.
    """

    kind: str = "beside"
    labels: tuple[str, str] = ("", "")

    def join(self, left: Picture, right: Picture) -> Picture:
        """One picture of two of the same size, sides even."""
        height, width = (side - side % 2 for side in left.shape[:2])
        left, right = left[:height, :width], right[:height, :width]
        if self.kind == "beside":
            joined, second = np.hstack([left, right]), width
        else:
            second = width // 2
            joined = np.hstack([left[:, :second], right[:, second:]])
            joined[:, second - 1 : second + 1] = 255
        return _label(joined, self.labels, second)


def _label(picture: Picture, labels: tuple[str, str], second: int) -> Picture:
    if not any(labels):
        return picture
    image = Image.fromarray(picture)
    size = max(12, picture.shape[0] // 24)
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(size)
    for words, left in zip(labels, (0, second), strict=True):
        if words:
            place = (left + size // 2, size // 2)
            draw.text(place, words, "white", font, stroke_width=max(1, size // 10),
                      stroke_fill="black")  # fmt: skip
    return np.asarray(image)


@dataclass(frozen=True)
class _Film:
    """The film of an open file."""

    container: av.container.InputContainer
    stream: VideoStream

    def frames(self) -> Iterator[av.VideoFrame]:
        return self.container.decode(self.stream)


class _Second:
    """The film that follows: what it shows at the other's times."""

    def __init__(self, film: _Film) -> None:
        self._frames = film.frames()
        first = next(self._frames, None)
        if first is None:
            raise InputError(f"{film.container.name} has no picture in it.", "Give another film.")
        self._current: av.VideoFrame = first
        self._next: av.VideoFrame | None = first

    def at(self, time: float) -> av.VideoFrame:
        """The latest frame that has begun by then; the last one when the film is over."""
        # Time bases round differently: a millisecond is no frame.
        while self._next is not None and float(self._next.time or 0) <= time + 1e-3:
            self._current, self._next = self._next, next(self._frames, None)
        return self._current


class _Sound:
    """The sound of one of the films, passed on as it is, packet by packet."""

    def __init__(self, path: Path, output: av.container.OutputContainer) -> None:
        self._container = av.open(media_url(path))
        stream = self._container.streams.audio[0]
        self._packets = (p for p in self._container.demux(stream) if p.dts is not None)
        self._next = next(self._packets, None)
        self._stream = output.add_stream_from_template(stream)
        self._output = output

    def until(self, time: float) -> None:
        """Pass on what sounds before `time`, in seconds."""
        while self._next is not None and _seconds(self._next.dts, self._next.time_base) <= time:
            self._next.stream = self._stream
            self._output.mux(self._next)
            self._next = next(self._packets, None)

    def close(self) -> None:
        """Close the film it came from."""
        self._container.close()


def _seconds(ticks: int | None, time_base: Fraction | None) -> float:
    return float((ticks or 0) * (time_base or 0))


def compare(first: Path, second: Path, target: Path, layout: Layout) -> int:
    """Write both films as one; the sound is the first's, or the second's where that has none.

    The first film's times rule; the second shows what it shows at those times, at the first's size.

    Returns:
        frames written.

    Raises:
        InputError: one of them is no film.
        OutputError: the target cannot be written, or cannot hold the sound.
    """
    sounding = [path for path in (first, second) if _has_sound(path)]
    part = temporary_name(target)
    try:
        with (
            av.open(media_url(first)) as left,
            av.open(media_url(second)) as right,
            av.open(media_url(part), "w") as output,
        ):
            films = (
                _Film(left, film_stream(left, first)),
                _Film(right, film_stream(right, second)),
            )
            count = _write(films, output, layout, sounding[:1])
        publish(part, target)
    except (av.FFmpegError, OSError, ValueError) as error:
        problem = f"{target} cannot be written ({error})."
        raise OutputError(problem, "Try another place, or .mkv.") from error
    finally:
        part.unlink(missing_ok=True)
    return count


def _has_sound(path: Path) -> bool:
    """Whether a film has sound; raises where it is no film."""
    check_file(path)
    try:
        with av.open(media_url(path)) as container:
            if not container.streams.video:
                raise InputError(f"{path} has no video stream.", "Give a file with a picture.")
            return bool(container.streams.audio)
    except (av.FFmpegError, OSError) as error:
        raise InputError(f"{path} cannot be opened ({error}).", "Give a film.") from error


def _write(
    films: tuple[_Film, _Film],
    output: av.container.OutputContainer,
    layout: Layout,
    sounding: list[Path],
) -> int:
    source = films[0].stream
    video = output.add_stream("libx264", rate=source.average_rate or 25, options={"crf": _QUALITY})
    video.pix_fmt = "yuv420p"
    sounds = [_Sound(path, output) for path in sounding]
    second, count = _Second(films[1]), 0
    for frame in films[0].frames():
        time = float(frame.time or 0.0)
        joined = _join(frame, second.at(time), layout)
        if not count:
            video.height, video.width = joined.height, joined.width
            video.codec_context.time_base = source.time_base or Fraction(1, 90000)
        joined.pts, joined.time_base = frame.pts, frame.time_base
        output.mux(video.encode(joined))
        for sound in sounds:
            sound.until(time)
        count += 1
    output.mux(video.encode(None))
    for sound in sounds:
        sound.until(float("inf"))
        sound.close()
    return count


def _join(frame: av.VideoFrame, other: av.VideoFrame, layout: Layout) -> av.VideoFrame:
    height, width = frame.height, frame.width
    pictures = upright(frame, height, width), upright(other, height, width)
    return av.VideoFrame.from_ndarray(layout.join(*pictures), format="rgb24")
