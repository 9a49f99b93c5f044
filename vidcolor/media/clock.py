"""A source's clock: where it is set anew, and the one mapping from its stamps to time that runs on.

Broadcasts and discs count from anywhere, and start again at each cell or where files were put
together. What is found in one pass over all packets holds for film and sound alike.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from operator import itemgetter

_EARLIEST_S = 60


@dataclass(frozen=True)
class Leap:
    """A place where all streams' stamps start anew.

    Args:
        places: for each stream, the number of its first packet behind the leap, from 0.
        shift_s: seconds to add to stamps from there on, those of earlier leaps included.
        first_s: when the first picture behind it is shown, in mended seconds.
        last: the last picture's stamp before it, and what that should be, in the film's ticks.
    """

    places: Mapping[int, int]
    shift_s: Fraction
    first_s: Fraction
    last: tuple[int, int]


@dataclass(frozen=True)
class Clock:
    """What a source's stamps mean.

    Args:
        free: whether its zero means nothing, so that the earliest stream begins a copy.
        starts_s: for each stream, its first stamp in seconds.
        leaps: in order of time.
        keys: mended seconds and bytes into the file of the film's keyframes, where there are
            leaps: by time one cannot seek there.
    """

    free: bool = False
    starts_s: Mapping[int, Fraction] = field(default_factory=dict)
    leaps: tuple[Leap, ...] = ()
    keys: tuple[tuple[Fraction, int], ...] = ()

    def part(self, stream: int, number: int) -> int:
        """Which part a stream's packet, counted from 0, belongs to: 0 before the first leap."""
        return sum(number >= leap.places.get(stream, number + 1) for leap in self.leaps)

    def shift_s(self, stream: int, number: int) -> Fraction:
        """Seconds to add to the stamps of a stream's packet, counted from 0."""
        part = self.part(stream, number)
        return self.leaps[part - 1].shift_s if part else Fraction(0)

    def start_s(self, film_s: Fraction, sound: Iterable[int]) -> Fraction:
        """When the earliest stream starts: the film at `film_s`, or one of the sound streams.

        Sound that starts much earlier has lost its way.
        """
        starts = [self.starts_s[index] for index in sound if index in self.starts_s]
        return min([film_s, *(s for s in starts if film_s - s < _EARLIEST_S)])

    def mended(
        self, film: int, stamps: Sequence[int | None], base: Fraction
    ) -> tuple[int | None, ...]:
        """Mend the stamps of all of the film's packets, given in the order of the file.

        Args:
            film: index of the film.
            stamps: ticks of `base`.
            base: seconds a tick.
        """
        mend = self.mender(base)
        return tuple(
            None if stamp is None else mend(self.part(film, number), stamp)
            for number, stamp in enumerate(stamps)
        )

    def mender(self, base: Fraction) -> Callable[[int, int], int]:
        """A function that mends a stamp of the film, given the part that it lies in."""
        shifts = [0, *(round(leap.shift_s / base) for leap in self.leaps)]
        last = [leap.last for leap in self.leaps]

        def mend(part: int, stamp: int) -> int:
            if part < len(last) and stamp == last[part][0]:
                stamp = last[part][1]
            return stamp + shifts[part]

        return mend

    def part_of(self, time_s: Fraction) -> int:
        """The part that a mended time lies in."""
        return sum(leap.first_s <= time_s for leap in self.leaps)

    def key_before(self, time_s: Fraction) -> tuple[Fraction, int]:
        """The last keyframe shown at a mended time or earlier: its time and byte, 0 for none."""
        place = bisect_right(self.keys, time_s, key=itemgetter(0))
        return self.keys[place - 1] if place else (Fraction(0), 0)

    def followed(self, raw: Sequence[int | None], base: Fraction) -> list[int | None]:
        """Mend a film's stamps, given in order of display from its beginning."""
        mend, part = self.mender(base), 0
        mended: list[int | None] = []
        last: int | None = None
        for stamp in raw:
            if stamp is None:
                mended.append(None)
                continue
            if last is not None and part < len(self.leaps):
                part += abs(mend(part + 1, stamp) - last) < abs(mend(part, stamp) - last)
            last = mend(part, stamp)
            mended.append(last)
        return mended

    def sentence(self, first_s: Fraction) -> str:
        """For the user; '' where nothing leaps."""
        if not self.leaps:
            return ""
        at = ", ".join(f"{float(leap.first_s - first_s):.1f} s" for leap in self.leaps[:3])
        more = f" and {len(self.leaps) - 3} times more" if len(self.leaps) > 3 else ""
        return (
            f"The source's clock is set anew at {at}{more}; film and sound run on there together."
        )
