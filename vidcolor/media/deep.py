"""Pictures of more than 8 bits as 16-bit samples: OpenCV or FFmpeg reads what Pillow narrows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import PIL.Image
from av.video.reformatter import ColorRange
from numpy.typing import NDArray

from vidcolor.media.heif import deep_heif
from vidcolor.media.planes import format_traits, turn_by_exif, unpack_luma
from vidcolor.media.source import media_url

_BITS, _PHOTOMETRIC, _PLANAR = 258, 262, 284
_WHITE_IS_ZERO, _SEPARATE = 0, 2
_HEADROOM = 4.0
"""Floats of which at most a hundredth reach further are 0..1 with highlights, not codes."""


def deep_samples(path: Path, image: PIL.Image.Image, orientation: int) -> NDArray[np.uint16] | None:
    """All that a file of more than 8 bits holds, which Pillow would make 8 bits where it is RGB.

    Args:
        path: of a picture.
        image: the same, as Pillow loaded it.
        orientation: as its EXIF had it before that. Pillow and OpenCV turn TIFFs by themselves.

    Returns:
        uint16 (height, width, channels), RGB order, white at 65535; None where 8 bits are all.
    """
    if image.format in ("PPM", "JPEG2000"):
        samples = _by_ffmpeg(path)
    elif image.format == "TIFF" and _is_planar(image):
        samples = _by_ffmpeg(path)
        if samples is None and max(image.tag_v2[_BITS]) > 8:  # type: ignore[attr-defined]
            raise OSError("nothing here reads samples of more than 8 bits that lie in planes")
        samples = samples if samples is None else turn_by_exif(samples, orientation)
    elif image.format == "HEIF":
        samples = deep_heif(path)
    elif image.format in ("PNG", "TIFF"):
        samples = _by_opencv(path)
    else:
        samples = None
    if samples is None and image.mode.startswith(("I", "F")):
        samples = full_scale(np.asarray(image))[:, :, None]
    if samples is not None and image.format == "TIFF" and _starts_with_white(image):
        samples = 65535 - samples
    return samples


def full_scale(samples: NDArray[Any]) -> NDArray[np.uint16]:
    """Samples of any type with white at 65535.

    Floats are 0..1; other floats, and integers of 32 bits, mostly hold codes of fewer bits, so
    white is the largest code of 8, 16 or 32 bits that the picture needs.

    Args:
        samples: of any shape; less than 0 is black, as is what is no number.
    """
    if samples.dtype.kind == "u" and samples.dtype.itemsize == 2:
        return samples.astype(np.uint16, copy=False)
    light = np.nan_to_num(samples.astype(np.float64), posinf=0)
    white = _white(light, samples.dtype)
    return np.rint(np.clip(light / white, 0, 1) * 65535).astype(np.uint16)


def _white(light: NDArray[np.float64], kind: np.dtype[Any]) -> float:
    most = float(light.max(initial=0))
    if kind.kind == "f":
        if np.percentile(light, 99) <= _HEADROOM:
            return 1.0
        codes = [255.0, 65535.0, most]
    else:
        largest = float(np.iinfo(kind).max)
        codes = [255.0, min(65535.0, largest), largest]
    return next(white for white in codes if most <= white)


def _by_opencv(path: Path) -> NDArray[np.uint16] | None:
    read = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED)
    if read is None or read.dtype == np.uint8:
        return None
    samples = full_scale(read).reshape(*read.shape[:2], -1)
    order = {3: [2, 1, 0], 4: [2, 1, 0, 3]}.get(samples.shape[2])
    return np.ascontiguousarray(samples[:, :, order] if order else samples)


def _by_ffmpeg(path: Path) -> NDArray[np.uint16] | None:
    """By PyAV, which alone minds how many bits a code has; None where it cannot, too."""
    try:
        with av.open(media_url(path)) as container:
            frame = next(container.decode(video=0), None)
    except av.error.FFmpegError:
        return None
    traits = format_traits(frame.format.name) if frame else None
    if frame is None or traits is None or traits.depth <= 8:
        return None
    if frame.format.name.startswith("gray"):
        peak = (1 << traits.depth) - 1
        codes = unpack_luma(frame, full_range=True).astype(np.uint32)
        return ((codes * 65535 + peak // 2) // peak).astype(np.uint16)[:, :, None]
    wanted = "rgba64le" if traits.alpha else "rgb48le"
    converted = frame.reformat(format=wanted, src_color_range=ColorRange.JPEG)
    return np.asarray(converted.to_ndarray(), np.uint16)


def _is_planar(image: Any) -> bool:
    return bool(image.tag_v2.get(_PLANAR) == _SEPARATE)


def _starts_with_white(image: Any) -> bool:
    return bool(image.tag_v2.get(_PHOTOMETRIC) == _WHITE_IS_ZERO)
