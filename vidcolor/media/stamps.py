"""Time stamps as sources give them, and made good: every frame its own, strictly increasing."""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

Stamps = NDArray[np.int64]


def fraction(value: Any) -> Fraction | None:
    """A rational of PyAV's; None where there is nothing: 18 gives None, 19 a falsy rational."""
    if not value or not value.denominator:
        return None
    return Fraction(value.numerator, value.denominator)


def typical_step(stamps: Stamps, fallback: int) -> int:
    """The median distance of neighbours, at least 1 tick; `fallback` where there is one frame."""
    if len(stamps) < 2:
        return max(1, fallback)
    return max(1, round(float(np.median(np.diff(stamps)))))


def settle(raw: Sequence[int | None], step: int) -> tuple[Stamps, int]:
    """Make stamps strictly increasing while believing as many of them as possible.

    The longest increasing subsequence is believed; the rest are put evenly between believed
    neighbours, or a step apart at the ends.

    Args:
        raw: a stamp a frame in display order, None where the source has none.
        step: ticks of a usual frame.

    Returns:
        int64 stamps (frames,), and how many of them had to be invented or changed.
    """
    believed = _longest_increasing(raw)
    if not believed:
        return np.arange(len(raw), dtype=np.int64) * step, len(raw)
    values = [raw[place] or 0 for place in believed]
    stamps = np.interp(np.arange(len(raw)), believed, values).round().astype(np.int64)
    head, tail = believed[0], believed[-1]
    stamps[:head] = values[0] - step * np.arange(head, 0, -1)
    stamps[tail + 1 :] = values[-1] + step * np.arange(1, len(raw) - tail)
    # Where believed neighbours leave no room, later frames give way by a tick.
    ramp = np.arange(len(raw))
    stamps = np.maximum.accumulate(stamps - ramp) + ramp
    changed = sum(1 for old, new in zip(raw, stamps.tolist(), strict=True) if old != new)
    return stamps, changed


def _longest_increasing(raw: Sequence[int | None]) -> list[int]:
    """Places of a longest strictly increasing subsequence (patience sorting)."""
    tails: list[int] = []
    places: list[int] = []
    before: list[int] = [-1] * len(raw)
    for place, value in enumerate(raw):
        if value is None:
            continue
        rank = bisect.bisect_left(tails, value)
        before[place] = places[rank - 1] if rank else -1
        tails[rank : rank + 1] = [value]
        places[rank : rank + 1] = [place]
    chain: list[int] = []
    place = places[-1] if places else -1
    while place >= 0:
        chain.append(place)
        place = before[place]
    return chain[::-1]
