"""Agreement pales: where votes differ, their mean is greyer than each. This gives it back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from vidcolor.color.colorfulness import chroma_colorfulness
from vidcolor.steady.ballot import Ballot

NEUTRAL = np.float32(128.0)
# A shot keeps at least this share of the colourfulness its frames had alone. What is lost above
# it was flicker: giving that back as well costs accuracy.
KEPT = 0.92
MOST_GAIN = 1.25


def keep_vivid(before: Sequence[Ballot], after: Mapping[int, Ballot]) -> dict[int, Ballot]:
    """Scale a shot's settled chroma by one factor if agreeing made it too pale.

    Args:
        before: the keyframes' ballots as the network said them.
        after: the same, settled.
    """
    had = np.mean([chroma_colorfulness(ballot.color) for ballot in before])
    has = np.mean([chroma_colorfulness(ballot.color) for ballot in after.values()])
    if has <= 0 or has >= KEPT * had:
        return dict(after)
    gain = np.float32(min(KEPT * float(had / has), MOST_GAIN))
    return {frame: _scaled(ballot, gain) for frame, ballot in after.items()}


def _scaled(ballot: Ballot, gain: np.float32) -> Ballot:
    return Ballot(NEUTRAL + gain * (ballot.color - NEUTRAL), ballot.mass)
