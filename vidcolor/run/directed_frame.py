"""One frame as people's stills and hints have it.

Those of its own shot are carried to it by flow; where there are none, stills of other shots say
what they may.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vidcolor.color.hint import Hint
from vidcolor.direct.direction import PlacedHint
from vidcolor.direct.names import named
from vidcolor.direct.prepare import Request, prepare
from vidcolor.direct.reference import find_stills
from vidcolor.direct.scene import recalled
from vidcolor.infer.predictor import Predictor
from vidcolor.run.film import Film, SmallLuma
from vidcolor.steady.directed import Flows, settle_directed
from vidcolor.steady.flow import named_flow
from vidcolor.steady.settings import SteadySettings
from vidcolor.steady.shots import find_cuts
from vidcolor.steady.spreading import stronger

WALKED = 24
"""Of the frames between a still and the frame that is wanted, so many are walked through."""

FloatArray = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Directed:
    """A frame's colour.

    Attributes:
        chroma: float32 (2, height / 2, width / 2) of the working size on 0..255, as it is to be
            seen; None where nothing that was said reaches the frame.
        notes: sentences on stills that do not fit or say grey.
    """

    chroma: FloatArray | None
    notes: tuple[str, ...]


def directed_frame(
    film: Film, frame: int, request: Request, predictor: Predictor, saturation: float
) -> Directed:
    """Colour one frame by what people said of its shot, or of others as far as that reaches.

    Where stills reach no other shot, those whose names place them further away than a segment is
    long are not looked at.

    Args:
        film: all of it.
        frame: which one.
        request: stills and hints.
        predictor: the network.
        saturation: factor on its chroma.

    Raises:
        UsageError: as `prepare`.
    """
    reach = film.segment_limits.longest
    if request.reach == "shot":
        stills = find_stills(request.references)
        near = (path for path in stills if _is_near(path, frame, film, reach))
        request = replace(request, references=tuple(near))
        if not request:
            return Directed(None, ())
    direction = prepare(request, film)
    if not saturation:
        return Directed(None, direction.notes)
    hints = direction.within(max(0, frame - reach), frame + reach + 1)
    chroma = _carried(film, frame, hints, predictor, saturation) if hints else None
    if chroma is None and (found := recalled(direction, film.look(frame), 0)) is not None:
        chroma = _settled(film.look(frame)[None], 0, [found], predictor, saturation)
    return Directed(chroma, direction.notes)


def _is_near(path: Path, frame: int, film: Film, reach: int) -> bool:
    place = named(path).frame_of(film)
    return place is None or abs(place - frame) <= reach


def _carried(
    film: Film,
    frame: int,
    hints: tuple[PlacedHint, ...],
    predictor: Predictor,
    saturation: float,
) -> FloatArray | None:
    first = min(frame, hints[0].frame)
    stop = max(frame, hints[-1].frame) + 1
    luma = list(film.small_luma(first, stop - first))
    shot = _shot_around(frame - first, luma)
    people = [hint for hint in hints if hint.frame - first in shot]
    if not people:
        return None
    return carried_to(frame, people, lambda index: luma[index - first], predictor, saturation)


def carried_to(
    frame: int,
    people: Sequence[Hint],
    luma: Callable[[int], SmallLuma],
    predictor: Predictor,
    saturation: float,
) -> FloatArray:
    """A frame's chroma as people's colour on frames of its shot has it, carried along the motion.

    Args:
        frame: which one.
        people: hints of its shot, by their frames in the film; on this frame alone they cost
            three answers of the network and no motion.
        luma: gives a frame as the network sees it, by its index in the film.
        predictor: the network.
        saturation: factor on its chroma; not 0.

    Returns:
        float32 (2, h, w) on 0..255, as it is to be seen.
    """
    walked = _walked(frame, [hint.frame for hint in people])
    said = [hint.moved(walked.index(hint.frame) - hint.frame) for hint in people]
    stack = np.stack([luma(index) for index in walked])
    return _settled(stack, walked.index(frame), said, predictor, saturation)


def _settled(
    luma: SmallLuma, place: int, said: Sequence[Hint], predictor: Predictor, saturation: float
) -> FloatArray:
    flow = named_flow(SteadySettings().flow)
    flows = Flows(flow, flow)
    chroma = settle_directed(luma, predictor, SteadySettings(), said, flows, saturation)
    return stronger(chroma[place].astype(np.float32), saturation)


def _shot_around(place: int, luma: list[SmallLuma]) -> range:
    edges = [0, *find_cuts(luma), len(luma)]
    shots = (range(start, stop) for start, stop in itertools.pairwise(edges))
    return next(shot for shot in shots if place in shot)


def _walked(frame: int, said: list[int]) -> list[int]:
    """The places that are looked at: what matters, and not too many between."""
    first, last = min(frame, *said), max(frame, *said)
    stride = max(1, -(-(last - first) // WALKED))
    return sorted({frame, *said, *range(first, last + 1, stride)})
