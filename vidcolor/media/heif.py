"""HEIC and HEIF stills, as phones make them, through pillow-heif, which an extra brings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from vidcolor.media.moving import HEIC_BRANDS, brand_of
from vidcolor.needs import need


def open_picture(path: Path) -> PIL.Image.Image:
    """Open any picture as Pillow does; HEIC, which Pillow alone does not know, is decoded at once.

    Raises:
        MachineError: it is a HEIC and pillow-heif is not installed.
        OSError, ValueError, SyntaxError: as Pillow.
    """
    if brand_of(path) not in HEIC_BRANDS:
        return PIL.Image.open(path)
    try:
        image: PIL.Image.Image = _library(path).HeifImageFile(path)
        image.load()
    except (RuntimeError, EOFError) as error:
        raise OSError(str(error)) from error
    return image


def deep_heif(path: Path) -> NDArray[np.uint16] | None:
    """All that a HEIC of more than 8 bits holds, upright.

    Returns:
        uint16 (height, width, channels), RGB order, white at 65535; None where 8 bits are all.
    """
    held = _library(path).open_heif(path, convert_hdr_to_8bit=False, hdr_to_16bit=False)
    depth = int(held.info["bit_depth"])
    if depth <= 8:
        return None
    peak = (1 << depth) - 1
    codes = np.asarray(held).astype(np.uint32)
    samples = ((codes * 65535 + peak // 2) // peak).astype(np.uint16)
    return samples.reshape(*samples.shape[:2], -1)


def _library(path: Path) -> Any:
    return need(f"Reading {path}, a HEIC,", "heif", "pillow_heif")[0]
