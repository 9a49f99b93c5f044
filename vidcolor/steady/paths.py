"""Motion through a whole shot: steps between neighbours, and paths back to a frame that is known.

A path is composed of steps and made exact on luma every few frames, so that it neither drifts nor
loses what moves fast; colour is then taken from the known frame once, and is not blurred by being
handed on from frame to frame.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vidcolor.steady.flow import Flow, at_size

FloatArray = NDArray[np.float32]
LumaStack = NDArray[np.uint8]

HALF = 2
# A path is made exact on luma at distances that are multiples of this.
EXACT_EVERY = 2
RESIDUAL_SIGMA = 1.0
FLOW_THREADS = 2


class Steps:
    """Flow between neighbouring frames, estimated at working size, kept at half of it.

    Use `steps_of`, which ends its threads.

    Args:
        luma: uint8 (frames, height, width) of a shot.
        flow: what estimates motion.
        glance: what estimates it where little depends on it.
        pool: what estimates ahead.
    """

    def __init__(self, luma: LumaStack, flow: Flow, glance: Flow, pool: ThreadPoolExecutor) -> None:
        self.luma = luma
        self.shape = luma.shape[1] // HALF, luma.shape[2] // HALF
        self._flow, self._glance, self._pool = flow, glance, pool
        self._exact: dict[tuple[int, int], Future[NDArray[np.float16]]] = {}
        self._rough: dict[tuple[int, int], Future[NDArray[np.float16]]] = {}
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
                    self._begin(self._exact, self._flow, frame + way, frame)
                    self._begin(self._rough, self._glance, frame, frame + way)

    def exact(self, frame: int, other: int) -> FloatArray:
        """Flow from a frame to its neighbour, float32 (height / 2, width / 2, 2)."""
        return self._begin(self._exact, self._flow, frame, other).result().astype(np.float32)

    def step(self, frame: int, other: int) -> FloatArray:
        """The same, but a glance will do where there is nothing better."""
        kept = self._exact.get((frame, other))
        kept = kept or self._begin(self._rough, self._glance, frame, other)
        return kept.result().astype(np.float32)

    def _begin(
        self,
        kept: dict[tuple[int, int], Future[NDArray[np.float16]]],
        flow: Flow,
        frame: int,
        other: int,
    ) -> Future[NDArray[np.float16]]:
        if (frame, other) not in kept:
            kept[frame, other] = self._pool.submit(self._estimated, flow, frame, other)
        return kept[frame, other]

    def _estimated(self, flow: Flow, frame: int, other: int) -> NDArray[np.float16]:
        return at_size(flow(self.luma[frame], self.luma[other]), self.shape).astype(np.float16)


@contextmanager
def steps_of(luma: LumaStack, flow: Flow, glance: Flow) -> Iterator[Steps]:
    """Steps of a shot, uint8 (frames, height, width), estimated by threads that end with it."""
    pool = ThreadPoolExecutor(FLOW_THREADS)
    try:
        yield Steps(luma, flow, glance, pool)
    finally:
        pool.shutdown(cancel_futures=True)


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
                exact = refined(FineFlow(), steps.luma[frame], steps.luma[known], exact)
                back = refined(QuickFlow(), steps.luma[known], steps.luma[frame], back)
            before = Path(frame, composed(there, before.chained), exact, back)
        yield before
        frame += direction


def halved(plane: NDArray[np.generic]) -> FloatArray:
    """A plane (height, width) at half size by area averaging, float32."""
    size = plane.shape[1] // HALF, plane.shape[0] // HALF
    return np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_AREA), np.float32)


def sampled(planes: FloatArray, flow: FloatArray, method: int = cv2.INTER_LINEAR) -> FloatArray:
    """Planes (height, width[, n]) at the ends of a flow (height, width, 2)."""
    height, width = flow.shape[:2]
    column = flow[..., 0] + np.arange(width, dtype=np.float32)
    row = flow[..., 1] + np.arange(height, dtype=np.float32)[:, None]
    border = cv2.BORDER_REPLICATE
    return np.asarray(cv2.remap(planes, column, row, method, borderMode=border), np.float32)


def composed(first: FloatArray, second: FloatArray) -> FloatArray:
    """The flow that goes along the first, and from its ends along the second."""
    return first + sampled(second, first)


class QuickFlow:
    """`DisFlow` without variational refinement: in half its time, where a better flow begins."""

    def __call__(
        self, first: LumaStack, second: LumaStack, start: FloatArray | None = None
    ) -> FloatArray:
        """See `Flow`; from where a flow `start` of the same size begins, if there is one."""
        engine = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
        engine.setVariationalRefinementIterations(0)
        begun = None if start is None else start.copy()
        return np.asarray(engine.calc(first, second, begun), np.float32)


class FineFlow:
    """DIS down to single pixels, where `DisFlow` stops at every second: worth a quarter of a dB.

    It begins from the coarser answer, which follows fast motion better than its own first steps.
    Variational refinement would take as long again and gain nothing.
    """

    def __init__(self) -> None:
        self._coarse = QuickFlow()

    def __call__(
        self, first: LumaStack, second: LumaStack, start: FloatArray | None = None
    ) -> FloatArray:
        """See `QuickFlow`."""
        engine = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
        engine.setFinestScale(0)
        engine.setVariationalRefinementIterations(0)
        engine.setGradientDescentIterations(12)
        engine.setPatchStride(4)
        begun = self._coarse(first, second) if start is None else start.copy()
        return np.asarray(engine.calc(first, second, begun), np.float32)


def refined(
    flow: FineFlow | QuickFlow, first: LumaStack, second: LumaStack, start: FloatArray
) -> FloatArray:
    """A flow at half size made exact on two planes of full size, from where it starts."""
    return at_size(flow(first, second, at_size(start, first.shape)), start.shape)


def inside(flow: FloatArray) -> NDArray[np.bool_]:
    """Pixels whose end lies within the frame."""
    return beyond(flow) < 0.5


def beyond(flow: FloatArray) -> FloatArray:
    """How far beyond the frame's edge each pixel ends, in pixels; 0 within."""
    height, width = flow.shape[:2]
    column = flow[..., 0] + np.arange(width, dtype=np.float32)
    row = flow[..., 1] + np.arange(height, dtype=np.float32)[:, None]
    across = np.maximum(np.maximum(-column, column - (width - 1)), 0)
    down = np.maximum(np.maximum(-row, row - (height - 1)), 0)
    return np.asarray(cv2.magnitude(across, down), np.float32)


def residual(luma: FloatArray, known: FloatArray, flow: FloatArray) -> FloatArray:
    """Squared luma difference along a flow, smoothed; what the whole picture shares is no part."""
    difference = sampled(known, flow) - luma
    difference -= np.median(difference)
    blurred = cv2.GaussianBlur(difference * difference, (0, 0), RESIDUAL_SIGMA)
    return np.asarray(blurred, np.float32)


def round_trip(there: FloatArray, back: FloatArray) -> FloatArray:
    """By how much there and back misses, in units of half a pixel and 5 % of the way."""
    miss = there + sampled(back, there)
    allowed = 0.5 + 0.05 * cv2.magnitude(there[..., 0], there[..., 1])
    return np.asarray(cv2.magnitude(miss[..., 0], miss[..., 1]) / allowed, np.float32)
