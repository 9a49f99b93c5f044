"""A film opened at a place in it or to be read through; refused where its picture changes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from vidcolor.errors import UsageError
from vidcolor.media.clip import ClipInfo, Plane
from vidcolor.media.decode import read_frames
from vidcolor.media.frames import Reading, clip_of
from vidcolor.run.changes import check_changes
from vidcolor.run.film import Film
from vidcolor.run.settings import ResolvedSettings


@dataclass(frozen=True)
class Place:
    """Which frame is wanted; one of the two is None.

    Attributes:
        frame: index in decoding order, from 0 on.
        time_s: seconds from the first frame's start.

    Raises:
        UsageError: none of the two is given, or both.
    """

    frame: int | None = None
    time_s: float | None = None

    def __post_init__(self) -> None:
        if (self.frame is None) == (self.time_s is None):
            raise UsageError("A frame needs a place in the film.", "Give either `at` or `index`.")

    def in_clip(self, clip: ClipInfo) -> int:
        """The index of the frame.

        Raises:
            UsageError: the film has no such frame.
        """
        if self.frame is not None:
            if not 0 <= self.frame < clip.frame_count:
                raise UsageError(
                    f"{clip.path.name} has no frame {self.frame}: it has {clip.frame_count}.",
                    f"Give a frame from 0 to {clip.frame_count - 1}.",
                )
            return self.frame
        time_s = self.time_s or 0.0
        frame = clip.frame_at(time_s)
        if frame < 0:
            raise UsageError(
                f"{clip.path.name} has nothing at {time_s:g} s: it lasts {clip.duration_s:.3f} s.",
                "Give an earlier time.",
            )
        return frame


def whole_film(source: Path, reading: Reading, render_size: int, threads: int = 0) -> Film:
    """All of a film.

    Raises:
        InputError: it cannot be read, or its picture changes midway.
    """
    clip = clip_of(source, reading)
    check_changes(clip, 0, clip.frame_count)
    return Film.whole(clip, render_size, threads)


def film_at(source: Path, place: Place, chosen: ResolvedSettings) -> tuple[Film, int, Plane]:
    """A film, the index of one of its frames, and that frame's luma.

    Raises:
        UsageError: the film has no such frame.
        InputError: it cannot be read, or the frame is not of the size of the film's first.
    """
    clip = clip_of(source, chosen.reading)
    frame = place.in_clip(clip)
    check_changes(clip, frame, 1)
    luma = next(read_frames(clip, frame, 1, chosen.threads)).luma
    return Film.whole(clip, chosen.render_size, chosen.threads), frame, luma
