"""Which stream of a file is the film, where more than one might be."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from vidcolor.errors import InputError, UsageError
from vidcolor.media.moving import SEQUENCE_BRANDS
from vidcolor.media.source import is_cover, is_single, open_source

_LESSER = (
    Disposition.timed_thumbnails
    | Disposition.still_image
    | Disposition.dub
    | Disposition.dependent
    | Disposition.non_diegetic
)
_LOOK = 256
"""Packets among which a stream that moves shows more than one picture."""


def film_stream(container: InputContainer, path: Path, wanted: int | None = None) -> VideoStream:
    """Find the film among the video streams that are no covers.

    It is the one that moves and is no helper of another, then the default, then the largest, then
    the longest, then the first.

    Args:
        container: of the file; left where it stands.
        path: of the file.
        wanted: index of the stream, where a person or the probe chose it.

    Raises:
        InputError: there is none, or FFmpeg knows no decoder for it.
        UsageError: the wanted one is not there, or is no film.
    """
    films = films_in(container)
    if not films:
        raise InputError(
            f"{path} has no film ({_census(container)}).", "Give a file with a picture."
        )
    if wanted is not None:
        film = next((s for s in films if s.index == wanted), None)
        if film is None:
            there = " or ".join(f"{s.index} ({describe(s)})" for s in films)
            raise UsageError(f"{path} has no video stream {wanted}.", f"Give `stream={there}`.")
    else:
        film = films[0] if len(films) == 1 else _best(films, path)
    if film.codec_context is None:
        kind = "picture" if is_single(container) else "film"
        raise InputError(
            f"{path} holds a {kind} that cannot be decoded here.",
            "Convert it with a program that knows its codec.",
        )
    return film


def films_in(container: InputContainer) -> list[VideoStream]:
    """All video streams that are no attached pictures."""
    return [s for s in container.streams.video if not is_cover(s)]


def describe(film: Any) -> str:
    """Codec and size of a video stream: h264, 640x480."""
    context = film.codec_context
    if context is None:
        return "unknown codec"
    return f"{context.codec.canonical_name}, {context.width}x{context.height}"


def choice_sentences(container: InputContainer, film: VideoStream) -> tuple[str, ...]:
    """What a person should know of the choice: nothing where there was none."""
    count = len(films_in(container))
    if count == 1 or _holds_still(container):
        return ()
    chosen = f"stream {film.index} ({describe(film)})"
    return (f"The file has {count} video streams; {chosen} is coloured.",)


def beside(film: VideoStream, container: InputContainer) -> list[Any]:
    """All streams of a source that are to go with its film."""
    others = [stream for stream in container.streams if stream.index != film.index]
    return [s for s in others if s.type != "video"] if _holds_still(container) else others


def has_transparency_beside(film: VideoStream, container: InputContainer) -> bool:
    """Whether an AVIF or HEIF holds the transparency of its film as a second one."""
    others = [s for s in container.streams.video if s.index != film.index]
    return _holds_still(container) and any(1 < s.frames == film.frames for s in others)


def _holds_still(container: InputContainer) -> bool:
    """Whether a still lies in front of the film, and perhaps its transparency behind it."""
    return container.metadata.get("major_brand") in SEQUENCE_BRANDS


def seconds_of(stream: Any) -> Fraction | None:
    """How long a stream is by its header or, in Matroska, by its tag; None if neither says."""
    if stream.duration and stream.time_base:
        base = Fraction(stream.time_base.numerator, stream.time_base.denominator)
        return int(stream.duration) * base
    tag = next((v for k, v in stream.metadata.items() if k.upper().startswith("DURATION")), "")
    try:
        hours, minutes, seconds = map(Fraction, tag.strip("\0 ").split(":"))
    except (ValueError, ZeroDivisionError):
        return None
    return hours * 3600 + minutes * 60 + seconds


def _best(films: Sequence[VideoStream], path: Path) -> VideoStream:
    moving = _moving(films, path)

    def rank(film: VideoStream) -> tuple[Any, ...]:
        context, disposition = film.codec_context, film.disposition
        return (
            context is not None and context.width > 0,
            film.index in moving,
            not disposition & _LESSER,
            bool(disposition & Disposition.default),
            0 if context is None else context.width * context.height,
            seconds_of(film) or 0,
            film.frames,
        )

    return max(films, key=rank)


def _moving(films: Sequence[VideoStream], path: Path) -> set[int]:
    """Indexes of the streams that have more than one picture, as far as the beginning shows."""
    counts = {film.index: film.frames for film in films}
    if not all(counts.values()):
        counts = dict.fromkeys(counts, 0)
        with open_source(path) as container:
            packets = container.demux([container.streams[index] for index in counts])
            for _ in range(_LOOK):
                try:
                    packet = next(packets)
                except (StopIteration, av.error.FFmpegError):
                    break
                counts[packet.stream.index] += packet.size > 0
                if min(counts.values()) > 1:
                    break
    return {index for index, count in counts.items() if count > 1}


def _census(container: InputContainer) -> str:
    kinds = [("cover" if s.type == "video" else s.type or "unknown") for s in container.streams]
    counts = [(kinds.count(kind), kind) for kind in dict.fromkeys(kinds)]
    words = [f"{count} {kind} stream{'s' * (count > 1)}" for count, kind in counts]
    return ", ".join(words) or "no streams"
