"""Stills that are as `vidcolor stills` made them: a hash of their pixels is in their text fields.

An editor that drops the fields, or changes a pixel, makes a still that is meant.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import PIL.Image
from numpy.typing import NDArray

FIELD = "Pixels"


def pixels_field(rgb: NDArray[np.uint8]) -> Mapping[str, str]:
    """What a still that is made says of its pixels, uint8 (height, width, 3), as a text field."""
    return {FIELD: hashlib.sha256(repr(rgb.shape).encode() + rgb.tobytes()).hexdigest()}


def is_unchanged(path: Path) -> bool:
    """Whether a file is a still as it was made; one that cannot be read is not."""
    try:
        with PIL.Image.open(path, formats=["PNG"]) as picture:
            said = getattr(picture, "text", {}).get(FIELD)
            if said is None or picture.mode != "RGB":
                return False
            return bool(pixels_field(np.asarray(picture))[FIELD] == said)
    except (OSError, ValueError, SyntaxError, PIL.Image.DecompressionBombError):
        return False
