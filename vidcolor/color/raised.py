"""Planes of a film in a deeper format, of more chroma or of the other range: what they mean stays.

More bits are a shift of the codes, so that the old ones come back by shifting.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from vidcolor.color.convert import SampleSpec, full_range_luma

Plane = NDArray[Any]


def raised_luma(luma: Plane, spec: SampleSpec, target: SampleSpec) -> Plane:
    """Luma of one depth and range in another depth, not a smaller one, and range.

    Args:
        luma: (height, width) codes as `spec` says.
        spec: what they mean.
        target: what the result's mean.
    """
    if spec.full_range == target.full_range:
        return _shifted(luma, spec, target)
    gain, offset = target.luma_scale
    return _codes((full_range_luma(luma, spec) - np.float32(offset)) / np.float32(gain), target)


def raised_chroma(
    planes: tuple[Plane, Plane],
    shape: tuple[int, int],
    siting: str,
    spec: SampleSpec,
    target: SampleSpec,
) -> tuple[Plane, Plane]:
    """Cb and Cr likewise, at a size that is theirs or twice theirs in a direction.

    Args:
        planes: codes as `spec` says.
        shape: (height, width) of the result.
        siting: where a sample lies among its luma samples: left, center or topleft.
        spec: what the codes mean.
        target: what the result's mean.
    """
    made = []
    gains = zip(planes, spec.chroma_gains, target.chroma_gains, strict=True)
    for plane, gain, wanted in gains:
        if spec.full_range == target.full_range:
            codes = _shifted(plane, spec, target)
        else:
            light = (plane.astype(np.float32) - np.float32(spec.neutral)) / np.float32(gain)
            codes = _codes(light * np.float32(wanted) + np.float32(target.neutral), target)
        made.append(_enlarged(codes, shape, siting))
    return made[0], made[1]


def _shifted(plane: Plane, spec: SampleSpec, target: SampleSpec) -> Plane:
    if spec.depth == target.depth:
        return plane
    return plane.astype(np.uint16) << np.uint16(target.depth - spec.depth)


def _codes(values: NDArray[np.float32], target: SampleSpec) -> Plane:
    kind = np.uint8 if target.depth == 8 else np.uint16
    return np.asarray(np.clip(np.rint(values), 0, target.peak).astype(kind))


def _enlarged(plane: Plane, shape: tuple[int, int], siting: str) -> Plane:
    """A plane with its samples where they were, and between them their linear mean."""
    if plane.shape == shape:
        return plane
    place = np.zeros((2, 3))
    cosited = siting in ("left", "topleft"), siting == "topleft"
    for axis in (0, 1):
        doubled = shape[1 - axis] != plane.shape[1 - axis]
        place[axis, axis] = 0.5 if doubled else 1.0
        place[axis, 2] = -0.25 if doubled and not cosited[axis] else 0.0
    way = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    edge = cv2.BORDER_REPLICATE
    return np.asarray(cv2.warpAffine(plane, place, shape[::-1], flags=way, borderMode=edge))
