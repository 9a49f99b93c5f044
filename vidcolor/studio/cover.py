"""A picture of a film or photograph for the grid of a folder."""

from __future__ import annotations

from pathlib import Path

import av
import cv2
import numpy as np

from vidcolor.errors import InputError

HEIGHT, QUALITY = 216, 82
_IN = 0.1
"""A film is shown by what it shows after this share of it: films begin black."""


def cover(source: Path, film: bool) -> bytes:
    """A small JPEG, grey as the source is to be taken.

    Raises:
        InputError: it cannot be read.
    """
    try:
        grey = _of_film(source) if film else _of_picture(source)
    except InputError:
        raise
    except (av.error.FFmpegError, OSError, ValueError, StopIteration, IndexError) as error:
        raise InputError(f"{source.name} cannot be read.", "Check that it plays.") from error
    width = max(1, round(grey.shape[1] * HEIGHT / grey.shape[0]))
    small = cv2.resize(grey, (width, HEIGHT), interpolation=cv2.INTER_AREA)
    return bytes(cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1])


def _of_film(source: Path) -> np.ndarray:
    with av.open(str(source)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        if container.duration:
            container.seek(int(container.duration * _IN))
        frame = next(container.decode(stream))
        return np.asarray(frame.to_ndarray(format="gray"))


def _of_picture(source: Path) -> np.ndarray:
    from vidcolor.media.picture import read_picture

    picture = read_picture(source, keep_rgb=False)
    shift = picture.luma.dtype.itemsize * 8 - 8
    return (picture.luma >> shift).astype(np.uint8)
