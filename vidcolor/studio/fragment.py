"""A shot as a small film that a browser plays: pictures come in, a file goes out."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from vidcolor.files import finished_file

SHORT_SIDE = 480
"""Of what is played."""
KINDS = {
    "mp4": ("libx264", {"preset": "veryfast", "crf": "19", "tune": "fastdecode"}),
    "webm": ("libvpx", {"deadline": "realtime", "cpu-used": "6", "crf": "12", "b": "3M"}),
}
"""What a browser may decode: its suffix, FFmpeg's encoder and its options."""
_BT709 = 1


def played_size(size: tuple[int, int]) -> tuple[int, int]:
    """(height, width) of what is played of a film of a (height, width), both even."""
    scale = min(1.0, SHORT_SIDE / min(size))
    return 2 * max(1, round(size[0] * scale / 2)), 2 * max(1, round(size[1] * scale / 2))


def write_fragment(path: Path, pictures: Iterator[NDArray[np.uint8]], rate: float) -> None:
    """Encode pictures.

    Args:
        path: appears when it is complete; its suffix is one of `KINDS`.
        pictures: RGB uint8 (height, width, 3), sides even.
        rate: of them a second.

    Raises:
        OutputError: it cannot be written.
    """
    codec, options = KINDS[path.suffix[1:]]
    exact = Fraction(rate).limit_denominator(1001)
    more = {"movflags": "+faststart"} if path.suffix == ".mp4" else {}
    with finished_file(path) as temporary, av.open(str(temporary), "w", options=more) as target:
        film: Any = target.add_stream(codec, rate=exact, options=options)
        film.pix_fmt = "yuv420p"
        for number, picture in enumerate(pictures):
            if not number:
                film.height, film.width = picture.shape[:2]
            frame = VideoFrame.from_ndarray(picture, "rgb24").reformat(
                format="yuv420p", dst_colorspace="ITU709"
            )
            frame.pts, frame.time_base = number, 1 / exact
            frame.colorspace = frame.color_primaries = frame.color_trc = _BT709
            target.mux(film.encode(frame))
        target.mux(film.encode(None))
