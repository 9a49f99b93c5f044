"""Pictures of another size, shape or format than a film's first, brought to those.

Each keeps its shape as it is shown: where that is not the first's it gets black bars.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import cv2
import numpy as np
from av.video.frame import VideoFrame

from vidcolor.media.clip import ClipInfo, Plane, Stretch
from vidcolor.media.planes import format_traits, plane_shapes

ALIKE = 0.02
"""Shapes that differ less are one: broadcasters' 702 and 720 columns both show 4:3."""
_FULL, _LIMITED = 2, 1


def fit(
    clip: ClipInfo, index: int, frame: VideoFrame, planes: Sequence[Plane]
) -> tuple[Plane, ...]:
    """Planes as the clip's first pictures have them; the very same where nothing is to be done.

    Args:
        clip: the film, whose size, format and range are wanted.
        index: of the frame.
        frame: as it was decoded.
        planes: of the frame in its own working format: luma, or luma, Cb and Cr.

    Returns:
        as many planes, uint8 or uint16 as the clip's.
    """
    now = _stretch_of(clip, index, frame)
    working = format_traits(frame.format.name).working
    inner = _inner_size(clip, now)
    luma = _in_range(planes[0], now, frame, clip)
    whole = (clip.width, clip.height)
    if (now.size, inner, working) == (whole, whole, clip.working_format):
        return luma, *planes[1:]
    depth = format_traits(working).depth
    outer = plane_shapes(clip.working_format, *whole)
    filled = plane_shapes(clip.working_format, *inner)
    black = (0 if clip.full_range else 16 << clip.depth - 8, *[1 << clip.depth - 1] * 2)
    made = []
    for plane, shape, room, level in zip((luma, *planes[1:]), filled, outer, black, strict=False):
        scaled = _scaled(_of_depth(plane, depth, clip.depth), shape, clip)
        made.append(_framed(scaled, room, level))
    return tuple(made)


def is_full_range(clip: ClipInfo, stretch: Stretch) -> bool:
    """Whether luma of a stretch is full range; where it does not say, it is as the clip's."""
    if format_traits(stretch.pixel_format).full_range or stretch.color_range == _FULL:
        return True
    return stretch.color_range != _LIMITED and clip.full_range


def _stretch_of(clip: ClipInfo, index: int, frame: VideoFrame) -> Stretch:
    """What is known of a frame's stretch, with the frame's own size and format."""
    size = (frame.width, frame.height)
    before = [s for s in clip.stretches if s.first <= index and s.size == size]
    alike = before[-1:] or [s for s in clip.stretches if s.size == size][:1]
    if alike:
        # The container may have set another aspect than the codec's, so only the change counts.
        aspect = clip.sample_aspect_ratio * alike[0].aspect / clip.stretches[0].aspect
    else:
        same = size == (clip.width, clip.height)
        aspect = clip.sample_aspect_ratio if same else Fraction(1)
    return Stretch(index, size, frame.format.name, aspect, int(frame.color_range), clip.matrix)


def _inner_size(clip: ClipInfo, now: Stretch) -> tuple[int, int]:
    """(width, height) within the clip's picture that has the shape of another, both even."""
    first = clip.width * clip.sample_aspect_ratio / clip.height
    ratio = float(now.shape / first)
    if abs(ratio - 1) < ALIKE:
        return clip.width, clip.height
    width = clip.width if ratio > 1 else _even(clip.width * ratio)
    height = clip.height if ratio < 1 else _even(clip.height / ratio)
    return width, height


def _even(side: float) -> int:
    return max(2, 2 * round(side / 2))


def _in_range(luma: Plane, now: Stretch, frame: VideoFrame, clip: ClipInfo) -> Plane:
    """Luma in the clip's range; where a frame does not say its own it has that already."""
    traits = format_traits(frame.format.name)
    if not traits.has_luma or is_full_range(clip, now) == clip.full_range:
        return luma
    peak, unit = (1 << traits.depth) - 1, 1 << traits.depth - 8
    light = luma.astype(np.float32)
    if clip.full_range:
        light = (light - 16 * unit) * (peak / (219 * unit))
    else:
        light = light * (219 * unit / peak) + 16 * unit
    return np.rint(np.clip(light, 0, peak)).astype(luma.dtype)


def _of_depth(plane: Plane, depth: int, wanted: int) -> Plane:
    wide: Plane = plane.astype(np.uint16)
    shifted = wide << wanted - depth if wanted >= depth else wide >> depth - wanted
    return shifted.astype(np.uint8 if wanted == 8 else np.uint16)


def _scaled(plane: Plane, shape: tuple[int, int], clip: ClipInfo) -> Plane:
    """A plane at another size; of interlaced film field by field, lest they mix."""
    if plane.shape == shape:
        return plane
    if not clip.interlaced or plane.shape[0] == shape[0]:
        return _resized(plane, shape, clip.depth)
    made = np.empty(shape, plane.dtype)
    for field in (0, 1):
        rows = len(range(field, shape[0], 2))
        made[field::2] = _resized(plane[field::2], (rows, shape[1]), clip.depth)
    return made


def _resized(plane: Plane, shape: tuple[int, int], depth: int) -> Plane:
    smaller = shape[0] * shape[1] < plane.shape[0] * plane.shape[1]
    way = cv2.INTER_AREA if smaller else cv2.INTER_CUBIC
    made = cv2.resize(np.ascontiguousarray(plane), shape[::-1], interpolation=way)
    inside: Plane = np.minimum(made, (1 << depth) - 1)  # cubic overshoots 10 bits
    return inside.astype(plane.dtype, copy=False)


def _framed(plane: Plane, shape: tuple[int, int], level: int) -> Plane:
    """A plane in the middle of a larger one of one level."""
    if plane.shape == shape:
        return plane
    made = np.full(shape, level, plane.dtype)
    # An even number of rows above, so that fields and chroma stay where they are.
    top, left = ((room - side) // 4 * 2 for room, side in zip(shape, plane.shape, strict=True))
    made[top : top + plane.shape[0], left : left + plane.shape[1]] = plane
    return made
