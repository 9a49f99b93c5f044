"""What people said about a shot, carried along its motion to all its frames.

Colour on some frames comes in; for every frame colour and how surely it is what they meant go out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vidcolor.color.hint import Hint
from vidcolor.steady.likeness import same_scene
from vidcolor.steady.paths import Path, Steps, paths
from vidcolor.steady.trust import residual, round_trip
from vidcolor.steady.warp import at_size, beyond, lengths, sampled

FloatArray = NDArray[np.float32]

# Of two paths the one along which luma agrees better has the say: their weights are residuals,
# grain added, to this power.
PICK_POWER, GRAIN = 2.0, 4.0
# The error of carried colour, fitted on clips of known colour (docs/experiments.md): its logarithm
# rises with those of the luma residual, of the round trip's miss, of the difference of the colours
# that the two paths bring, and of how far beyond the edge they end, where the edge's colour goes
# on. At this doubt half is left to the network, and so fast it changes:
HALF_KNOWN, STEEPNESS = 4.0, 1.75
BEYOND = 0.2
KNOWN_SIGMA = 1.0
# Where several people's frames are seen the nearer counts more: with the distance to this power.
NEARNESS = 1.5
# What is known this far counts as reached.
REACHED = 0.4


@dataclass(frozen=True)
class Reach:
    """How far colour of one frame reaches.

    Attributes:
        frame: the one that it was given to.
        share: of that frame, how much is known by it, 0..1.
        first: the first frame of those in a row of which half as much is known at least.
        last: the last of them.
    """

    frame: int
    share: float
    first: int
    last: int

    def moved(self, by: int) -> Reach:
        """The same on frames so many later."""
        return Reach(self.frame + by, self.share, self.first + by, self.last + by)


class Carried:
    """People's colour on all frames of a shot.

    Args:
        steps: the motion of the shot.
        shape: (h, w) of the colour.

    Attributes:
        colour: float16 (frames, h, w, 2).
        known: float16 (frames, height / 2, width / 2), 0..1.
        reached: how far each frame's colour reaches.
    """

    def __init__(self, steps: Steps, shape: tuple[int, ...]) -> None:
        known = len(steps), *steps.shape
        self.color = np.full((len(steps), *shape, 2), 128, np.float16)
        self.known = np.zeros(known, np.float16)
        self.reached: list[Reach] = []
        self._steps = steps
        self._weight = np.zeros(known, np.float16)

    def add(self, said: Hint) -> None:
        """Carry one more frame's colour through the shot."""
        color = large(said.chroma.transpose(1, 2, 0), self.color.shape[1:])
        self._mix(said.frame, color, said.confidence, 0)
        seen = self._steps.small(said.frame)
        half = cv2.resize(color, said.confidence.shape[::-1], interpolation=cv2.INTER_AREA)
        meant = np.dstack([half, said.confidence]).astype(np.float32)
        share, ends = _share(said.confidence), {1: said.frame, -1: said.frame}
        for direction in (1, -1):
            for path in paths(said.frame, direction, self._steps):
                luma = self._steps.small(path.frame)
                brought, known = _brought(path, luma, seen, color, meant)
                self._mix(path.frame, brought, known, abs(path.frame - said.frame))
                if ends[direction] == path.frame - direction and _share(known) >= share / 2:
                    ends[direction] = path.frame
        self.reached.append(Reach(said.frame, share, ends[-1], ends[1]))

    def _mix(self, frame: int, color: FloatArray, known: FloatArray, distance: int) -> None:
        near = np.float32(1.0 / (distance + 0.05) ** NEARNESS)
        weight = known * near
        before = self._weight[frame].astype(np.float32)
        share = np.where(weight > 0, weight / np.maximum(before + weight, 1e-12), 0.0)
        if before.any():
            held = self.color[frame].astype(np.float32)
            color = held + large(share, color.shape)[..., None] * (color - held)
        self.color[frame] = color
        self._weight[frame] = np.minimum(before + weight, 6e4)
        self.known[frame] = np.maximum(self.known[frame], known)

    def under(self, hints: Carried) -> Carried:
        """Stills' colour with that of dots laid over it, far or near, the more the surer it is.

        A dot that surely means a pixel has its way; the faint edge of its spread has not, where a
        still knows the pixel.
        """
        for frame, (color, said) in enumerate(zip(hints.color, hints.known, strict=True)):
            sure, known = said.astype(np.float32), self.known[frame].astype(np.float32)
            share = sure / np.maximum(sure + known * (1 - sure), 1e-6)
            held = self.color[frame].astype(np.float32)
            self.color[frame] = held + large(share, held.shape)[..., None] * (color - held)
            self.known[frame] = np.maximum(known, sure)
        return self


def _share(known: FloatArray) -> float:
    """How much of a frame is known, 0..1."""
    return float((known > REACHED).mean())


def carry(said: Sequence[Hint], steps: Steps, shape: tuple[int, ...]) -> Carried:
    """The colour of several frames carried through their shot, of size `shape`."""
    carried = Carried(steps, shape)
    for one in said:
        carried.add(one)
    return carried


def _brought(
    path: Path, luma: FloatArray, seen: FloatArray, color: FloatArray, said: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """A known frame's colour as another sees it, and how far it is known there.

    Args:
        path: from the other frame to the known one.
        luma: of the other frame, (height / 2, width / 2), as all that follows but `colour`.
        seen: of the known frame.
        colour: of the known frame, (h, w, 2).
        said: the same and how surely it is meant, (height / 2, width / 2, 3).
    """
    flows = path.chained, path.exact
    misses = [residual(luma, seen, flow) for flow in flows]
    chained, exact = (sampled(color, at_size(flow, color.shape)) for flow in flows)
    first, second = ((GRAIN + miss) ** -PICK_POWER for miss in misses)
    share = np.asarray(second / (first + second), np.float32)
    brought = chained + large(share, color.shape)[..., None] * (exact - chained)
    ends = [sampled(said, flow) for flow in flows]
    apart = ends[1] - ends[0]
    doubt = (
        0.245 * np.log1p(np.minimum(*misses))
        + 0.26 * np.log(0.3 + round_trip(path.exact, path.back))
        + 0.48 * np.log1p(lengths(apart))
        + BEYOND * np.log1p(np.where(share > 0.5, beyond(path.exact), beyond(path.chained)))
        + 1.08
    )
    known = (1 / (1 + np.exp(STEEPNESS * (doubt - HALF_KNOWN)))).astype(np.float32)
    known = cv2.GaussianBlur(known, (0, 0), KNOWN_SIGMA)
    known *= np.maximum(
        *(same_scene(luma, sampled(seen, flow), beyond(flow) < 0.5) for flow in flows)
    )
    return brought, known * np.clip(ends[0][..., 2] + share * apart[..., 2], 0, 1)


def large(planes: FloatArray, shape: tuple[int, ...]) -> FloatArray:
    """Planes (h, w[, n]) at the size of `shape`, which begins with height and width."""
    size = shape[1], shape[0]
    return np.asarray(cv2.resize(planes, size, interpolation=cv2.INTER_LINEAR), np.float32)
