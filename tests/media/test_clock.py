"""What a film's clock says: steps, rates, starts and ends in the files that are written."""

import struct
from fractions import Fraction

import av
import numpy as np
import PIL.Image
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.media.conftest import Recipe, film_frame, make_film, seconds
from tests.media.test_mux import rejoin
from vidcolor.media.probe import probe

RATES = {
    "23.976": Fraction(24000, 1001),
    "24": Fraction(24),
    "25": Fraction(25),
    "29.97": Fraction(30000, 1001),
    "50": Fraction(50),
    "60": Fraction(60),
}
REORDERED = {"preset": "ultrafast", "bf": "2"}


def constant(path, rate, frames, start_s=Fraction(0), **changes):
    """A film of one rate, whose time base holds its steps exactly."""
    base = 1 / (rate * (1 if rate.denominator > 1 else 1000) * rate.denominator)
    step, start = round(1 / (rate * base)), round(start_s / base)
    pts = [start + step * index for index in range(frames)]
    return make_film(path, Recipe(frames, rate=rate, time_base=base, pts=pts, **changes))


def sample_steps(path):
    """(count, ticks) of the film's table of sample durations, and its ticks a second."""
    data = path.read_bytes()
    here = data.index(b"stts") + 8
    (count,) = struct.unpack(">I", data[here : here + 4])
    steps = struct.unpack(f">{2 * count}I", data[here + 4 : here + 4 + 8 * count])
    scale = data.index(b"mdhd") + 16
    return list(zip(steps[::2], steps[1::2], strict=True)), *struct.unpack(
        ">I", data[scale : scale + 4]
    )


@pytest.mark.parametrize("frames", [1, 2, 3, 24])
@pytest.mark.parametrize("rate", RATES.values(), ids=RATES)
@pytest.mark.parametrize("name", ["o.mp4", "o.mov"])
def test_a_constant_rate_has_a_single_step_in_mp4(tmp_path, name, rate, frames):
    source = constant(tmp_path / "f.mp4", rate, frames, options=REORDERED)
    rejoin(source, tmp_path / name, (0,), "libx264", lossless=False)
    steps, scale = sample_steps(tmp_path / name)
    assert [(count, Fraction(ticks, scale)) for count, ticks in steps] == [(frames, 1 / rate)]
    assert rate_of(tmp_path / name) == rate
    assert seconds(tmp_path / name) == [index / rate for index in range(frames)]


@pytest.mark.parametrize("codec", ["libx264", "libx265", "libsvtav1", "libvpx-vp9"])
@pytest.mark.parametrize("name", ["o.mp4", "o.mkv"])
@pytest.mark.parametrize("rate", [RATES["23.976"], RATES["25"]], ids=["23.976", "25"])
def test_every_encoder_keeps_the_rate(tmp_path, name, codec, rate):
    source = constant(tmp_path / "f.mp4", rate, 10, width=96, height=96)
    rejoin(source, tmp_path / name, (0, 7), codec, lossless=False)
    if name == "o.mp4":
        assert len(sample_steps(tmp_path / name)[0]) == 1
    assert rate_of(tmp_path / name) == rate
    assert probe(tmp_path / name).duration_s == pytest.approx(float(10 / rate), abs=0.0015)


def rate_of(path):
    with av.open(str(path)) as container:
        return Fraction(container.streams.video[0].average_rate)


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    rate=st.sampled_from(list(RATES.values())),
    frames=st.integers(1, 30),
    start_s=st.fractions(0, 3, max_denominator=100),
    cut=st.integers(1, 29),
    codec=st.sampled_from(["libx264", "libx265"]),
    name=st.sampled_from(["o.mp4", "o.mov"]),
    sound=st.booleans(),
)
def test_any_constant_film_stays_constant_and_starts_when_it_did(
    tmp_path, rate, frames, start_s, cut, codec, name, sound
):
    source = constant(tmp_path / "f.mp4", rate, frames, start_s, sound=sound)
    cuts = (0, cut) if cut < frames else (0,)
    rejoin(source, tmp_path / name, cuts, codec, lossless=False)
    with av.open(str(tmp_path / name)) as container:
        film = container.streams.video[0]
        packets = [p for p in container.demux(film) if p.size]
        steps = set(np.diff([p.dts for p in packets])) | {packets[-1].duration}
        assert {int(step) * Fraction(film.time_base) for step in steps} == {1 / rate}
        assert film.duration * Fraction(film.time_base) == frames / rate
    assert seconds(tmp_path / name) == seconds(source)


RAW = [
    ("f.h264", "libx264", "h264"),
    ("f.hevc", "libx265", "hevc"),
    ("f.m2v", "mpeg2video", "mpeg2video"),
    ("f.m1v", "mpeg1video", "mpeg1video"),
    ("f.m4v", "mpeg4", "m4v"),
]


@pytest.mark.parametrize(("name", "codec", "kind"), RAW, ids=[name for name, _, _ in RAW])
@pytest.mark.parametrize("rate", [RATES["23.976"], RATES["50"]], ids=["23.976", "50"])
def test_a_stream_without_a_container_plays_at_its_own_rate(tmp_path, name, codec, kind, rate):
    path = tmp_path / name
    with av.open(str(path), "w", format=kind) as container:
        film = container.add_stream(codec, rate=rate, options={"bf": "2"})
        film.width, film.height, film.pix_fmt = 64, 48, "yuv420p"
        for index in range(12):
            frame = film_frame(Recipe(time_base=1 / rate, pts=range(12)), index)
            container.mux(film.encode(frame))
        container.mux(film.encode(None))
    # Zeros before a start code are stuffing; without them Pillow calls MPEG a still picture.
    path.write_bytes(bytes(4) + path.read_bytes())
    clip = probe(path)
    assert clip.average_rate == rate
    assert [int(p) * clip.time_base for p in clip.pts] == [index / rate for index in range(12)]
    assert clip.end_pts * clip.time_base == 12 / rate
    output = tmp_path / "o.mp4"
    rejoin(path, output, (0, 5), lossless=False)
    assert seconds(output) == [index / rate for index in range(12)]
    assert rate_of(output) == rate


def held(path, hold_ms, frames=10):
    """A film of 25 frames a second whose last one is shown for `hold_ms`."""
    recipe = Recipe(frames, time_base=Fraction(1, 1000), pts=range(0, 40 * frames, 40))
    with av.open(str(path), "w") as container:
        film = container.add_stream("libx264", rate=25, options={"bf": "0"})
        film.width, film.height, film.pix_fmt = 64, 48, "yuv420p"
        film.time_base = film.codec_context.time_base = recipe.time_base
        for index in range(frames + 1):
            frame = film_frame(recipe, index) if index < frames else None
            for packet in film.encode(frame):
                packet.duration = hold_ms if packet.pts == 40 * (frames - 1) else 40
                container.mux(packet)
    return path


@pytest.mark.parametrize("hold_ms", [10, 40, 3000], ids=["0.25", "1", "75"])
@pytest.mark.parametrize("source", ["f.mp4", "f.mkv"])
@pytest.mark.parametrize("name", ["o.mp4", "o.mov", "o.mkv", "o.webm"])
def test_the_last_picture_is_held_as_long_as_in_the_source(tmp_path, source, name, hold_ms):
    source = held(tmp_path / source, hold_ms)
    clip, _ = rejoin(source, tmp_path / name, (0, 7), lossless=False)
    ends = 360 + hold_ms
    assert clip.average_rate == 25
    assert clip.end_pts * clip.time_base == Fraction(ends, 1000)
    with av.open(str(tmp_path / name)) as container:
        assert container.duration == ends * 1000
    again, _ = rejoin(tmp_path / name, tmp_path / f"again-{name}", lossless=False)
    assert again.end_pts * again.time_base == Fraction(ends, 1000)


def test_the_last_picture_is_held_in_avi_by_empty_frames(tmp_path):
    source = held(tmp_path / "f.mp4", 3000)
    rejoin(source, tmp_path / "o.avi", lossless=False)
    with av.open(str(tmp_path / "o.avi")) as container:
        film = container.streams.video[0]
        assert film.average_rate == 25
        assert film.duration * film.time_base == Fraction(336, 100)
        assert len(list(container.decode(film))) == 10


def test_a_gif_holds_its_last_picture(tmp_path):
    pictures = [PIL.Image.new("L", (64, 48), shade) for shade in (10, 90, 170, 250)]
    pictures[0].save(
        tmp_path / "f.gif",
        save_all=True,
        append_images=pictures[1:],
        duration=[100, 50, 400, 2000],
        loop=0,
    )
    for name in ("o.mp4", "o.mkv"):
        clip, _ = rejoin(tmp_path / "f.gif", tmp_path / name, (0, 3))
        assert clip.duration_s == pytest.approx(2.55)
        assert probe(tmp_path / name).duration_s == pytest.approx(2.55)


def test_a_hold_that_the_container_does_not_bear_out_is_a_mistake(tmp_path):
    source = held(tmp_path / "f.mkv", 3000)
    broken = source.read_bytes().replace(struct.pack(">d", 3360.0), struct.pack(">d", 400.0))
    assert broken != source.read_bytes()
    source.write_bytes(broken)
    clip = probe(source)
    assert clip.duration_s == pytest.approx(0.4)
    endless = probe(held(tmp_path / "f.mp4", 20_000_000))
    assert endless.duration_s == pytest.approx(0.4)


@pytest.mark.parametrize("frames", [120, 121], ids=["even", "odd"])
@pytest.mark.parametrize("rate", [RATES["23.976"], RATES["29.97"]], ids=["23.976", "29.97"])
def test_milliseconds_stay_as_they_are_and_the_mean_rate_is_the_sources(tmp_path, rate, frames):
    source = constant(tmp_path / "f.mkv", rate, frames, options=REORDERED)
    clip, _ = rejoin(source, tmp_path / "o.mp4", (0, 50), "libx264", lossless=False)
    assert clip.average_rate == rate
    assert seconds(tmp_path / "o.mp4") == seconds(source)
    with av.open(str(tmp_path / "o.mp4")) as container:
        film = container.streams.video[0]
        assert film.average_rate == rate
        assert film.duration * film.time_base == frames / rate


def test_a_negative_scale_in_avi_is_no_rate(tmp_path):
    rate = RATES["29.97"]
    recipe = Recipe(20, rate=rate, time_base=1 / rate, pts=range(20), codec="mpeg4", options={})
    source = make_film(tmp_path / "f.avi", recipe)
    data = bytearray(source.read_bytes())
    scale = data.index(b"strh") + 8 + 20
    data[scale : scale + 4] = struct.pack("<i", -1001)
    source.write_bytes(data)
    clip, _ = rejoin(source, tmp_path / "o.mp4", (0, 7), lossless=False)
    assert float(clip.average_rate) == pytest.approx(29.97, abs=0.001)
    assert clip.duration_s == pytest.approx(20 * 1001 / 30000, abs=0.001)
    assert len(seconds(tmp_path / "o.mp4")) == 20
