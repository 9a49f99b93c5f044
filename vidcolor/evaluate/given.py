"""What a person would give of a clip whose colours are known: a true still, or dots of it.

Records for whoever directs a colouring come out, and the rows without any network: the same colour
carried along the motion by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice

import cv2
import numpy as np

from vidcolor.color.convert import NEUTRAL, SampleSpec, small_luma
from vidcolor.color.spread import spread
from vidcolor.color.srgb import Floats, Picture, to_planes
from vidcolor.color.upscale import enlarge
from vidcolor.evaluate.baselines import working
from vidcolor.evaluate.coloring import ClipColoring, ClipColorings, Luma
from vidcolor.evaluate.flow import MotionSource
from vidcolor.infer.predictor import QUARTER

STILLS = ("first", "middle")
DOT_SHARE = 1 / 16
"""Side of a dot, as a share of the picture's short side."""
HALF = 2
_MEANT = 0.3


@dataclass(frozen=True, eq=False)
class Given:
    """True colour of one frame of a clip.

    Attributes:
        place: "first" or "middle".
        frame: its index.
        chroma: float32 (2, height, width), the truth at the evaluation size.
        seen: uint8 (height, width), the frame's luma as colourings see it.
        dots: how many dots are given of it; 0 means the whole frame.
        seed: of the dots' places; ten dots are the first ten of a hundred.
    """

    place: str
    frame: int
    chroma: Floats
    seen: Luma
    dots: int = 0
    seed: int = 0

    @property
    def row(self) -> str:
        """The name of a row that is directed by it."""
        return _dots(self.dots) if self.dots else f"still of the {self.place} frame"

    def spots(self, shape: tuple[int, int]) -> tuple[Floats, Floats]:
        """The dots at half of `shape`.

        Args:
            shape: (height, width) of the luma that the colouring works on.

        Returns:
            chroma float32 (2, height / 2, width / 2), neutral between the dots; and float32
            (height / 2, width / 2), 1 where a dot is, else 0.
        """
        height, width = shape[0] // HALF, shape[1] // HALF
        true = resized(self.chroma, (width, height))
        chroma = np.full((2, height, width), NEUTRAL, np.float32)
        meant = np.zeros((height, width), np.float32)
        side = max(1, round(DOT_SHARE * min(height, width)))
        for y, x in np.random.default_rng(self.seed).random((self.dots, 2)):
            top, left = int(y * (height - side)), int(x * (width - side))
            place = np.s_[top : top + side, left : left + side]
            meant[place] = 1
            for plane, source in zip(chroma, true, strict=True):
                plane[place] = source[place].mean()
        return chroma, meant


Directed = Callable[[Given], ClipColoring]
"""The project's own colouring of a clip of which something is given."""


def _dots(count: int) -> str:
    return f"{count} dot{'s' * (count != 1)}"


def resized(chroma: Floats, size: tuple[int, int]) -> Floats:
    """Chroma (2, h, w) at a (width, height)."""
    return np.stack([cv2.resize(plane, size, interpolation=cv2.INTER_AREA) for plane in chroma])


def all_given(
    read: Callable[[], Iterator[tuple[Picture, Luma]]],
    stills: Sequence[str],
    dots: Sequence[int],
    seed: int,
) -> list[Given]:
    """All that is to be given of a clip; nothing of an empty one.

    Args:
        read: begins to read the clip: true frames, and their luma as it is shown.
        stills: "first", "middle".
        dots: numbers of dots on the first frame, none of them 0.
        seed: of their places.

    Raises:
        InputError: from `read`.
    """
    frames = dict.fromkeys(stills, 0)
    if "middle" in frames:
        frames["middle"] = sum(1 for _ in read()) // 2
    given = []
    for place, frame in frames.items():
        given += [Given(place, frame, *known) for known in _at(read(), frame)]
    if dots:
        for chroma, seen in _at(read(), 0):
            given += [Given("first", 0, chroma, seen, count, seed) for count in dots]
    return given


def _at(frames: Iterator[tuple[Picture, Luma]], frame: int) -> Iterator[tuple[Floats, Luma]]:
    for picture, luma in islice(frames, frame, frame + 1):
        yield to_planes(picture).chroma, luma


def by_hand(given: Given, side: int) -> ClipColorings:
    """The row of what is given without a network: the still itself, or dots by luma, carried.

    Args:
        given: what is known.
        side: working size at which dots are spread.
    """
    name = f"{_dots(given.dots)} by luma alone" if given.dots else f"{given.place} still"

    def color(luma: Iterator[Luma], motion: MotionSource) -> Mapping[str, Iterator[Floats]]:
        known = spread_by_luma(given, side) if given.dots else given.chroma
        return {f"{name}, carried": carried(luma, known, given.frame, motion)}

    return color


def spread_by_luma(given: Given, side: int) -> Floats:
    """Dots spread over their frame by Levin, Lischinski, Weiss 2004, at luma's size."""
    shape = working(given.seen, side)
    chroma, meant = given.spots(shape)
    size = shape[1] // QUARTER, shape[0] // QUARTER
    share = cv2.resize(meant, size, interpolation=cv2.INTER_AREA)
    mean = resized(chroma * meant, size) / np.maximum(share, 1e-3)
    hints = np.stack([*mean, share > _MEANT]).astype(np.float32)
    return enlarge(spread(small_luma(given.seen, SampleSpec(), shape), hints), given.seen)


def carried(
    luma: Iterator[Luma], color: Floats, start: int, motion: MotionSource
) -> Iterator[Floats]:
    """One frame's colour on all frames, brought from frame to frame by flow, both ways.

    Args:
        luma: uint8 (height, width) of each frame.
        colour: float32 (2, height, width) of frame `start`.
        start: an index in `luma`.
        motion: where pixels go.

    Returns:
        float32 (2, height, width) of each frame; what lay outside gets the edge's colour.
    """
    head = list(enumerate(islice(luma, start + 1)))
    backward = list(_along(reversed(head), color, motion))
    yield from reversed(backward)
    onward = _along(chain(head[-1:], enumerate(luma, start + 1)), color, motion)
    yield from islice(onward, 1, None)


def _along(
    frames: Iterable[tuple[int, Luma]], color: Floats, motion: MotionSource
) -> Iterator[Floats]:
    before: tuple[int, Luma] | None = None
    held = np.ascontiguousarray(color.transpose(1, 2, 0))
    for index, luma in frames:
        if before is not None:
            flow = motion(index, before[0], luma, before[1]).flow
            rows, columns = np.mgrid[: luma.shape[0], : luma.shape[1]].astype(np.float32)
            x, y = columns + flow[..., 0], rows + flow[..., 1]
            held = np.asarray(
                cv2.remap(held, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32
            )
        before = index, luma
        yield held.transpose(2, 0, 1)
