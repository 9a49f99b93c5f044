"""Encoders that take no film of the source's kind get one of more bits or chroma, same luma."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.reformatter import ColorRange

from tests.cli.test_colorize import vidcolor
from tests.scenes import frame_of, moving, scene, write_film
from vidcolor.color.convert import SampleSpec
from vidcolor.color.raised import raised_chroma
from vidcolor.errors import OutputError, UsageError
from vidcolor.infer.choose import load_predictor
from vidcolor.infer.predictor import Predictor
from vidcolor.media.decode import read_frames
from vidcolor.media.encode import choose_encoder
from vidcolor.media.probe import probe
from vidcolor.run.here import Here
from vidcolor.run.job import JobFolder, Told, run_job
from vidcolor.run.plan import Plan, make_plan
from vidcolor.run.settings import ColorizeSettings

FRAMES = 3
DEEPER = "Frames are {} and become {} for {}, with the same luma."


@pytest.fixture(scope="module")
def predictor(tiny_model: Path) -> Predictor:
    return load_predictor(str(tiny_model), "cpu", "torch")


@pytest.fixture
def grey_film(tmp_path: Path):
    def make(pix_fmt: str = "yuv420p", full_range: bool = False) -> Path:
        signals = moving(scene(), FRAMES)
        return write_film(tmp_path / "in.mkv", signals, "ffv1", pix_fmt, full_range)

    return make


def colored(source: Path, output: Path, predictor: Predictor, model: Path, **more: object) -> Plan:
    settings = ColorizeSettings(model=str(model), **more)  # type: ignore[arg-type]
    plan = make_plan(probe(source), output, settings, threads=2)
    run_job(plan, Here(predictor), JobFolder(plan, "test"), Told())
    return plan


def lumas(path: Path) -> tuple[str, np.ndarray]:
    """The pixel format, and luma as FFmpeg's decoder has it: (frames, height, width)."""
    found, name = [], ""
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            name, plane = frame.format.name, frame.planes[0]
            kind = "<u2" if frame.format.components[0].bits > 8 else "u1"
            rows = np.frombuffer(plane, kind).reshape(plane.height, -1)
            found.append(rows[:, : plane.width].astype(float))
    return name, np.stack(found)


def light(luma: np.ndarray, name: str, full_range: bool = False) -> np.ndarray:
    """Luma on 0..255 by BT.601's and JPEG's own formulas."""
    bits = av.VideoFormat(name, 16, 16).components[0].bits
    if full_range:
        return luma * 255 / (2**bits - 1)
    return (luma / 2 ** (bits - 8) - 16) * 255 / 219


def psnr(here: np.ndarray, there: np.ndarray) -> float:
    return float(10 * np.log10(255**2 / max(((here - there) ** 2).mean(), 1e-9)))


MATRIX = [
    ("prores_ks", "out.mov", "gray", True, "yuv422p10le"),
    ("prores_ks", "out.mov", "yuv420p", False, "yuv422p10le"),
    ("prores_ks", "out.mkv", "yuv422p", False, "yuv422p10le"),
    ("prores_ks", "out.mov", "yuv444p", False, "yuv444p10le"),
    ("prores_ks", "out.mov", "yuv420p10le", False, "yuv422p10le"),
    ("prores_ks", "out.mov", "yuv422p10le", True, "yuv422p10le"),
    ("prores", "out.mov", "yuv420p", False, "yuv422p10le"),
    ("dnxhd", "out.mov", "gray", True, "yuv422p"),
    ("dnxhd", "out.mov", "yuv420p", False, "yuv422p"),
    ("dnxhd", "out.mov", "yuv420p10le", False, "yuv422p10le"),
    ("dnxhd", "out.mov", "yuv444p", False, "yuv444p10le"),
    ("dnxhd", "out.mov", "yuv444p10le", True, "yuv444p10le"),
    ("mjpeg", "out.mov", "yuv420p", False, "yuv420p"),
    ("mjpeg", "out.avi", "gray", True, "yuv420p"),
    ("mpeg4", "out.mp4", "gray", True, "yuv420p"),
    ("libvpx", "out.webm", "gray", True, "yuv420p"),
]
LEAST_DB = {"prores_ks": 45, "prores": 44, "dnxhd": 42, "mjpeg": 41, "mpeg4": 41, "libvpx": 44}


@pytest.mark.parametrize(
    ("codec", "name", "pix_fmt", "full_range", "made"),
    MATRIX,
    ids=[f"{c}-{f}-{'full' if r else 'limited'}-{n[4:]}" for c, n, f, r, _ in MATRIX],
)
def test_every_kind_of_film_goes_into_the_codec(
    grey_film, tmp_path, predictor, tiny_model, codec, name, pix_fmt, full_range, made
):
    source, output = grey_film(pix_fmt, full_range), tmp_path / name
    plan = colored(source, output, predictor, tiny_model, codec=codec)
    assert plan.encoder.pixel_format == made
    was, before = lumas(source)
    found, after = lumas(output)
    assert len(after) == FRAMES
    back = probe(output)
    decoded = light(after, found, back.full_range)
    assert psnr(decoded, light(before, was, full_range)) > LEAST_DB[codec]
    frame = next(read_frames(back))
    assert np.abs(frame.planes[1].astype(float) - 2 ** (back.depth - 1)).max() > 3
    told = [sentence for sentence in plan.notes if f" for {codec}" in sentence]
    changed = (plan.clip.working_format, plan.clip.full_range) != (made, back.full_range)
    assert len(told) == changed
    if changed and back.full_range == full_range:
        assert told == [DEEPER.format(plan.clip.working_format, made, codec)]


@pytest.mark.parametrize(
    ("pix_fmt", "full_range", "codec", "wanted", "lossless"),
    [
        ("yuv420p", False, "ffv1", "yuv444p16le", False),
        ("gray", True, "ffv1", "yuv420p10le", False),
        ("yuv422p10le", False, "ffv1", "yuv444p16le", False),
        ("yuv420p", False, "libx264", "yuv422p10le", True),
        ("yuv420p", False, None, "yuv444p10le", True),
    ],
)
def test_more_bits_are_a_shift_that_can_be_undone(
    grey_film, tmp_path, predictor, tiny_model, pix_fmt, full_range, codec, wanted, lossless
):
    source, output = grey_film(pix_fmt, full_range), tmp_path / "out.mkv"
    asked = {"codec": codec, "pix_fmt": wanted, "lossless": lossless}
    colored(source, output, predictor, tiny_model, **asked)
    was, before = lumas(source)
    name, after = lumas(output)
    assert name == wanted
    depths = [av.VideoFormat(f, 16, 16).components[0].bits for f in (was, name)]
    assert np.array_equal(after, before * 2 ** (depths[1] - depths[0]))
    assert probe(output).full_range == full_range


@pytest.mark.parametrize("wanted", ["yuv422p10le", "yuv444p", "yuv444p16le"])
def test_the_colour_is_the_same_in_every_format(grey_film, tmp_path, predictor, tiny_model, wanted):
    def chroma(name: str, **more: str) -> np.ndarray:
        colored(grey_film(), tmp_path / name, predictor, tiny_model, codec="ffv1", **more)
        with av.open(str(tmp_path / name)) as container:
            frame = next(container.decode(video=0))
            same = ColorRange.MPEG
            rgb = frame.reformat(format="yuv420p", src_color_range=same, dst_color_range=same)
            return rgb.to_ndarray()[rgb.height :].astype(float)

    plain = chroma("plain.mkv")
    assert np.abs(plain - 128).mean() > 3
    assert np.abs(chroma("raised.mkv", pix_fmt=wanted) - plain).mean() < 1


@pytest.mark.parametrize(
    ("siting", "across", "down"), [("left", 0, 0.5), ("center", 0.5, 0.5), ("topleft", 0, 0)]
)
def test_own_colour_stays_where_it_was(siting: str, across: float, down: float) -> None:
    """Chroma that grows by one a pixel grows so in 4:4:4 too, and keeps its place."""
    spec, deep = SampleSpec(depth=8, full_range=False), SampleSpec(depth=10, full_range=False)
    x, y = np.arange(20) * 2 + across, np.arange(10) * 2 + down
    places = np.broadcast_to(x, (10, 20)), np.broadcast_to(y[:, None], (10, 20))
    planes = tuple((np.floor(4 * p)).astype(np.uint8) for p in places)
    cb, cr = raised_chroma(planes, (19, 39), siting, spec, deep)
    assert (cb.shape, cb.dtype) == ((19, 39), np.uint16)
    rows, columns = np.mgrid[:19, :39]
    inner = (slice(1, -1), slice(1, -1))
    assert np.abs(cb - 16.0 * columns)[inner].max() <= 1
    assert np.abs(cr - 16.0 * rows)[inner].max() <= 1


def test_own_colour_is_kept_in_a_higher_format(tmp_path, predictor, tiny_model):
    source, output = tmp_path / "in.mkv", tmp_path / "out.mov"
    with av.open(str(source), "w") as container:
        stream = container.add_stream("ffv1", rate=24)
        stream.width, stream.height, stream.pix_fmt = 256, 192, "yuv420p"
        for index, signal in enumerate(moving(scene(), FRAMES)):
            frame = frame_of(signal, "yuv420p", False)
            for plane, shift in zip(frame.planes[1:], (0, 3), strict=True):
                samples = np.frombuffer(plane, np.uint8).reshape(plane.height, -1)
                squares = np.kron(np.indices((6, 8)).sum(0) + shift, np.ones((16, 16)))
                samples[:, : plane.width] = 80 + squares % 5 * 24
            frame.pts = index
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    kept = {"codec": "prores_ks", "input_chroma": "keep-if-colored"}
    colored(source, output, predictor, tiny_model, **kept)
    before, after = (next(read_frames(probe(path))) for path in (source, output))
    for here, there in zip(before.planes[1:], after.planes[1:], strict=True):
        small = there.reshape(96, 2, 128).mean(axis=1) / 4
        inside = np.abs(small - here).reshape(6, 16, 8, 16)[:, 3:-3, :, 3:-3]
        assert inside.max() < 3


@pytest.mark.parametrize("codec", ["prores_ks", "dnxhd"])
def test_odd_sizes_go_into_mezzanine_codecs(film, tmp_path, codec):
    clip = probe(film("in.mkv", frames=2, width=257, height=121, codec="ffv1", options={}))
    assert choose_encoder(clip, tmp_path / "out.mov", codec).pixel_format.startswith("yuv422p")


@pytest.mark.parametrize(
    ("pix_fmt", "name", "choice", "error", "words"),
    [
        ("yuv420p10le", "o.mp4", {"codec": "mpeg4"}, OutputError, r"as much.*libx264, libx265"),
        ("yuv420p10le", "o.mov", {"codec": "mjpeg"}, OutputError, r"as much.*prores_ks.*dnxhd"),
        ("yuv420p12le", "o.mov", {"codec": "prores_ks"}, OutputError, r"as much.*Use libx265"),
        ("yuv420p", "o.mp4", {"codec": "dnxhd"}, OutputError, r"Use \.mov for dnxhd"),
        ("yuv420p", "o.mp4", {"pix_fmt": "yuv42"}, UsageError, "no pixel format yuv42"),
        ("yuv420p", "o.mp4", {"pix_fmt": "nv12"}, UsageError, "one plane of luma.*Give yuv420p"),
        ("yuv420p", "o.mp4", {"pix_fmt": "gray"}, UsageError, "two of chroma"),
        ("yuv422p", "o.mp4", {"pix_fmt": "yuv420p10le"}, UsageError, "less chroma.*Give yuv422p"),
        ("yuv420p10le", "o.mp4", {"pix_fmt": "yuv444p"}, UsageError, "fewer bits.*yuv420p10le"),
        (
            "yuv420p",
            "o.mp4",
            {"pix_fmt": "yuv444p16le", "codec": "libx264"},
            OutputError,
            "takes no yuv444p16le.*takes yuv420p, yuv420p10le, yuv422p, yuv422p10le, yuv444p",
        ),
        ("yuv420p", "o.mp4", {"pix_fmt": "yuv444p16le"}, OutputError, r"Use \.mkv"),
        ("yuv420p", "o.mov", {"codec": "prores_ks", "lossless": True}, OutputError, "not lossless"),
    ],
)
def test_what_would_take_bits_or_chroma_away_is_refused(
    film, tmp_path, pix_fmt, name, choice, error, words
):
    clip = probe(film("in.mkv", frames=2, pix_fmt=pix_fmt, width=256, height=128, codec="ffv1"))
    with pytest.raises(error) as caught:
        choose_encoder(clip, tmp_path / name, **choice)
    assert re.search(words, str(caught.value)), str(caught.value)


def test_dnxhd_says_how_small_a_picture_may_be(film, tmp_path):
    with pytest.raises(OutputError, match="smaller than 256x120"):
        choose_encoder(probe(film(frames=2)), tmp_path / "o.mov", "dnxhd")


def test_films_of_nine_bits_go_into_mp4(film, tmp_path):
    clip = replace(probe(film(frames=2)), working_format="yuv420p9le", depth=9)
    assert choose_encoder(clip, tmp_path / "o.mp4").pixel_format == "yuv420p10le"
    assert choose_encoder(clip, tmp_path / "o.mkv").pixel_format == "yuv420p9le"


def test_the_command_goes_on_only_with_the_same_format(grey_film, tmp_path, tiny_model):
    source, output = grey_film(), tmp_path / "out.mov"
    given = ["--model", tiny_model, "--codec", "prores_ks", "--json"]
    part = vidcolor("colorize", source, output, *given, "--start", "0.06")
    assert part.returncode == 0, part.stderr
    assert DEEPER.format("yuv420p", "yuv422p10le", "prores_ks") in part.stderr
    assert json.loads(part.stdout)["frames"] == FRAMES - 1
    assert lumas(output)[0] == "yuv422p10le"
    clip = probe(source)
    plans = [
        make_plan(clip, output, ColorizeSettings(str(tiny_model), pix_fmt=wanted), 2)
        for wanted in (None, "yuv422p10le")
    ]
    assert plans[0].fingerprint("m") != plans[1].fingerprint("m")
    refused = vidcolor("batch", source, tmp_path / "made", "--pix-fmt", "yuv411p")
    assert refused.returncode == 5
    assert "yuv411p" in refused.stderr
