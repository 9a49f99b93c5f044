"""A picture that changes midway: refused before the work, or said."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from fractions import Fraction

from vidcolor.errors import InputError
from vidcolor.media.clip import ClipInfo, Stretch
from vidcolor.media.decode import RESIZE_REMEDY
from vidcolor.media.fit import ALIKE, is_full_range
from vidcolor.media.planes import format_traits
from vidcolor.run.film import clock

_NAMED = 3
_MATRICES = {1: "BT.709", 5: "BT.601", 6: "BT.601", 7: "SMPTE 240M", 9: "BT.2020", 10: "BT.2020"}


def check_changes(clip: ClipInfo, first: int, count: int) -> None:
    """Refuse frames that are not of the size and format of the film's first.

    Args:
        clip: the film.
        first: index of the first frame to be read.
        count: how many.

    Raises:
        InputError: there are some, and the clip does not fit them.
    """
    if clip.fits:
        return
    stops = [*(stretch.first for stretch in clip.stretches[1:]), clip.frame_count]
    for stretch, stop in zip(clip.stretches, stops, strict=False):
        if stretch.first < first + count and stop > first and _form(stretch) != _form_of(clip):
            raise InputError(
                f"The picture of {clip.path} changes {_change(_form_of(clip), _form(stretch))}"
                f" at {_time(clip, stretch)}.",
                RESIZE_REMEDY,
            )


def change_notes(clip: ClipInfo, first: int, count: int) -> tuple[str, ...]:
    """Sentences on what changes among some frames, and what becomes of it.

    Args:
        clip: the film.
        first: index of the first frame to be read.
        count: how many.
    """
    told = [
        sentence
        for before, now in itertools.pairwise(clip.stretches)
        if first < now.first < first + count
        for sentence in _sentences(clip, before, now)
    ]
    more = len(told) - _NAMED
    if more <= 0:
        return tuple(told)
    times = "once" if more == 1 else f"{more} times"
    return (*told[:_NAMED], f"The picture changes {times} more.")


Form = tuple[int, int, str]


def _form(stretch: Stretch) -> Form:
    return (*stretch.size, format_traits(stretch.pixel_format).working)


def _form_of(clip: ClipInfo) -> Form:
    return clip.width, clip.height, clip.working_format


def _change(before: Form, now: Form) -> str:
    words = [f"{width}x{height}" for width, height, _ in (before, now)]
    if before[2] != now[2]:
        words = [f"{size} {form[2]}" for size, form in zip(words, (before, now), strict=True)]
    return f"from {words[0]} to {words[1]}"


def _time(clip: ClipInfo, stretch: Stretch) -> str:
    return clock(clip.seconds_at(stretch.first))


def _sentences(clip: ClipInfo, before: Stretch, now: Stretch) -> Iterator[str]:
    at = _time(clip, now)
    reshaped = abs(before.shape / now.shape - 1) > ALIKE
    if _form(before) != _form(now):
        change = _change(_form(before), _form(now))
        bars = ", with black bars where its shape is another" if reshaped else ""
        size = f"{clip.width}x{clip.height}"
        yield f"The picture changes {change} at {at}; every frame is brought to {size}{bars}."
    elif reshaped:
        change = f"from {_ratio(before.shape)} to {_ratio(now.shape)}"
        fate = (
            "black bars make up for it"
            if clip.fits
            else "the film keeps the first shape, which `resize=first` makes up for"
        )
        yield f"The picture's shape changes {change} at {at}; {fate}."
    full = [is_full_range(clip, stretch) for stretch in (before, now)]
    if full[0] != full[1]:
        change = "from full to limited range" if full[0] else "from limited to full range"
        first = "full" if clip.full_range else "limited"
        fate = (
            f"it is brought to {first}" if clip.fits else f"the film is marked {first} throughout"
        )
        yield f"Luma changes {change} at {at}; {fate}."
    matrices = [_MATRICES.get(stretch.matrix) for stretch in (before, now)]
    if None not in matrices and matrices[0] != matrices[1]:
        yield (
            f"The colour matrix changes from {matrices[0]} to {matrices[1]} at {at};"
            " the film is marked with the first throughout."
        )


def _ratio(shape: Fraction) -> str:
    near = shape.limit_denominator(20)
    return f"{near.numerator}:{near.denominator}"
