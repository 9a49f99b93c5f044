"""How long a film's last picture is shown: what the container says, if it can be believed."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from av.container import InputContainer
from av.video.stream import VideoStream

from vidcolor.media.stamps import fraction

_LONGEST_S = 600
"""Nothing holds a picture longer, unless there is sound to it."""
_MICROSECOND = Fraction(1, 1_000_000)


@dataclass(frozen=True)
class LastPicture:
    """What is told of the last picture's duration, in ticks; 0 where nothing is.

    Args:
        by_header: from the film's own length in the header.
        by_packet: from the last picture's packet.
        most: until the container ends.
    """

    by_header: int = 0
    by_packet: int = 0
    most: int = 0

    def duration(self, step: int) -> int:
        """Ticks to show it for, among pictures that are shown for `step`.

        Up to four steps are believed without a witness; under a quarter of one are a mistake.
        """
        for told in (self.by_header, self.by_packet):
            if step <= 4 * told and told <= max(4 * step, self.most + step):
                return told
        return step


def last_picture(
    container: InputContainer, film: VideoStream, last: int, by_packet: int, complete: bool
) -> LastPicture:
    """Ask an open container about the last picture.

    Args:
        container: that the film's packets were read from.
        film: in it.
        last: stamp of the last picture, ticks.
        by_packet: duration of its packet, ticks; 0 if unknown.
        complete: whether as many packets were read as the container's index names: else the
            header tells of pictures that are not there.
    """
    base = fraction(film.time_base)
    if not base:
        return LastPicture()
    # Others' lengths are reckoned from the packets, or from a header that outlived its film.
    told = complete and container.format.name.startswith("mov")
    stated = _end(film, base) if told else None
    by_header = 0 if stated is None else stated - last
    end = ((container.start_time or 0) + (container.duration or 0)) * _MICROSECOND / base
    sound = max([_end(stream, base) or 0 for stream in container.streams.audio], default=0)
    most = min(int(end), max(sound, last + int(_LONGEST_S / base)))
    return LastPicture(by_header, by_packet, most - last)


def _end(stream: Any, base: Fraction) -> int | None:
    """When a stream says that it ends, in ticks of `base`."""
    own = fraction(stream.time_base)
    if not stream.duration or not own:
        return None
    end = Fraction((stream.start_time or 0) + stream.duration)
    return round(end * own / base)
