"""Sources whose clock stands anywhere or is set anew: broadcasts, cells of a disc, joined files."""

from fractions import Fraction
from itertools import pairwise

import av
import numpy as np
import pytest

from tests.media.conftest import Recipe, decoded_lumas, make_film, seconds
from tests.media.test_mux import packets, rejoin, segments_of
from vidcolor.media.decode import read_luma
from vidcolor.media.encode import choose_encoder
from vidcolor.media.leaps import Log, find_clock
from vidcolor.media.mux import join
from vidcolor.media.probe import probe
from vidcolor.media.stream_plans import plan_streams

TICKS = 90_000


def part(path, start_s=Fraction(0), frames=40, **changes):
    """A film of 25 frames a second with sound, whose clock stands at `start_s`."""
    first = round((start_s + 1) * 25)
    recipe = {"codec": "mpeg2video", "options": {"g": "12", "bf": "2"}, **changes}
    made = Recipe(
        frames,
        rate=Fraction(25),
        time_base=Fraction(1, 25),
        pts=range(first, first + frames),
        sound=True,
        sound_codec="ac3",
        sound_blocks=frames * 48000 // 25 // 1024,
        **recipe,
    )
    return make_film(path, made)


def together(path, *parts):
    path.write_bytes(b"".join(one.read_bytes() for one in parts))
    return path


def kept(path):
    """Times of film and sound."""
    return seconds(path), [time for _, time in packets(path, "audio")]


@pytest.mark.parametrize("start_s", [0, 40001, 95443], ids=["0", "40001", "wraps"])
@pytest.mark.parametrize(
    ("source", "name"), [("f.ts", "o.mp4"), ("f.ts", "o.mkv"), ("f.vob", "o.mp4")]
)
def test_a_clock_that_stands_anywhere_begins_at_zero(tmp_path, source, name, start_s):
    source = part(tmp_path / source, Fraction(start_s))
    film, sound = kept(source)
    rejoin(source, tmp_path / name, (0, 13), lossless=False)
    shown, heard = kept(tmp_path / name)
    assert min(shown[0], heard[0]) == 0
    assert shown[-1] < 2
    fine = Fraction(1, 1000)
    assert all(
        abs((a - film[0]) - (b - shown[0])) <= fine for a, b in zip(film, shown, strict=True)
    )
    assert len(sound) == len(heard)
    assert all(
        abs((a - film[0]) - (b - shown[0])) <= fine for a, b in zip(sound, heard, strict=True)
    )


JOINED = {
    "same-clock": ("ts", [0, 0]),
    "little-overlap": ("ts", [0, Fraction(36, 25)]),
    "hours-ahead": ("ts", [0, 20_000]),
    "hours-back": ("ts", [20_000, 0]),
    "three": ("ts", [5, 30_000, 2]),
    "cells": ("vob", [0, 0]),
}


@pytest.mark.parametrize("name", ["o.mp4", "o.mkv"])
@pytest.mark.parametrize(("suffix", "starts"), JOINED.values(), ids=JOINED)
def test_film_and_sound_go_on_together_where_the_clock_is_set_anew(tmp_path, suffix, starts, name):
    parts = [part(tmp_path / f"{i}.{suffix}", Fraction(s)) for i, s in enumerate(starts)]
    source = together(tmp_path / f"f.{suffix}", *parts)
    clip, _ = rejoin(source, tmp_path / name, (0, 35, 45), lossless=False)
    shown, heard = kept(tmp_path / name)
    assert len(shown) == 40 * len(parts) == clip.frame_count
    assert all(abs(b - a - Fraction(1, 25)) <= Fraction(1, 1000) for a, b in pairwise(shown))
    assert sum("clock is set anew" in said for said in clip.repairs) == 1
    apart = [packets(one, "audio") for one in parts]
    assert len(heard) == sum(map(len, apart))
    late = iter(heard)
    for number, (one, sound) in enumerate(zip(parts, apart, strict=True)):
        first, begun = seconds(one)[0], shown[40 * number]
        offsets = [abs((time - first) - (next(late) - begun)) for _, time in sound]
        assert offsets[0] <= Fraction(3, 100)
        assert max(offsets[1:]) <= Fraction(1, 1000)


@pytest.mark.parametrize("suffix", ["ts", "vob"])
def test_any_range_is_found_though_stamps_come_twice(tmp_path, suffix):
    parts = [part(tmp_path / f"{i}.{suffix}") for i in range(2)]
    source = together(tmp_path / f"f.{suffix}", *parts)
    clip = probe(source)
    assert not clip.in_order
    whole = decoded_lumas(source)
    assert len(whole) == clip.frame_count == 80
    for first in range(0, 78, 3):
        some = list(read_luma(clip, first, 3))
        assert all(np.array_equal(a, b) for a, b in zip(some, whole[first:], strict=False))


def test_a_part_behind_a_leap_has_its_own_sound(tmp_path):
    parts = [part(tmp_path / f"{i}.ts") for i in range(2)]
    source = together(tmp_path / "f.ts", *parts)
    clip, output = probe(source), tmp_path / "o.mp4"
    chosen = choose_encoder(clip, output)
    made = segments_of(clip, tmp_path / "parts", chosen, [50], stop=70)
    start, end = int(clip.pts[50]), int(clip.pts[70])
    join(*made, clip, output, plan_streams(clip, output), start_pts=start, end_pts=end)
    shown, heard = kept(output)
    assert shown[0] == 0 and len(shown) == 20
    payloads = [payload for payload, _ in packets(parts[1], "audio")]
    there = [payloads.index(payload) for payload, _ in packets(output, "audio")]
    assert 0 <= heard[0] < 0.03
    first = packets(parts[1], "audio")[there[0]][1] - seconds(parts[1])[10]
    assert abs(first - heard[0]) <= Fraction(1, 1000)


def test_a_camera_at_rest_makes_a_gap_and_no_leap(tmp_path):
    parts = [part(tmp_path / "0.ts"), part(tmp_path / "1.ts", Fraction(600))]
    source = together(tmp_path / "f.ts", *parts)
    clip, _ = rejoin(source, tmp_path / "o.mkv", lossless=False)
    assert not clip.repairs
    shown, heard = kept(tmp_path / "o.mkv")
    assert abs(shown[40] - shown[0] - 600) <= Fraction(1, 1000)
    assert heard[-1] > 600


def log_of(kind, stamps_s, every=1, first=0):
    """Packets of one stream; each takes `every` places of the file."""
    ticks = [None if s is None else round(s * TICKS) for s in stamps_s]
    order = [first + every * number for number in range(len(ticks))]
    keys = [(number, 1000 * place) for number, place in enumerate(order)]
    return Log(kind, Fraction(1, TICKS), order, ticks, ticks, [False] * len(ticks), keys)


def steps(start_s, count, step_s=0.04):
    return [start_s + step_s * number for number in range(count)]


def test_a_film_that_rests_for_hours_while_its_sound_goes_on_does_not_leap():
    film = log_of("video", steps(0, 200) + steps(9000, 200), every=2)
    sound = log_of("audio", steps(0, 400), every=2, first=1)
    assert find_clock({0: film, 1: sound}, 0).leaps == ()


@pytest.mark.parametrize("wild", [0.0, 50_000.0])
def test_a_wild_stamp_is_no_leap(wild):
    stamps = steps(500, 200)
    stamps[100] = wild
    assert find_clock({0: log_of("video", stamps)}, 0).leaps == ()


def test_sparse_subtitles_follow_the_film_over_a_leap():
    film = log_of("video", steps(100, 1000) + steps(50, 1000), every=4)
    sound = log_of("audio", steps(100, 1000) + steps(50, 1000), every=4, first=1)
    # At 101 s and 139 s before the leap, and 50.5 s and 80 s behind it.
    texts = log_of("subtitle", [101, 139, 50.5, 80])
    texts.order[:] = [4 * 25 + 2, 4 * 975 + 2, 4 * 1012 + 2, 4 * 1750 + 2]
    clock = find_clock({0: film, 1: sound, 2: texts}, 0)
    (leap,) = clock.leaps
    assert leap.shift_s == 90
    assert [clock.shift_s(2, number) for number in range(4)] == [0, 0, 90, 90]
    assert clock.key_before(Fraction(1401, 10)) == (Fraction(14008, 100), 1000 * 4 * 1002)


def test_sound_that_reaches_over_the_leap_holds_the_film_up():
    film = log_of("video", steps(10, 100) + steps(0, 100), every=2)
    sound = log_of("audio", steps(10, 150) + steps(0, 100), every=2, first=1)
    sound.order[:] = sorted(range(1, 300, 2)) + [300 + 2 * n for n in range(100)]
    film.order[100:] = [301 + 2 * n for n in range(100)]
    (leap,) = find_clock({0: film, 1: sound}, 0).leaps
    assert leap.shift_s == 16
    assert leap.first_s == 16


@pytest.mark.parametrize("name", ["f.mp4", "f.mov", "f.mkv"])
def test_starts_that_mean_something_stay(tmp_path, name):
    source = part(tmp_path / name, Fraction(-12, 25), codec="libx264")
    film, sound = kept(source)
    assert film[0] == Fraction(13, 25)
    rejoin(source, tmp_path / f"o-{name}", (0, 13), lossless=False)
    assert kept(tmp_path / f"o-{name}") == (film, sound)
    with av.open(str(tmp_path / f"o-{name}")) as container:
        assert container.streams.video[0].average_rate == 25
