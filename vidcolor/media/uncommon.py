"""Pictures that Pillow does not know and FFmpeg does, such as DPX and OpenEXR."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from vidcolor.media.source import media_url

_FOR_PEOPLE = {"apply_trc": "iec61966_2_1"}
"""OpenEXR holds light, other pictures hold its root; so FFmpeg gives those of sRGB."""


def uncommon_samples(path: Path) -> NDArray[Any] | None:
    """What a picture holds.

    Returns:
        uint8, or uint16 where it has more than 8 bits, (height, width, channels), RGB order, white
        at 255 or 65535; None where FFmpeg decodes it neither.
    """
    try:
        with av.open(media_url(path)) as container:
            stream = container.streams.video[0]
            if stream.codec_context.name == "exr":
                stream.codec_context.options = _FOR_PEOPLE
            frame = next(container.decode(stream), None)
    except (av.error.FFmpegError, IndexError, AttributeError):
        return None
    if frame is None:
        return None
    samples = np.asarray(frame.to_ndarray(format=_wanted(frame.format)))
    return samples.reshape(frame.height, frame.width, -1)


def _wanted(form: av.VideoFormat) -> str:
    deep = max(part.bits for part in form.components) > 8
    if form.name.startswith(("gray", "mono")):
        return "gray16le" if deep else "gray"
    if any(part.is_alpha for part in form.components):
        return "rgba64le" if deep else "rgba"
    return "rgb48le" if deep else "rgb24"
