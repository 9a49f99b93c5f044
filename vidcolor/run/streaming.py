"""Frames that come one by one, from wherever: coloured steadily, with a bounded look ahead."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from vidcolor.color.convert import NEUTRAL, SampleSpec, small_luma
from vidcolor.color.upscale import colored_planes, enlarge
from vidcolor.errors import InputError, UsageError
from vidcolor.infer.predictor import Predictor, working_shape
from vidcolor.media.clip import matrix_name
from vidcolor.media.light import compose
from vidcolor.media.planes import format_traits, pack, plane_shapes, unpack_luma
from vidcolor.run.look import SegmentLimits, SmallLuma
from vidcolor.run.segment import segments
from vidcolor.run.settled import blended_shots, parted
from vidcolor.run.still import luma_of_array
from vidcolor.steady.settings import SteadySettings
from vidcolor.steady.settle import settle_shots

LEAST_AHEAD = 8
FULL_RANGE = 2

FloatArray = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Waiting:
    """A frame whose colour is being found.

    Attributes:
        luma: (height, width) uint8 or uint16 codes, as `spec` says.
        spec: what they mean.
        finished: makes the frame in colour of chroma, float32 (2, h, w) on 0..255.
    """

    luma: NDArray[Any]
    spec: SampleSpec
    finished: Callable[[FloatArray], Any]


@dataclass(frozen=True)
class StreamSettings:
    """How frames of a stream are coloured.

    Attributes:
        render_size: short side in pixels that the network sees.
        saturation: factor on chroma.
        steady: how colour is held still.
        look_ahead: frames that are held at most.
    """

    render_size: int
    saturation: float
    steady: SteadySettings
    look_ahead: int

    def __post_init__(self) -> None:
        if self.look_ahead < LEAST_AHEAD:
            raise UsageError(
                f"look_ahead={self.look_ahead} is too few.", f"Give {LEAST_AHEAD} or more."
            )

    @property
    def limits(self) -> SegmentLimits:
        """Segments, and what is seen behind them, of no more than `look_ahead` frames."""
        overlap = max(1, min(self.look_ahead // 4, 25))
        longest = self.look_ahead - overlap
        return SegmentLimits(1, longest, longest, overlap)


def colored_stream(
    frames: Iterable[Any], predictor: Predictor, settings: StreamSettings
) -> Iterator[Any]:
    """Colour frames in order; each comes out once, at most `look_ahead` frames late.

    Shots are found as they come. A shot longer than that is settled in pieces that overlap, and
    colour is blended from each to the next.

    Args:
        frames: of one size, upright, with square pixels: arrays uint8 or uint16, (height, width)
            or (height, width, 3) RGB; or PyAV's video frames.
        predictor: what colours.
        settings: how.

    Yields:
        for an array RGB (height, width, 3) of its type, whose BT.601 luma is the array's; for
        PyAV's frame one in planar YUV with the same luma, stamps and colour tags.

    Raises:
        UsageError: a frame is none of these.
        InputError: it has another size than the first.
    """
    held: deque[Waiting] = deque()
    small = _small(map(waiting, frames), held, settings.render_size)
    before: FloatArray | None = None
    for segment in segments(settings.limits, small, 0):
        shots = settle_shots(segment.luma, predictor, settings.steady, segment.cuts)
        blended = blended_shots(shots, segment.lead, before if segment.lead else None)
        for part, tail in parted(blended, segment.count):
            for chroma in part:
                strong = (chroma - np.float32(NEUTRAL)) * np.float32(settings.saturation)
                yield held.popleft().finished(strong + np.float32(NEUTRAL))
            if tail is not None:
                before = tail


def _small(frames: Iterator[Waiting], held: deque[Waiting], size: int) -> Iterator[SmallLuma]:
    """What the network sees of each frame, which is held from then on."""
    shape: tuple[int, ...] | None = None
    for number, frame in enumerate(frames):
        shape = shape or frame.luma.shape
        if frame.luma.shape != shape:
            was, now = (f"{width}x{height}" for height, width in (shape, frame.luma.shape))
            raise InputError(
                f"Frame {number} is {now}, and those before it are {was}.",
                "Give frames of one size.",
            )
        held.append(frame)
        yield small_luma(frame.luma, frame.spec, working_shape(shape[0], shape[1], size))


def waiting(frame: Any) -> Waiting:
    """A frame of any kind that a stream takes.

    Raises:
        UsageError: it is none.
    """
    if isinstance(frame, VideoFrame):
        return _of_pyav(frame)
    luma = luma_of_array(frame)
    spec = SampleSpec(depth=8 * luma.dtype.itemsize)
    return Waiting(luma, spec, lambda chroma: compose(luma, *enlarge(chroma, luma, spec)))


def _of_pyav(frame: VideoFrame) -> Waiting:
    traits = format_traits(frame.format.name)
    said = traits.full_range
    is_full = frame.color_range == FULL_RANGE if said is None else said
    luma = unpack_luma(frame, is_full)
    matrix = matrix_name(int(frame.colorspace)) or "bt601"
    spec = SampleSpec(matrix, is_full, traits.depth)

    def finished(chroma: FloatArray) -> VideoFrame:
        shape = plane_shapes(traits.working, frame.width, frame.height)[1]
        made = pack((luma, *colored_planes(chroma, luma, shape, "left", spec)), traits.working)
        made.pts, made.time_base = frame.pts, frame.time_base
        made.colorspace, made.color_range = frame.colorspace, FULL_RANGE if is_full else 1
        return made

    return Waiting(luma, spec, finished)
