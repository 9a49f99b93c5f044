"""A still picture as it is coloured: its luma, and all that is to be kept besides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vidcolor.media.light import narrowed

GLIMPSE = 1024
"""Pixels of a glimpse's side, at most."""


@dataclass(frozen=True, eq=False)
class Picture:
    """A still picture, turned as its EXIF orientation asks.

    Args:
        luma: (height, width) full-range BT.601, uint8 or uint16 (over 0..65535).
        alpha: likewise, or None.
        rgb: (height, width, 3) as in the source where that was in colour, or None.
        glimpse: the same of every so many-th pixel, uint8, no side above `GLIMPSE`; as stored,
            not turned.
        icc_profile: one that fits RGB of this luma, or None.
        exif: EXIF with its orientation set to 1 and nothing on how samples are stored, or None.
        xmp: bytes, or None.
        dpi: horizontal and vertical, or None.
        iptc: records of IPTC-IIM, or None.
        comment: of the file, or None.
        words: of text fields, by keyword.
        notes: sentences on what reading has changed or left out.
    """

    luma: NDArray[Any]
    alpha: NDArray[Any] | None = None
    rgb: NDArray[Any] | None = None
    glimpse: NDArray[np.uint8] | None = None
    icc_profile: bytes | None = None
    exif: bytes | None = None
    xmp: bytes | None = None
    dpi: tuple[float, float] | None = None
    iptc: bytes | None = None
    comment: bytes | None = None
    words: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def peak(self) -> int:
        """The value of white: 255 or 65535."""
        return int(np.iinfo(self.luma.dtype).max)

    @property
    def depth(self) -> int:
        """Bits of a sample: 8 or 16."""
        return 8 * self.luma.dtype.itemsize

    def rgb_bytes(self) -> NDArray[np.uint8]:
        """The picture as it is seen at 8 bits: RGB (height, width, 3)."""
        rgb = np.dstack([self.luma] * 3) if self.rgb is None else self.rgb
        return narrowed(rgb)
