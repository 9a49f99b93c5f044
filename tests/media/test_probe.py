from fractions import Fraction

import av
import numpy as np
import PIL.Image
import pytest

from tests.media.captions import captioned
from tests.media.conftest import Recipe, make_film, seconds
from vidcolor.errors import InputError
from vidcolor.media.probe import kind_of, probe

VFR = (8008, 9009, 9509, 12012, 13013, 20020, 20120, 24024)


@pytest.mark.parametrize("name", ["film.mp4", "film.mov", "film.mkv", "film.avi"])
def test_every_frame_of_a_plain_film_is_known(film, name):
    time_base = Fraction(1, 24) if name.endswith("avi") else Fraction(1, 24000)
    clip = probe(film(name, time_base=time_base))
    assert clip.frame_count == 24
    assert (clip.width, clip.height, clip.codec) == (64, 48, "h264")
    assert clip.average_rate == 24
    shown = [int(p) * clip.time_base for p in clip.pts]
    tolerance = Fraction(1, 2000) if name.endswith("mkv") else 0
    assert all(abs(s - Fraction(i, 24)) <= tolerance for i, s in enumerate(shown))
    assert clip.duration_s == pytest.approx(1, abs=0.002)


@pytest.mark.parametrize("name", ["film.mp4", "film.mkv"])
def test_varying_times_with_a_start_offset_are_kept(film, name):
    path = film(name, frames=8, pts=VFR, time_base=Fraction(1, 30000))
    clip = probe(path)
    assert [int(p) * clip.time_base for p in clip.pts] == seconds(path)
    if name == "film.mp4":
        assert clip.pts.tolist() == list(VFR)


def test_h264_in_avi_is_known_by_order(film):
    clip = probe(film("film.avi", time_base=Fraction(1, 24)))
    assert clip.in_order
    assert clip.pts.tolist() == list(range(24))
    assert "decoding order" in clip.repairs[0]


@pytest.mark.parametrize(
    ("pix_fmt", "depth", "full_range"),
    [
        ("yuv420p", 8, False),
        ("yuv420p", 8, True),
        ("yuv420p10le", 10, False),
        ("yuv422p10le", 10, True),
    ],
)
def test_depth_and_range(film, pix_fmt, depth, full_range):
    clip = probe(film("film.mkv", frames=3, pix_fmt=pix_fmt, full_range=full_range))
    assert (clip.working_format, clip.depth, clip.full_range) == (pix_fmt, depth, full_range)


@pytest.mark.parametrize(
    ("turn", "rotation", "flipped"),
    [
        ((-90, False), 90, False),
        ((90, False), 270, False),
        ((180, False), 180, False),
        ((0, True), 0, True),
    ],
)
def test_rotation_and_mirror(film, turn, rotation, flipped):
    clip = probe(film(frames=3, turn=turn))
    assert (clip.rotation, clip.flipped) == (rotation, flipped)
    assert clip.display_matrix is not None


def test_anamorphic_film_tells_its_pixel_aspect(film):
    clip = probe(film(frames=3, aspect=Fraction(4, 3)))
    assert clip.sample_aspect_ratio == Fraction(4, 3)
    assert clip.upright_size == (48, 85)


def test_other_streams_are_listed(film):
    clip = probe(film("film.mkv", sound=True, subtitles="srt"))
    assert [(o.kind, o.codec) for o in clip.other_streams] == [
        ("audio", "aac"),
        ("subtitle", "subrip"),
    ]
    assert clip.other_streams[0].language == "eng"


def test_monochrome_becomes_420_with_its_own_range(film):
    clip = probe(film("film.mkv", frames=2, codec="ffv1", pix_fmt="gray", options={}))
    assert (clip.pixel_format, clip.working_format) == ("gray", "yuv420p")
    assert "same luma" in clip.repairs[-1]


def test_a_cover_is_not_taken_for_the_film(film, tmp_path):
    path = tmp_path / "cover.mkv"
    with av.open(str(film(frames=3))) as source, av.open(str(path), "w") as target:
        picture = tmp_path / "c.jpg"
        PIL.Image.new("RGB", (20, 20)).save(picture)
        target.add_attachment("cover.jpg", "image/jpeg", picture.read_bytes())
        stream = target.add_stream_from_template(source.streams.video[0], opaque=True)
        for packet in source.demux(source.streams.video[0]):
            if packet.size:
                packet.stream = stream
                target.mux(packet)
    clip = probe(path)
    assert (clip.width, clip.height) == (64, 48)
    assert [o.kind for o in clip.other_streams] == ["cover"]


class TestWhatIsNoFilm:
    def test_missing(self, tmp_path):
        with pytest.raises(InputError, match="does not exist"):
            probe(tmp_path / "none.mp4")

    def test_folder(self, tmp_path):
        with pytest.raises(InputError, match="is a folder"):
            probe(tmp_path)

    def test_empty(self, tmp_path):
        (tmp_path / "a.mp4").touch()
        with pytest.raises(InputError, match="0 bytes"):
            probe(tmp_path / "a.mp4")

    @pytest.mark.parametrize("name", ["a.txt", "a.mp4", "a.nfo"])
    def test_text(self, tmp_path, name):
        (tmp_path / name).write_text("not a film\n" * 50)
        with pytest.raises(InputError):
            probe(tmp_path / name)

    def test_noise(self, tmp_path):
        (tmp_path / "a.mp4").write_bytes(np.random.default_rng(0).bytes(5000))
        with pytest.raises(InputError, match=r"damaged|no film|No frame"):
            probe(tmp_path / "a.mp4")

    def test_sound_alone(self, tmp_path):
        path = tmp_path / "a.m4a"
        with av.open(str(path), "w", format="mp4") as container:
            stream = container.add_stream("aac", rate=48000)
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
            frame.sample_rate = 48000
            container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        with pytest.raises(InputError, match="1 audio stream"):
            probe(path)

    @pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "tif", "gif"])
    def test_a_picture_is_told_apart(self, tmp_path, suffix):
        path = tmp_path / f"a.{suffix}"
        PIL.Image.new("L", (20, 10)).save(path)
        assert kind_of(path) == "picture"
        with pytest.raises(InputError, match="still picture"):
            probe(path)

    def test_half_a_film(self, film):
        path = film()
        path.write_bytes(path.read_bytes()[:900])
        with pytest.raises(InputError):
            probe(path)


def test_an_animated_gif_is_a_clip(tmp_path):
    pictures = [PIL.Image.new("L", (20, 10), 40 * i) for i in range(3)]
    pictures[0].save(tmp_path / "a.gif", save_all=True, append_images=pictures[1:], duration=100)
    assert kind_of(tmp_path / "a.gif") == "clip"
    assert probe(tmp_path / "a.gif").frame_count == 3


def test_names_with_colons_and_percents_are_only_names(film, tmp_path):
    odd = tmp_path / "a:b %03d.mp4"
    film(frames=2).rename(odd)
    assert probe(odd).frame_count == 2


def test_closed_captions_are_seen(film):
    path = film("plain.h264", frames=4)
    assert not probe(path).captions
    assert probe(captioned(path)).captions


@pytest.mark.parametrize("suffix", ["avi", "mkv", "mp4"])
def test_tags_of_old_encodings_are_read_and_said(film, suffix):
    codec = {"codec": "mpeg4", "options": {}, "time_base": Fraction(1, 24)}
    path = film(f"film.{suffix}", frames=4, metadata={"title": "Die Kafer##"}, **codec)
    assert probe(path).metadata["title"] == "Die Kafer##"
    assert not any("Windows" in sentence for sentence in probe(path).repairs)
    path.write_bytes(path.read_bytes().replace(b"Die Kafer##", "Die Käfer €".encode("cp1252")))
    clip = probe(path)
    assert clip.metadata["title"] == "Die Käfer €"
    assert "Its text tags are not UTF-8 and are read as Windows-1252." in clip.repairs


@pytest.mark.parametrize("sound", [True, False], ids=["taken for another", "opened by none"])
def test_a_transport_stream_with_junk_between_its_packets_is_one(tmp_path, sound):
    whole, junky = tmp_path / "whole.ts", tmp_path / "junky.ts"
    make_film(whole, Recipe(codec="mpeg2video", options={}, time_base=Fraction(1, 24), sound=sound))
    data = whole.read_bytes()
    packets = [data[at : at + 188] for at in range(0, len(data), 188)]
    junky.write_bytes(b"".join(p + b"\0\0" * (i % 5 == 0) for i, p in enumerate(packets)))
    clip = probe(junky)
    assert clip.container == "mpegts"
    assert list(clip.pts) == list(probe(whole).pts)
    assert len(clip.other_streams) == sound


@pytest.mark.parametrize("suffix", ["mp4", "mpg"])
def test_a_name_of_transport_streams_changes_nothing_for_others(film, tmp_path, suffix):
    named = tmp_path / "film.ts"
    source = film(f"film.{suffix}", time_base=Fraction(1, 24), codec="mpeg2video", options={})
    source.rename(named)
    assert suffix.replace("mpg", "mpeg") in probe(named).container
