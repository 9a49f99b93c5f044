"""The contact sheet of a film's stills: one page that needs nothing but itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vidcolor.media.clip import ClipInfo
from vidcolor.pages.render import inline, page
from vidcolor.run.film import clock


@dataclass(frozen=True)
class Shown:
    """A still as the sheet shows it.

    Attributes:
        name: of its file, beside the sheet.
        frame: index in the film.
        time_s: seconds from the film's start.
        shot: number of its shot, from 1 on.
        begins_s: when that begins.
        frames: how many that has.
        jpeg: the picture, small.
    """

    name: str
    frame: int
    time_s: float
    shot: int
    begins_s: float
    frames: int
    jpeg: bytes

    @property
    def picture(self) -> str:
        """An address that holds it."""
        return inline(self.jpeg)

    @property
    def time(self) -> str:
        """Where it is in the film."""
        return clock(self.time_s)

    @property
    def begins(self) -> str:
        """Where its shot begins."""
        return clock(self.begins_s)


def contact_sheet(clip: ClipInfo, stills: Sequence[Shown]) -> str:
    """The whole page as HTML text."""
    return page(
        "stills.html",
        name=clip.path.name,
        shots=len({still.shot for still in stills}),
        frames=clip.frame_count,
        length=clock(clip.duration_s),
        cards=stills,
    )
