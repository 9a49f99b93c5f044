"""Which stream is the film, where a file has more than one that might be."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np
import pytest
from av.stream import Disposition

from tests.media.conftest import decoded_lumas
from vidcolor.errors import UsageError
from vidcolor.evaluate.read import clip_shape
from vidcolor.media.count import frames_by_header
from vidcolor.media.decode import read_luma
from vidcolor.media.probe import probe
from vidcolor.media.stream_plans import plan_streams

DEFAULT, NONE = Disposition.default, Disposition(0)


def together(target: Path, films: Sequence[Path], marks: Sequence[Disposition]) -> Path:
    """One file of several films, their packets in order of time."""
    sources = [av.open(str(path)) for path in films]
    with av.open(str(target), "w") as output:
        streams, packets = [], []
        for source, mark in zip(sources, marks, strict=True):
            stream = output.add_stream_from_template(source.streams.video[0], opaque=True)
            stream.disposition = mark
            streams.append(stream)
            found = [p for p in source.demux(video=0) if p.size]
            packets += [(float(p.dts * p.time_base), stream, p) for p in found]
        for _, stream, packet in sorted(packets, key=lambda item: item[0]):
            packet.stream = stream
            output.mux(packet)
    for source in sources:
        source.close()
    return target


@pytest.fixture
def small(film):
    return film("small.mp4", frames=12, options={"preset": "ultrafast", "bf": "0"})


@pytest.fixture
def large(film):
    options = {"preset": "ultrafast", "bf": "0", "qp": "0"}
    return film("large.mp4", frames=12, width=128, height=96, options=options)


@pytest.mark.parametrize("suffix", [".mkv", ".mp4", ".mov"])
def test_the_default_stream_is_the_film_wherever_it_stands(small, large, tmp_path, suffix):
    for marks, width in [((NONE, DEFAULT), 128), ((DEFAULT, NONE), 64)]:
        path = together(tmp_path / f"two{suffix}", [small, large], marks)
        assert probe(path).width == width


def test_without_a_default_the_largest_is_the_film(small, large, tmp_path):
    path = together(tmp_path / "two.ts", [small, large], [NONE, NONE])
    clip = probe(path)
    assert (clip.video_index, clip.width) == (1, 128)
    assert clip_shape(path) == (96, 128)
    assert all(map(np.array_equal, read_luma(clip), decoded_lumas(large)))


def test_of_equals_the_longest_is_the_film(film, tmp_path):
    short, long = film("short.mp4", frames=6), film("long.mp4", frames=18)
    path = together(tmp_path / "two.mov", [short, long], [DEFAULT, DEFAULT])
    assert probe(path).frame_count == 18
    assert frames_by_header(path) == 18
    assert frames_by_header(path, 0) == 6


@pytest.mark.parametrize("suffix", [".mkv", ".mp4"])
def test_one_large_picture_is_no_film_though_it_is_the_default(film, small, tmp_path, suffix):
    picture = film("one.mp4", frames=1, width=640, height=480)
    path = together(tmp_path / f"two{suffix}", [picture, small], [DEFAULT, NONE])
    clip = probe(path)
    assert (clip.video_index, clip.frame_count) == (1, 12)
    assert probe(path, 0).frame_count == 1


def test_a_helper_of_another_stream_is_no_film(small, large, tmp_path):
    path = together(tmp_path / "two.mp4", [large, small], [DEFAULT | Disposition.dub, NONE])
    with av.open(str(path)) as container:
        assert container.streams[0].disposition & Disposition.dub
    assert probe(path).video_index == 1


def test_a_wish_rules_and_all_agree_on_the_stream(small, large, tmp_path):
    path = together(tmp_path / "two.mkv", [small, large], [DEFAULT, NONE])
    clip = probe(path, 1)
    assert (clip.video_index, clip.width) == (1, 128)
    assert all(map(np.array_equal, read_luma(clip), decoded_lumas(large)))
    assert [other.index for other in clip.other_streams] == [0]


def test_a_stream_that_is_not_there_is_said_with_those_that_are(small, large, tmp_path):
    path = together(tmp_path / "two.mkv", [small, large], [DEFAULT, NONE])
    with pytest.raises(UsageError, match=r"no video stream 2.*0 \(h264, 64x48\) or 1 \(h264, 128"):
        probe(path, 2)


def test_what_is_coloured_and_what_is_not_is_said(small, large, tmp_path):
    path = together(tmp_path / "two.mkv", [small, large], [DEFAULT, NONE])
    clip = probe(path)
    assert "stream 0 (h264, 64x48) is coloured" in clip.repairs[0]
    sentences = [plan.sentence for plan in plan_streams(clip, tmp_path / "out.mkv")]
    assert sentences == ["Stream 1 (video, 128x96) is copied as it is; `stream=1` colours it."]
    (plan,) = plan_streams(clip, tmp_path / "out.avi")
    assert (plan.action, plan.sentence[-31:]) == ("leave", "out, since .avi cannot hold it.")
    assert not any("stream" in sentence for sentence in probe(small).repairs)
