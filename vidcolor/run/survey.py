"""The survey of a film on this machine: segments with what the network sees of them."""

from __future__ import annotations

import itertools
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from vidcolor.run.own import OwnColor
from vidcolor.run.plan import Plan
from vidcolor.run.segment import Segment, segments
from vidcolor.run.settled import Surveyed
from vidcolor.run.stages import Timings, ahead
from vidcolor.steady.shots import get_ready

SMALL_FRAMES_AHEAD = 16


class Survey(Protocol):
    """What looks through a film."""

    @property
    def said(self) -> Sequence[str]:
        """Sentences on what a person should know, once it is done."""

    def again(self, segment: Segment) -> Surveyed:
        """A segment that was cut before: its frames alone are read; their luma is not at hand."""

    def onward(self, first: int, lead: int) -> Generator[Surveyed]:
        """Segments from a frame to the end, as they are found.

        Args:
            first: the first frame of all, or the one behind a segment.
            lead: how many frames before it that one shared.
        """


@dataclass(frozen=True)
class Looking:
    """See `Survey`.

    Args:
        plan: what is to be done.
        timings: told how long it took.
    """

    plan: Plan
    timings: Timings
    said: Sequence[str] = ()

    def again(self, segment: Segment) -> Surveyed:
        """See `Survey.again`."""
        own, start = OwnColor(self.plan.film), segment.first - segment.lead
        seen = itertools.islice(own.survey(start), len(segment.luma))
        luma = np.stack(list(self.timings.each("survey", seen)))
        return _owned(replace(segment, luma=luma), own)

    def onward(self, first: int, lead: int) -> Generator[Surveyed]:
        """See `Survey.onward`."""
        own = OwnColor(self.plan.film)
        seen = self.timings.each("survey", own.survey(first - lead))
        luma = ahead(seen, SMALL_FRAMES_AHEAD, "survey")
        with ThreadPoolExecutor(1) as beside, closing(luma):
            beside.submit(get_ready)
            for segment in segments(self.plan.film.segment_limits, luma, first, lead):
                yield _owned(segment, own)


def _owned(segment: Segment, own: OwnColor) -> Surveyed:
    found = own.find(segment)
    return Surveyed(replace(segment, own=tuple(found)), found)
