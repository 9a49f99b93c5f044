"""A shot to which people gave colour: what they showed is carried, the rest is as it would be.

A still of the whole picture, or many dots, guide the network: it sees what was carried as hints, on
every few frames, and its colour, agreed on along the same motion, fills what they do not reach.
What is said of one thing changes nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vidcolor.color.hint import Hint
from vidcolor.color.upscale import enlarge
from vidcolor.infer.predictor import QUARTER, Predictor
from vidcolor.steady.along import agreed, filled
from vidcolor.steady.flow import DisFlow, FineFlow, Flow, named_flow
from vidcolor.steady.kept import Keep, keep_nothing
from vidcolor.steady.keyframes import place_keyframes
from vidcolor.steady.paths import Steps, steps_of
from vidcolor.steady.people import Carried, Reach, carry, large
from vidcolor.steady.settings import SteadySettings
from vidcolor.steady.settle import settle_windows
from vidcolor.steady.spreading import spread_over_things, stronger
from vidcolor.steady.warp import HALF

LumaStack = NDArray[np.uint8]
FloatArray = NDArray[np.float32]

# The network is asked on every so many-th frame.
EVERY = 8
# What is known this far is law to the network; below, it paints itself. Its answer to opinions
# of middling confidence is worse than to none.
LAW = 0.4
# If this share of a frame is known, the network is guided by it as a whole.
GUIDED_SHARE = 0.25


@dataclass(frozen=True)
class Flows:
    """What estimates motion in directed shots.

    Attributes:
        exact: along which colour is taken.
        glance: for what only says how far to trust it.
        keep: what keeps motion between runs.
    """

    exact: Flow
    glance: Flow
    keep: Keep = keep_nothing


def settle_directed(
    luma: LumaStack,
    predictor: Predictor,
    settings: SteadySettings,
    people: Sequence[Hint],
    flows: Flows | None = None,
    saturation: float = 1.0,
    told: Callable[[Reach], None] = lambda _: None,
) -> NDArray[np.float16]:
    """Colour one shot of which people coloured some frames.

    Args:
        luma: uint8 (frames, height, width) at working size, sides multiples of 4.
        predictor: the network.
        settings: how still colour is held.
        people: what was said, by frames of `luma`.
        flows: what estimates motion; None takes what the settings name.
        saturation: factor on the network's chroma where people's colour does not guide it.
        told: how far each frame's dots reach.

    Returns:
        chroma, float16 (frames, 2, h, w), Cb and Cr on 0..255, before the saturation as that of
        `settle`, but of the working size or that of the finest still: what people painted is finer
        than what the network paints.
    """
    flows = flows or directed_flows(settings.flow)
    stills = [said for said in people if not said.spreads]
    hints = [said for said in people if said.spreads]
    shape = max((luma.shape[1:], *(said.chroma.shape[1:] for said in stills)))
    with steps_of(luma, flows.exact, flows.glance, flows.keep) as steps:
        steps.lead_to(said.frame for said in (*stills, *hints))
        carried = carry(stills, steps, shape)
        guides = [said.guides for said in stills]
        if hints:
            dots = spread_over_things(luma, predictor, hints, saturation)
            guides += [said.guides for said in dots]
            spread = carry(dots, steps, shape)
            for reach in spread.reached:
                told(reach)
            carried = carried.under(spread)
        painter = Painter(predictor, settings.batch, saturation)
        rest = _rest(carried, max(guides, default=0.0), steps, settings, painter)
    # In its own place: a shot is large.
    made = carried.color
    for given, painted, known in zip(made, rest, carried.known, strict=True):
        behind = large(painted, given.shape)
        share = large(known.astype(np.float32), given.shape)[..., None]
        given[:] = stronger(behind + share * (given - behind), 1 / saturation)
    return made.transpose(0, 3, 1, 2)


def directed_flows(name: str) -> Flows:
    """What estimates motion in directed shots, by its name in `SteadySettings`."""
    if name == "dis":
        return Flows(FineFlow(), DisFlow(cv2.DISOPTICAL_FLOW_PRESET_FAST, None))
    flow = named_flow(name)
    return Flows(flow, flow)


def _rest(
    carried: Carried, guided: float, steps: Steps, settings: SteadySettings, painter: Painter
) -> FloatArray:
    """What all frames have where people said nothing: float32 (frames, height / 2, width / 2, 2).

    Args:
        carried: what people showed.
        guided: how far the network follows it, 0..1.
        steps: the motion of the shot.
        settings: how still colour is held.
        painter: who paints.
    """
    if guided >= 1:
        return _guided(carried, steps, settings, painter)
    alone = steps.kept.of(
        "automatic", lambda: settle_windows(steps.luma, painter.predictor, settings)
    )
    strong = twice(stronger(alone, painter.saturation), steps.luma).transpose(0, 2, 3, 1)
    if guided <= 0:
        return strong
    led = _guided(carried, steps, settings, painter)
    return np.asarray(strong + np.float32(guided) * (led - strong), np.float32)


def _guided(
    carried: Carried, steps: Steps, settings: SteadySettings, painter: Painter
) -> FloatArray:
    """What the network paints of all frames, knowing what was carried; shape as of `_rest`."""
    every = 1 if settings.strength < 1.0 else settings.every or EVERY
    keyframes = place_keyframes(len(steps), every)
    painted = _painted(keyframes, carried, steps, painter)
    colors = agreed(keyframes, painted, steps) if settings.strength > 0 else painted
    rest = filled(keyframes, colors, steps)
    if 0 < settings.strength < 1:
        loose = np.stack([painted[frame] for frame in keyframes])
        rest = (loose + np.float32(settings.strength) * (rest - loose)).astype(np.float32)
    return rest


def twice(chroma: FloatArray, luma: LumaStack) -> FloatArray:
    """Chroma (frames, 2, height / 4, width / 4) at twice the size, along the edges of luma."""
    height, width = luma.shape[1] // HALF, luma.shape[2] // HALF
    made = np.empty((len(luma), 2, height, width), np.float32)
    for target, planes, frame in zip(made, chroma, luma, strict=True):
        small = cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA)
        target[:] = enlarge(planes, small)
    return made


@dataclass(frozen=True)
class Painter:
    """Who paints what people's colour does not reach.

    Attributes:
        predictor: the network.
        batch: frames given to it at once.
        saturation: factor on its chroma where it has no hints.
    """

    predictor: Predictor
    batch: int
    saturation: float

    def paint(self, luma: LumaStack, hints: FloatArray) -> FloatArray:
        """Chroma of frames with hints, as it is to be seen: (frames, 2, height / 4, width / 4).

        The more of a frame is known, the less is its colour made stronger: what is guided by true
        colours is not pale.
        """
        said = self.predictor.predict(luma, hints if hints[:, 2].any() else None)
        guided = np.minimum(1, hints[:, 2].mean(axis=(1, 2)) / GUIDED_SHARE)
        factor = 1 + (self.saturation - 1) * (1 - guided)
        return stronger(said.chroma, factor[:, None, None, None])


def _painted(
    frames: Sequence[int], carried: Carried, steps: Steps, painter: Painter
) -> dict[int, FloatArray]:
    """What the network makes of some frames, knowing what was carried: (height, width, 2)."""
    made: dict[int, FloatArray] = {}
    for begin in range(0, len(frames), painter.batch):
        group = list(frames[begin : begin + painter.batch])
        hints = np.stack([_hints(carried, frame) for frame in group])
        doubled = twice(painter.paint(steps.luma[group], hints), steps.luma[group])
        made.update(zip(group, doubled.transpose(0, 2, 3, 1), strict=True))
    return made


def _hints(carried: Carried, frame: int) -> FloatArray:
    """What is known of a frame as the network's hints: float32 (3, height / 4, width / 4)."""
    law = (carried.known[frame] > LAW).astype(np.float32)
    color = carried.color[frame].astype(np.float32)
    color = cv2.resize(color, law.shape[::-1], interpolation=cv2.INTER_AREA)
    weighted = color * law[..., None]
    size = law.shape[1] * HALF // QUARTER, law.shape[0] * HALF // QUARTER
    share = cv2.resize(law, size, interpolation=cv2.INTER_AREA)
    color = cv2.resize(weighted, size, interpolation=cv2.INTER_AREA)
    color /= np.maximum(share, 1e-3)[..., None]
    return np.stack([*color.transpose(2, 0, 1), share >= 0.5]).astype(np.float32)
