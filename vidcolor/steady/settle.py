"""Colour that holds still: the small luma of a shot comes in, its settled chroma goes out."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

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
    settled: FloatArray | None = None
    for window in plan_windows(len(luma), settings.window, settings.overlap):
        part = settle(luma[window.start : window.stop], predictor, settings, flow)
        if settled is None:
            settled = np.empty((len(luma), *part.shape[1:]), np.float32)
        else:
            part = crossfade(settled[window.start : window.start + settings.overlap], part)
        settled[window.start : window.stop] = part
    if settled is None:
        raise ValueError("a shot has at least one frame")
    return settled


def settle(
    luma: LumaStack,
    predictor: Predictor,
    settings: SteadySettings,
    flow: Flow | None = None,
) -> FloatArray:
    """Colour one shot as a whole. Arguments and result as in `settle_shots`."""
    if settings.looks > 1:
        predictor = Mirrored(predictor)
    if settings.strength == 0.0 or len(luma) == 1:
        return _planes(ask(luma, range(len(luma)), predictor, settings.batch))
    with links_of(luma, flow or named_flow(settings.flow)) as book:
        return _settled(luma, predictor, settings, book)


def _settled(
    luma: LumaStack, predictor: Predictor, settings: SteadySettings, book: LinkBook
) -> FloatArray:
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
    first = [said[keyframe] for keyframe in keyframes]
    settled = keep_vivid(first, consensus(keyframes, first, book))
    alone = [frame for frame in lost(between, keyframes, book) if frame not in said]
    said.update(zip(alone, ask(luma, alone, predictor, settings.batch), strict=True))
    ballots = fill(between, keyframes, settled, {f: said[f] for f in alone}, book)
    steady = _planes([ballots[frame] for frame in everything])
    if settings.strength == 1.0:
        return steady
    loose = _planes([said[frame] for frame in everything])
    return np.asarray(loose + np.float32(settings.strength) * (steady - loose), np.float32)


def _planes(ballots: Sequence[Ballot]) -> FloatArray:
    return np.stack([ballot.color.transpose(2, 0, 1) for ballot in ballots])
