"""How still a clip's colour is: all rows of a clip scored in one walk, in constant memory.

Truth frames (sRGB) and each row's chroma come in as iterators at the evaluation size; figures per
row go out. The motion between frames is found once, on the truth's luma, for all rows.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from vidcolor.color.colorfulness import colorfulness
from vidcolor.color.srgb import Floats, Picture, Planes, to_picture, to_planes
from vidcolor.evaluate.costs import Costs
from vidcolor.evaluate.flow import Estimated, Motion, MotionSource, length
from vidcolor.evaluate.names import TRUTH
from vidcolor.evaluate.series import DISTANCES, ClipScore, RowSums
from vidcolor.truth.delta_e import delta_e, to_lab
from vidcolor.truth.figures import histograms, psnr


@dataclass(frozen=True)
class _Moment:
    """One frame of all rows.

    Attributes:
        luma: uint8 (height, width) of the truth.
        errors: float32 (height x width, rows x 2): predicted minus true chroma.
        pictures: float32 (height x width, rows x 3): the results, sRGB on 0-1.
        delta_e: float32 (rows, height, width).
    """

    luma: np.ndarray[tuple[int, int], np.dtype[np.uint8]]
    errors: Floats
    pictures: Floats
    delta_e: Floats


@dataclass(frozen=True)
class _Truth:
    """A true frame, and what all rows are compared with."""

    picture: Picture
    planes: Planes
    lab: Floats
    is_grey: bool


def score_clip(
    truth: Iterable[Picture],
    rows: Mapping[str, Iterable[Floats | Picture]],
    motion: MotionSource | None = None,
    costs: Costs | None = None,
    jobs: int = 1,
) -> dict[str, ClipScore]:
    """Score any number of colourings of one clip; stops at the shortest of all iterators.

    Args:
        truth: the frames, uint8 sRGB (height, width, 3), at the evaluation size.
        rows: by name, the chroma of each frame: float32 (2, height, width), Cb and Cr on 0..255;
            or results made elsewhere, uint8 sRGB as the truth.
        motion: where pixels go; estimated on the truth's luma unless the true one is known.
        costs: takes the seconds each metric took.
        jobs: threads over which the rows of a frame are spread.

    Returns:
        The rows' figures in their order, and those of the truth itself under "truth".
    """
    names = [name for name in rows if name != TRUTH]
    with ThreadPoolExecutor(jobs) as pool:
        spread = map if jobs == 1 else pool.map
        walk = _Walk(names, motion or Estimated(), costs or Costs(), spread)
        for picture, *chromas in zip(truth, *(rows[name] for name in names), strict=False):
            walk.step(picture, chromas)
    return {name: sums.score() for name, sums in zip([*names, TRUTH], walk.sums, strict=True)}


class _Walk:
    """The state of one walk: a window of frames, and each row's sums (truth last)."""

    def __init__(
        self, names: list[str], motion: MotionSource, costs: Costs, spread: Callable[..., Any]
    ) -> None:
        self.sums = [RowSums(DISTANCES) for _ in (*names, TRUTH)]
        self._motion = motion
        self._costs = costs
        self._map = spread
        self._window: deque[_Moment] = deque(maxlen=max(DISTANCES) + 1)
        self._count = 0

    def step(self, picture: Picture, chromas: list[Floats | Picture]) -> None:
        """Take in the next frame: the truth and every row's chroma but the truth's own."""
        now = self._look(picture, chromas)
        self._window.append(now)
        distances = [distance for distance in DISTANCES if distance < len(self._window)]
        list(self._map(lambda distance: self._compare(distance, now), distances))
        self._count += 1

    def _look(self, picture: Picture, chromas: list[Floats | Picture]) -> _Moment:
        planes = to_planes(picture)
        truth = _Truth(picture, planes, to_lab(picture), planes.is_grey)
        rows = zip(self.sums, (*chromas, planes.chroma), strict=True)
        looked = self._map(lambda row: self._row(truth, *row), rows)
        results, errors, maps = zip(*looked, strict=True)
        pixels = planes.luma.size
        beside = np.concatenate(results, axis=2).reshape(pixels, -1).astype(np.float32)
        beside /= 255
        stacked = np.concatenate(errors).reshape(-1, pixels).T
        return _Moment(planes.luma_bytes, np.ascontiguousarray(stacked), beside, np.stack(maps))

    def _row(
        self, truth: _Truth, sums: RowSums, colored: Floats | Picture
    ) -> tuple[Picture, Floats, Floats]:
        """One row's result, chroma error and Delta E; its figures go to its sums."""
        with self._costs("sRGB"):
            result, chroma = _finish(colored, truth.planes)
        with self._costs("Delta E"):
            difference = delta_e(result, truth.lab)
        with self._costs("PSNR, CF, histograms"):
            sums.cdc.add(histograms(result))
            sums.psnr.append(psnr(result, truth.picture))
            if not truth.is_grey:
                sums.delta_e.append(float(difference.mean(dtype=np.float64)))
                sums.cf.append(colorfulness(result))
        return result, chroma - truth.planes.chroma, difference

    def _compare(self, distance: int, now: _Moment) -> None:
        before = self._window[-1 - distance]
        with self._costs("flow"):
            start = self._count - distance
            motion = self._motion(start, self._count, before.luma, now.luma)
        with self._costs("flicker, warp error"):
            seen = motion.visible.ravel()
            change = motion.warp @ now.errors - before.errors[seen]
            lengths = length(change.reshape(len(change), change.shape[1] // 2, 2))
            for row, sums in enumerate(self.sums):
                sums.add_flicker(distance, lengths[:, row], seen.size)
            if distance == 1:
                self._compare_neighbours(motion, before, now)

    def _compare_neighbours(self, motion: Motion, before: _Moment, now: _Moment) -> None:
        change = motion.warp @ now.pictures - before.pictures[motion.visible.ravel()]
        squares = np.square(change).reshape(len(change), change.shape[1] // 3, 3)
        for row, sums in enumerate(self.sums):
            sums.warp.add(squares[:, row])
            sums.uncovered.add(now.delta_e[row][motion.uncovered])


def _finish(colored: Floats | Picture, planes: Planes) -> tuple[Picture, Floats]:
    """The result as sRGB, and its chroma."""
    if colored.dtype == np.uint8:
        result = np.asarray(colored, np.uint8)
        return result, to_planes(result).chroma
    chroma = np.asarray(colored, np.float32)
    return to_picture(planes.luma, chroma), chroma
