import dataclasses
import functools
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from tests.media.conftest import decoded_lumas
from vidcolor.errors import MachineError, OutputError, UsageError
from vidcolor.media.clip import Frame
from vidcolor.media.codecs import (
    containers_for,
    encoder_options,
    losses,
    preset_refusal,
    segment_suffix,
)
from vidcolor.media.decode import read_frames
from vidcolor.media.encode import SegmentWriter, choose_encoder
from vidcolor.media.planes import plane_shapes
from vidcolor.media.probe import probe


def write(path, clip, settings, frames):
    with SegmentWriter(path, clip, settings) as writer:
        for frame in frames:
            writer.write(frame)
    return path


@pytest.mark.parametrize("full_range", [False, True])
@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv420p10le"])
@pytest.mark.parametrize("codec", [None, "libx265", "ffv1"])
def test_lossless_luma_is_equal_bit_by_bit(film, tmp_path, codec, pix_fmt, full_range):
    clip = probe(film("film.mkv", pix_fmt=pix_fmt, full_range=full_range, frames=12))
    settings = choose_encoder(clip, tmp_path / "o.mkv", codec, lossless=True)
    chance = np.random.default_rng(0)
    shape = plane_shapes(clip.working_format, 64, 48)[1]
    colors, written = [], []
    for frame in read_frames(clip):
        chroma = [
            chance.integers(0, 1 << clip.depth, shape).astype(frame.luma.dtype) for _ in range(2)
        ]
        colors.append(chroma)
        written.append(dataclasses.replace(frame, planes=(frame.luma, *chroma)))
    path = write(tmp_path / f"s{segment_suffix(settings.codec)}", clip, settings, written)
    lumas = decoded_lumas(path)
    assert len(lumas) == 12
    assert all(np.array_equal(a.luma, b) for a, b in zip(written, lumas, strict=True))
    if path.suffix != ".nut":  # stores no range; the join tells it
        back = probe(path)
        assert back.full_range == full_range
        for frame, chroma in zip(read_frames(back), colors, strict=True):
            assert np.array_equal(frame.planes[1], chroma[0])
            assert np.array_equal(frame.planes[2], chroma[1])


def test_lossless_keeps_single_differences_of_one(film, tmp_path):
    """libx264's fast skipping drops these; seen on a real film."""
    clip = probe(film("film.mkv", width=160, height=96, frames=10))
    settings = choose_encoder(clip, tmp_path / "o.mp4", lossless=True)
    chance = np.random.default_rng(5)
    first = next(read_frames(clip))
    luma, frames = first.luma // 2 + 40, []
    for index in range(10):
        frames.append(Frame(index, int(clip.pts[index]), (luma, *first.planes[1:])))
        luma = luma + (chance.random(luma.shape) < 0.001).astype(np.uint8)
    lumas = decoded_lumas(write(tmp_path / "s.mp4", clip, settings, frames))
    assert all(np.array_equal(f.luma, b) for f, b in zip(frames, lumas, strict=True))


@pytest.mark.parametrize(
    ("name", "pix_fmt", "codec"),
    [
        ("o.mp4", "yuv420p", "libx264"),
        ("o.mov", "yuv420p", "libx264"),
        ("o.mkv", "yuv420p10le", "libx264"),
        ("o.avi", "yuv420p", "libx264"),
        ("o.webm", "yuv420p", "libvpx-vp9"),
        ("o.webm", "yuv420p10le", "libsvtav1"),
        ("o.mkv", "yuv420p12le", "libx265"),
        ("o.mkv", "yuv420p16le", "ffv1"),
        ("o.MP4", "yuv444p", "libx264"),
    ],
)
def test_the_container_chooses_the_encoder(film, tmp_path, name, pix_fmt, codec):
    clip = probe(film(frames=2))
    depth = int(pix_fmt.split("p1")[1][0]) + 10 if "p1" in pix_fmt else 8
    clip = dataclasses.replace(clip, working_format=pix_fmt, depth=depth, width=96, height=96)
    settings = choose_encoder(clip, tmp_path / name)
    assert (settings.codec, settings.pixel_format) == (codec, pix_fmt)
    assert list(tmp_path.glob("o.*")) == []


def test_odd_sizes_get_an_encoder_that_holds_them(film, tmp_path):
    clip = probe(film("film.mkv", frames=3, width=65, height=49, codec="ffv1", options={}))
    assert choose_encoder(clip, tmp_path / "o.mp4").codec in ("libsvtav1", "libvpx-vp9")
    with pytest.raises(OutputError, match=r"odd size.*mkv"):
        choose_encoder(clip, tmp_path / "o.mov")
    with pytest.raises(OutputError, match="odd size"):
        choose_encoder(clip, tmp_path / "o.mp4", "libx264")


@pytest.mark.parametrize(
    ("name", "choice", "error", "words"),
    [
        ("o.xyz", {}, OutputError, "no suffix"),
        ("o.mp4", {"codec": "libnothing"}, OutputError, "no encoder"),
        ("o.mp4", {"codec": "aac"}, OutputError, "not film"),
        ("o.webm", {"codec": "libx264"}, OutputError, "Use .mp4"),
        ("o.mkv", {"codec": "rawvideo"}, OutputError, "Leave the codec out, or"),
        ("o.mp4", {"crf": 52}, UsageError, "out of range"),
        ("o.mp4", {"crf": -1}, UsageError, "out of range"),
        ("o.mkv", {"codec": "ffv1", "crf": 3}, UsageError, "no crf"),
        ("o.mp4", {"crf": 3, "lossless": True}, UsageError, "Lossless"),
        ("o.mp4", {"preset": "quick"}, UsageError, "ultrafast"),
        ("o.webm", {"preset": "12"}, UsageError, "takes 0 to 8"),
        ("o.mkv", {"codec": "ffv1", "preset": "fast"}, UsageError, "no presets"),
        ("o.mp4", {"threads": 0}, UsageError, "threads"),
        ("o.webm", {"codec": "libsvtav1", "lossless": True}, OutputError, "without loss"),
    ],
)
def test_what_does_not_go_together_is_said_before_any_work(
    film, tmp_path, name, choice, error, words
):
    clip = probe(film(frames=2))
    with pytest.raises(error, match=words):
        choose_encoder(clip, tmp_path / name, **choice)


@pytest.mark.parametrize("codec", ["h264_nvenc", "hevc_nvenc", "av1_nvenc", "h264_amf"])
def test_an_encoder_of_a_gpu_that_is_not_there_is_refused(film, tmp_path, codec):
    if codec not in av.codecs_available or Path("/dev/nvidiactl").exists():
        pytest.skip("no such encoder, or such a GPU")
    clip = probe(film(frames=2))
    with pytest.raises(MachineError, match=f"{codec} needs a GPU"):
        choose_encoder(clip, tmp_path / "o.mp4", codec)
    with pytest.raises(UsageError, match="one plane of luma"):
        choose_encoder(clip, tmp_path / "o.mp4", codec, pix_fmt="cuda")


@pytest.mark.parametrize("pix_fmt", ["yuv420p10le", "yuv444p12le"])
def test_nvenc_takes_no_more_bits_than_it_keeps(film, tmp_path, pix_fmt):
    if "hevc_nvenc" not in av.codecs_available:
        pytest.skip("no such encoder")
    clip = dataclasses.replace(probe(film(frames=2)), working_format=pix_fmt)
    with pytest.raises(OutputError, match=f"takes no {pix_fmt}"):
        choose_encoder(clip, tmp_path / "o.mkv", "hevc_nvenc")


def test_crf_and_preset_reach_nvenc_by_its_own_names(film):
    clip = probe(film(frames=2))
    options, crf, _ = encoder_options(clip, "hevc_nvenc", 23, "p6", lossless=False, threads=1)
    assert crf == 23
    assert options == {"preset": "p6", "rc": "vbr", "cq": "23"}
    assert "p1" in preset_refusal("h264_nvenc", "veryfast")
    assert preset_refusal("h264_nvenc", "p1") is None


def test_avi_refuses_varying_times_and_mkv_times_it_cannot_tell_apart(film, tmp_path):
    clip = probe(film(frames=3, pts=(0, 500, 3000)))
    with pytest.raises(OutputError, match="varies"):
        choose_encoder(clip, tmp_path / "o.avi")
    clip = probe(film(frames=3, pts=(0, 5, 3000)))
    with pytest.raises(OutputError, match="1 ms"):
        choose_encoder(clip, tmp_path / "o.mkv")


@pytest.mark.parametrize("codec", ["libx264", "libx265", "libsvtav1", "libvpx-vp9", "ffv1"])
@pytest.mark.parametrize("count", [1, 2, 5])
def test_segments_begin_at_zero_with_the_clips_own_steps(film, tmp_path, codec, count):
    pts = (8008, 9009, 9509, 12012, 13013)
    clip = probe(film(frames=5, pts=pts, time_base=Fraction(1, 30000), width=96, height=96))
    settings = choose_encoder(clip, tmp_path / "o.mkv", codec)
    path = write(
        tmp_path / f"s{segment_suffix(codec)}", clip, settings, read_frames(clip, 0, count)
    )
    with av.open(str(path)) as container:
        film_stream = container.streams.video[0]
        unit = film_stream.time_base / clip.time_base
        stamps = sorted(p.pts * unit for p in container.demux(film_stream) if p.size)
    assert stamps == [p - 8008 for p in pts[:count]]


GRAINY = {"width": 640, "height": 480, "frames": 6, "codec": "ffv1", "options": {}} | {
    "time_base": Fraction(1, 24)
}


@pytest.mark.parametrize(
    "codec", ["mjpeg", "mpeg4", "mpeg2video", "libvpx", "wmv2", "utvideo", "mpeg1video"]
)
def test_encoders_without_crf_of_their_own_keep_grain(film, tmp_path, codec):
    """FFmpeg gives such encoders 200 kb/s, whatever the picture."""
    clip = probe(film("film.avi", **GRAINY))
    settings = choose_encoder(clip, tmp_path / f"o{containers_for(codec)[-1]}", codec)
    chance = np.random.default_rng(2)
    ramp = np.linspace(40, 200, 640)[None] + chance.normal(0, 5, (6, 480, 640))
    lumas = np.round(ramp).astype(np.uint8)
    grey = np.full((240, 320), 128, np.uint8)
    frames = [
        dataclasses.replace(frame, planes=(luma, grey, grey))
        for frame, luma in zip(read_frames(clip), lumas, strict=True)
    ]
    path = write(tmp_path / f"s{segment_suffix(codec)}", clip, settings, frames)
    after = np.stack(decoded_lumas(path)).astype(float)
    assert np.sqrt(((after - lumas) ** 2).mean()) < 3


def test_same_settings_make_the_same_packets(film, tmp_path):
    clip = probe(film())
    settings = choose_encoder(clip, tmp_path / "o.mp4")
    files = [write(tmp_path / f"{n}.mp4", clip, settings, read_frames(clip)) for n in "ab"]
    assert files[0].read_bytes() == files[1].read_bytes()


@pytest.mark.parametrize("codec", ["libx264", "libx265", "ffv1"])
def test_packets_do_not_depend_on_what_memory_held(film, tmp_path, codec):
    """Dark, soft pictures: with AVX-512 libx264 read memory that nobody had written."""
    clip = probe(film("dark.mkv", codec="ffv1", frames=8, width=192, height=144, full_range=True))
    settings = choose_encoder(clip, tmp_path / "o.mkv", codec, threads=1)
    chance = np.random.default_rng(0)
    soft = [chance.integers(0, 40, (8, 12)).astype(np.uint8), *chance.integers(110, 146, (2, 6, 8))]
    made = set()
    for number in range(12):
        held = [
            chance.integers(0, 255, chance.integers(100, 3_000_000), np.uint8) for _ in range(20)
        ]
        del held
        frames = [
            dataclasses.replace(frame, planes=tuple(map(functools.partial(drift, frame), soft)))
            for frame in read_frames(clip)
        ]
        path = write(tmp_path / f"{number}{segment_suffix(codec)}", clip, settings, frames)
        with av.open(str(path)) as container:
            made.add(b"".join(bytes(packet) for packet in container.demux() if packet.size))
    assert len(made) == 1


def drift(frame, small):
    """A small plane enlarged, moved by the frame's number."""
    size = (192, 144) if small.shape == (8, 12) else (96, 72)
    large = cv2.resize(small.astype(np.uint8), size, interpolation=cv2.INTER_CUBIC)
    return np.roll(large, 2 * frame.index, axis=1)


def test_colour_tags_and_pixel_aspect_reach_the_segment(film, tmp_path):
    clip = probe(film("film.mkv", frames=2, matrix=1, aspect=Fraction(4, 3), full_range=True))
    settings = choose_encoder(clip, tmp_path / "o.mp4")
    back = probe(write(tmp_path / "s.mp4", clip, settings, read_frames(clip)))
    assert (back.matrix, back.full_range, back.sample_aspect_ratio) == (1, True, Fraction(4, 3))


@pytest.mark.parametrize("codec", ["libx264", "mpeg4"])
def test_interlaced_films_stay_interlaced(film, tmp_path, codec):
    clip = dataclasses.replace(probe(film(frames=4)), field_order="tt")
    settings = choose_encoder(clip, tmp_path / "o.mp4", codec)
    path = write(tmp_path / "s.mp4", clip, settings, read_frames(clip))
    with av.open(str(path)) as container:
        assert all(f.interlaced_frame for f in container.decode(video=0))
    assert probe(path).field_order == "tt"


def test_nothing_is_left_when_the_work_fails(film, tmp_path):
    clip = probe(film())
    settings = choose_encoder(clip, tmp_path / "o.mp4")
    folder = tmp_path / "segments"
    folder.mkdir()
    with pytest.raises(RuntimeError), SegmentWriter(folder / "s.mp4", clip, settings) as writer:
        writer.write(next(read_frames(clip)))
        raise RuntimeError
    assert list(folder.iterdir()) == []


def test_a_missing_folder_is_an_output_error(film, tmp_path):
    clip = probe(film(frames=2))
    settings = choose_encoder(clip, tmp_path / "o.mp4")
    with (
        pytest.raises(OutputError, match="does not exist"),
        SegmentWriter(tmp_path / "no" / "s.mp4", clip, settings),
    ):
        pass


def test_backward_frames_and_foreign_planes_are_refused(film, tmp_path):
    clip = probe(film())
    settings = choose_encoder(clip, tmp_path / "o.mp4")
    first, second = read_frames(clip, 0, 2)
    with (
        pytest.raises(ValueError, match="backward"),
        SegmentWriter(tmp_path / "s.mp4", clip, settings) as writer,
    ):
        writer.write(second)
        writer.write(first)
    small = dataclasses.replace(
        first, planes=(first.luma[:24], *(p[:12] for p in first.planes[1:]))
    )
    with (
        pytest.raises(ValueError, match="64x24"),
        SegmentWriter(tmp_path / "s.mp4", clip, settings) as writer,
    ):
        writer.write(small)


def test_losses_are_told(film):
    clip = probe(film(frames=2, aspect=Fraction(4, 3)))
    assert "pixel aspect" in losses(clip, "libvpx-vp9", ".webm")[0]
    assert losses(clip, "libx264", ".mkv") == ()
    bright = dataclasses.replace(clip, hdr=("max-cll=1000,400",), transfer=16, field_order="tt")
    assert losses(bright, "libx265", ".mkv") == ()
    said = " ".join(losses(bright, "libvpx-vp9", ".webm"))
    assert "HDR10" in said and "order of fields" in said


def test_a_segment_without_frames_is_none(film, tmp_path):
    clip = probe(film(frames=2))
    settings = choose_encoder(clip, tmp_path / "o.mp4")
    with (
        pytest.raises(ValueError, match="no frame"),
        SegmentWriter(tmp_path / "s.mp4", clip, settings),
    ):
        pass
    assert not (tmp_path / "s.mp4").exists()


def test_a_codecs_own_name_means_its_encoder(film, tmp_path):
    clip = probe(film(frames=2))
    assert choose_encoder(clip, tmp_path / "o.mp4", "h264").codec == "libx264"
