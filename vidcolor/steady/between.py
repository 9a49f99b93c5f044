"""Frames between keyframes: settled colour from both sides, and their own where neither side knows.

Settled keyframes come in; a ballot for every frame of the shot goes out.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from vidcolor.steady.ballot import Ballot, counted, mixed, side_weight
from vidcolor.steady.consensus import hear
from vidcolor.steady.links import LinkBook
from vidcolor.steady.warp import COLOR_METHOD

# A pixel is lost if neither side is trusted this far; a frame that lost more than this share of
# its picture asks the network itself.
SEEN_TRUST = 0.1
LOST_SHARE = 0.06
# Rounds in which keyframes hear the frames beside them and those hear the keyframes again.
POLISH = 2


def neighbours(frame: int, keyframes: Sequence[int]) -> tuple[int, int]:
    """The keyframes before and after a frame that is none."""
    after = bisect_left(keyframes, frame)
    return keyframes[after - 1], keyframes[after]


def sides(frames: Sequence[int], keyframes: Sequence[int]) -> Iterator[tuple[int, int]]:
    """The links that `lost` and `fill` will ask for: pairs of frames."""
    for frame in frames:
        yield from ((frame, keyframe) for keyframe in neighbours(frame, keyframes))


def lost(frames: Sequence[int], keyframes: Sequence[int], book: LinkBook) -> list[int]:
    """Those of `frames` that show too much that neither keyframe beside them shows."""
    return [frame for frame in frames if _lost_share(frame, keyframes, book) > LOST_SHARE]


def _lost_share(frame: int, keyframes: Sequence[int], book: LinkBook) -> float:
    before, after = neighbours(frame, keyframes)
    best = np.maximum(book.link(frame, before).trust, book.link(frame, after).trust)
    return float((best < SEEN_TRUST).mean())


def fill(
    frames: Sequence[int],
    keyframes: Sequence[int],
    settled: Mapping[int, Ballot],
    own: Mapping[int, Ballot],
    book: LinkBook,
) -> dict[int, Ballot]:
    """Ballots of all frames, from settled keyframes.

    Args:
        frames: indexes of the frames between.
        keyframes: their indexes, rising, the first before and the last behind all frames.
        settled: ballots of the keyframes.
        own: what the network says to some of the frames between.
        book: links between the frames.
    """
    ballots = dict(settled)
    ballots.update({frame: _from_sides(frame, keyframes, settled, own, book) for frame in frames})
    for _ in range(POLISH):
        ballots.update(_keyframes_hear(frames, keyframes, ballots, book))
        for frame in frames:
            fresh = _from_sides(frame, keyframes, ballots, own, book)
            ballots[frame] = mixed(ballots[frame], fresh)
    return ballots


def _from_sides(
    frame: int,
    keyframes: Sequence[int],
    ballots: Mapping[int, Ballot],
    own: Mapping[int, Ballot],
    book: LinkBook,
) -> Ballot:
    before, after = neighbours(frame, keyframes)
    span = after - before
    said = []
    for keyframe, share in ((before, (after - frame) / span), (after, (frame - before) / span)):
        link = book.link(frame, keyframe)
        weight = side_weight(link.trust, share) * link.bring(ballots[keyframe].mass)
        said.append(Ballot(link.bring(ballots[keyframe].color, COLOR_METHOD), weight))
    return counted([*said, own[frame]] if frame in own else said)


def _keyframes_hear(
    frames: Sequence[int],
    keyframes: Sequence[int],
    ballots: dict[int, Ballot],
    book: LinkBook,
) -> dict[int, Ballot]:
    """Keyframes after they have heard the frames right beside them.

    Colour that was brought over is a little softer than a keyframe's own; without this round the
    two would alternate, which is flicker.
    """
    between = set(frames)
    heard = {}
    for keyframe in keyframes:
        beside = [frame for frame in (keyframe - 1, keyframe + 1) if frame in between]
        if beside:
            heard[keyframe] = hear(keyframe, beside, ballots, book)
    return heard
