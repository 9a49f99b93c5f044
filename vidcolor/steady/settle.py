"""Colour that holds still: the small luma of a shot comes in, its settled chroma goes out."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vidcolor.infer.mirror import Mirrored
from vidcolor.infer.predictor import Predictor
from vidcolor.steady.ballot import Ballot
from vidcolor.steady.between import fill, lost, sides
from vidcolor.steady.consensus import consensus, glances
from vidcolor.steady.flow import Flow, named_flow
from vidcolor.steady.keyframes import ask, choose_every, place_keyframes
from vidcolor.steady.links import LinkBook, links_of
from vidcolor.steady.settings import SteadySettings
from vidcolor.steady.shots import find_cuts
from vidcolor.steady.vivid import keep_vivid
from vidcolor.steady.windows import crossfade, plan_windows

LumaStack = NDArray[np.uint8]
FloatArray = NDArray[np.float32]
Settling = Callable[[], FloatArray]


def colorize_shots(
    luma: LumaStack,
    predictor: Predictor,
    settings: SteadySettings,
    cuts: Sequence[int] | None = None,
) -> FloatArray:
    """Colour frames of any number of shots; no colour crosses a cut.

    Args:
        luma: uint8 (frames, height, width) at working size, sides multiples of 4.
        predictor: the network.
        settings: how still colour is held.
        cuts: frame indexes at which a new shot begins, without 0; None looks for them.

    Returns:
        chroma, float32 (frames, 2, height / 4, width / 4), Cb and Cr on 0..255.
    """
    found = find_cuts(luma) if cuts is None else cuts
    return np.concatenate(list(settle_shots(luma, predictor, settings, found)))


def settle_shots(
    luma: LumaStack,
    predictor: Predictor,
    settings: SteadySettings,
    cuts: Sequence[int],
    flow: Flow | None = None,
) -> Iterator[FloatArray]:
    """As `colorize_shots`, but one shot's chroma after the other, each as soon as it is settled.

    `flow` estimates motion; None takes what the settings name.
    """
    edges = [0, *(cut for cut in sorted(cuts) if 0 < cut < len(luma)), len(luma)]
    for start, stop in itertools.pairwise(edges):
        if stop > start:
            yield settle_windows(luma[start:stop], predictor, settings, flow)


def settle_windows(
    luma: LumaStack,
    predictor: Predictor,
    settings: SteadySettings,
    flow: Flow | None = None,
) -> FloatArray:
    """Colour one shot of any length, in windows whose common frames are blended.

    Arguments and result as in `settle_shots`.
    """
    return look_at(luma, predictor, settings, flow)()


def look_at(
    luma: LumaStack,
    predictor: Predictor,
    settings: SteadySettings,
    flow: Flow | None = None,
) -> Settling:
    """The first half of `settle_windows`: the network is asked, and motion estimated.

    Returns:
        the other half, which needs neither: by then another shot can be looked at.
    """
    settled: FloatArray | None = None
    *windows, last = plan_windows(len(luma), settings.window, settings.overlap)
    for window in windows:
        part = settle(luma[window.start : window.stop], predictor, settings, flow)
        settled = _joined(settled, part, window.start, settings.overlap)
    settling = _looked_at(luma[last.start : last.stop], predictor, settings, flow)
    return lambda: _joined(settled, settling(), last.start, settings.overlap)


def settle(
    luma: LumaStack,
    predictor: Predictor,
    settings: SteadySettings,
    flow: Flow | None = None,
) -> FloatArray:
    """Colour one shot as a whole. Arguments and result as in `settle_shots`."""
    return _looked_at(luma, predictor, settings, flow)()


def _joined(settled: FloatArray | None, part: FloatArray, start: int, overlap: int) -> FloatArray:
    """What is settled, and the window behind it from frame `start` on."""
    if settled is None:
        return part
    blended = crossfade(settled[start : start + overlap], part)
    return np.concatenate([settled[:start], blended])


def _looked_at(
    luma: LumaStack, predictor: Predictor, settings: SteadySettings, flow: Flow | None
) -> Settling:
    if settings.looks > 1:
        predictor = Mirrored(predictor)
    if settings.strength == 0.0 or len(luma) == 1:
        alone = _planes(ask(luma, range(len(luma)), predictor, settings.batch))
        return lambda: alone
    with links_of(luma, flow or named_flow(settings.flow)) as book:
        seen = _seen(luma, predictor, settings, book)
    return lambda: _settled(seen, settings.strength)


@dataclass(frozen=True, eq=False)
class _Seen:
    """What is known of a shot before anybody votes.

    Attributes:
        frames: how many it has.
        keyframes: their indexes, rising.
        between: the others.
        said: what the network says to those it was asked for.
        lost: those between that were asked because no keyframe shows what they show.
        book: all links that will be looked up.
    """

    frames: int
    keyframes: Sequence[int]
    between: Sequence[int]
    said: Mapping[int, Ballot]
    lost: Sequence[int]
    book: LinkBook


def _seen(luma: LumaStack, predictor: Predictor, settings: SteadySettings, book: LinkBook) -> _Seen:
    everything = range(len(luma))
    every = settings.every or choose_every(len(luma), book)
    keyframes = place_keyframes(len(luma), every)
    between = sorted(set(everything) - set(keyframes))
    asked = everything if settings.strength < 1.0 else keyframes
    with ThreadPoolExecutor(1, "network") as network:
        answers = network.submit(ask, luma, asked, predictor, settings.batch)
        for _ in book.prepare((*glances(keyframes), *sides(between, keyframes))):
            if answers.done():
                answers.result()  # If it failed, nothing else is worth the time.
        said = dict(zip(asked, answers.result(), strict=True))
    alone = [frame for frame in lost(between, keyframes, book) if frame not in said]
    said.update(zip(alone, ask(luma, alone, predictor, settings.batch), strict=True))
    return _Seen(len(luma), keyframes, between, said, alone, book)


def _settled(seen: _Seen, strength: float) -> FloatArray:
    keyframes, said, book = seen.keyframes, seen.said, seen.book
    first = [said[keyframe] for keyframe in keyframes]
    settled = keep_vivid(first, consensus(keyframes, first, book))
    own = {frame: said[frame] for frame in seen.lost}
    ballots = fill(seen.between, keyframes, settled, own, book)
    steady = _planes([ballots[frame] for frame in range(seen.frames)])
    if strength == 1.0:
        return steady
    loose = _planes([said[frame] for frame in range(seen.frames)])
    return np.asarray(loose + np.float32(strength) * (steady - loose), np.float32)


def _planes(ballots: Sequence[Ballot]) -> FloatArray:
    return np.stack([ballot.color.transpose(2, 0, 1) for ballot in ballots])
