"""The face for programs: films, arrays, streams, callbacks and errors as a program sees them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

import vidcolor
from tests.golden.cases import decoded, digest, planes
from tests.media.conftest import Recipe, make_film
from tests.scenes import SAMPLES, scene
from vidcolor.media.light import luma_of

SAMPLE = SAMPLES / "vtest.mp4"


@pytest.fixture(scope="module")
def colorizer(tiny_model: Path) -> Iterator[vidcolor.Colorizer]:
    with vidcolor.Colorizer(str(tiny_model)) as made:
        yield made


def moving(count: int) -> list[np.ndarray]:
    return [np.roll(scene(), 2 * n, axis=1) for n in range(count)]


def test_importing_it_loads_nothing_heavy() -> None:
    heavy = "{'torch', 'cv2', 'av', 'numpy', 'openvino'}"
    code = f"import sys, vidcolor; print(sorted({heavy} & set(sys.modules)), dir(vidcolor))"
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert said.startswith("[] ") and "'Colorizer'" in said


def test_a_film_is_coloured_and_progress_ends_at_the_whole(
    tmp_path: Path, tiny_model: Path
) -> None:
    told: list[tuple[float, int]] = []
    made = vidcolor.colorize(
        SAMPLE,
        tmp_path / "out.mkv",
        model=str(tiny_model),
        duration_s=1,
        progress=lambda done, frames: told.append((done, frames)),
    )
    assert made.frames == 10
    assert {frames for _, frames in told} == {10}
    assert told[-1][0] == pytest.approx(10)
    with av.open(str(tmp_path / "out.mkv")) as film:
        assert sum(1 for _ in film.decode(video=0)) == 10


def test_progress_cancels_and_the_next_run_works(
    tmp_path: Path, colorizer: vidcolor.Colorizer
) -> None:
    with pytest.raises(vidcolor.Cancelled):
        colorizer.film(SAMPLE, tmp_path / "out.mkv", progress=lambda *_: False)
    assert not (tmp_path / "out.mkv").exists()
    assert colorizer.film(SAMPLE, tmp_path / "out.mkv").frames == 50


def test_an_error_in_progress_is_the_callers_own(
    tmp_path: Path, colorizer: vidcolor.Colorizer
) -> None:
    def broken(done: float, frames: int) -> None:
        raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        colorizer.film(SAMPLE, tmp_path / "out.mkv", progress=broken)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [0, 1, 3])
def test_a_photograph_keeps_its_luma_and_type(
    colorizer: vidcolor.Colorizer, kind: type[np.generic], channels: int
) -> None:
    grey = scene().astype(kind) * (257 if kind == np.uint16 else 1)
    given = np.dstack([grey] * channels) if channels else grey
    rgb = colorizer.photo(given)
    assert rgb.dtype == kind and rgb.shape == (*grey.shape, 3)
    assert np.abs(luma_of(rgb).astype(int) - grey).max() <= 1


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((4, 4)),
        np.zeros((4, 4, 2), np.uint8),
        np.zeros(9, np.uint8),
        np.zeros((0, 4), np.uint8),
    ],
)
def test_what_is_no_picture_is_refused(colorizer: vidcolor.Colorizer, array: np.ndarray) -> None:
    with pytest.raises(vidcolor.UsageError, match="array"):
        colorizer.photo(array)
    with pytest.raises(vidcolor.UsageError, match="array"):
        list(colorizer.stream([array]))


def test_a_frame_is_that_of_its_place(colorizer: vidcolor.Colorizer) -> None:
    by_time = colorizer.frame(SAMPLE, at=2.0)
    assert by_time.shape == (480, 640, 3)
    assert (by_time == colorizer.frame(SAMPLE, index=20)).all()
    with pytest.raises(vidcolor.UsageError, match="no frame 999"):
        colorizer.frame(SAMPLE, index=999)
    with pytest.raises(vidcolor.UsageError, match="either `at` or `index`"):
        colorizer.frame(SAMPLE)


def test_a_stream_gives_each_frame_once_in_order_with_its_luma(
    colorizer: vidcolor.Colorizer,
) -> None:
    grey = moving(30)
    colored = list(colorizer.stream(grey, look_ahead=12))
    assert len(colored) == 30
    for before, after in zip(grey, colored, strict=True):
        assert np.abs(luma_of(after).astype(int) - before).max() <= 1


def test_a_stream_looks_no_further_ahead_than_it_says(colorizer: vidcolor.Colorizer) -> None:
    taken = 0

    def frames() -> Iterator[np.ndarray]:
        nonlocal taken
        for frame in moving(60):
            taken += 1
            yield frame

    for given, _ in enumerate(colorizer.stream(frames(), look_ahead=16), 1):
        assert taken - given < 16


def test_a_stream_is_the_film_where_that_is_one_piece(
    tmp_path: Path, colorizer: vidcolor.Colorizer
) -> None:
    colorizer.film(SAMPLE, tmp_path / "out.mkv", codec="ffv1")
    with av.open(str(SAMPLE)) as source, av.open(str(tmp_path / "out.mkv")) as film:
        pairs = zip(
            colorizer.stream(source.decode(video=0), look_ahead=100),
            film.decode(video=0),
            strict=True,
        )
        for streamed, filmed in pairs:
            assert streamed.pts is not None and streamed.time_base != Fraction(0)
            one, other = (f.to_ndarray(format="yuv420p") for f in (streamed, filmed))
            assert (one == other).all()


VARIATIONS: dict[str, dict[str, object]] = {
    "10 bits, 4:2:2": {"pix_fmt": "yuv422p10le"},
    "full range": {"full_range": True},
    "grey": {"pix_fmt": "gray"},
    "grey of 16 bits": {"pix_fmt": "gray16le", "full_range": True},
    "RGB": {"pix_fmt": "bgr0"},
    "deep RGB with alpha": {"pix_fmt": "gbrap12le"},
    "BT.709": {"matrix": 1},
    "no matrix, HD": {"matrix": 2, "width": 1280, "height": 96},
    "PQ": {"pix_fmt": "yuv420p10le", "matrix": 9, "transfer": 16},
    "odd size": {"width": 161, "height": 91, "pix_fmt": "yuv444p"},
    "turned": {"turn": (90.0, False)},
    "mirrored": {"turn": (180.0, True)},
}


@pytest.mark.parametrize("name", VARIATIONS)
def test_a_stream_colours_frames_of_every_kind_as_the_film_does(
    tmp_path: Path, colorizer: vidcolor.Colorizer, name: str
) -> None:
    source = tmp_path / ("in.mov" if name in ("turned", "mirrored") else "in.mkv")
    codec = {"codec": "libx264", "options": {"qp": "0"}} if source.suffix == ".mov" else {}
    recipe: dict[str, object] = {"width": 160, "height": 96, "codec": "ffv1", "options": {}}
    make_film(source, Recipe(12, **(recipe | codec | VARIATIONS[name])))  # type: ignore[arg-type]
    colorizer.film(source, tmp_path / "out.mkv", codec="ffv1")
    with av.open(str(source)) as given, av.open(str(tmp_path / "out.mkv")) as film:
        pairs = zip(colorizer.stream(given.decode(video=0)), film.decode(video=0), strict=True)
        for streamed, filmed in pairs:
            assert streamed.format.name == filmed.format.name
            assert [digest(one) for one in planes(streamed)] == [
                digest(one) for one in planes(filmed)
            ]
            assert (streamed.color_range, streamed.color_trc) == (
                filmed.color_range,
                filmed.color_trc,
            )


def test_an_array_may_be_used_again_while_its_frame_waits(
    colorizer: vidcolor.Colorizer,
) -> None:
    whole = moving(12)

    def reused() -> Iterator[np.ndarray]:
        buffer = np.empty_like(whole[0])
        for frame in whole:
            buffer[...] = frame
            yield buffer

    for one, other in zip(colorizer.stream(reused()), colorizer.stream(whole), strict=True):
        assert (one == other).all()


def test_frames_of_several_sizes_are_refused(colorizer: vidcolor.Colorizer) -> None:
    frames = [scene(), scene()[:-2]]
    with pytest.raises(vidcolor.InputError, match="Frame 1 is 256x190"):
        list(colorizer.stream(frames))


def test_shots_and_stills_are_those_of_the_film(colorizer: vidcolor.Colorizer) -> None:
    (shot,) = colorizer.shots(SAMPLE)
    assert (shot.first, shot.frames) == (0, 50)
    (still,) = colorizer.stills(SAMPLE)
    assert still.shot == 1 and still.rgb.shape == (480, 640, 3)
    assert 0 <= still.frame < 50


def test_several_threads_use_one(tmp_path: Path, colorizer: vidcolor.Colorizer) -> None:
    alone = colorizer.photo(scene())
    with ThreadPoolExecutor(4) as pool:
        films = [pool.submit(colorizer.film, SAMPLE, tmp_path / f"{n}.mkv") for n in range(2)]
        photos = [pool.submit(colorizer.photo, scene()) for _ in range(4)]
    assert [film.result().frames for film in films] == [50, 50]
    assert all((photo.result() == alone).all() for photo in photos)
    one, other = (decoded(tmp_path / f"{n}.mkv") for n in range(2))
    assert one == other


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"render_size": 100}, "render_size=100"),
        ({"saturation": 99.0}, "saturation=99"),
        ({"vividness": 99.0}, "vividness=99"),
        ({"steady": 2.0}, "steady=2.0"),
        ({"every": 0}, "every=0"),
        ({"flow": "water"}, "flow=water"),
        ({"sound": "loud"}, "sound=loud"),
        ({"start_s": 999.0}, "start_s=999"),
        ({"start": 9}, "no option start"),
        ({"frame_rate": "fast"}, "frame_rate=fast"),
        ({"frame_rate": "25"}, "numbered pictures"),
        ({"page": 2}, "`page`"),
    ],
)
def test_errors_name_what_a_program_wrote(
    tmp_path: Path, tiny_model: Path, options: dict[str, object], words: str
) -> None:
    with pytest.raises(vidcolor.UsageError) as caught:
        vidcolor.colorize(SAMPLE, tmp_path / "out.mkv", model=str(tiny_model), **options)  # type: ignore[arg-type]
    assert words in str(caught.value)
    assert "--" not in str(caught.value)


def test_what_a_call_would_leave_unheard_is_refused(colorizer: vidcolor.Colorizer) -> None:
    with pytest.raises(vidcolor.UsageError, match=r"no option crf here.*resize"):
        colorizer.frame(SAMPLE, at=0, crf=20)  # type: ignore[call-arg]
    with pytest.raises(vidcolor.UsageError, match="no option lossless here"):
        colorizer.stream([], lossless=True)  # type: ignore[call-arg]
    with pytest.raises(vidcolor.UsageError, match="numbered pictures"):
        colorizer.shots(SAMPLE, frame_rate="25")


def test_an_output_that_exists_stays_unless_it_may_be_replaced(
    tmp_path: Path, colorizer: vidcolor.Colorizer
) -> None:
    output = tmp_path / "out.mkv"
    output.write_text("mine")
    with pytest.raises(vidcolor.OutputError, match="`overwrite`"):
        colorizer.film(SAMPLE, output)
    assert output.read_text() == "mine"
    assert colorizer.film(SAMPLE, output, overwrite=True, duration_s=0.5).frames == 5


def test_dots_are_said_in_words_as_records_or_in_files(
    tmp_path: Path, colorizer: vidcolor.Colorizer
) -> None:
    told = tmp_path / "dots.csv"
    told.write_text("x,y,radius,colour\n40,48,9,navy\n")
    record = {"points": [[40, 48]], "radius": 9, "colour": "navy"}
    alone = colorizer.photo(scene())
    of_file, *others = (
        colorizer.photo(scene(), hints=given)
        for given in (told, "40,48,9=navy", record, [record], ["40,48,9=navy"])
    )
    assert (of_file != alone).any()
    assert all((of_file == other).all() for other in others)
    with pytest.raises(vidcolor.UsageError, match="hint 1 has no colour"):
        colorizer.photo(scene(), hints={"points": [[40, 48]]})


def test_times_are_seconds_or_time_codes(colorizer: vidcolor.Colorizer, tmp_path: Path) -> None:
    by_code = colorizer.frame(SAMPLE, at="0:02")
    assert (by_code == colorizer.frame(SAMPLE, at=2.0)).all()
    made = colorizer.film(SAMPLE, tmp_path / "out.mkv", start_s="0:00:04", duration_s="0.5")
    assert made.frames == 5
    with pytest.raises(vidcolor.UsageError, match="`at=soon` is no time"):
        colorizer.frame(SAMPLE, at="soon")
