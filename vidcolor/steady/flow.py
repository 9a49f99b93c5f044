"""What estimates motion between two frames."""

from __future__ import annotations

from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
LumaPlane = NDArray[np.uint8]


# Against the preset's 25 and 5 a fifth of the time less; benchmarks/speed.md has what it costs.
EFFORT = (12, 3)


class Flow(Protocol):
    """Dense motion between two luma planes of one size."""

    def __call__(self, first: LumaPlane, second: LumaPlane) -> FloatArray:
        """Where each pixel of `first` lies in `second`.

        Args:
            first: uint8 (height, width).
            second: uint8 (height, width).

        Returns:
            float32 (height, width, 2): x, then y displacement in pixels.
        """


class DisFlow:
    """Dense inverse search (Kroeger et al. 2016) with OpenCV's variational refinement.

    OpenCV is set to one thread: its result depends on their number. Several may call at once.

    Args:
        preset: `cv2.DISOPTICAL_FLOW_PRESET_*`.
        effort: iterations of gradient descent and of refinement; None are the preset's.
    """

    def __init__(
        self,
        preset: int = cv2.DISOPTICAL_FLOW_PRESET_MEDIUM,
        effort: tuple[int, int] | None = EFFORT,
    ) -> None:
        cv2.setNumThreads(1)
        self._preset, self._effort = preset, effort

    def __call__(self, first: LumaPlane, second: LumaPlane) -> FloatArray:
        """See `Flow`."""
        # A new engine each time: at tiny sizes a used one answers otherwise than a fresh one.
        engine = cv2.DISOpticalFlow.create(self._preset)
        if self._effort:
            descent, refinement = self._effort
            engine.setGradientDescentIterations(descent)
            engine.setVariationalRefinementIterations(refinement)
        return np.asarray(engine.calc(first, second, None), np.float32)


class QuickFlow:
    """`DisFlow` without variational refinement: in half its time, where a better flow begins."""

    def __call__(
        self, first: LumaPlane, second: LumaPlane, start: FloatArray | None = None
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
        self, first: LumaPlane, second: LumaPlane, start: FloatArray | None = None
    ) -> FloatArray:
        """See `QuickFlow`."""
        engine = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
        engine.setFinestScale(0)
        engine.setVariationalRefinementIterations(0)
        engine.setGradientDescentIterations(12)
        engine.setPatchStride(4)
        begun = self._coarse(first, second) if start is None else start.copy()
        return np.asarray(engine.calc(first, second, begun), np.float32)


def named_flow(name: str) -> Flow:
    """What estimates motion, by its name in `SteadySettings`."""
    if name == "raft":
        from vidcolor.steady.raft import RaftFlow

        return RaftFlow()
    return DisFlow()
