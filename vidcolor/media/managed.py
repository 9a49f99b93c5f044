"""RGB of a colour profile as sRGB shows it, and the way back, by LittleCMS.

It works at 8 bits, which is what colour is known to; luma of more bits keeps them.
"""

from __future__ import annotations

import functools
import io
from dataclasses import dataclass
from typing import Any

import numpy as np
import PIL.Image
import PIL.ImageCms
from numpy.typing import NDArray

from vidcolor.media.light import luma_of

# Profiles that move no colour by more than this (of 255) are sRGB by another name.
SAME = 2
_STEPS = 9

Bytes = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Managed:
    """What a profile of RGB means.

    Attributes:
        shown: its RGB to sRGB.
        hidden: sRGB to its RGB; what it cannot hold is clipped.
    """

    shown: PIL.ImageCms.ImageCmsTransform
    hidden: PIL.ImageCms.ImageCmsTransform

    def to_srgb(self, rgb: Bytes) -> Bytes:
        """RGB of the profile (height, width, 3) as sRGB."""
        return _converted(rgb, self.shown)

    def from_srgb(self, rgb: Bytes) -> Bytes:
        """The other way round."""
        return _converted(rgb, self.hidden)

    def light(self, luma: NDArray[Any]) -> NDArray[Any]:
        """Luma of grey pixels as sRGB shows them: uint8 or uint16 (height, width), of that type."""
        codes = np.arange(256)
        seen = luma_of(self.to_srgb(np.dstack([codes.astype(np.uint8)[None]] * 3)))[0]
        peak = np.iinfo(luma.dtype).max
        every = np.interp(np.arange(peak + 1) * (255 / peak), codes, seen) * (peak / 255)
        return np.asarray(np.rint(every).astype(luma.dtype)[luma])


@functools.lru_cache(maxsize=8)
def managed(profile: bytes | None) -> Managed | None:
    """What a profile of RGB means; None where that is sRGB, or nothing that is understood."""
    if not profile:
        return None
    try:
        held = PIL.ImageCms.ImageCmsProfile(io.BytesIO(profile))
        srgb = PIL.ImageCms.createProfile("sRGB")
        found = Managed(_transform(held, srgb), _transform(srgb, held))
    except (PIL.ImageCms.PyCMSError, OSError):
        return None
    steps = np.linspace(0, 255, _STEPS).astype(np.uint8)
    every = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(1, -1, 3)
    moved = np.abs(found.to_srgb(every).astype(int) - every).max()
    return found if moved > SAME else None


def _transform(source: Any, target: Any) -> PIL.ImageCms.ImageCmsTransform:
    return PIL.ImageCms.buildTransform(
        source,
        target,
        "RGB",
        "RGB",
        PIL.ImageCms.Intent.RELATIVE_COLORIMETRIC,
        PIL.ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )


def _converted(rgb: Bytes, transform: PIL.ImageCms.ImageCmsTransform) -> Bytes:
    image = PIL.Image.fromarray(np.ascontiguousarray(rgb))
    return np.asarray(PIL.ImageCms.applyTransform(image, transform))
