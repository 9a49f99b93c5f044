"""Frames as files: what other libraries read in them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
import tifffile

from tests.sequences import light, samples_of, tinted
from vidcolor.media.dpx import read_dpx_header
from vidcolor.media.frame_file import Words, frame_file, is_of_pictures, white_of

NOTE = "Coloured by vidcolor"


@pytest.mark.parametrize("depth", [8, 10, 12, 16])
@pytest.mark.parametrize(("kind", "suffix"), [("png", ".png"), ("tiff", ".tif"), ("dpx", ".dpx")])
def test_samples_come_back_bit_by_bit(tmp_path: Path, kind: str, suffix: str, depth: int) -> None:
    white = white_of(kind, depth)
    assert white == 255 if depth == 8 and kind != "dpx" else white >= (1 << depth) - 1
    rgb = tinted(light(0, white), white)
    path = tmp_path / f"f{suffix}"
    path.write_bytes(frame_file(kind, rgb, depth, Words(NOTE, Fraction(25))))
    back = samples_of(path)
    assert back.dtype == rgb.dtype and (back == rgb).all()


def test_the_note_is_where_programs_look_for_it(tmp_path: Path) -> None:
    rgb = tinted(light(0, 65535), 65535)
    for note in (NOTE, None):
        words = Words(note, Fraction(25))
        (tmp_path / "f.png").write_bytes(frame_file("png", rgb, 16, words))
        (tmp_path / "f.tif").write_bytes(frame_file("tiff", rgb, 16, words))
        (tmp_path / "f.jpg").write_bytes(frame_file("jpeg", (rgb >> 8).astype(np.uint8), 8, words))
        (tmp_path / "f.dpx").write_bytes(frame_file("dpx", rgb, 16, words))
        assert PIL.Image.open(tmp_path / "f.png").info.get("Software") == note
        with tifffile.TiffFile(tmp_path / "f.tif") as tiff:
            assert getattr(tiff.pages[0], "software", "") == (note or "")
        assert PIL.Image.open(tmp_path / "f.jpg").getexif().get(305) == note
        creator = (tmp_path / "f.dpx").read_bytes()[160:260].rstrip(b"\0").decode()
        assert creator == (note or "")


def test_a_dpx_file_keeps_curve_and_film_headers_of_its_source(tmp_path: Path) -> None:
    rgb = tinted(light(0, 1023), 1023)
    path = tmp_path / "f.dpx"
    path.write_bytes(frame_file("dpx", rgb, 10, Words(None, Fraction(25))))
    plain = read_dpx_header(path)
    assert (plain.rate, plain.bits, plain.descriptor) == (25, 10, 50)
    head = bytearray(path.read_bytes())
    head[801] = 1  # printing density
    head[1920:1924] = bytes.fromhex("01020304")  # time code
    head[1664:1666] = b"KD"  # maker of the film
    path.write_bytes(head)
    like = read_dpx_header(path)
    made = tmp_path / "made.dpx"
    made.write_bytes(frame_file("dpx", rgb, 10, Words(None, Fraction(18), like)))
    kept = made.read_bytes()
    assert kept[801] == 1 and kept[1664:1666] == b"KD"
    assert kept[1920:1924] == bytes.fromhex("01020304")
    assert read_dpx_header(made).rate == 18
    assert (samples_of(made) == rgb).all()


def test_a_pattern_with_a_pictures_suffix_is_pictures() -> None:
    assert all(is_of_pictures(Path(f"out/f_%05d{suffix}")) for suffix in (".png", ".TIF", ".dpx"))
    assert not any(is_of_pictures(Path(name)) for name in ("f.png", "f_%d.mp4", "f_%d.webp"))
