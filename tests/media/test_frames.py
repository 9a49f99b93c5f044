"""Sequences as clips: what they are, how frames are read."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from tests.sequences import HEIGHT, WIDTH, luma, make
from vidcolor.errors import InputError
from vidcolor.media.count import frames_by_header
from vidcolor.media.decode import read_frames, read_luma
from vidcolor.media.frames import Reading, clip_of
from vidcolor.media.probe import kind_of
from vidcolor.media.rates import read_rate

KINDS = [
    ("f_%03d.png", 8),
    ("f_%03d.png", 16),
    ("f_%03d.tif", 8),
    ("f_%03d.tif", 16),
    ("f_%03d.dpx", 8),
    ("f_%03d.dpx", 10),
    ("f_%03d.dpx", 12),
    ("f_%03d.dpx", 16),
    ("f_%03d.jpg", 8),
]


@pytest.mark.parametrize("color", [False, True])
@pytest.mark.parametrize(("form", "bits"), KINDS)
def test_luma_is_the_pictures_at_its_own_depth(
    tmp_path: Path, form: str, bits: int, color: bool
) -> None:
    made = make(tmp_path, form, range(3), bits, color)
    clip = clip_of(tmp_path / form)
    assert (clip.height, clip.width, clip.depth) == (HEIGHT, WIDTH, bits)
    assert clip.full_range and clip.frame_count == 3
    frames = list(read_frames(clip))
    for samples, frame, alone in zip(made, frames, read_luma(clip), strict=True):
        off = np.abs(frame.luma - luma(samples)).max()
        assert off <= (0.51 if not form.endswith("jpg") else 3)
        assert (alone == frame.luma).all()


def test_it_has_a_time_base_and_stamps_as_the_rate_says(tmp_path: Path) -> None:
    make(tmp_path)
    clip = clip_of(tmp_path, Reading(Fraction(24000, 1001)))
    assert clip.time_base == Fraction(1001, 24000)
    assert clip.pts.tolist() == list(range(8))
    assert (clip.end_pts, clip.average_rate, clip.in_order) == (8, Fraction(24000, 1001), False)
    assert clip.repairs == ()
    assert kind_of(tmp_path) == "clip"
    assert frames_by_header(tmp_path / "frame_%05d.png") == 8


def test_without_a_rate_it_is_24_and_that_is_said(tmp_path: Path) -> None:
    make(tmp_path)
    clip = clip_of(tmp_path)
    assert clip.average_rate == 24
    assert "24 a second" in clip.repairs[0] and "`frame_rate`" in clip.repairs[0]


def with_rate(path: Path, place: int, rate: float) -> None:
    """Add the film and television headers, empty but for a rate."""
    body = bytearray(path.read_bytes())
    body[1664:1664] = b"\xff" * 384
    struct.pack_into(">I", body, 4, 2048)
    struct.pack_into(">f", body, place, rate)
    path.write_bytes(body)


@pytest.mark.parametrize("place", [1724, 1940])
def test_the_rate_of_a_dpx_head_is_taken(tmp_path: Path, place: int) -> None:
    make(tmp_path, "f_%d.dpx", range(2), 10)
    for path in tmp_path.iterdir():
        with_rate(path, place, 23.976)
    clip = clip_of(tmp_path)
    assert clip.average_rate == Fraction(24000, 1001)
    assert "as their head says" in clip.repairs[0]
    assert clip_of(tmp_path, Reading(Fraction(18))).average_rate == 18


def test_missing_numbers_hold_the_picture_before_and_are_said(tmp_path: Path) -> None:
    made = make(tmp_path, numbers=[1, 2, 5, 6])
    clip = clip_of(tmp_path, Reading(Fraction(24)))
    assert clip.repairs == (
        "2 numbers are missing (3, 4); the picture before is held there, so that time goes on.",
    )
    assert (clip.frame_count, clip.first_number) == (6, 1)
    shown = [0, 1, 1, 1, 2, 3]
    for start in range(6):  # whatever frame reading begins with
        frames = list(read_frames(clip, start))
        for frame, source in zip(frames, shown[start:], strict=True):
            assert (frame.luma == made[source]).all()
            assert not frame.repeated


def test_a_damaged_picture_is_held_by_the_one_before_and_is_known(tmp_path: Path) -> None:
    made = make(tmp_path, numbers=range(4))
    for number in (1, 2):
        path = tmp_path / f"frame_0000{number}.png"
        path.write_bytes(path.read_bytes()[:1500])
    clip = clip_of(tmp_path)
    for start in range(4):
        frames = list(read_frames(clip, start))
        for frame, source in zip(frames, [0, 0, 0, 3][start:], strict=True):
            assert (frame.luma == made[source]).all()
            assert frame.repeated == (frame.index in (1, 2))


def test_only_the_files_asked_for_are_opened(tmp_path: Path) -> None:
    made = make(tmp_path, numbers=range(40))
    clip = clip_of(tmp_path)
    for number in range(40):
        if number not in (30, 31):
            (tmp_path / f"frame_{number:05d}.png").unlink()
    frames = list(read_frames(clip, 30, 2))
    assert [(frame.index, frame.pts) for frame in frames] == [(30, 30), (31, 31)]
    assert all((f.luma == made[f.index]).all() for f in frames)


def _smaller(path: Path) -> None:
    PIL.Image.open(path).resize((50, 40)).save(path)


def _colored(path: Path) -> None:
    PIL.Image.open(path).convert("RGB").save(path)


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _text(path: Path) -> None:
    path.write_text("no picture")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_smaller, "50x40, 8 bits, grey, and frame_00000.png has 96x72, 8 bits, grey"),
        (_colored, "96x72, 8 bits, RGB, and"),
        (_empty, "empty"),
        (_text, "is not a picture"),
    ],
)
def test_the_first_odd_file_is_named_before_the_work(
    tmp_path: Path, spoil: object, said: str
) -> None:
    make(tmp_path)
    assert callable(spoil)
    for number in (4, 6):
        spoil(tmp_path / f"frame_{number:05d}.png")
    with pytest.raises(InputError, match=r"frame_00004\.png") as caught:
        clip_of(tmp_path)
    assert said in caught.value.sentence


def test_bits_that_differ_are_odd_too(tmp_path: Path) -> None:
    make(tmp_path, "f_%d.tif", range(2), 8, color=True)
    make(tmp_path, "f_%d.tif", range(2, 4), 16, color=True)
    with pytest.raises(InputError, match=r"f_2.tif.* 16 bits, RGB, and f_0.tif has .* 8 bits"):
        clip_of(tmp_path)


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("24", Fraction(24)),
        ("12.5", Fraction(25, 2)),
        ("23.976", Fraction(24000, 1001)),
        ("23.98", Fraction(24000, 1001)),
        ("29.97", Fraction(30000, 1001)),
        ("59.94", Fraction(60000, 1001)),
        ("24000/1001", Fraction(24000, 1001)),
        ("0", None),
        ("-25", None),
        ("1/0", None),
        ("fast", None),
        ("nan", None),
    ],
)
def test_rates_are_what_people_mean(text: str, rate: Fraction | None) -> None:
    assert read_rate(text) == rate
