"""Chroma of one segment's shots, here or on another machine."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from vidcolor.color.convert import NEUTRAL
from vidcolor.infer.predictor import QUARTER, Predictor
from vidcolor.run.directed import Chroma, joined, of_size, people_of
from vidcolor.run.plan import Plan
from vidcolor.run.segment import Segment
from vidcolor.steady.directed import Flows, directed_flows, settle_directed
from vidcolor.steady.flow import Flow, named_flow
from vidcolor.steady.kept import Keep, keep_nothing
from vidcolor.steady.people import Reach
from vidcolor.steady.settle import Settling, look_at
from vidcolor.steady.windows import crossfade

FloatArray = NDArray[np.float32]
Own = Mapping[range, FloatArray]


@dataclass(frozen=True, eq=False)
class Surveyed:
    """A segment as the survey hands it out.

    Attributes:
        segment: with its luma.
        own: chroma of shots that are in colour already, by their places in the luma.
        handed: whether people's colour reached the segment before: then what that saw of this one
            is the first thing said about the shot that goes on.
    """

    segment: Segment
    own: Own
    handed: bool = False

    def apart(self) -> list[Surveyed]:
        """The same frames as segments of one shot each."""
        segment = self.segment
        inside = range(segment.lead + 1, segment.lead + segment.count)
        edges = [0, *(cut for cut in segment.cuts if cut in inside), len(segment.luma)]
        return list(itertools.starmap(self._between, itertools.pairwise(edges)))

    def _between(self, begin: int, end: int) -> Surveyed:
        """What lies between two places of the luma; what precedes and follows belongs to an end."""
        whole, last = self.segment, end == len(self.segment.luma)
        lead, tail = (whole.lead if begin == 0 else 0), (whole.tail if last else 0)
        own = {
            range(shot.start - begin, shot.stop - begin): chroma
            for shot, chroma in self.own.items()
            if begin <= shot.start < end
        }
        segment = Segment(
            first=whole.first - whole.lead + begin + lead,
            count=end - begin - lead - tail,
            luma=whole.luma[begin:end],
            lead=lead,
            cuts=tuple(cut - begin for cut in whole.cuts if begin < cut < end),
            shared=whole.shared if last else 0,
            own=tuple(own),
            tail=tail,
        )
        return replace(self, segment=segment, own=own)


@dataclass(frozen=True)
class Motion:
    """What estimates motion.

    Attributes:
        alone: in shots that the network colours alone.
        directed: in those of which people coloured some frames.
    """

    alone: Flow
    directed: Flows


def named_motion(plan: Plan, keep: Keep = keep_nothing) -> Motion:
    """What the plan's settings name, and what keeps the motion of directed shots."""
    name = plan.settings.steady.flow
    return Motion(named_flow(name), replace(directed_flows(name), keep=keep))


def shots_looked_at(
    plan: Plan,
    surveyed: Surveyed,
    predictor: Predictor,
    before: FloatArray | None,
    motion: Motion | None = None,
    told: Callable[[Reach], None] = lambda _: None,
) -> Iterator[Settling]:
    """What gives the chroma of all that a segment's luma shows, shot by shot; see `look_at`.

    The network does not see shots that stay as they are.

    Args:
        plan: what is to be done.
        surveyed: the segment.
        predictor: what colours.
        before: what the segment before saw of this one's first frames, if it is handed on.
        motion: what estimates motion; None takes what the plan names.
        told: how far each frame's dots reach, by its index in the film.
    """
    segment = surveyed.segment
    motion = motion or named_motion(plan)
    place = segment.first - segment.lead
    people = people_of(plan, segment, before if surveyed.handed else None)
    for start, stop in itertools.pairwise([0, *segment.cuts, len(segment.luma)]):
        shot, luma = range(start, stop), segment.luma[start:stop]
        look = plan.direction.looks.over(place + start, place + stop)
        settings = plan.looking(look)
        steady, saturation = settings.steady, settings.saturation
        network = predictor.vivid(look.vividness) if look and look.vividness else predictor
        if plan.settings.keeps_own and shot in surveyed.own:
            yield partial(_as_it_is, surveyed.own[shot])
        elif look and look.is_plain:
            yield partial(_as_it_is, _grey(luma))
        elif saturation and (said := [one.moved(-start) for one in people if one.frame in shot]):
            tell = partial(_tell, told, place + start)
            made: Chroma = settle_directed(
                luma, network, steady, said, motion.directed, saturation, tell
            )
            yield partial(_as_it_is, made)
        else:
            yield look_at(luma, network, steady, motion.alone)


def _as_it_is(chroma: FloatArray) -> FloatArray:
    return chroma


def _grey(luma: NDArray[np.uint8]) -> FloatArray:
    frames, height, width = luma.shape
    return np.full((frames, 2, height // QUARTER, width // QUARTER), NEUTRAL, np.float32)


def _tell(told: Callable[[Reach], None], first: int, reach: Reach) -> None:
    told(reach.moved(first))


def blended_shots(
    shots: Iterable[FloatArray], lead: int, before: FloatArray | None
) -> Iterator[FloatArray]:
    """Shots without the frames before the segment, walked over from what the one before saw."""
    start = -lead
    for settled in shots:
        chroma = settled[max(0, -start) :]
        if len(chroma):
            if before is not None:
                before = of_size(before, chroma)
                chroma = crossfade(before, chroma, max(0, start))
            yield chroma
        start += len(settled)


def parted(
    shots: Iterable[FloatArray], count: int
) -> Iterator[tuple[FloatArray, FloatArray | None]]:
    """A segment's own chroma in parts, each as soon as it is there; the last one with the tail."""
    made = 0
    ending: list[FloatArray] = []
    behind: list[FloatArray] = []
    for shot in shots:
        left = max(0, count - made)
        made += len(shot)
        if made < count:
            yield shot, None
        else:
            ending.append(shot[:left])
            behind.append(shot[left:])
    yield joined(ending), joined(behind)
