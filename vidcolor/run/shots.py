"""The shots of a film as a list: where each begins and how long it is shown."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path

from vidcolor.errors import UsageError
from vidcolor.media.frames import Reading
from vidcolor.run.film import Film
from vidcolor.run.place import whole_film
from vidcolor.run.segment import segments
from vidcolor.steady.shots import find_cuts

SHORT_SIDE = 192


@dataclass(frozen=True)
class Shot:
    """A shot of a film.

    Attributes:
        first: number of its first frame in the film, from 0 on.
        frames: how many it has.
        start_s: seconds from the film's start.
        duration_s: seconds that it is shown.
    """

    first: int
    frames: int
    start_s: float
    duration_s: float


def list_shots(source: Path, reading: Reading) -> list[Shot]:
    """All shots of a film, which is read through for it.

    Raises:
        InputError: it cannot be decoded, or its picture changes midway.
    """
    whole = whole_film(source, reading, SHORT_SIDE)
    clip = whole.clip
    edges = [0, *find_cuts(whole.small_luma(0)), clip.frame_count]
    return [
        Shot(
            first,
            after - first,
            round(clip.seconds_at(first), 6),
            round(float((clip.frame_end(after - 1) - int(clip.pts[first])) * clip.time_base), 6),
        )
        for first, after in itertools.pairwise(edges)
    ]


def find_shot(film: Film, number: int) -> range:
    """The frames of a shot, as `stills` counts shots; the film is read through as far as that.

    Args:
        film: what is walked through.
        number: from 1 on.

    Raises:
        UsageError: there is no such shot.
        InputError: the film cannot be decoded.
    """
    begins: list[int] = []
    frames = film.small_luma(film.first)
    for segment in segments(film.segment_limits, frames, film.first):
        begins += segment.beginnings()
        if len(begins) > number:
            return range(begins[number - 1], begins[number])
    if number > len(begins):
        raise UsageError(
            f"{film.clip.path.name} has no shot {number}: it has {len(begins)}.",
            f"Give a shot from 1 to {len(begins)}, as `vidcolor stills` counts them.",
        )
    return range(begins[number - 1], film.first + film.count)
