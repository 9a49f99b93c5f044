"""Where each pixel of a frame lies in the still that shows it.

Image editors shift, crop, rescale, sharpen and relight. A global similarity is found first, then
dense motion, both on luma whose local brightness and contrast are taken off.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from vidcolor.direct.agreement import agreement, normalised, window
from vidcolor.direct.direction import SmallLuma
from vidcolor.direct.reference import Still

FloatArray = NDArray[np.float32]

# A still that covers less of the frame than this says nothing.
LEAST_COVER = 0.02


def align(still: Still, luma: SmallLuma) -> FloatArray:
    """Where each pixel of a frame lies in a still: float32 (height, width, 2), x and y.

    Args:
        still: any size and aspect.
        luma: uint8 (height, width) of the frame at working size.
    """
    frame = normalised(luma)
    best, score = _stretch(still, luma.shape), -1.0
    for matrix in _guesses(still, luma):
        agreed = _global_agreement(still, matrix, frame)
        if agreed > score:
            best, score = matrix, agreed
    return _dense(still, _refined(still, best, frame), luma)


def _stretch(still: Still, shape: tuple[int, ...]) -> FloatArray:
    """Frame pixels to still pixels, if the still shows the whole frame: float32 (2, 3)."""
    across = still.luma.shape[1] / shape[1]
    down = still.luma.shape[0] / shape[0]
    return np.array([[across, 0, (across - 1) / 2], [0, down, (down - 1) / 2]], np.float32)


def _guesses(still: Still, luma: SmallLuma) -> Iterator[FloatArray]:
    """Where the still might lie: stretched, cut to shape around its middle, or by features."""
    stretched = _stretch(still, luma.shape)
    yield stretched
    across, down = stretched[0, 0], stretched[1, 1]
    if abs(across / down - 1) > 0.01:
        for scale in (min(across, down), max(across, down)):
            yield _around_middle(still, luma, scale)
    found = _by_features(still, luma)
    if found is not None:
        yield found


def _around_middle(still: Still, luma: SmallLuma, scale: float) -> FloatArray:
    height, width = luma.shape
    tall, wide = still.luma.shape
    return np.array(
        [
            [scale, 0, (wide - 1) / 2 - scale * (width - 1) / 2],
            [0, scale, (tall - 1) / 2 - scale * (height - 1) / 2],
        ],
        np.float32,
    )


def _by_features(still: Still, luma: SmallLuma) -> FloatArray | None:
    """Frame to still by SIFT (Lowe 2004) and RANSAC, None where too little corresponds."""
    shrink = min(1.0, 2 * min(luma.shape) / min(still.luma.shape))
    small = cv2.resize(still.luma, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    sift = cv2.SIFT.create(800)
    points, words = sift.detectAndCompute(luma, None)
    others, their = sift.detectAndCompute(small, None)
    if words is None or their is None or len(words) < 8 or len(their) < 8:
        return None
    pairs = [
        two[0]
        for two in cv2.BFMatcher().knnMatch(words, their, k=2)
        if len(two) == 2 and two[0].distance < 0.8 * two[1].distance
    ]
    if len(pairs) < 8:
        return None
    here = np.array([points[pair.queryIdx].pt for pair in pairs], np.float32)
    there = np.array([others[pair.trainIdx].pt for pair in pairs], np.float32)
    there = (there + 0.5) / np.float32(shrink) - 0.5
    reach = 3.0 * still.luma.shape[0] / luma.shape[0]
    matrix, inliers = cv2.estimateAffine2D(here, there, ransacReprojThreshold=reach)
    if matrix is None or int(inliers.sum()) < 8:
        return None
    return np.asarray(matrix, np.float32)


def _laid(plane: NDArray[np.generic], matrix: FloatArray, shape: tuple[int, ...]) -> FloatArray:
    """A plane of the still as the frame sees it, smoothed before where it is made smaller."""
    scale = float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    source = np.asarray(plane, np.float32)
    if scale > 1.2:
        source = cv2.GaussianBlur(source, (0, 0), 0.45 * scale)
    return np.asarray(
        cv2.warpAffine(
            source,
            matrix,
            (shape[1], shape[0]),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        ),
        np.float32,
    )


def _cover(still: Still, matrix: FloatArray, shape: tuple[int, ...]) -> FloatArray:
    """How opaque the still is at each pixel of the frame; 0 outside of it."""
    size = shape[1], shape[0]
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(still.alpha, matrix, size, flags=flags), np.float32)


def _global_agreement(still: Still, matrix: FloatArray, frame: FloatArray) -> float:
    cover = _cover(still, matrix, frame.shape)
    if cover.mean() < LEAST_COVER:
        return -1.0
    other = normalised(_laid(still.luma, matrix, frame.shape))
    near = agreement(frame, other, window(frame.shape))
    # A small patch agrees by chance more easily than a whole picture.
    return float((near * cover).sum() / cover.sum()) * float(min(1.0, cover.mean() + 0.5))


def _refined(still: Still, matrix: FloatArray, frame: FloatArray) -> FloatArray:
    """The matrix made exact by ECC (Evangelidis and Psarakis 2008); as it was if that fails."""
    shape = frame.shape
    laid = normalised(_laid(still.luma, matrix, shape))
    mask = (_cover(still, matrix, shape) > 0.5).astype(np.uint8)
    start = np.eye(2, 3, dtype=np.float32)
    criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 40, 1e-4)
    try:
        _, step = cv2.findTransformECC(frame, laid, start, cv2.MOTION_AFFINE, criteria, mask, 5)
    except cv2.error:
        return matrix
    whole = np.vstack([matrix, [0, 0, 1]]) @ np.vstack([step, [0, 0, 1]])
    better = np.asarray(whole[:2], np.float32)
    kept = _global_agreement(still, matrix, frame) >= _global_agreement(still, better, frame)
    return matrix if kept else better


def _dense(still: Still, matrix: FloatArray, luma: SmallLuma) -> FloatArray:
    """Where each pixel of the frame lies in the still: float32 (height, width, 2), x and y."""
    shape = luma.shape
    first = _for_flow(normalised(luma))
    second = _for_flow(normalised(_laid(still.luma, matrix, shape)))
    engine = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    flow = np.asarray(engine.calc(first, second, None), np.float32)
    rows, columns = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    x, y = columns + flow[..., 0], rows + flow[..., 1]
    return np.stack(
        [
            matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2],
            matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2],
        ],
        axis=2,
    ).astype(np.float32)


def _for_flow(plane: FloatArray) -> NDArray[np.uint8]:
    return np.clip(128 + 50 * plane, 0, 255).astype(np.uint8)
