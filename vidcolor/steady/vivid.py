"""Agreement pales: where votes differ, their mean is greyer than each. This gives it back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from vidcolor.steady.ballot import Ballot

FloatArray = NDArray[np.float32]

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
    had = np.mean([colourfulness(ballot.colour) for ballot in before])
    has = np.mean([colourfulness(ballot.colour) for ballot in after.values()])
    if has <= 0 or has >= KEPT * had:
        return dict(after)
    gain = np.float32(min(KEPT * float(had / has), MOST_GAIN))
    return {frame: _scaled(ballot, gain) for frame, ballot in after.items()}


def _scaled(ballot: Ballot, gain: np.float32) -> Ballot:
    return Ballot(NEUTRAL + gain * (ballot.colour - NEUTRAL), ballot.mass)


def colourfulness(colour: FloatArray) -> float:
    """Hasler and Süsstrunk's measure (2003) of chroma (height, width, 2) on 0..255.

    Their two differences, R-G and (R+G)/2-B, do not depend on luma, so chroma alone will do.
    """
    cb, cr = colour[..., 0] - NEUTRAL, colour[..., 1] - NEUTRAL
    red_green = 2.116136 * cr + 0.344136 * cb
    yellow_blue = 0.343932 * cr - 1.944068 * cb
    spread = np.hypot(red_green.std(), yellow_blue.std())
    strength = np.sqrt((red_green**2).mean() + (yellow_blue**2).mean())
    return float(spread + 0.3 * strength)
