"""Which field is shown first: the source's order, in every frame and in the stream."""

import itertools
from fractions import Fraction

import av
import av.filter
import pytest

from tests.media.conftest import Recipe, film_frame
from tests.media.test_mux import rejoin
from vidcolor.media.probe import probe

MARKS = {"top": "tff", "bottom": "bff", "whole": "prog"}
ORDERS = {"top": 2, "bottom": 3, "whole": 1}
FRAMES = 20


def graph(frame, name, argument):
    made = av.filter.Graph()
    source = made.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base
    )
    step, sink = made.add(name, argument), made.add("buffersink")
    source.link_to(step)
    step.link_to(sink)
    made.configure()
    return made


def fielded(path, codec, pix_fmt, mark, size=(720, 576), marks=None):
    """A film of frames with fields, marked as they are meant to be."""
    options = {"x264-params": "tff=1" if mark == "top" else "bff=1"} if mark != "whole" else {}
    with av.open(str(path), "w") as container:
        film = container.add_stream(codec, rate=25, options=options if codec == "libx264" else {})
        context = film.codec_context
        (film.width, film.height), film.pix_fmt = size, pix_fmt
        if mark != "whole":
            context.flags |= av.codec.context.Flags.interlaced_dct
            context.field_order = ORDERS[mark]
        recipe = Recipe(
            FRAMES, *size, pix_fmt=pix_fmt, time_base=Fraction(1, 25), pts=range(FRAMES)
        )
        setters = {}
        for index in range(FRAMES):
            frame, wanted = film_frame(recipe, index), (marks or [mark] * FRAMES)[index]
            if wanted not in setters:
                setters[wanted] = graph(frame, "setfield", MARKS[wanted])
            setters[wanted].push(frame)
            container.mux(film.encode(setters[wanted].pull()))
        container.mux(film.encode(None))
    return path


def marks_of(path):
    """What each frame says of itself, read by a filter."""
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    kinds = {"top": "TOPFIRST", "bottom": "BOTTOMFIRST", "whole": "PROGRESSIVE"}
    graphs = {k: graph(frames[0], "select", f"eq(interlace_type,{v})") for k, v in kinds.items()}
    found = []
    for frame in frames:
        for kind, made in graphs.items():
            made.push(frame)
            try:
                made.pull()
                found.append(kind)
            except BlockingIOError:
                continue
    return found


def order_of(path):
    with av.open(str(path)) as container:
        return container.streams.video[0].codec_context.field_order


SOURCES = [("f.mkv", "libx264", "yuv420p"), ("f.mov", "prores_ks", "yuv422p10le")]
TARGETS = [
    ("o.mp4", "libx264"),
    ("o.mov", "libx264"),
    ("o.mkv", "libx264"),
    ("o.mkv", "ffv1"),
    ("o.mov", "prores_ks"),
    ("o.mkv", "prores_ks"),
]


@pytest.mark.parametrize("mark", ["top", "bottom", "whole"])
@pytest.mark.parametrize(("source", "coded", "pix_fmt"), SOURCES, ids=["x264", "prores"])
def test_the_order_of_fields_is_the_sources(tmp_path, source, coded, pix_fmt, mark):
    path = fielded(tmp_path / source, coded, pix_fmt, mark, (64, 48))
    assert set(marks_of(path)) == {mark}
    for name, codec in TARGETS:
        if codec == "prores_ks" and pix_fmt == "yuv420p":
            continue
        output = tmp_path / f"{codec}-{name}"
        rejoin(path, output, (0, 9), codec, lossless=False)
        assert marks_of(output) == [mark] * FRAMES, (codec, name)
        assert order_of(output) == ORDERS[mark], (codec, name)


@pytest.mark.parametrize("name", ["o.mp4", "o.mov", "o.mkv"])
@pytest.mark.parametrize("mark", ["top", "bottom"])
def test_hevc_names_the_order_for_its_stream(tmp_path, name, mark):
    path = fielded(tmp_path / "f.mkv", "libx264", "yuv420p", mark, (64, 48))
    rejoin(path, tmp_path / name, (0, 9), "libx265", lossless=False)
    assert order_of(tmp_path / name) == ORDERS[mark]


@pytest.mark.parametrize("size", [(720, 576), (720, 480)], ids=["pal", "ntsc"])
def test_dv_is_bottom_first(tmp_path, size):
    path = tmp_path / "f.dv"
    rate = 25 if size[1] == 576 else Fraction(30000, 1001)
    with av.open(str(path), "w", format="dv") as container:
        film = container.add_stream("dvvideo", rate=rate)
        (film.width, film.height) = size
        film.pix_fmt = "yuv420p" if size[1] == 576 else "yuv411p"
        sound = container.add_stream("pcm_s16le", rate=48000, layout="stereo")
        recipe = Recipe(6, *size, pix_fmt=film.pix_fmt, time_base=1 / Fraction(rate), pts=range(6))
        for index in range(6):
            voice = av.AudioFrame(format="s16", layout="stereo", samples=1920)
            voice.sample_rate, voice.pts = 48000, 1920 * index
            container.mux(film.encode(film_frame(recipe, index)))
            container.mux(sound.encode(voice))
    assert probe(path).field_order == "bb"
    rejoin(path, tmp_path / "o.mkv", lossless=False)
    assert marks_of(tmp_path / "o.mkv") == ["bottom"] * probe(path).frame_count
    assert order_of(tmp_path / "o.mkv") == ORDERS["bottom"]


def test_a_mixture_is_told(tmp_path):
    marks = list(itertools.islice(itertools.cycle(["top", "top", "whole"]), FRAMES))
    path = fielded(tmp_path / "f.mkv", "ffv1", "yuv420p", "top", (64, 48), marks)
    assert marks_of(path) == marks
    said = [s for s in probe(path).repairs if "marked" in s]
    assert said == [
        "Some frames are marked as two fields and some are not; all become two fields, the top "
        "one first."
    ]
