"""Motion through a whole shot: steps between neighbours, and paths back to a frame that is known.

A path is composed of steps and made exact on luma every few frames, so that it neither drifts nor
loses what moves fast; colour is then taken from the known frame once, and is not blurred by being
handed on from frame to frame.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from vidcolor.steady.estimates import Estimates, estimators
from vidcolor.steady.flow import FineFlow, Flow, QuickFlow
from vidcolor.steady.kept import Keep, Kept, keep_nothing
from vidcolor.steady.shelf import Shelf
from vidcolor.steady.warp import HALF, at_size, composed, halved

FloatArray = NDArray[np.float32]
LumaStack = NDArray[np.uint8]

# A path is made exact on luma at distances that are multiples of this.
EXACT_EVERY = 2


class Steps:
    """Flow between neighbouring frames, estimated at working size, kept at half of it.

    Use `steps_of`, which ends its threads.

    Args:
        luma: uint8 (frames, height, width) of a shot.
        flow: what estimates motion.
        glance: what estimates it where little depends on it.
        pool: what estimates ahead.
        kept: what an earlier run found out about the shot.
    """

    def __init__(
        self, luma: LumaStack, flow: Flow, glance: Flow, pool: ThreadPoolExecutor, kept: Kept
    ) -> None:
        self.luma = luma
        self.shape = luma.shape[1] // HALF, luma.shape[2] // HALF
        self.kept = kept
        # Of a method they would be circles, which are let go of only now and then.
        estimated = partial(_estimated, luma, self.shape, kept, Shelf())
        self._exact = Estimates(partial(estimated, "exact", flow), pool)
        self._rough = Estimates(partial(estimated, "glance", glance), pool)
        self._small: dict[int, FloatArray] = {}

    def __len__(self) -> int:
        return len(self.luma)

    def small(self, frame: int) -> FloatArray:
        """Luma of a frame at half size, float32."""
        if frame not in self._small:
            self._small[frame] = halved(self.luma[frame])
        return self._small[frame]

    def lead_to(self, frames: Iterable[int]) -> None:
        """Begin to estimate all steps that lead to these frames, from near to far."""
        for known in frames:
            for way in (1, -1):
                last = len(self) - 1 if way > 0 else 0
                for frame in range(known, last, way):
                    self._exact.begin(frame + way, frame)
                    self._rough.begin(frame, frame + way)

    def exact(self, frame: int, other: int) -> FloatArray:
        """Flow from a frame to its neighbour, float32 (height / 2, width / 2, 2)."""
        return self._exact.of(frame, other).astype(np.float32)

    def step(self, frame: int, other: int) -> FloatArray:
        """The same, but a glance will do where there is nothing better."""
        kept = self._exact if (frame, other) in self._exact else self._rough
        return kept.of(frame, other).astype(np.float32)

    def refined(
        self, flow: FineFlow | QuickFlow, frame: int, other: int, start: FloatArray
    ) -> FloatArray:
        """Flow from a frame to any other made exact on luma, from where it starts; at half size."""
        begun = hashlib.sha256(start.tobytes()).hexdigest()[:24]
        name = f"{type(flow).__name__} {frame} {other} {begun}"
        first, second = self.luma[frame], self.luma[other]
        return self.kept.of(name, lambda: refined(flow, first, second, start))


def _estimated(
    luma: LumaStack,
    shape: tuple[int, int],
    kept: Kept,
    shelf: Shelf,
    kind: str,
    flow: Flow,
    frame: int,
    other: int,
) -> NDArray[np.float16]:
    def made() -> NDArray[np.float16]:
        return at_size(flow(luma[frame], luma[other]), shape).astype(np.float16)

    return shelf.keep(kept.of(f"{kind} {frame} {other}", made))


@contextmanager
def steps_of(
    luma: LumaStack, flow: Flow, glance: Flow, keep: Keep = keep_nothing
) -> Iterator[Steps]:
    """Steps of a shot, uint8 (frames, height, width), estimated by threads that end with it."""
    with keep(luma) as kept, estimators() as pool:
        yield Steps(luma, flow, glance, pool, kept)


@dataclass(frozen=True, eq=False)
class Path:
    """Where the pixels of a frame are in the known one; all at half size.

    Attributes:
        frame: index in the shot.
        chained: flow composed of steps alone, float32 (height, width, 2).
        exact: flow made exact on luma on the way.
        back: from the known frame to this one, likewise.
    """

    frame: int
    chained: FloatArray
    exact: FloatArray
    back: FloatArray


def paths(known: int, direction: int, steps: Steps) -> Iterator[Path]:
    """Paths to the frame `known` from the frames behind it (1) or before it (-1), near to far."""
    before: Path | None = None
    frame = known + direction
    while 0 <= frame < len(steps):
        nearer = frame - direction
        there, again = steps.exact(frame, nearer), steps.step(nearer, frame)
        if before is None:
            before = Path(frame, there, there, again)
        else:
            exact, back = composed(there, before.exact), composed(before.back, again)
            if abs(frame - known) % EXACT_EVERY == 0:
                exact = steps.refined(FineFlow(), frame, known, exact)
                back = steps.refined(QuickFlow(), known, frame, back)
            before = Path(frame, composed(there, before.chained), exact, back)
        yield before
        frame += direction


def refined(
    flow: FineFlow | QuickFlow, first: LumaStack, second: LumaStack, start: FloatArray
) -> FloatArray:
    """A flow at half size made exact on two planes of full size, from where it starts."""
    return at_size(flow(first, second, at_size(start, first.shape)), start.shape)
