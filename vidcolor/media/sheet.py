"""A picture as it comes from its file, in parts: blocks of samples and what goes along."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from vidcolor.media.attached import Attached

Block = tuple[int, int, NDArray[Any]]
"""Top row, left column, uint8 or uint16 (rows, columns, 1 to 4): grey or RGB, perhaps alpha."""


@dataclass(frozen=True)
class Sheet:
    """One picture of a file that is being read.

    Attributes:
        size: (height, width) as it is stored.
        blocks: all of it once, each part at its place.
        attached: what goes along.
        orientation: EXIF's, 1 to 8, that the blocks ask for.
        notes: sentences on what a person should know.
    """

    size: tuple[int, int]
    blocks: Iterator[Block]
    attached: Attached
    orientation: int = 1
    notes: tuple[str, ...] = ()
