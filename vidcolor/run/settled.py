"""Chroma of one segment's shots, here or on another machine."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from vidcolor.infer.predictor import Predictor
from vidcolor.run.directed import directed_shot, people_of
from vidcolor.run.plan import Plan
from vidcolor.run.segment import Segment
from vidcolor.steady.settle import settle_shots

FloatArray = NDArray[np.float32]
Own = Mapping[range, FloatArray]


def settled_shots(
    plan: Plan,
    segment: Segment,
    own: Own,
    predictor: Predictor,
    handed: FloatArray | None = None,
) -> Iterator[FloatArray]:
    """Chroma of all that a segment's luma shows, shot by shot.

    The network does not see shots that stay as they are.

    Args:
        plan: what is to be done.
        segment: with its luma.
        own: chroma of shots that are in colour already, by their places in the luma.
        predictor: what colours.
        handed: what the segment before saw of this one's first frames, where people's colour
            reached it and the shot goes on.
    """
    people = people_of(plan, segment, handed)
    for start, stop in itertools.pairwise([0, *segment.cuts, len(segment.luma)]):
        shot, luma = range(start, stop), segment.luma[start:stop]
        if plan.settings.keeps_own and shot in own:
            yield own[shot]
        elif said := [one.moved(-start) for one in people if one.frame in shot]:
            yield directed_shot(plan, luma, predictor, said)
        else:
            yield from settle_shots(luma, predictor, plan.settings.steady, ())
