"""Films that are cut short, as by a download that broke off."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from tests.media.conftest import Recipe, film_frame
from vidcolor.media.probe import probe

FRAMES, RATE = 48, 25
PROMISING = {
    ".mp4": ("libx264", {"movflags": "faststart"}),
    ".mov": ("libx264", {"movflags": "faststart"}),
    ".mkv": ("libx264", {}),
    ".webm": ("libvpx-vp9", {}),
    ".avi": ("mpeg4", {}),
    ".mxf": ("mpeg2video", {}),
    ".flv": ("libx264", {}),
    ".wmv": ("wmv2", {}),
}
SILENT = {".ts": ("libx264", {}), ".mpg": ("mpeg2video", {}), ".nut": ("ffv1", {})}


def written(path: Path, codec: str, options: dict[str, str], sound_s: float = 0) -> Path:
    recipe = Recipe(frames=FRAMES, width=128, height=96, time_base=Fraction(1, RATE))
    recipe = Recipe(**{**vars(recipe), "pts": range(FRAMES)})
    with av.open(str(path), "w", container_options=options) as container:
        film = container.add_stream(codec, rate=RATE, options={"g": "6"})
        film.codec_context.time_base = Fraction(1, RATE)
        film.width, film.height, film.pix_fmt = 128, 96, "yuv420p"
        film.bit_rate = 2_000_000
        sound = container.add_stream("aac", rate=48000) if sound_s else None
        for block in range(int(sound_s * 48000 / 1024)):
            quiet = np.zeros((1, 1024), np.float32)
            frame = av.AudioFrame.from_ndarray(quiet, "fltp", "mono")
            frame.sample_rate, frame.pts = 48000, block * 1024
            container.mux(sound.encode(frame))
        for index in range(FRAMES):
            container.mux(film.encode(film_frame(recipe, index)))
        container.mux(film.encode(None))
        if sound:
            container.mux(sound.encode(None))
    return path


def cut_off(path: Path, share: float) -> Path:
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    return path


def said(path: Path) -> str:
    return " ".join(s for s in probe(path).repairs if "cut short" in s)


@pytest.mark.parametrize("suffix", PROMISING)
def test_what_is_promised_and_what_is_there_are_said(tmp_path, suffix):
    path = written(tmp_path / f"film{suffix}", *PROMISING[suffix])
    assert probe(path).frame_count == FRAMES
    assert said(path) == ""
    sentence = said(cut_off(path, 0.6))
    found = re.search(r"promises ([\d.]+) s.*, ([\d.]+) s can be decoded; the rest", sentence)
    assert found, sentence
    assert float(found[1]) == pytest.approx(FRAMES / RATE, abs=0.1)
    clip = probe(path)
    assert float(found[2]) == pytest.approx(clip.duration_s, abs=0.01)
    assert 0.3 < clip.duration_s < 1.6


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".avi"])
def test_frames_are_said_where_the_header_counts_them(tmp_path, suffix):
    path = written(tmp_path / f"film{suffix}", *PROMISING[suffix])
    assert re.search(r"\(4[89] frames\)", said(cut_off(path, 0.5)))


def test_a_fragment_that_is_not_whole_is_said(tmp_path):
    options = {"movflags": "frag_keyframe+empty_moov"}
    path = written(tmp_path / "film.mp4", "libx264", options)
    assert said(path) == ""
    assert said(cut_off(path, 0.6)).startswith("The file is cut short: it promises")


@pytest.mark.parametrize("suffix", SILENT)
def test_what_promises_nothing_breaks_no_promise(tmp_path, suffix):
    path = written(tmp_path / f"film{suffix}", *SILENT[suffix])
    assert said(cut_off(path, 0.6)) == ""


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".mov"])
def test_sound_that_goes_on_behind_the_film_is_no_cut(tmp_path, suffix):
    path = written(tmp_path / f"film{suffix}", *PROMISING[suffix], sound_s=4)
    assert said(path) == ""


def test_a_download_that_left_zeros_is_said(tmp_path):
    path = written(tmp_path / "film.mkv", *PROMISING[".mkv"])
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2] + bytes(len(data) // 2))
    assert said(path).startswith("The file is cut short: it promises 1.9")


def test_a_film_that_is_zeros_in_part_is_said(tmp_path):
    path = written(tmp_path / "film.mp4", *PROMISING[".mp4"])
    assert not any("nothing" in sentence for sentence in probe(path).repairs)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2] + bytes(len(data) // 2))
    found = [sentence for sentence in probe(path).repairs if "nothing" in sentence]
    assert re.match(r"About (33|50) % of the film holds nothing, as in a download", found[0])


def test_a_lost_index_is_no_lost_film(tmp_path):
    path = written(tmp_path / "film.mkv", *PROMISING[".mkv"])
    with av.open(str(path)) as container:
        last = max(p.pos + p.size for p in container.demux(video=0) if p.size)
    path.write_bytes(path.read_bytes()[: last + 20])
    assert probe(path).frame_count == FRAMES
    assert said(path) == ""


def test_a_part_that_an_edit_list_shows_is_no_cut(film, tmp_path):
    source, path = film("film.mp4"), tmp_path / "part.mp4"
    with av.open(str(source)) as given, av.open(str(path), "w") as target:
        stream = target.add_stream_from_template(given.streams.video[0], opaque=True)
        for packet in given.demux(video=0):
            if packet.size:
                packet.stream = stream
                packet.pts, packet.dts = packet.pts - 8000, packet.dts - 8000
                target.mux(packet)
    assert probe(path).frame_count < 24
    assert said(path) == ""


def test_a_long_last_picture_is_no_cut(film):
    stamps = [*range(0, 10_000, 1000), 90_000]
    path = film("film.mkv", frames=11, pts=stamps, time_base=Fraction(1, 1000))
    assert said(path) == ""
