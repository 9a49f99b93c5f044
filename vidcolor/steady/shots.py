"""Where shots begin: small luma of a clip comes in, frame indexes of cuts go out.

PySceneDetect's detectors propose; thumbnails decide. A proposal across which the picture stays
the same (a flash, a lamp, a blink to black) is dropped, and what no detector for colour video
sees, a soft cut or a short look at another scene, is looked for in the thumbnails themselves.
Frames are not kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from vidcolor.steady.soft_cuts import find_soft_cuts

if TYPE_CHECKING:
    from scenedetect.detector import SceneDetector

LumaPlane = NDArray[np.uint8]
FloatArray = NDArray[np.float32]

# Time is counted in frames; the rate only has to be a rate.
RATE = 25.0
DETECTOR_WIDTH = 128
THUMB = (24, 16)
# A shot is no shorter; of two cuts closer than this the surer one stands.
SHORTEST = 4
# After a flash the picture is back within so many frames.
FLASH_FRAMES = 8
# Correlation of thumbnails above which two frames show the same place.
SAME_PLACE = 0.72
# Frames of another scene correlate less than this.
OTHER_PLACE = 0.5
# A cut stands out from the steps around it by this factor; in a whip pan every step is large.
STANDS_OUT = 1.6


@dataclass(frozen=True, eq=False)
class Sketch:
    """All that is looked at of a frame.

    Attributes:
        picture: for the detectors, uint8 (height, `DETECTOR_WIDTH`).
        thumb: uint8 (16, 24).
    """

    picture: LumaPlane
    thumb: LumaPlane


def sketch(plane: LumaPlane) -> Sketch:
    """What is looked at of a frame, uint8 (height, width)."""
    height, width = plane.shape
    size = (DETECTOR_WIDTH, max(1, round(height * DETECTOR_WIDTH / width)))
    small, thumb = (cv2.resize(plane, to, interpolation=cv2.INTER_AREA) for to in (size, THUMB))
    return Sketch(np.asarray(small, np.uint8), np.asarray(thumb, np.uint8))


def get_ready() -> None:
    """Import what finds cuts: it takes some tenths of a second, and may be done beside others."""
    import scenedetect.detectors  # noqa: F401


def find_cuts(luma: Iterable[LumaPlane]) -> list[int]:
    """Frame indexes at which a new shot begins, rising, without 0.

    Args:
        luma: the frames in order, each uint8 (height, width), of one size.
    """
    return cuts_among(map(sketch, luma))


def cuts_among(sketches: Iterable[Sketch]) -> list[int]:
    """As `find_cuts`, of frames that were sketched."""
    from scenedetect import FrameTimecode

    detectors = _detectors()
    proposed: set[int] = set()
    thumbs: list[LumaPlane] = []
    frame = FrameTimecode(0, RATE)
    for index, seen in enumerate(sketches):
        frame = FrameTimecode(index, RATE)
        picture = _for_detectors(seen.picture)
        thumbs.append(seen.thumb)
        for detector in detectors:
            proposed.update(cut.frame_num for cut in detector.process_frame(frame, picture))
    for detector in detectors:
        proposed.update(cut.frame_num for cut in detector.post_process(frame))
    if not thumbs:
        return []
    stack = np.stack(thumbs)
    shapes = normalised(stack)
    cuts = [cut for cut in sorted(proposed) if _is_cut(cut, shapes)]
    cuts = _softened(_thinned(cuts, shapes), find_soft_cuts(stack))
    return _with_looks_away(cuts, looks_away(shapes))


def _softened(cuts: Sequence[int], soft: Sequence[range]) -> list[int]:
    """Each soft cut once: where a detector found it once, there, else in its middle."""
    kept = set(cuts)
    for stretch in soft:
        begin, end = stretch.start + 1, stretch.stop
        inside = [cut for cut in cuts if begin <= cut <= end]
        if len(inside) == 1 or any(
            0 < begin - c < SHORTEST or 0 < c - end < SHORTEST for c in cuts
        ):
            continue
        kept -= set(inside)
        kept.add((begin + end) // 2)
    return sorted(kept)


def _with_looks_away(cuts: Sequence[int], away: Sequence[range]) -> list[int]:
    """Where a film looks away for a moment both its steps are cuts, however close."""
    kept = [c for c in cuts if not any(a.start - SHORTEST < c < a.stop + SHORTEST for a in away)]
    return sorted({*kept, *(edge for a in away for edge in (a.start, a.stop))})


def looks_away(shapes: FloatArray) -> list[range]:
    """Frames of another scene, two to `FLASH_FRAMES` of them, before and after which is one place.

    They resemble each other and neither side. One frame alone may be a damaged one.

    Args:
        shapes: as `normalised` makes them.
    """
    found: list[range] = []
    steps = np.einsum("tp,tp->t", shapes[1:], shapes[:-1])
    for start in (np.flatnonzero(steps < OTHER_PLACE) + 1).tolist():
        for stop in range(start + 2, min(start + FLASH_FRAMES + 1, len(shapes))):
            if steps[stop - 2] < SAME_PLACE:
                break
            sides = shapes[[start - 1, stop]]
            inside = shapes[start:stop]
            if (
                sides[0] @ sides[1] >= SAME_PLACE
                and inside.any(axis=1).all()
                and (inside @ sides.T).max() < OTHER_PLACE
            ):
                found.append(range(start, stop))
                break
    return found


def _detectors() -> list[SceneDetector]:
    """Tuned for grey film: luma only, low contrast, shots of a few frames."""
    from scenedetect.detectors import AdaptiveDetector, ContentDetector, ThresholdDetector

    return [
        AdaptiveDetector(
            adaptive_threshold=2.5, min_scene_len=1, min_content_val=5.0, luma_only=True
        ),
        ContentDetector(threshold=20.0, min_scene_len=1, luma_only=True),
        ThresholdDetector(threshold=10, min_scene_len=1),
        ThresholdDetector(threshold=245, min_scene_len=1, method=ThresholdDetector.Method.CEILING),
    ]


def _for_detectors(picture: LumaPlane) -> LumaPlane:
    """A picture as the detectors want it: three equal channels."""
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR), np.uint8)


def normalised(thumbs: NDArray[np.uint8]) -> FloatArray:
    """Thumbnails (frames, h, w) as vectors (frames, h w) of mean 0 and length 1.

    Brightness and contrast are gone, so the product of two is their correlation. A blank frame
    becomes 0 and resembles nothing.
    """
    flat = thumbs.reshape(len(thumbs), -1).astype(np.float32)
    flat -= flat.mean(axis=1, keepdims=True)
    length = np.linalg.norm(flat, axis=1, keepdims=True)
    blank = length < 1.0 * np.sqrt(flat.shape[1])
    return np.asarray(np.where(blank, 0.0, flat / np.maximum(length, 1.0)), np.float32)


def _is_cut(cut: int, shapes: FloatArray) -> bool:
    """Whether the place differs before and after; flashes and blinks don't count."""
    if not 0 < cut < len(shapes):
        return False
    before = _last_seen(cut, shapes)
    after = shapes[cut : cut + FLASH_FRAMES + 1]
    blank = ~after.any(axis=1)
    if blank.all():
        return _shows_again(cut, shapes, before)
    if not shapes[before].any() or (after @ shapes[before])[~blank].max() >= SAME_PLACE:
        return False
    return _stands_out(cut, shapes) or bool(blank.any()) or before < cut - 1


def _stands_out(cut: int, shapes: FloatArray) -> bool:
    around = [i for i in range(max(1, cut - 2), min(len(shapes), cut + 3)) if i != cut]
    usual = max((_step(i, shapes) for i in around), default=0.0)
    return _step(cut, shapes) > STANDS_OUT * usual


def _last_seen(cut: int, shapes: FloatArray) -> int:
    """The last frame before a cut that is not blank (the one before it if all are)."""
    seen = np.flatnonzero(shapes[:cut].any(axis=1))
    return int(seen[-1]) if len(seen) else cut - 1


def _shows_again(cut: int, shapes: FloatArray, before: int) -> bool:
    """Across a longer blank: whether what comes after it is another place."""
    later = np.flatnonzero(shapes[cut:].any(axis=1))
    if not len(later) or not shapes[before].any():
        return False
    after = shapes[cut + later[: FLASH_FRAMES + 1]]
    return bool((after @ shapes[before]).max() < SAME_PLACE)


def _thinned(cuts: Sequence[int], shapes: FloatArray) -> list[int]:
    """Of cuts that crowd together only the one with the larger step of the picture."""
    kept: list[int] = []
    for cut in cuts:
        if kept and cut - kept[-1] < SHORTEST:
            if _step(cut, shapes) > _step(kept[-1], shapes):
                kept[-1] = cut
        else:
            kept.append(cut)
    return kept


def _step(cut: int, shapes: FloatArray) -> float:
    return float(1.0 - shapes[cut] @ shapes[cut - 1])
