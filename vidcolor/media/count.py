"""How many frames a film has, at a glance: what its header says, nothing decoded."""

from __future__ import annotations

from pathlib import Path

from vidcolor.media.films import film_stream
from vidcolor.media.sequence import sequence_of
from vidcolor.media.source import open_source

_MICROSECONDS = 1_000_000


def frames_by_header(path: Path, stream: int | None = None) -> int | None:
    """About how many frames a film has; None where its header does not say.

    Args:
        path: the film.
        stream: which one it is, None for the likeliest.

    Raises:
        InputError: it is missing, no media, or has no film.
        UsageError: there is no such stream.
    """
    if found := sequence_of(path):
        return found.frame_count
    with open_source(path) as container:
        film = film_stream(container, path, stream)
        if film.frames:
            return int(film.frames)
        rate = film.average_rate or film.guessed_rate
        seconds = (container.duration or 0) / _MICROSECONDS
        if film.duration and film.time_base:
            seconds = float(film.duration * film.time_base)
        return round(seconds * float(rate)) or None if rate else None
