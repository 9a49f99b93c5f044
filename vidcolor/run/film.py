"""A film as the network sees it, and as pictures in colour that people look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from vidcolor.color.convert import (
    NEUTRAL,
    SampleSpec,
    rgb_in_gamut,
    small_luma,
    viewed_luma,
)
from vidcolor.color.upscale import enlarge
from vidcolor.infer.predictor import QUARTER, working_shape
from vidcolor.media.clip import ClipInfo, Frame, Plane
from vidcolor.media.decode import read_luma
from vidcolor.media.planes import turn_upright

TRANSFERS = {8: "linear", 16: "pq", 18: "hlg"}
SEGMENT_SHORTEST_S = 5.0
SEGMENT_LONGEST_S = 30.0
OVERLAP_S = 1.0
KEPT_FRAMES = 32
LEAST_FRAMES = 16
# What a frame costs two modest cores, whatever its size and a megapixel (benchmarks/speed.md: 27
# frames a second at 854x480). Segments are cut by this and not by the clock: a run that goes on
# must cut as the first one did.
COLOR_COST_S, MEGAPIXEL_COST_S = 0.02, 0.045
SEGMENT_WORK_S, SEGMENT_MOST_WORK_S = 12.0, 90.0
# What is held of a shot while it is settled: luma, motion and colour, bytes a pixel of the working
# size and frame.
HELD_BYTES, SEGMENT_MOST_BYTES = 7, 80 << 20

FloatArray = NDArray[np.float32]
SmallLuma = NDArray[np.uint8]


@dataclass(frozen=True)
class SegmentLimits:
    """How many frames a segment may have.

    Attributes:
        shortest: the fewest, but for the last one.
        enough: it ends with the first shot that ends here or later,
        longest: or after so many frames, within a shot if need be.
        overlap: where a shot is split, both sides see so many of each other's frames.
    """

    shortest: int
    enough: int
    longest: int
    overlap: int


@dataclass(frozen=True, eq=False)
class Film:
    """A film, or a stretch of it, as the network sees it and as people see it in colour.

    Attributes:
        clip: the film.
        render_size: short side in pixels of what the network sees.
        first: index of the first frame.
        count: how many frames.
        threads: of the decoder, 0 for as many as it likes.
    """

    clip: ClipInfo
    render_size: int
    first: int
    count: int
    threads: int = 0

    @classmethod
    def whole(cls, clip: ClipInfo, render_size: int, threads: int = 0) -> Film:
        """All frames of a film."""
        return cls(clip, render_size, 0, clip.frame_count, threads)

    @property
    def frame_count(self) -> int:
        """How many frames the film has, this stretch and the rest."""
        return self.clip.frame_count

    @property
    def duration_s(self) -> float:
        """How long they last, in seconds."""
        return self.clip.duration_s

    @property
    def upright_size(self) -> tuple[int, int]:
        """(height, width) as shown."""
        return self.clip.upright_size

    @property
    def matrix(self) -> str:
        """That of the clip's chroma, by name."""
        return self.clip.resolved_matrix()

    def frame_at(self, time_s: float) -> int:
        """See `ClipInfo.frame_at`."""
        return self.clip.frame_at(time_s)

    @property
    def working_shape(self) -> tuple[int, int]:
        """(height, width) of the small upright luma."""
        return working_shape(*self.clip.upright_size, self.render_size)

    @property
    def spec(self) -> SampleSpec:
        """What the numbers of the clip's planes mean."""
        clip = self.clip
        transfer = TRANSFERS.get(clip.transfer, "sdr")
        return SampleSpec(self.matrix, clip.full_range, clip.depth, transfer)

    @property
    def write_cost_s(self) -> float:
        """About what decoding, enlarging colour and encoding a frame takes, in seconds."""
        return MEGAPIXEL_COST_S * self.clip.width * self.clip.height / 1e6

    @property
    def segment_limits(self) -> SegmentLimits:
        """How many frames a segment may have."""
        rate = float(self.clip.average_rate) or 25.0
        cost = COLOR_COST_S + self.write_cost_s
        height, width = self.working_shape
        fitting = SEGMENT_MOST_BYTES / (HELD_BYTES * height * width)
        most = min(SEGMENT_LONGEST_S * rate, SEGMENT_MOST_WORK_S / cost, fitting)
        longest = max(LEAST_FRAMES, round(most))
        shortest = max(1, min(round(SEGMENT_SHORTEST_S * rate), longest // 2))
        enough = min(longest, max(shortest, round(SEGMENT_WORK_S / cost)))
        overlap = max(1, min(round(OVERLAP_S * rate), longest // 8))
        return SegmentLimits(shortest, enough, longest, overlap)

    def small_luma(self, first: int, count: int | None = None) -> Iterator[SmallLuma]:
        """Frames from `first` on as the network sees them: uint8 `working_shape`, upright.

        So many as `count` says; those to the end of this stretch where it says nothing.
        """
        left = self.first + self.count - first if count is None else count
        for luma in read_luma(self.clip, first, left, self.threads):
            yield self.small(luma)

    @cached_property
    def look(self) -> Callable[[int], SmallLuma]:
        """One frame by its index, likewise; the last few are kept."""
        return lru_cache(KEPT_FRAMES)(lambda frame: next(self.small_luma(frame, 1)))

    def small(self, luma: Plane) -> SmallLuma:
        """A frame's luma plane as the network sees it: uint8 `working_shape`, upright."""
        clip = self.clip
        lying = self.working_shape if clip.rotation not in (90, 270) else self.working_shape[::-1]
        seen = small_luma(luma, self.spec, lying)
        return np.ascontiguousarray(turn_upright(seen, clip.rotation, clip.flipped))

    def small_chroma(self, frame: Frame) -> NDArray[np.uint8]:
        """A frame's own chroma at a quarter of the working size: uint8 (2, h, w), upright.

        Cb and Cr on 0..255 as the network has them, neutral 128.
        """
        clip, spec = self.clip, self.spec
        height, width = (side // QUARTER for side in self.working_shape)
        size = (height, width) if clip.rotation in (90, 270) else (width, height)
        small = []
        for plane, gain in zip(frame.planes[1:], spec.chroma_gains, strict=True):
            # Of a large plane a few samples for each pixel will do.
            step = max(1, plane.shape[0] // (4 * size[1]))
            few = np.ascontiguousarray(plane[::step, ::step])
            lying = cv2.resize(few, size, interpolation=cv2.INTER_AREA).astype(np.float32)
            codes = (lying - spec.neutral) / gain + NEUTRAL
            small.append(turn_upright(codes, clip.rotation, clip.flipped))
        return np.clip(np.stack(small) + 0.5, 0, 255).astype(np.uint8)

    def own_chroma(self, frame: Frame) -> NDArray[np.float32]:
        """A frame's own chroma as it lies in it: float32 (2, h, w), upright.

        Cb and Cr on 0..255, neutral 128, of the film's own matrix; grey where it has none.
        """
        clip, spec = self.clip, self.spec
        planes = frame.planes[1:3] or (np.full((1, 1), spec.neutral),) * 2
        codes = [
            (plane.astype(np.float32) - spec.neutral) / gain + NEUTRAL
            for plane, gain in zip(planes, spec.chroma_gains, strict=True)
        ]
        upright = [turn_upright(plane, clip.rotation, clip.flipped) for plane in codes]
        return np.stack(upright).astype(np.float32)

    def shown(self, luma: Plane) -> NDArray[np.uint8]:
        """A frame's luma plane as a player shows it: uint8 (height, width), full range, upright."""
        clip = self.clip
        height, width = clip.upright_size
        upright = turn_upright(viewed_luma(luma, self.spec), clip.rotation, clip.flipped)
        if upright.shape != (height, width):
            upright = cv2.resize(upright, (width, height), interpolation=cv2.INTER_CUBIC)
        return np.ascontiguousarray(upright, np.uint8)

    def picture(self, luma: Plane, chroma: FloatArray, saturation: float) -> NDArray[np.uint8]:
        """A frame in colour at full size, as a player shows it: upright, square pixels.

        Chroma is enlarged along the edges of luma at luma's own size; in the film it ends at the
        size of the chroma planes.

        Args:
            luma: the frame's plane, codes as `spec` says.
            chroma: float32 (2, h, w) on 0..255, neutral 128, upright, as the network gives it.
            saturation: factor on chroma.

        Returns:
            RGB uint8 (height, width, 3).
        """
        light = self.shown(luma)
        strong = (chroma - np.float32(NEUTRAL)) * np.float32(saturation)
        large = enlarge(strong + np.float32(NEUTRAL), light) - np.float32(NEUTRAL)
        return _rgb(light, large, self.spec.matrix)


def _rgb(luma: NDArray[np.uint8], chroma: FloatArray, matrix: str) -> NDArray[np.uint8]:
    """RGB uint8 (height, width, 3) from chroma less 128, (2, height, width), within the gamut."""
    rgb = rgb_in_gamut(luma.astype(np.float32), chroma, matrix)
    return np.asarray(np.clip(rgb + 0.5, 0, 255).astype(np.uint8))


def clock(seconds: float) -> str:
    """0:01:23.480"""
    minutes, rest = divmod(round(seconds, 3), 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}:{minutes:02}:{rest:06.3f}"
