"""A still that is no picture of the film but flat paint: an image editor's colour layer by itself.

Editors export what was painted without the picture below it, on transparent or on grey. That is
an overlay, whatever it is called.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from vidcolor.direct.reference import Still

# Paint is flat: so large a share of it is like its neighbours, within so much of 255. Film has
# grain, and edges everywhere.
FLAT_SHARE, ALIKE = 0.9, 2.0
# Further from grey than this (of 255) is paint, where nothing is transparent.
PAINTED = 12.0


def layer_of(still: Still) -> Still | None:
    """The same with all transparent that is no paint; None where it is a picture, or all grey."""
    if _flat_share(still) < FLAT_SHARE:
        return None
    if still.alpha.min() < 1:
        return still
    painted = still.rgb.max(axis=2) - still.rgb.min(axis=2) > PAINTED
    ground = still.luma[~painted].astype(np.float32)
    if not painted.any() or not _is_even(ground):
        return None
    return replace(still, alpha=painted.astype(np.float32))


def _is_even(ground: NDArray[np.float32]) -> bool:
    """Whether what is not painted is of one grey; also where all is painted."""
    if not ground.size:
        return True
    return float((np.abs(ground - np.median(ground)) <= ALIKE).mean()) >= FLAT_SHARE


def _flat_share(still: Still) -> float:
    """How much of what is opaque is like its neighbours to the right and below, 0..1."""
    rgb, opaque = still.rgb, still.alpha > 0.5
    across = np.abs(rgb[:-1, 1:] - rgb[:-1, :-1]).max(axis=2)
    down = np.abs(rgb[1:, :-1] - rgb[:-1, :-1]).max(axis=2)
    seen = opaque[:-1, :-1] & opaque[:-1, 1:] & opaque[1:, :-1]
    return float((np.maximum(across, down) <= ALIKE)[seen].mean()) if seen.any() else 0.0
