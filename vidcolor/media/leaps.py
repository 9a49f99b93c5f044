"""Finding where a source's clock is set anew: by the packets of all streams, in file order."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vidcolor.media.clock import Clock, Leap
from vidcolor.media.stamps import fraction

_FREE = {"mpegts", "mpeg", "flv", "live_flv"}
"""Containers whose clock may stand anywhere when the film begins."""
_FORWARD_S = 3600.0
"""How far forward stamps leap; a shorter way is a gap, as of a camera at rest."""
_NEAR_S = 5
"""How far apart, in time and in the file, film and sound leap at most."""
_OVERLAP_S = Fraction(3, 100)
"""Sound that reaches over a leap by less than a packet's length does no harm."""
_WITNESSES = 3
"""Stamps that must go on where another one leapt to, or else that one was a mistake."""
_AROUND = 64
"""Packets before and behind a leap among which the last and the first picture are."""


@dataclass
class Log:
    """The packets of one stream as they come.

    Args:
        kind: of the stream, such as 'audio'.
        base: seconds a tick.
        order: each packet's place in the file.
        stamps: dts, or pts where there is none.
        pts: when it is shown.
        bare: whether it has no place in the file of its own, so that FFmpeg guessed its stamps.
        keys: number of a packet from which decoding can begin, and its byte in the file.
    """

    kind: str
    base: Fraction
    order: list[int] = field(default_factory=list)
    stamps: list[int | None] = field(default_factory=list)
    pts: list[int | None] = field(default_factory=list)
    bare: list[bool] = field(default_factory=list)
    keys: list[tuple[int, int]] = field(default_factory=list)

    def add(self, order: int, packet: Any) -> None:
        """Note a packet, the `order`th of the file."""
        if packet.is_keyframe and packet.pos is not None:
            self.keys.append((len(self.order), packet.pos))
        self.order.append(order)
        self.stamps.append(packet.pts if packet.dts is None else packet.dts)
        self.pts.append(packet.pts)
        self.bare.append(packet.pos is None)

    @cached_property
    def step(self) -> int:
        """Ticks from one packet to the next, as a rule."""
        stamps = np.array([s for s in self.stamps if s is not None], np.int64)
        return max(1, round(float(np.median(np.diff(stamps))))) if len(stamps) > 1 else 1

    def jumps(self, back: int) -> list[tuple[int, float]]:
        """Packets at which the stamps leap for good, and by how many seconds.

        Args:
            back: ticks, beyond which a way back is a leap.
        """
        back_s = back * float(self.base)
        numbers = [n for n, stamp in enumerate(self.stamps) if stamp is not None]
        times = np.array([self.stamps[n] for n in numbers], np.int64) * float(self.base)
        usual = self.step * float(self.base)
        steps = np.diff(times)
        wild: set[int] = set()
        found = []
        for place in (np.flatnonzero((steps < -back_s) | (steps > _FORWARD_S)) + 1).tolist():
            before = next((p for p in range(place - 1, -1, -1) if p not in wild), place)
            size = float(times[place] - times[before])
            if place in wild or -back_s <= size <= _FORWARD_S:
                continue
            if _goes_on(times, before, place, usual):
                found.append((numbers[place], size))
            else:
                wild |= _as_wild(times, place)
        return found

    def seam_s(self, number: int) -> Fraction:
        """Seconds from the first time shown behind a leap at a packet to the last end before it."""
        _, last = self.last_before(number)
        return (last + self.step) * self.base - self.first_s(number)

    def last_before(self, number: int) -> tuple[int, int]:
        """The last stamp before a leap at a packet: as it is, and as it should be.

        FFmpeg shows a picture without a stamp late if no other follows it.
        """
        before = range(max(0, number - _AROUND), number)
        *others, last = sorted(self._near(number - 1, before))
        guessed = any(self.bare[n] and self.pts[n] == last for n in before)
        late = bool(others) and guessed and last - others[-1] > 1.5 * self.step
        return last, others[-1] + self.step if late else last

    def first_s(self, number: int) -> Fraction:
        """The first time shown from a packet on, in the source's seconds."""
        return min(self._near(number, range(number, number + _AROUND))) * self.base

    def start_s(self) -> Fraction | None:
        """The first time shown in the source's seconds; None if no packet has a stamp."""
        first = sorted(stamp for stamp in self.pts[:16] if stamp is not None)
        if not first:
            return None
        middle = first[len(first) // 2]
        return min(s for s in first if abs(s - middle) * self.base < _NEAR_S) * self.base

    def _near(self, number: int, others: range) -> list[int]:
        """When `others` are shown, those left out that are far from a packet's stamp."""
        here = next((s for s in reversed(self.stamps[: number + 1]) if s is not None), 0)
        shown = (self.pts[n] for n in others if n < len(self.pts))
        return [p for p in shown if p is not None and abs(p - here) * self.base < _NEAR_S] or [here]


def _goes_on(times: NDArray[Any], before: int, place: int, usual: float) -> bool:
    """Whether the stamps behind `place` follow it, and not the one before it."""
    behind = times[place + 1 : place + 1 + _WITNESSES]
    behind = behind - usual * np.arange(1, 1 + len(behind))
    return bool((abs(behind - times[place]) < abs(behind - times[before] - usual)).all())


def _as_wild(times: NDArray[Any], place: int) -> set[int]:
    """The places of a wild stamp and of those right behind it that are as wild."""
    some = range(place, min(len(times), place + 1 + _WITNESSES))
    return {p for p in some if abs(times[p] - times[place]) < _NEAR_S}


class Logs:
    """The packets of all streams as they come, where the container's clock may leap.

    Args:
        container: FFmpeg's name of the source's format.
    """

    def __init__(self, container: str) -> None:
        self.free = container in _FREE
        self._logs: dict[int, Log] = {}
        self._count = 0

    def add(self, packet: Any) -> None:
        """Note a packet that has data."""
        if not self.free or not packet.size:
            return
        stream = packet.stream
        if stream.index not in self._logs:
            base = fraction(packet.time_base) or Fraction(1, 1000)
            self._logs[stream.index] = Log(stream.type or "data", base)
        self._logs[stream.index].add(self._count, packet)
        self._count += 1

    def clock(self, film: int) -> Clock:
        """What the packets tell, `film` being the film's index."""
        return find_clock(self._logs, film) if film in self._logs else Clock(self.free)


def find_clock(logs: Mapping[int, Log], film: int) -> Clock:
    """The clock of a source whose zero means nothing.

    Args:
        logs: of every stream, by its index.
        film: index of the film.
    """
    search = _Search(logs, film)
    leaps: list[Leap] = []
    for number, size in search.jumps[film]:
        places = search.places(number, size)
        if places:
            leaps.append(search.leap(places, leaps[-1].shift_s if leaps else Fraction(0)))
    starts = {i: start for i, log in logs.items() if (start := log.start_s()) is not None}
    found = Clock(True, starts, tuple(leaps))
    return replace(found, keys=tuple(_keys(logs[film], film, found))) if leaps else found


class _Search:
    """Leaps of the film that its sound bears out."""

    def __init__(self, logs: Mapping[int, Log], film: int) -> None:
        self._logs = logs
        self._film = film
        self.jumps = {
            index: log.jumps(log.step // 2 if index == film else 0)
            for index, log in logs.items()
            if index == film or log.kind == "audio"
        }

    def places(self, number: int, size: float) -> dict[int, int]:
        """Where the film and its sound leap; {} if there is sound that goes on as it was."""
        here = self._logs[self._film].order[number]
        places = {self._film: number}
        for index in self.jumps.keys() - {self._film}:
            some = self._window(index, number)
            order = self._logs[index].order
            near = [(abs(by - size), n) for n, by in self.jumps[index] if n in some]
            if near and min(near)[0] < _NEAR_S:
                places[index] = min(near)[1]
            elif some and order[some[0]] < here < order[some[-1]]:
                return {}
        return places

    def leap(self, places: dict[int, int], old_s: Fraction) -> Leap:
        """The leap at `places`: the film goes on at once, or where the sound before it ends."""
        film = self._logs[self._film]
        seam = film.seam_s(places[self._film])
        late = [self._logs[index].seam_s(place) for index, place in places.items()]
        seam = max([seam, *(s for s in late if s > seam + _OVERLAP_S)])
        shift = old_s + math.ceil(seam / film.base) * film.base
        first = film.first_s(places[self._film]) + shift
        others = {
            index: self._side(index, places[self._film], first - old_s, first - shift)
            for index in self._logs.keys() - places.keys()
        }
        return Leap(places | others, shift, first, film.last_before(places[self._film]))

    def _side(self, index: int, number: int, old_s: Fraction, new_s: Fraction) -> int:
        """The first packet of a stream that is nearer to the film behind a leap than before it."""
        log, some = self._logs[index], self._window(index, number)
        for place in some:
            stamp = log.stamps[place]
            if stamp is not None and abs(stamp * log.base - new_s) <= abs(stamp * log.base - old_s):
                return place
        return some.stop

    def _window(self, index: int, number: int) -> range:
        """A stream's packets that lie in the file within some seconds of one of the film."""
        film = self._logs[self._film]
        some = max(8, math.ceil(_NEAR_S / (film.step * film.base)))
        low = film.order[max(0, number - some)]
        high = film.order[min(len(film.order) - 1, number + some)]
        order = self._logs[index].order
        return range(bisect_left(order, low), bisect_right(order, high))


def _keys(log: Log, film: int, clock: Clock) -> Iterator[tuple[Fraction, int]]:
    for number, position in log.keys:
        stamp = log.pts[number]
        if stamp is not None:
            yield stamp * log.base + clock.shift_s(film, number), position
