"""Where a film is taken apart, and which films are not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from vidcolor.media.legs import legs_of
from vidcolor.media.probe import probe

Maker = Callable[..., Path]
OFTEN = {"g": "6", "bf": "2", "preset": "ultrafast"}


def test_legs_begin_with_keyframes_and_are_as_long_as_they_are_to_be(film: Maker) -> None:
    clip = probe(film(options=OFTEN, frames=27))
    assert clip.keys == (0, 6, 12, 18, 24)
    whole = range(27)
    each = [range(6), range(6, 12), range(12, 18), range(18, 27)]
    assert legs_of(clip, whole, 4, 27) == (each, "")
    assert legs_of(clip, whole, 7, 27)[0] == [range(12), range(12, 27)]
    assert legs_of(clip, range(7, 20), 2, 27)[0] == [range(7, 12), range(12, 18), range(18, 20)]
    assert legs_of(clip, range(7, 11), 2, 27) == ([range(7, 11)], "")


@pytest.mark.parametrize(
    ("name", "options", "codec", "why"),
    [
        ("film.ts", OFTEN, "libx264", "its container has no index"),
        ("film.h264", OFTEN, "libx264", "its frames have no time stamps of their own"),
        ("film.avi", OFTEN, "libx264", "its frames have no time stamps of their own"),
        ("film.mp4", {"g": "999"}, "libx264", "only its first frame is a keyframe"),
        ("film.mkv", {"g": "20"}, "mpeg4", "its keyframes lie far apart"),
    ],
)
def test_a_film_that_cannot_be_taken_apart_is_one_leg_and_it_is_said_why(
    film: Maker, name: str, options: dict[str, str], codec: str, why: str
) -> None:
    clip = probe(film(name, options=options, codec=codec, frames=40))
    whole = range(clip.frame_count)
    assert legs_of(clip, whole, 4, 18) == ([whole], why)
