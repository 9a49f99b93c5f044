"""Clips whose motion is known: made from photographs, with true flow and true occlusion.

A photograph seen by a camera that pans, zooms and turns; over it a cut-out of another photograph
on a path of its own. Every motion is a similarity, so where a pixel goes is arithmetic, not an
estimate; and it is known which of the two layers a pixel shows.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from vidcolor.color.srgb import Floats, Picture
from vidcolor.evaluate.flow import Mask, Motion

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Path:
    """A similarity that changes evenly from frame to frame.

    Attributes:
        pan: pixels a frame, x and y.
        zoom: factor a frame.
        turn: radians a frame.
        start: where the picture's middle is in frame 0, relative to the frame's middle.
    """

    pan: tuple[float, float] = (0.0, 0.0)
    zoom: float = 1.0
    turn: float = 0.0
    start: tuple[float, float] = (0.0, 0.0)

    def matrix(self, frame: int, source: tuple[int, int], shape: tuple[int, int]) -> Matrix:
        """From source pixels to pixels of a frame: float64 (3, 3), on (x, y, 1).

        Args:
            frame: number.
            source: (height, width) of the photograph.
            shape: (height, width) of the frames.
        """
        size, angle = self.zoom**frame, self.turn * frame
        cos, sin = size * np.cos(angle), size * np.sin(angle)
        (rows, columns), (height, width) = source, shape
        middle = np.array([(columns - 1) / 2, (rows - 1) / 2])
        place = np.array([(width - 1) / 2, (height - 1) / 2]) + self.start
        place = place + frame * np.array(self.pan)
        linear = np.array([[cos, -sin], [sin, cos]])
        result = np.eye(3)
        result[:2, :2] = linear
        result[:2, 2] = place - linear @ middle
        return result


@dataclass(frozen=True)
class Scene:
    """A clip of known motion.

    Attributes:
        name: says what moves.
        shape: (height, width) of the frames.
        frames: how many.
        back: the photograph behind, uint8 sRGB, large enough to fill every frame.
        path: the camera's.
        front: the photograph that is cut out; None for none.
        cut: bool (height, width) of `front`: what is left of it.
        front_path: the cut-out's.
    """

    name: str
    shape: tuple[int, int]
    frames: int
    back: Picture
    path: Path
    front: Picture | None = None
    cut: Mask | None = None
    front_path: Path = field(default_factory=Path)

    def picture(self, frame: int) -> Picture:
        """A frame, uint8 sRGB (height, width, 3)."""
        behind = self._warp(self.back, self._matrix(frame, front=False))
        if self.front is None or self.cut is None:
            return behind
        before = self._warp(self.front, self._matrix(frame, front=True))
        return np.where(self.covered(frame)[..., None], before, behind)

    def covered(self, frame: int) -> Mask:
        """Where the cut-out is: bool (height, width)."""
        if self.cut is None:
            return np.zeros(self.shape, bool)
        warped = cv2.warpAffine(
            self.cut.astype(np.uint8),
            self._matrix(frame, front=True)[:2],
            self.shape[::-1],
            flags=cv2.INTER_NEAREST,
        )
        return np.asarray(warped > 0)

    def motion(
        self, start: int, end: int, luma: NDArray[np.uint8], other: NDArray[np.uint8]
    ) -> Motion:
        """The true motion between two frames; a `MotionSource` that does not look at them."""
        return Motion(self.flow(start, end), self._seen(start, end), ~self._seen(end, start))

    def flow(self, start: int, end: int) -> Floats:
        """True flow, float32 (height, width, 2), in pixels."""
        flow = self._layer_flow(start, end, front=False)
        over = self.covered(start)
        if over.any():
            flow[over] = self._layer_flow(start, end, front=True)[over]
        return flow

    def _matrix(self, frame: int, front: bool) -> Matrix:
        photograph = self.front if front and self.front is not None else self.back
        path = self.front_path if front else self.path
        rows, columns = photograph.shape[:2]
        return path.matrix(frame, (rows, columns), self.shape)

    def _warp(self, photograph: Picture, matrix: Matrix) -> Picture:
        warped = cv2.warpAffine(
            photograph,
            matrix[:2],
            self.shape[::-1],
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REFLECT_101,
        )
        return np.asarray(warped, np.uint8)

    def _layer_flow(self, start: int, end: int, front: bool) -> Floats:
        step = self._matrix(end, front) @ np.linalg.inv(self._matrix(start, front))
        ys, xs = np.mgrid[: self.shape[0], : self.shape[1]].astype(np.float64)
        moved = np.stack(
            [step[axis, 0] * xs + step[axis, 1] * ys + step[axis, 2] for axis in range(2)],
            axis=-1,
        )
        return np.asarray(moved - np.stack([xs, ys], axis=-1), np.float32)

    def _seen(self, start: int, end: int) -> Mask:
        """Pixels of frame `start` whose point lies in frame `end` and is not hidden there.

        The four pixels around the point must show the same layer, so that none of another is mixed
        in.
        """
        flow = self.flow(start, end)
        height, width = self.shape
        ys, xs = np.mgrid[:height, :width]
        x, y = xs + flow[..., 0], ys + flow[..., 1]
        inside = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
        left = np.clip(np.floor(x), 0, width - 2).astype(int)
        top = np.clip(np.floor(y), 0, height - 2).astype(int)
        there, here = self.covered(end), self.covered(start)
        same = inside
        for dy in (0, 1):
            for dx in (0, 1):
                same = same & (there[top + dy, left + dx] == here)
        return np.asarray(same)


def blob(shape: tuple[int, int], rng: np.random.Generator) -> Mask:
    """A round, uneven outline that fills most of (height, width): what is cut out."""
    height, width = shape
    ys, xs = np.mgrid[:height, :width]
    y, x = (ys - (height - 1) / 2) / (height / 2), (xs - (width - 1) / 2) / (width / 2)
    angle, radius = np.arctan2(y, x), np.hypot(x, y)
    edge = np.full(shape, 0.8)
    for order in (2, 3, 5):
        edge += rng.uniform(0.02, 0.06) * np.cos(order * angle + rng.uniform(0, 2 * np.pi))
    return np.asarray(radius < edge)


def scenes(
    photographs: list[Picture], shape: tuple[int, int], frames: int, rng: np.random.Generator
) -> list[Scene]:
    """Four scenes of each photograph: pan, zoom, turn, and a cut-out of the next one over it.

    Args:
        photographs: uint8 sRGB of any size.
        shape: (height, width) of the frames.
        frames: of each scene.
        rng: draws directions and speeds.
    """
    made = []
    for index, photograph in enumerate(photographs):
        back = _fill(photograph, shape)
        pan = tuple(rng.uniform(-1.5, 1.5, 2).tolist())
        for name, path in (
            ("pan", Path(pan=(pan[0], pan[1]))),
            ("zoom", Path(zoom=1 + float(rng.uniform(0.004, 0.01)))),
            ("turn", Path(turn=float(rng.uniform(0.004, 0.01)))),
        ):
            made.append(Scene(f"{index:02}-{name}", shape, frames, back, path))
        other = photographs[(index + 1) % len(photographs)]
        side = round(min(shape) * 0.45)
        front = np.asarray(cv2.resize(other, (side, side), interpolation=cv2.INTER_AREA), np.uint8)
        across = Path(pan=(2.5, float(rng.uniform(-0.4, 0.4))), start=(-shape[1] * 0.25, 0.0))
        cut = blob((side, side), rng)
        camera = Path(pan=(-0.6, 0.0))
        made.append(Scene(f"{index:02}-cut-out", shape, frames, back, camera, front, cut, across))
    return made


def _fill(photograph: Picture, shape: tuple[int, int]) -> Picture:
    """The photograph, 1.4 times as large as the frames need it."""
    height, width = photograph.shape[:2]
    scale = 1.4 * max(shape[0] / height, shape[1] / width)
    size = (round(width * scale), round(height * scale))
    return np.asarray(cv2.resize(photograph, size, interpolation=cv2.INTER_CUBIC), np.uint8)
