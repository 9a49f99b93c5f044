"""What the names of files say: `ref_000040.png` a frame, `00-01-23.500.png` a time.

Players and phones put the date into names (`vlcsnap-2024-03-07-13h51m21s111.png`), which says
nothing of the film: it is no number and no time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vidcolor.direct.film import FilmLike

_TIME = re.compile(r"(?:(?:(\d+)[:\-])?(\d{1,2})[:\-])?(\d+(?:\.\d+)?)s?")
_TIME_IN_NAME = re.compile(r"(?<!\d)(\d{1,2})[-:](\d{2})[-:](\d{2}(?:\.\d+)?)(?!\d)")
_SECONDS_IN_NAME = re.compile(r"(?<![\d.])(\d+(?:\.\d+)?)s(?![a-z0-9])")
_FRAME_IN_NAME = re.compile(r"(?:ref|hint|frame|still)[_\-]?(\d+)(?!\d)", re.IGNORECASE)
_YEAR, _MONTH, _DAY = r"(?:19|20)\d\d", r"(?:0[1-9]|1[0-2])", r"(?:0[1-9]|[12]\d|3[01])"
_DATE = re.compile(
    rf"(?<!\d)(?:{_YEAR}([-_. ]?){_MONTH}\1{_DAY}|\d{{1,2}}([-_. ])\d{{1,2}}\2{_YEAR})(?!\d)"
)


@dataclass(frozen=True)
class Named:
    """What a name says.

    Attributes:
        frame: the frame that it gives, or None.
        number: digits that are all of it, which may be a frame or what a program counts, or None.
        time_s: the time that it gives, in seconds, or None.
    """

    frame: int | None = None
    number: int | None = None
    time_s: float | None = None

    def frame_of(self, film: FilmLike) -> int | None:
        """The frame of a film that is meant; None where its picture has to say that.

        A photograph has one frame, so its pictures may have any name. A frame may be one that the
        film does not have; a number or a time that it does not have means something else.
        """
        if film.frame_count == 1:
            return 0
        if self.frame is not None:
            return self.frame
        if self.number is not None:
            return self.number if self.number < film.frame_count else None
        frame = -1 if self.time_s is None else film.frame_at(self.time_s)
        return frame if frame >= 0 else None


def named(path: Path) -> Named:
    """What a name says: `ref_000040`, `hint_40`, `frame40`; 40; `00-01-23.500`, `83.5s`."""
    dated = _DATE.search(path.stem) is not None
    stem = _DATE.sub("#", path.stem)
    if found := _FRAME_IN_NAME.search(stem):
        return Named(frame=int(found[1]))
    if re.fullmatch(r"\d+", stem):
        return Named(number=int(stem))
    return Named() if dated else Named(time_s=_time_in(stem))


def _time_in(stem: str) -> float | None:
    if found := _TIME_IN_NAME.search(stem):
        return 3600.0 * int(found[1]) + 60.0 * int(found[2]) + float(found[3])
    found = _SECONDS_IN_NAME.search(stem)
    return float(found[1]) if found else None


def read_time(text: str) -> float | None:
    """Seconds of "83.5" or "00:01:23.5"; None if it is no time."""
    found = _TIME.fullmatch(text.strip())
    if not found:
        return None
    return 3600.0 * int(found[1] or 0) + 60.0 * int(found[2] or 0) + float(found[3])
