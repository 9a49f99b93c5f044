"""A decoded frame as a player shows it: sRGB of 8 bits, upright."""

from __future__ import annotations

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from vidcolor.media.light import narrowed
from vidcolor.media.planes import format_traits


def upright(frame: av.VideoFrame, height: int, width: int) -> NDArray[np.uint8]:
    """A decoded frame as sRGB, resized to (height, width) as coded, then turned upright."""
    # FFmpeg's converter makes 8 bits of more by cutting, 1.5 of 255 too dark.
    deep = format_traits(frame.format.name).depth > 8
    picture = narrowed(frame.to_ndarray(format="rgb48le" if deep else "rgb24"))
    smaller = height <= frame.height and width <= frame.width
    method = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    resized = np.asarray(cv2.resize(picture, (width, height), interpolation=method), np.uint8)
    return np.ascontiguousarray(np.rot90(resized, round(frame.rotation / 90) % 4))
