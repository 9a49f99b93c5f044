"""Soft cuts: one scene turns into another over 2 to 48 frames, without a step that shows it.

Between the ends every frame is a mix of both pictures: of the whole of each (a dissolve, blended
frames, a fade through black or white), or of lines of the one and lines of the other (a wipe). A
pan or a walk also ends in another picture, but what lies between is no such mix.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
Places = NDArray[np.intp]

# From the last frame of one scene to the first of the next: these distances are tried.
SPANS = (2, 3, 4, 5, 6, 7, 8, 9, 11, 13, 16, 20, 25, 32, 40, 49)
# At most so many frames between are looked at, evenly spread.
LOOKED_AT = 7
# The pictures at the ends correlate less than this and differ by so much (root mean square, of
# 255); what they show is not seen again on the other side within so many frames.
OTHER_PLACE, LEAST_CHANGE = 0.5, 20.0
SAME_PLACE, AFTERWARDS = 0.6, 20
# What is between is a mix of the ends but for this share of their difference.
MIX_ERROR, WIPE_ERROR = 0.33, 0.33
# The change goes on evenly: no step is larger than this times the mean one, or than this share of
# all of it, and none goes back by more than this.
UNEVEN, LEAP, BACK = 2.2, 0.75, 0.08
# In a wipe a line shows the one scene or the other: the mean share of the lesser is below this.
UNDECIDED = 0.12
UNIFORM = 0.12
APART = 8
# A pan over fine texture is a mix too: not if a picture's middle is found in the other, moved by so
# many pixels at most, across and down, with this correlation.
FURTHEST, MOVED = (4, 3), 0.72
# A line that changed by less than this share of the mean change is not wiped over, and so many may
# be left.
UNTOUCHED, LEFT_OVER = 0.4, 0.12


def find_soft_cuts(thumbs: NDArray[np.uint8]) -> list[range]:
    """Stretches over which one scene turns into another, rising, none touching another.

    Each begins with the last frame that is the first scene's alone and ends before the first that
    is the second's.

    Args:
        thumbs: uint8 (frames, h, w), small pictures of all frames.
    """
    pictures = thumbs.astype(np.float32)
    alike = _Likeness(pictures)
    found: list[tuple[float, range]] = []
    for span in SPANS:
        starts = alike.changed_over(span)
        if not len(starts):
            continue
        between = np.unique(np.rint(np.linspace(1, span - 1, min(span - 1, LOOKED_AT))).astype(int))
        starts = starts[alike.goes_on(starts, span, between)]
        errors = np.minimum(
            alike.mix_errors(starts, span, between) / MIX_ERROR,
            _wipe_errors(pictures, starts, span, between) / WIPE_ERROR,
        )
        for start, error in zip(starts, errors, strict=True):
            if error < 1 and not _moved(pictures[start], pictures[start + span]):
                found.append((float(error), range(int(start), int(start) + span)))
    return _apart(found)


def _moved(first: FloatArray, last: FloatArray) -> bool:
    """Whether the middle of one picture is found in the other, a little beside its place."""
    across, down = FURTHEST
    middle = slice(down, -down), slice(across, -across)
    for picture, other in ((first, last), (last, first)):
        part = np.ascontiguousarray(picture[middle])
        if part.std() > 1:
            match = cv2.matchTemplate(other, part, cv2.TM_CCOEFF_NORMED)
            if match.max() > MOVED:
                return True
    return False


def _apart(found: Sequence[tuple[float, range]]) -> list[range]:
    """The best stretches, but for those that overlap better ones."""
    taken: list[range] = []
    for _, stretch in sorted(found, key=lambda one: one[0]):
        near = range(stretch.start - APART, stretch.stop + APART)
        if all(near.stop <= t.start or near.start >= t.stop for t in taken):
            taken.append(stretch)
    return sorted(taken, key=lambda stretch: stretch.start)


class _Likeness:
    """Products of pictures, brightness taken off, with those that follow up to the longest span.

    Args:
        pictures: float32 (frames, h, w).
    """

    def __init__(self, pictures: FloatArray) -> None:
        self.pictures = pictures
        flat = pictures.reshape(len(pictures), -1)
        flat = flat - flat.mean(axis=1, keepdims=True)
        count, lags = len(flat), SPANS[-1] + AFTERWARDS + 1
        self._products = np.zeros((lags, count), np.float32)
        for lag in range(min(lags, count)):
            left, right = flat[: count - lag], flat[lag:]
            self._products[lag, : count - lag] = np.einsum("tp,tp->t", left, right)
        self._blank = self._products[0] < flat.shape[1]

    def changed_over(self, span: int) -> Places:
        """Frames after which, so many frames on, another scene is seen and stays."""
        starts = np.arange(len(self.pictures) - span)
        ends = starts + span
        seen = self._correlation(starts, ends)
        other = (seen < OTHER_PLACE) & ~self._blank[starts] & ~self._blank[ends]
        starts = starts[other]
        change = self.pictures[starts + span] - self.pictures[starts]
        starts = starts[np.sqrt((change**2).mean(axis=(1, 2))) >= LEAST_CHANGE]
        again = np.full(len(starts), -1, np.float32)
        for more in range(1, AFTERWARDS + 1):
            later = np.minimum(starts + span + more, len(self.pictures) - 1)
            earlier = np.maximum(starts - more, 0)
            again = np.maximum(again, self._correlation(starts, later))
            again = np.maximum(again, self._correlation(earlier, starts + span))
        return np.asarray(starts[again < SAME_PLACE], np.intp)

    def goes_on(self, starts: Places, span: int, between: Places) -> NDArray[np.bool_]:
        """Whether stretches lead from end to end without a leap, as over a hard cut."""
        ends = starts + span
        first, both = self._of(starts, starts), self._of(starts, ends)
        scale = np.maximum(first + self._of(ends, ends) - 2 * both, 1e-6)
        went = [
            (self._of(here, ends) - self._of(starts, here) + first - both) / scale
            for here in (starts + place for place in between)
        ]
        return _even(np.stack([np.zeros_like(scale), *went, np.ones_like(scale)]))

    def mix_errors(self, starts: Places, span: int, between: Places) -> FloatArray:
        """How far stretches are from mixes of their ends: 0 is a perfect one; inf is none at all.

        Each frame is a share of the first picture plus a share of the last; where they add up to
        less than one, black or white shows through.
        """
        first, last = self._of(starts, starts), self._of(starts + span, starts + span)
        both = self._of(starts, starts + span)
        worst = np.zeros(len(starts), np.float32)
        gone = [np.zeros(len(starts), np.float32)]
        come = [np.zeros(len(starts), np.float32)]
        for place in between:
            here = starts + place
            from_first, from_last = self._of(starts, here), self._of(here, starts + span)
            scale = np.maximum(first * last - both * both, 1e-6)
            share = (from_first * last - from_last * both) / scale
            other = (from_last * first - from_first * both) / scale
            rest = self._of(here, here) - share * from_first - other * from_last
            worst = np.maximum(worst, rest)
            gone.append(np.asarray(1 - share, np.float32))
            come.append(np.asarray(other, np.float32))
        ones = np.ones(len(starts), np.float32)
        went, came = np.stack([*gone, ones]), np.stack([*come, ones])
        even = _even((went + came) / 2) & (np.diff(went, axis=0).min(axis=0) > -BACK)
        even &= np.diff(came, axis=0).min(axis=0) > -BACK
        error = np.sqrt(np.maximum(worst, 0) / np.maximum(first + last - 2 * both, 1e-6))
        return np.where(even, error, np.inf).astype(np.float32)

    def _correlation(self, first: Places, later: Places) -> FloatArray:
        sizes = self._products[0, first] * self._products[0, later]
        return np.asarray(self._of(first, later) / np.sqrt(np.maximum(sizes, 1e-6)), np.float32)

    def _of(self, first: Places, later: Places) -> FloatArray:
        return np.asarray(self._products[later - first, first], np.float32)


def _wipe_errors(pictures: FloatArray, starts: Places, span: int, between: Places) -> FloatArray:
    """The same of wipes: each line is a share of the first picture's and of the last one's."""
    first, last = pictures[starts], pictures[starts + span]
    change = last - first
    size = (change**2).mean(axis=(1, 2))
    best = np.full(len(starts), np.inf, np.float32)
    for axis in (1, 2):
        lines = (change**2).sum(axis=axis)
        weight = lines / np.maximum(lines.sum(axis=1, keepdims=True), 1e-6)
        touched = lines > UNTOUCHED**2 * lines.mean(axis=1, keepdims=True)
        fits = (1 - touched.mean(axis=1)) <= LEFT_OVER
        shares = [np.zeros_like(lines)]
        worst = np.zeros(len(starts), np.float32)
        for place in between:
            here = pictures[starts + place] - first
            share = (here * change).sum(axis=axis) / np.maximum(lines, 1e-6)
            share = np.clip(share, 0, 1)
            rest = here - np.expand_dims(share, axis) * change
            worst = np.maximum(worst, (rest**2).mean(axis=(1, 2)))
            mean = (share * weight).sum(axis=1)
            spread = np.sqrt(((share - mean[:, None]) ** 2 * weight).sum(axis=1))
            decided = (np.minimum(share, 1 - share) * weight).sum(axis=1) < UNDECIDED
            fits &= decided | (spread < UNIFORM)
            shares.append(share)
        stack = np.stack([*shares, np.ones_like(lines)])
        back = (np.maximum(0, -np.diff(stack, axis=0)) * weight).sum(axis=2).max(axis=0)
        fits &= (back < BACK) & _even((stack * weight).sum(axis=2))
        error = np.sqrt(worst / np.maximum(size, 1e-6))
        best = np.where(fits, np.minimum(best, error), best)
    return best


def _even(progress: NDArray[np.floating[Any]]) -> NDArray[np.bool_]:
    """Whether shares (steps + 1, stretches) that go from 0 to 1 do so without a leap."""
    steps = len(progress) - 1
    return np.asarray(np.diff(progress, axis=0).max(axis=0) < min(LEAP, UNEVEN / steps))
