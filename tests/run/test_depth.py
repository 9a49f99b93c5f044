"""The same scene gets the same colour at every depth, range, transfer and pixel format."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from av.video.reformatter import ColorRange

from tests.scenes import (
    CHANGED,
    EVERY_FORMAT,
    STUDIO_RANGE,
    as_hlg,
    as_linear,
    as_pq,
    frame_of,
    light,
    moving,
    scene,
    write_film,
)
from vidcolor.direct.prepare import Request, prepare
from vidcolor.evaluate.read import read_clip
from vidcolor.infer.choose import load_predictor
from vidcolor.infer.predictor import Predictor
from vidcolor.media.clip import ClipInfo
from vidcolor.media.decode import read_frames
from vidcolor.media.planes import format_traits, unpack_luma
from vidcolor.media.probe import probe
from vidcolor.run.film import Film
from vidcolor.run.here import Here
from vidcolor.run.job import JobFolder, Told, run_job
from vidcolor.run.plan import make_plan
from vidcolor.run.segment import segments
from vidcolor.run.settings import ColorizeSettings
from vidcolor.train.sources import read as read_for_training

SIZE = 192


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return load_predictor("vidcolor-base", "cpu", "openvino")


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scene as a film of 8 bits, two shots of eight frames."""
    return film(tmp_path_factory.mktemp("twin") / "twin.mkv", "ffv1", "gray", full_range=True)


def film(path: Path, codec: str, pix_fmt: str, **more: object) -> Path:
    signals = moving(scene("nosferatu"), 8) + moving(scene("vtest"), 8)
    return write_film(path, signals, codec, pix_fmt, **more)  # type: ignore[arg-type]


def view_of(clip: ClipInfo, count: int | None = None) -> Film:
    return Film(clip, SIZE, 0, clip.frame_count if count is None else count)


def chroma(predictor: Predictor, small: np.ndarray) -> np.ndarray:
    return predictor.predict(small[None]).chroma[0]


def apart(first: np.ndarray, second: np.ndarray) -> float:
    return float(np.abs(first.astype(float) - second).mean())


@pytest.fixture(scope="module")
def told(predictor: Predictor) -> np.ndarray:
    """Chroma of the scene at 8 bits."""
    return chroma(predictor, scene())


@pytest.mark.parametrize(
    ("name", "full_range"),
    [(name, True) for name in EVERY_FORMAT] + [(name, False) for name in STUDIO_RANGE],
)
def test_a_pixel_format_does_not_change_colour(
    twin: Path, predictor: Predictor, told: np.ndarray, name: str, full_range: bool
) -> None:
    traits = format_traits(name)
    clip = replace(
        probe(twin),
        pixel_format=name,
        depth=traits.depth,
        working_format=traits.working,
        full_range=full_range or bool(not traits.has_luma and traits.full_range),
    )
    frame = frame_of(light(scene()), name, full_range)
    if name.startswith(CHANGED):
        told = chroma(predictor, frame.to_ndarray(format="gray"))
    else:
        assert np.abs(told - 128).mean() > 3
    small = view_of(clip).small(unpack_luma(frame, clip.full_range))
    assert small.dtype == np.uint8 and small.shape == (192, 256)
    assert apart(chroma(predictor, small), told) < 1


@pytest.mark.parametrize("pix_fmt", ["yuv420p10le", "gray16le", "gbrp12le"])
@pytest.mark.parametrize(
    ("transfer", "curve"), [(16, as_pq), (18, as_hlg), (8, as_linear)], ids=["pq", "hlg", "linear"]
)
def test_hdr_is_coloured_as_its_tone_mapped_scene(
    tmp_path: Path, predictor: Predictor, told: np.ndarray, transfer: int, curve, pix_fmt: str
) -> None:
    path = tmp_path / "hdr.mkv"
    write_film(path, [curve(light(scene()))], "ffv1", pix_fmt, transfer=transfer)
    clip = probe(path)
    assert clip.transfer == transfer
    small = next(view_of(clip).small_luma(0))
    assert apart(chroma(predictor, small), told) < 1.5


@pytest.mark.parametrize("matrix", [1, 5, 9], ids=["bt709", "bt601", "bt2020"])
def test_a_matrix_does_not_change_grey_film(twin: Path, tmp_path: Path, matrix: int) -> None:
    path = film(tmp_path / "film.mkv", "ffv1", "yuv422p10le")
    here = view_of(replace(probe(path), matrix=matrix))
    assert apart(next(here.small_luma(0)), next(view_of(probe(twin)).small_luma(0))) < 0.6


KINDS = [
    ("x264.mp4", "libx264", "yuv420p10le", {"crf": "1"}),
    ("grey.mkv", "libx264", "gray10le", {"crf": "1"}),
    ("x265.mp4", "libx265", "yuv422p12le", {"crf": "1", "x265-params": "log-level=none"}),
    ("av1.mkv", "libsvtav1", "yuv420p10le", {"crf": "5"}),
    ("hq.mov", "prores_ks", "yuv422p10le", {"profile": "3"}),
    ("alpha.mov", "prores_ks", "yuva444p10le", {"profile": "4444"}),
    ("hqx.mov", "dnxhd", "yuv422p10le", {"profile": "dnxhr_hqx"}),
    ("v210.mov", "v210", "yuv422p10le", {}),
    ("r210.mov", "r210", "gbrp10le", {}),
    ("big.mov", "png", "gray16be", {}),
    ("bigrgb.mov", "png", "rgb48be", {}),
    ("wavelet.mov", "jpeg2000", "gray12le", {}),
    ("sixteen.mkv", "ffv1", "gray16le", {}),
    ("fourteen.mkv", "ffv1", "yuv444p14le", {}),
    ("twelve.mkv", "ffv1", "gbrp12le", {}),
    ("nine.mkv", "ffv1", "yuv420p9le", {}),
    ("raw.nut", "rawvideo", "yuv420p16be", {}),
]


@pytest.mark.parametrize(("name", "codec", "pix_fmt", "options"), KINDS, ids=[k[0] for k in KINDS])
def test_a_deep_film_comes_out_as_its_twin_of_8_bits(
    twin: Path, tmp_path: Path, predictor: Predictor, name: str, codec: str, pix_fmt: str, options
) -> None:
    source = film(tmp_path / name, codec, pix_fmt, options=options)
    assert probe(source).depth > 8
    assert cuts(source) == cuts(twin) == [8]
    deep = colored(source, tmp_path / "deep.mkv", predictor)
    eight = colored(twin, tmp_path / "eight.mkv", predictor)
    assert np.abs(eight - 128.0).mean() > 3
    assert apart(deep, eight) < 1.5


def cuts(path: Path) -> list[int]:
    view = view_of(probe(path))
    return [
        cut for part in segments(view.segment_limits, view.small_luma(0), 0) for cut in part.cuts
    ]


def colored(source: Path, output: Path, predictor: Predictor) -> np.ndarray:
    """Colour a film; its chroma by PyAV alone, full-range, uint8 (frames, 2, height, width)."""
    if not output.exists():
        settings = ColorizeSettings(input_chroma="discard")
        plan = make_plan(probe(source), output, settings, threads=2)
        run_job(plan, Here(predictor), JobFolder(plan, "test"), Told())
    with av.open(str(output)) as container:
        frames = [
            frame.reformat(format="yuv444p", dst_color_range=ColorRange.JPEG).to_ndarray()[1:]
            for frame in container.decode(video=0)
        ]
    assert len(frames) == 16
    return np.stack(frames)


@pytest.mark.parametrize("pix_fmt", ["yuv420p10le", "gray16le", "gray16be", "gbrp12le"])
def test_a_still_is_placed_as_surely_on_deep_film(twin: Path, tmp_path: Path, pix_fmt: str) -> None:
    codec, name = ("rawvideo", "deep.nut") if pix_fmt.endswith("be") else ("ffv1", "deep.mkv")
    deep = film(tmp_path / name, codec, pix_fmt, full_range=True)
    still = tmp_path / "ref_000010.png"
    tinted = np.dstack([scene("vtest")] * 3).astype(float) * [0.5, 0.9, 1.0]
    cv2.imwrite(str(still), np.roll(tinted, 2, axis=1).astype(np.uint8))
    placed = [prepare(Request((still,)), view_of(probe(path))).hints for path in (deep, twin)]
    (here,), (there,) = placed
    assert here.frame == there.frame == 10
    assert there.confidence.mean() > 0.8
    assert apart(here.confidence, there.confidence) < 0.01
    assert apart(here.chroma, there.chroma) < 0.5


@pytest.mark.parametrize("pix_fmt", ["yuv420p10le", "gray16le", "gbrp12le"])
def test_a_preview_of_deep_film_is_that_of_its_twin(
    twin: Path, tmp_path: Path, predictor: Predictor, pix_fmt: str
) -> None:
    pictures = []
    for path in (film(tmp_path / "deep.mkv", "ffv1", pix_fmt), twin):
        view = view_of(probe(path))
        luma = next(read_frames(view.clip, 3, 1)).luma
        pictures.append(view.picture(luma, chroma(predictor, view.small(luma)), 1.0))
    assert np.ptp(pictures[1].astype(int), axis=2).mean() > 5
    assert apart(*pictures) < 1.5


@pytest.mark.parametrize(
    ("name", "codec", "pix_fmt"),
    [
        ("a.mov", "v210", "yuv422p10le"),
        ("a.mkv", "ffv1", "gray16le"),
        ("a.mkv", "ffv1", "gbrp12le"),
    ],
)
def test_deep_clips_are_seen_alike_by_evaluation_and_training(
    twin: Path, tmp_path: Path, name: str, codec: str, pix_fmt: str
) -> None:
    deep = film(tmp_path / name, codec, pix_fmt, full_range=not pix_fmt.startswith("yuv"))
    for here, there in zip(read_clip(deep, 3), read_clip(twin, 3), strict=True):
        assert apart(here, there) < 1
    (first, *_), (same, *_) = (read_for_training(path).pictures for path in (deep, twin))
    assert apart(first, same) < 2


def test_each_depth_sees_the_same_range_of_light() -> None:
    """Black, reference grey and white of every depth and range, by their code values."""
    from vidcolor.color.convert import SampleSpec, small_luma

    for depth, full in itertools.product(range(8, 17), (False, True)):
        top = (1 << depth) - 1
        codes = (
            [0, top // 2, top] if full else [16 << depth - 8, 126 << depth - 8, 235 << depth - 8]
        )
        planes = np.array([codes] * 3, np.uint8 if depth == 8 else np.uint16)
        seen = small_luma(planes, SampleSpec("bt709", full, depth), (3, 3))
        assert seen[0].tolist() in ([0, 127, 255], [0, 128, 255]), (depth, full)


@pytest.mark.parametrize("name", [name for name in EVERY_FORMAT if name.startswith("gbrap")])
def test_luma_does_not_depend_on_what_lies_in_memory(name: str) -> None:
    frame = frame_of(light(scene()), name)
    noise = np.random.default_rng(0)
    seen = set()
    for _ in range(20):
        # Left where the converter takes its buffers, so that what it does not fill shows.
        left = [noise.integers(0, 255, (192, 256 * n), dtype=np.uint8) for n in (1, 2, 4, 8)]
        del left
        seen.add(unpack_luma(frame, True).tobytes())
    assert len(seen) == 1
