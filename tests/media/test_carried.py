"""What the stream or its container carries beside the samples: it is kept, or said to be lost."""

import dataclasses
from fractions import Fraction

import av
import numpy as np
import pytest

from tests.media.captions import captioned, captions
from tests.media.test_fields import fielded
from tests.media.test_mux import rejoin, segments_of
from vidcolor.media.codecs import losses
from vidcolor.media.encode import choose_encoder
from vidcolor.media.mux import join
from vidcolor.media.probe import probe

HOLDERS = [
    ("libx264", ".mp4"),
    ("libx264", ".mov"),
    ("libx264", ".mkv"),
    ("libx264", ".avi"),
    ("libx264", ".nut"),
    ("libx265", ".mp4"),
    ("libx265", ".mkv"),
    ("libsvtav1", ".mp4"),
    ("libsvtav1", ".mkv"),
    ("libsvtav1", ".webm"),
    ("libvpx-vp9", ".mp4"),
    ("libvpx-vp9", ".mkv"),
    ("libvpx-vp9", ".webm"),
    ("ffv1", ".mkv"),
    ("ffv1", ".avi"),
    ("ffv1", ".nut"),
    ("mpeg4", ".mp4"),
    ("mpeg4", ".mkv"),
    ("mpeg4", ".avi"),
]
DISPLAY = (
    "master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)",
    "max-cll=1000,400",
)


@pytest.mark.parametrize(("codec", "suffix"), HOLDERS)
def test_pixel_aspect_is_kept_or_said(film, tmp_path, codec, suffix):
    source = film("in.mp4", frames=6, aspect=Fraction(16, 11), width=96, height=80)
    output = tmp_path / f"out{suffix}"
    clip, _ = rejoin(source, output, codec=codec, lossless=False)
    said = "pixel aspect" in " ".join(losses(clip, codec, suffix))
    assert (probe(output).sample_aspect_ratio == Fraction(16, 11)) != said


@pytest.mark.parametrize("first", ["top", "bottom"])
@pytest.mark.parametrize(("codec", "suffix"), HOLDERS)
def test_the_order_of_fields_is_kept_or_said(tmp_path, codec, suffix, first):
    source = fielded(tmp_path / "in.mp4", "libx264", "yuv420p", first, (96, 80))
    output = tmp_path / f"out{suffix}"
    clip, _ = rejoin(source, output, codec=codec, lossless=False)
    said = "order of fields" in " ".join(losses(clip, codec, suffix))
    assert (probe(output).field_order == clip.field_order) != said


@pytest.mark.parametrize(("codec", "suffix"), HOLDERS[:-3])  # mpeg4 takes no such fine time base
def test_closed_captions_are_kept_or_said(film, tmp_path, codec, suffix):
    source = captioned(film("in.h264", frames=8, width=96, height=80))
    before, output = captions(source), tmp_path / f"out{suffix}"
    assert len(set(before)) == 8
    clip, _ = rejoin(source, output, codec=codec, lossless=False)
    assert not any("captions" in sentence for sentence in clip.repairs)
    said = "Closed captions" in " ".join(losses(clip, codec, suffix))
    assert captions(output) == ([b""] * 8 if said else before)


def test_captions_do_not_change_the_picture(film, tmp_path):
    plain = film("in.h264", frames=8)
    told = captioned(plain)
    rejoin(told, tmp_path / "out.mkv", codec="ffv1")
    with av.open(str(plain)) as a, av.open(str(tmp_path / "out.mkv")) as b:
        for before, after in zip(a.decode(video=0), b.decode(video=0), strict=True):
            assert np.array_equal(before.to_ndarray(), after.to_ndarray())


def test_captions_come_with_fields_too(tmp_path):
    path = fielded(tmp_path / "in.h264", "libx264", "yuv420p", "top", (96, 80))
    source, output = captioned(path), tmp_path / "out.mp4"
    clip, _ = rejoin(source, output)
    assert clip.field_order == "tt"
    assert captions(output) == captions(source)
    assert probe(output).field_order == "tt"


@pytest.mark.parametrize(
    ("codec", "suffix"), [("libx265", ".mkv"), ("libx264", ".mp4"), *HOLDERS[7:10]]
)
def test_hdr10s_light_is_kept_or_said(film, tmp_path, codec, suffix):
    source = film("in.mkv", frames=4, pix_fmt="yuv420p10le", width=96, height=80)
    bright = dataclasses.replace(probe(source), hdr=DISPLAY, transfer=16)
    options = choose_encoder(bright, tmp_path / f"out{suffix}", codec)
    output = tmp_path / f"out{suffix}"
    join(*segments_of(bright, tmp_path / "parts", options, [0, 2]), bright, output, ())
    found = dict(option.split("=") for option in probe(output).hdr)
    if "HDR10" in " ".join(losses(bright, codec, suffix)):
        assert not found
        return
    assert found["max-cll"] == "1000,400"
    wanted, there = (numbers(text) for text in (DISPLAY[0], found["master-display"]))
    assert np.abs(wanted[:8] - there[:8]).max() <= 1  # of 50000
    assert there[8] == pytest.approx(wanted[8], rel=1e-3)
    assert there[9] == pytest.approx(wanted[9], abs=1)


def numbers(text):
    return np.array([int(n) for n in "".join(c if c.isdigit() else " " for c in text).split()])


def test_a_film_of_two_views_is_said_to_lose_that(film):
    plain = {"preset": "ultrafast"}
    assert probe(film("a.mp4", frames=3, options=plain)).repairs == ()
    stereo = film("b.mp4", frames=3, options=plain | {"x264-params": "frame-packing=3"})
    assert "both eyes" in " ".join(probe(stereo).repairs)
