"""Frames that come one by one, from wherever: coloured steadily, with a bounded look ahead."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import av
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from vidcolor.color.convert import NEUTRAL, SampleSpec, small_luma
from vidcolor.color.upscale import colored_planes, enlarge
from vidcolor.errors import InputError, UsageError
from vidcolor.infer.predictor import Predictor, working_shape
from vidcolor.media.clip import resolved_matrix
from vidcolor.media.light import compose
from vidcolor.media.planes import (
    format_traits,
    pack,
    plane_shapes,
    turn_back,
    turn_upright,
    unpack_luma,
)
from vidcolor.media.traits import (
    chroma_location,
    display_matrix,
    is_full_range,
    matrix_of,
    turn,
)
from vidcolor.run.film import TRANSFERS, SegmentLimits, SmallLuma
from vidcolor.run.segment import segments
from vidcolor.run.settled import blended_shots, parted
from vidcolor.run.still import luma_of_array
from vidcolor.steady.settings import SteadySettings
from vidcolor.steady.settle import settle_shots

LEAST_AHEAD = 8
LIMITED_RANGE, FULL_RANGE = 1, 2

FloatArray = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Waiting:
    """A frame whose colour is being found.

    Attributes:
        size: (height, width) upright.
        small: gives its luma as the network sees it, uint8 of a (height, width), upright.
        finished: makes the frame in colour of upright chroma, float32 (2, h, w) on 0..255.
    """

    size: tuple[int, int]
    small: Callable[[int, int], SmallLuma]
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
        frames: of one size, with square pixels: arrays uint8 or uint16, (height, width) or
            (height, width, 3) RGB, upright; or PyAV's video frames, turned as they say.
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
    first: tuple[int, int] | None = None
    for number, frame in enumerate(frames):
        first = first or frame.size
        if frame.size != first:
            was, now = (f"{width}x{height}" for height, width in (first, frame.size))
            raise InputError(
                f"Frame {number} is {now}, and those before it are {was}.",
                "Give frames of one size.",
            )
        held.append(frame)
        yield frame.small(*working_shape(*first, size))


def waiting(frame: Any) -> Waiting:
    """A frame of any kind that a stream takes.

    Raises:
        UsageError: it is none.
    """
    if isinstance(frame, VideoFrame):
        return _of_pyav(frame)
    # A program may use its array again while this one waits.
    luma = np.array(luma_of_array(frame))
    spec = SampleSpec(depth=8 * luma.dtype.itemsize)
    return Waiting(
        size=(luma.shape[0], luma.shape[1]),
        small=lambda height, width: small_luma(luma, spec, (height, width)),
        finished=lambda chroma: compose(luma, *enlarge(chroma, luma, spec)),
    )


def _of_pyav(frame: VideoFrame) -> Waiting:
    traits = format_traits(frame.format.name)
    full, matrix = is_full_range(frame, traits), matrix_of(frame, traits)
    stored, transfer = (frame.height, frame.width), int(frame.color_trc)
    named = resolved_matrix(matrix, int(frame.color_primaries), transfer, stored)
    spec = SampleSpec(named, full, traits.depth, TRANSFERS.get(transfer, "sdr"))
    rotation, flipped, _ = turn(display_matrix(frame))
    lies = rotation in (90, 270)
    try:
        luma = unpack_luma(frame, full)
    except (av.error.FFmpegError, OSError) as error:
        raise UsageError(
            f"Frames of {frame.format.name} cannot be read.", "Reformat them first."
        ) from error

    def small(height: int, width: int) -> SmallLuma:
        seen = small_luma(luma, spec, (width, height) if lies else (height, width))
        return np.ascontiguousarray(turn_upright(seen, rotation, flipped))

    def finished(chroma: FloatArray) -> VideoFrame:
        lying = np.stack([turn_back(plane, rotation, flipped) for plane in chroma])
        shape = plane_shapes(traits.working, frame.width, frame.height)[1]
        siting = chroma_location("", frame, traits)
        made = pack((luma, *colored_planes(lying, luma, shape, siting, spec)), traits.working)
        made.pts, made.time_base, made.colorspace = frame.pts, frame.time_base, matrix
        made.color_primaries, made.color_trc = frame.color_primaries, frame.color_trc
        made.color_range = FULL_RANGE if full else LIMITED_RANGE
        return made

    return Waiting(stored[::-1] if lies else stored, small, finished)
