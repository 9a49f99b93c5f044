"""The survey of a film by the workers of a cluster: who hands out sees no frame of it."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from vidcolor.media.legs import legs_of
from vidcolor.run.blocks import cut_on
from vidcolor.run.nodes import RETRIES, understood
from vidcolor.run.painter import survey_leg, survey_on
from vidcolor.run.painters import Painters
from vidcolor.run.plan import Plan
from vidcolor.run.segment import Cutting, Segment
from vidcolor.run.settled import Surveyed
from vidcolor.run.stages import Timings

LEG_FRAMES, LONGEST_LEG = 240, 1800
"""A leg takes a worker some seconds, and its small luma at most some hundred megabytes."""
LEGS = 16
"""So many are under way at most: more than the cuts, which follow leg after leg, can keep up with.
Films that are followed at once share all workers, and each leg takes a process and memory."""
BLOCKS_AHEAD = 2
PARTS = 4
"""Objects a block is made of: luma, chroma, sketches, and a `Sighting`."""


@dataclass(frozen=True, eq=False)
class Piece:
    """A block of frames that some worker has or will have, as references to its parts."""

    frames: range
    luma: Any
    chroma: Any
    sketches: Any
    sighting: Any


@dataclass(frozen=True, eq=False)
class Far(Surveyed):
    """A segment whose frames are elsewhere.

    Attributes:
        pieces: the blocks that it lies in, rising.
    """

    pieces: tuple[Piece, ...] = ()


class Afield:
    """See `Survey`.

    Args:
        ray: connected.
        plan: what is to be done.
        timings: told how long it took.
        painters: near whom it works; so many legs, and one more, are under way, or `LEGS`.
    """

    def __init__(self, ray: Any, plan: Plan, timings: Timings, painters: Painters) -> None:
        self._ray, self._plan, self._timings, self._painters = ray, plan, timings, painters
        self._shared = ray.put(plan)
        self._whys: list[str] = []
        self._leg = ray.remote(survey_leg)
        # It waits for those who use what it sees, so nobody may have to wait for its room.
        self._on = ray.remote(survey_on).options(
            **{**painters.next(), "num_cpus": 0},
            num_returns="streaming",
            max_retries=RETRIES,
            _generator_backpressure_num_objects=BLOCKS_AHEAD * PARTS,
        )
        self._cut = ray.remote(cut_on).options(
            **{**painters.next(), "num_cpus": 0}, num_returns=2, max_retries=RETRIES
        )

    @property
    def said(self) -> list[str]:
        """See `Survey.said`: on what could not be spread, and on machines that were left out."""
        return [*self._whys, *self._painters.notes]

    def again(self, segment: Segment) -> Far:
        """See `Survey.again`."""
        first = segment.first - segment.lead
        piece = self._sent(range(first, first + len(segment.luma)))
        return Far(segment, {}, pieces=(piece,))

    def onward(self, first: int, lead: int) -> Generator[Surveyed]:
        """See `Survey.onward`."""
        plan = self._plan
        frames = range(first - lead, plan.first + plan.count)
        cutting: Any = Cutting(plan.film.segment_limits, first, lead)
        held: list[Piece] = []
        with closing(self._pieces(frames)) as pieces:
            for piece in pieces:
                held.append(piece)
                ended = piece.frames.stop == frames.stop
                cut, cutting = self._cut.remote(cutting, piece.sketches, ended)
                with understood():
                    found: list[Segment] = self._ray.get(cut)
                for segment in found:
                    stop = segment.first + segment.count
                    end = stop + segment.tail
                    inside = tuple(one for one in held if one.frames.start < end)
                    yield Far(segment, {}, pieces=inside)
                    held = [one for one in held if one.frames.stop > stop - segment.shared]

    def _pieces(self, frames: range) -> Generator[Piece]:
        """Blocks in order, each when it is known to go on from the one before."""
        legs, why = legs_of(self._plan.clip, frames, LEG_FRAMES, LONGEST_LEG)
        if why and len(frames) > LEG_FRAMES:
            self._say(why)
        if why:
            yield from self._in_one_go(frames, frames.start)
            return
        follows = None
        with closing(self._legs(legs)) as pieces:
            for piece in pieces:
                border = self._seen(piece)
                if follows not in (None, border.begins):
                    break
                yield piece
                follows = border.follows
            else:
                return
        self._say("a place in it cannot be found exactly")
        yield from self._in_one_go(range(piece.frames.start, frames.stop), self._plan.first)

    def _say(self, why: str) -> None:
        self._whys.append(f"the film was surveyed by one worker: {why}")

    def _legs(self, legs: Sequence[range]) -> Generator[Piece]:
        coming, under_way = iter(legs), deque[Piece]()
        try:
            while True:
                room = min(LEGS, len(self._painters) + 1) - len(under_way)
                under_way.extend(map(self._sent, itertools.islice(coming, max(0, room))))
                if not under_way:
                    return
                yield under_way.popleft()
        finally:
            for piece in under_way:
                self._ray.cancel(piece.sighting)

    def _sent(self, leg: range) -> Piece:
        near = self._painters.next()
        task = self._leg.options(**near, num_returns=PARTS, max_retries=RETRIES)
        return Piece(leg, *task.remote(self._shared, leg))

    def _in_one_go(self, frames: range, start: int) -> Iterator[Piece]:
        coming = self._on.remote(self._shared, frames, start, LEG_FRAMES)
        try:
            for first in range(frames.start, frames.stop, LEG_FRAMES):
                parts = list(itertools.islice(coming, PARTS))
                if len(parts) < PARTS:
                    with understood():
                        self._ray.get(parts[-1])  # where what stopped it lies
                piece = Piece(range(first, min(first + LEG_FRAMES, frames.stop)), *parts)
                self._seen(piece)
                yield piece
        finally:
            self._ray.cancel(coming)

    def _seen(self, piece: Piece) -> Any:
        with understood():
            sighting = self._ray.get(piece.sighting)
        self._timings.add({"survey": sighting.seconds})
        return sighting.border
