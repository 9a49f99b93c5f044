"""Frames between anchors: settled colour from both sides, and their own where neither side knows.

Settled anchors come in; a ballot for every frame of the shot goes out.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from vidcolor.steady.ballot import Ballot, counted, mixed, side_weight
from vidcolor.steady.links import LinkBook
from vidcolor.steady.vote import hear
from vidcolor.steady.warp import COLOUR_METHOD

# A pixel is lost if neither side is trusted this far; a frame that lost more than this share of
# its picture asks the network itself.
SEEN_TRUST = 0.1
LOST_SHARE = 0.06
# Rounds in which anchors hear the frames beside them and those hear the anchors again.
POLISH = 2


def neighbours(frame: int, anchors: Sequence[int]) -> tuple[int, int]:
    """The anchors before and after a frame that is none."""
    after = bisect_left(anchors, frame)
    return anchors[after - 1], anchors[after]


def sides(frames: Sequence[int], anchors: Sequence[int]) -> Iterator[tuple[int, int]]:
    """The links that `lost` and `fill` will ask for: pairs of frames."""
    for frame in frames:
        yield from ((frame, anchor) for anchor in neighbours(frame, anchors))


def lost(frames: Sequence[int], anchors: Sequence[int], book: LinkBook) -> list[int]:
    """Those of `frames` that show too much that neither anchor beside them shows."""
    return [frame for frame in frames if _lost_share(frame, anchors, book) > LOST_SHARE]


def _lost_share(frame: int, anchors: Sequence[int], book: LinkBook) -> float:
    before, after = neighbours(frame, anchors)
    best = np.maximum(book.link(frame, before).trust, book.link(frame, after).trust)
    return float((best < SEEN_TRUST).mean())


def fill(
    frames: Sequence[int],
    anchors: Sequence[int],
    settled: Mapping[int, Ballot],
    own: Mapping[int, Ballot],
    book: LinkBook,
) -> dict[int, Ballot]:
    """Ballots of all frames, from settled anchors.

    Args:
        frames: indexes of the frames between.
        anchors: indexes of the anchors, rising, the first before and the last behind all frames.
        settled: ballots of the anchors.
        own: what the network says to some of the frames between.
        book: links between the frames.
    """
    ballots = dict(settled)
    ballots.update({frame: _from_sides(frame, anchors, settled, own, book) for frame in frames})
    for _ in range(POLISH):
        ballots.update(_anchors_hear(frames, anchors, ballots, book))
        for frame in frames:
            fresh = _from_sides(frame, anchors, ballots, own, book)
            ballots[frame] = mixed(ballots[frame], fresh)
    return ballots


def _from_sides(
    frame: int,
    anchors: Sequence[int],
    ballots: Mapping[int, Ballot],
    own: Mapping[int, Ballot],
    book: LinkBook,
) -> Ballot:
    before, after = neighbours(frame, anchors)
    span = after - before
    said = []
    for anchor, share in ((before, (after - frame) / span), (after, (frame - before) / span)):
        link = book.link(frame, anchor)
        weight = side_weight(link.trust, share) * link.bring(ballots[anchor].mass)
        said.append(Ballot(link.bring(ballots[anchor].colour, COLOUR_METHOD), weight))
    return counted([*said, own[frame]] if frame in own else said)


def _anchors_hear(
    frames: Sequence[int],
    anchors: Sequence[int],
    ballots: dict[int, Ballot],
    book: LinkBook,
) -> dict[int, Ballot]:
    """Anchors after they have heard the frames right beside them.

    Colour that was brought over is a little softer than an anchor's own; without this round the
    two would alternate, which is flicker.
    """
    between = set(frames)
    heard = {}
    for anchor in anchors:
        beside = [frame for frame in (anchor - 1, anchor + 1) if frame in between]
        if beside:
            heard[anchor] = hear(anchor, beside, ballots, book)
    return heard
