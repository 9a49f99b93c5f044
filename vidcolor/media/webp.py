"""Animated WebP as a film: FFmpeg decodes none, Pillow does."""

from __future__ import annotations

import functools
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import av
import numpy as np
import PIL.Image
import PIL.ImageSequence

_TICK = Fraction(1, 1000)


def webp_film(path: Path) -> BytesIO:
    """The frames of an animated WebP with their times, as a lossless film in memory.

    Raises:
        OSError, ValueError, SyntaxError: it is damaged.
    """
    status = path.stat()
    return BytesIO(_converted(path, status.st_size, status.st_mtime_ns))


@functools.lru_cache(maxsize=1)
def _converted(path: Path, size: int, mtime_ns: int) -> bytes:
    """The film; a source is opened many times, so the last one is kept as long as it stays so."""
    target = BytesIO()
    exact = {"video_track_timescale": str(_TICK.denominator)}
    with (
        PIL.Image.open(path) as image,
        av.open(target, "w", format="mov", container_options=exact) as container,
    ):
        clear = image.convert("RGBA").getchannel("A").getextrema() != (255, 255)
        film = container.add_stream("png", rate=1000, options={"compression_level": "1"})
        film.width, film.height = image.size
        film.pix_fmt = form = "rgba" if clear else "rgb24"
        film.time_base = film.codec_context.time_base = _TICK
        begins = 0
        for still in PIL.ImageSequence.Iterator(image):
            samples = np.asarray(still.convert("RGBA" if clear else "RGB"))
            frame = av.VideoFrame.from_ndarray(samples, form)
            frame.pts, frame.time_base = begins, _TICK
            lasts = max(1, int(still.info["duration"]))
            for packet in film.encode(frame):
                packet.duration = lasts
                container.mux(packet)
            begins += lasts
    return target.getvalue()
