"""Films whose picture changes midway: found without decoding, and made to fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from tests.media.conftest import decoded_lumas
from vidcolor.errors import InputError
from vidcolor.media.decode import read_frames, read_luma
from vidcolor.media.probe import probe

IN_BAND = {"preset": "ultrafast", "bf": "2", "g": "10", "x264-params": "repeat-headers=1"}


def joined(target: Path, films: Sequence[Path]) -> Path:
    """The films' packets as one stream, each behind the one before."""
    with av.open(str(target), "w") as output:
        stream, start = None, Fraction(0)
        for path in films:
            with av.open(str(path)) as source:
                film = source.streams.video[0]
                stream = stream or output.add_stream_from_template(film, opaque=True)
                shift, end = round(start / film.time_base), start
                for packet in source.demux(film):
                    if packet.size:
                        packet.stream = stream
                        packet.pts += shift
                        packet.dts += shift
                        end = max(end, (packet.pts + 1000 // 24) * Fraction(packet.time_base))
                        output.mux(packet)
                start = max(end, Fraction(25, 24) + start)
    return target


def glued(target: Path, films: Sequence[Path]) -> Path:
    target.write_bytes(b"".join(path.read_bytes() for path in films))
    return target


def changes(path: Path) -> list[tuple[int, tuple[int, int]]]:
    return [(stretch.first, stretch.size) for stretch in probe(path).stretches]


def test_a_new_size_in_a_transport_stream(film, tmp_path):
    parts = [film("a.ts", frames=30), film("b.ts", frames=20, width=80)]
    assert changes(glued(tmp_path / "c.ts", parts)) == [(0, (64, 48)), (30, (80, 48))]


@pytest.mark.parametrize(
    ("suffix", "made"),
    [
        (".mkv", {"options": IN_BAND}),
        (".flv", {"options": IN_BAND}),
        (".webm", {"codec": "libvpx", "options": {}}),
        (".webm", {"codec": "libvpx-vp9", "options": {}}),
        (".mkv", {"codec": "libsvtav1", "options": {}}),
        (".mkv", {"codec": "libx265", "options": {"x265-params": "repeat-headers=1:log-level=0"}}),
        (".mkv", {"codec": "mpeg2video", "options": {}}),
        (".avi", {"codec": "mjpeg", "options": {}, "full_range": True}),
        (".mov", {"codec": "prores_ks", "pix_fmt": "yuv422p10le", "options": {}}),
    ],
)
def test_a_new_size_in_other_codecs(film, tmp_path, suffix, made):
    made = {"time_base": Fraction(1, 24), **made}
    source = ".mp4" if suffix == ".mkv" else suffix  # mkv stores no time of decoding
    parts = [
        film(f"a{source}", width=128, height=96, **made),
        film(f"b{source}", width=160, height=96, **made),
    ]
    assert changes(joined(tmp_path / f"c{suffix}", parts)) == [(0, (128, 96)), (24, (160, 96))]


def test_what_does_not_change_has_no_stretches(film, tmp_path):
    parts = [film("a.ts", frames=30), film("b.ts", frames=30)]
    assert changes(glued(tmp_path / "c.ts", parts)) == []
    assert changes(film("d.mkv", frames=40, options=IN_BAND)) == []


def test_a_new_format_range_and_shape_are_seen(film, tmp_path):
    plain = film("a.ts")
    for name, change in {
        "format": {"pix_fmt": "yuv422p"},
        "range": {"full_range": True},
        "matrix": {"matrix": 1},
        "shape": {"aspect": Fraction(4, 3)},
    }.items():
        both = probe(glued(tmp_path / f"{name}.ts", [plain, film("b.ts", **change)])).stretches
        assert [stretch.first for stretch in both] == [0, 24], name
        assert both[1].size == (64, 48)
    assert both[1].aspect == Fraction(4, 3)


def test_all_frames_are_brought_to_the_first_size(film, tmp_path):
    parts = [film("a.ts"), film("b.ts", width=128, height=96)]
    path = glued(tmp_path / "c.ts", parts)
    with pytest.raises(InputError, match="`resize=first`"):
        list(read_frames(probe(path)))
    clip = probe(path, fits=True)
    frames = list(read_frames(clip))
    assert len(frames) == 48
    assert {tuple(p.shape for p in f.planes) for f in frames} == {((48, 64), (24, 32), (24, 32))}
    first, second = map(decoded_lumas, parts)
    assert all(np.array_equal(f.luma, luma) for f, luma in zip(frames[:24], first, strict=True))
    for frame, large in zip(frames[24:], second, strict=True):
        means = large.astype(float).reshape(48, 2, 64, 2).mean((1, 3))
        assert np.abs(frame.luma - means).max() <= 1
    alone = list(read_luma(clip, 20, 10))
    assert all(np.array_equal(a, f.luma) for a, f in zip(alone, frames[20:30], strict=True))


def test_another_shape_gets_bars_and_keeps_its_own(film, tmp_path):
    wide = film("b.ts", width=64, height=48, aspect=Fraction(4, 3))
    clip = probe(glued(tmp_path / "c.ts", [film("a.ts"), wide]), fits=True)
    frames = list(read_frames(clip))
    assert (frames[30].luma[:6] == 16).all() and (frames[30].luma[-6:] == 16).all()
    assert frames[30].luma[8:-8].std(axis=1).max() > 5
    assert (frames[30].planes[1][:3] == 128).all()
    assert np.array_equal(frames[3].luma, decoded_lumas(tmp_path / "a.ts")[3])


def test_another_range_and_depth_are_brought_to_the_first(film, tmp_path):
    intra = {"preset": "ultrafast", "g": "1", "qp": "0"}
    deep = {"pix_fmt": "yuv420p10le", "full_range": True, "options": intra}
    parts = [film("a.ts", options=intra), film("b.ts", **deep)]
    clip = probe(glued(tmp_path / "c.ts", parts), fits=True)
    frame = next(read_frames(clip, 30, 1))
    source = decoded_lumas(parts[1])[6].astype(float)
    assert frame.luma.dtype == np.uint8
    assert np.abs(frame.luma - (16 + source / 1023 * 219)).max() <= 1.01


def test_fields_are_scaled_apart(film, tmp_path):
    clip = probe(glued(tmp_path / "c.ts", [film("a.ts"), film("b.ts", height=96)]), fits=True)
    large = decoded_lumas(tmp_path / "b.ts")[0].copy()
    large[1::2] = 200
    large[::2] = 40
    frame = av.VideoFrame.from_ndarray(np.vstack([large, np.full_like(large[:48], 128)]), "yuv420p")
    from vidcolor.media.fit import fit
    from vidcolor.media.planes import unpack

    made = fit(replace(clip, field_order="tt"), 24, frame, unpack(frame, False))[0]
    assert set(np.unique(made[::2])) <= {16, 40} and set(np.unique(made[1::2])) <= {16, 200}
