"""Every promise at every variation of a film: `docs/testing.md` has the table that this fills.

The film is the same throughout: a shot of grey film, then one in colour, with sound. What is
expected comes from the pictures it was made of, and from its plainest form.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import PIL.Image
import pytest
from av.codec.context import Flags
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter

from tests.run.threads import is_main_thread
from tests.scenes import SAMPLES
from vidcolor.direct.prepare import Request, prepare
from vidcolor.infer.choose import load_predictor
from vidcolor.infer.predictor import Predictor
from vidcolor.media.clip import ClipInfo
from vidcolor.media.decode import read_frames
from vidcolor.media.planes import unpack
from vidcolor.media.probe import probe
from vidcolor.run.film import Film
from vidcolor.run.here import Here
from vidcolor.run.job import JobFolder, Told, run_job
from vidcolor.run.plan import Plan, make_plan
from vidcolor.run.segment import segments
from vidcolor.run.settings import ColorizeSettings

SHOT = 8
DOT, DOT_COLOR = (40, 60), (200, 60, 40)


@dataclass(frozen=True)
class Variation:
    """How the film is stored; the plainest form by default."""

    codec: str = "ffv1"
    pix_fmt: str = "yuv420p"
    suffix: str = ".mkv"
    full_range: bool = False
    size: tuple[int, int] = (144, 192)
    turn: tuple[int, bool] = (0, False)
    aspect: Fraction = Fraction(1)
    stamps: Sequence[int] = tuple(range(0, 40 * 2 * SHOT, 40))
    interlaced: bool = False
    matrix: int = 5
    sound: str = "pcm_s16le"
    options: dict[str, str] = field(default_factory=dict)

    @property
    def grey(self) -> bool:
        """Whether it can hold no colour."""
        return self.pix_fmt.startswith("gray")


VARYING = (0, 40, 41, 120, 121, 122, 250, 300, 333, 400, 401, 500, 600, 610, 700, 900)
QUICK = tuple(range(0, 8 * 2 * SHOT, 8))
LATE = tuple(range(1400, 1400 + 40 * 2 * SHOT, 40))
PLAIN = "plain"
VARIATIONS = {
    PLAIN: Variation(),
    "10 bits": Variation(pix_fmt="yuv420p10le"),
    "12 bits 4:4:4": Variation(pix_fmt="yuv444p12le"),
    "16 bits 4:2:2": Variation(pix_fmt="yuv422p16le"),
    "gray": Variation(pix_fmt="gray", full_range=True),
    "gray of 16 bits": Variation(pix_fmt="gray16le", full_range=True),
    "high byte first": Variation("png", "gray16be", ".mov", full_range=True),
    "RGB": Variation(pix_fmt="bgr0", full_range=True),
    "RGB of 12 bits": Variation(pix_fmt="gbrp12le", full_range=True),
    "full range": Variation(full_range=True),
    "BT.709": Variation(pix_fmt="yuv422p10le", matrix=1),
    "4:1:0": Variation(pix_fmt="yuv410p"),
    "alpha": Variation(pix_fmt="yuva444p10le"),
    "odd size": Variation(size=(145, 191)),
    "odd size of 10 bits": Variation(pix_fmt="yuv420p10le", size=(145, 191)),
    "a quarter right": Variation(pix_fmt="yuv420p10le", turn=(90, False)),
    "a quarter left": Variation(pix_fmt="gray16le", turn=(270, False), full_range=True),
    "upside down": Variation(pix_fmt="yuv422p", turn=(180, False)),
    "mirrored": Variation(pix_fmt="yuv420p12le", turn=(0, True)),
    "wide pixels": Variation("libx264", "yuv420p10le", aspect=Fraction(4, 3), options={"crf": "1"}),
    "varying rate": Variation(pix_fmt="yuv420p10le", stamps=VARYING),
    "125 a second": Variation(pix_fmt="yuv422p10le", stamps=QUICK),
    "a late start": Variation(
        "libx264", "yuv420p10le", ".mp4", stamps=LATE, sound="aac", options={"crf": "1"}
    ),
    "fields": Variation(
        "libx264", "yuv420p", ".mp4", interlaced=True, sound="aac", options={"crf": "1"}
    ),
    "fields of 10 bits": Variation(
        "libx264", "yuv422p10le", ".mov", interlaced=True, options={"crf": "1"}
    ),
    "ProRes": Variation("prores_ks", "yuv422p10le", ".mov", options={"profile": "3"}),
    "DNxHR": Variation(
        "dnxhd",
        "yuv422p10le",
        ".mov",
        size=(144, 256),
        aspect=Fraction(3, 4),
        options={"profile": "dnxhr_hqx"},
    ),
    "nut": Variation("rawvideo", "yuv420p10be", ".nut"),
}
SHALLOW = (PLAIN, "gray", "RGB", "full range", "4:1:0", "odd size", "upside down", "fields")
EVERY = pytest.mark.parametrize("name", VARIATIONS)


@functools.cache
def upright(index: int) -> np.ndarray:
    """RGB uint8 (144, 192, 3) of a frame: eight of a grey shot that drifts, eight in colour."""
    sample = "nosferatu" if index < SHOT else "vtest"
    with av.open(str(SAMPLES / f"{sample}.mp4")) as container:
        grey = next(container.decode(video=0)).to_ndarray(format="gray")
    light = cv2.resize(grey, (192, 144), interpolation=cv2.INTER_AREA).astype(np.float32)
    picture = np.dstack([light] * 3)
    if index >= SHOT:
        picture[80:] *= [0.8, 1.05, 0.6]
        picture[10:70, 20:80] *= [1.1, 0.7, 0.6]
        picture[20:80, 110:180] *= [0.6, 0.8, 1.3]
    return np.roll(picture.clip(0, 255).astype(np.uint8), 2 * (index % SHOT), axis=1)


def lying(picture: np.ndarray, kind: Variation) -> np.ndarray:
    """The picture as it is stored: turned back, squeezed, of the stored size."""
    rotation, flipped = kind.turn
    turned = np.rot90(picture, rotation // 90)
    turned = turned[:, ::-1] if flipped else turned
    height, width = kind.size if rotation not in (90, 270) else kind.size[::-1]
    return cv2.resize(np.ascontiguousarray(turned), (width, height), interpolation=cv2.INTER_AREA)


def stored(picture: np.ndarray, kind: Variation) -> av.VideoFrame:
    frame = av.VideoFrame.from_ndarray(picture, "rgb24")
    matrix = Colorspace.ITU709 if kind.matrix == 1 else Colorspace.ITU601
    made = VideoReformatter().reformat(
        frame,
        format=kind.pix_fmt,
        dst_colorspace=matrix,
        src_color_range=ColorRange.JPEG,
        dst_color_range=ColorRange.JPEG if kind.full_range else ColorRange.MPEG,
    )
    made.color_range, made.colorspace = 2 if kind.full_range else 1, kind.matrix
    return made


def make(path: Path, kind: Variation) -> Path:
    options = {"movie_timescale": "48000"} if path.suffix in (".mp4", ".mov") else {}
    with av.open(str(path), "w", container_options=options) as container:
        stream = container.add_stream(kind.codec, rate=25, options=kind.options)
        context = stream.codec_context
        context.height, context.width = lying(upright(0), kind).shape[:2]
        context.pix_fmt, context.sample_aspect_ratio = kind.pix_fmt, kind.aspect
        context.color_range, context.colorspace = 2 if kind.full_range else 1, kind.matrix
        context.time_base = stream.time_base = Fraction(1, 1000)
        if kind.interlaced:
            context.flags |= Flags.interlaced_dct | Flags.interlaced_me
            context.field_order = 2
        if kind.turn != (0, False):
            stream.set_display_rotation(-kind.turn[0], hflip=kind.turn[1])
        sound = container.add_stream(kind.sound, rate=48000, layout="mono")
        container.start_encoding()
        add_sound(container, sound, kind)
        for index, stamp in enumerate(kind.stamps):
            frame = stored(lying(upright(index), kind), kind)
            frame.pts, frame.time_base = stamp, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def add_sound(container: av.container.OutputContainer, sound, kind: Variation) -> None:
    tone = np.sin(np.arange(48000) / 20) * 8000
    for start in range(0, 24000, 1024):
        samples = tone[start : start + 1024]
        if kind.sound == "aac":
            block = av.AudioFrame.from_ndarray((samples / 32768).astype("f4")[None], "fltp", "mono")
        else:
            block = av.AudioFrame.from_ndarray(samples.astype("i2")[None], "s16", "mono")
        block.sample_rate, block.time_base = 48000, Fraction(1, 48000)
        block.pts = start + kind.stamps[0] * 48
        container.mux(sound.encode(block))
    container.mux(sound.encode(None))


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return load_predictor("vidcolor-base", "cpu", "openvino")


class Films:
    """The film in each form, coloured when it is first asked for."""

    def __init__(self, folder: Path, predictor: Predictor) -> None:
        self.folder, self.predictor = folder, predictor

    def folder_of(self, name: str) -> Path:
        folder = self.folder / name.replace(":", "")
        folder.mkdir(exist_ok=True)
        return folder

    @functools.cache  # noqa: B019 - lives as long as the module's tests
    def source(self, name: str) -> Path:
        kind = VARIATIONS[name]
        return make(self.folder_of(name) / f"in{kind.suffix}", kind)

    def plan(self, name: str, output: str, **settings: object) -> Plan:
        clip = probe(self.source(name))
        chosen = ColorizeSettings(render_size=96, **settings)  # type: ignore[arg-type]
        return make_plan(clip, self.folder_of(name) / output, chosen, threads=1)

    def run(self, plan: Plan) -> Path:
        run_job(plan, Here(self.predictor), JobFolder(plan, "test"), Told())
        return plan.output

    @functools.cache  # noqa: B019
    def kept(self, name: str) -> Path:
        """Coloured without loss, what is in colour left as it is."""
        container = VARIATIONS[name].suffix if VARIATIONS[name].interlaced else ".mkv"
        return self.run(
            self.plan(name, f"kept{container}", lossless=True, input_chroma="keep-if-colored")
        )

    @functools.cache  # noqa: B019
    def directed(self, name: str) -> Path:
        """Coloured by a dot on the first shot and a still of the second."""
        return self.run(self.directed_plan(name, "directed.mkv"))

    def directed_plan(self, name: str, output: str) -> Plan:
        folder = self.folder_of(name)
        still = upright(SHOT + 2)[:, :, ::-1].copy()
        PIL.Image.fromarray(still).save(folder / f"ref_{SHOT + 2:06d}.png")
        dot = {"frame": 2, "points": [DOT], "radius": 6, "colour": f"#{bytes(DOT_COLOR).hex()}"}
        hints = {"version": 1, "size": [192, 144], "hints": [dot]}
        (folder / "dots.json").write_text(json.dumps(hints))
        request = Request((folder / f"ref_{SHOT + 2:06d}.png",), (folder / "dots.json",))
        plan = self.plan(name, output)
        return replace(plan, direction=prepare(request, plan.film))


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory, predictor: Predictor) -> Films:
    return Films(tmp_path_factory.mktemp("films"), predictor)


def view_of(clip: ClipInfo) -> Film:
    return Film.whole(clip, 96)


def planes(path: Path) -> list[tuple[np.ndarray, ...]]:
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    full = probe(path).full_range
    return [unpack(frame, full) for frame in frames]


def stamps(path: Path) -> list[Fraction]:
    with av.open(str(path)) as container:
        return [frame.pts * Fraction(frame.time_base) for frame in container.decode(video=0)]


def sound(path: Path) -> str:
    with av.open(str(path)) as container:
        payload = b"".join(bytes(packet) for packet in container.demux(audio=0) if packet.size)
    return hashlib.sha256(payload).hexdigest()


def chroma(path: Path, kind: Variation) -> np.ndarray:
    """Cb and Cr less 128 as a viewer sees them: float (frames, 2, 72, 96), turned upright."""
    rotation, flipped = kind.turn
    shown = []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            matrix = Colorspace.ITU709 if frame.colorspace == 1 else Colorspace.ITU601
            rgb = VideoReformatter().reformat(frame, format="gbrp16le", src_colorspace=matrix)
            green, blue, red = (
                np.frombuffer(p, "<u2").reshape(p.height, -1)[:, : p.width] / 257
                for p in rgb.planes
            )
            luma = 0.299 * red + 0.587 * green + 0.114 * blue
            pair = np.dstack([(blue - luma) / 1.772, (red - luma) / 1.402])
            turned = np.rot90(pair[:, ::-1] if flipped else pair, -rotation // 90)
            small = cv2.resize(np.ascontiguousarray(turned), (96, 72), interpolation=cv2.INTER_AREA)
            shown.append(small.transpose(2, 0, 1))
    return np.stack(shown)


@EVERY
def test_it_is_probed_as_what_it_is(films: Films, name: str) -> None:
    kind, clip = VARIATIONS[name], probe(films.source(name))
    assert clip.frame_count == 2 * SHOT
    assert (clip.rotation, clip.flipped) == kind.turn
    assert clip.interlaced == kind.interlaced
    assert (clip.depth == 8) == (name in SHALLOW)


@EVERY
def test_luma_is_kept_bit_by_bit(films: Films, name: str) -> None:
    before, after = planes(films.source(name)), planes(films.kept(name))
    assert len(before) == len(after) == 2 * SHOT
    for there, here in zip(before, after, strict=True):
        assert np.array_equal(there[0], here[0])


@EVERY
def test_stamps_are_kept(films: Films, name: str) -> None:
    wanted = [Fraction(stamp, 1000) for stamp in VARIATIONS[name].stamps]
    found = stamps(films.kept(name))
    assert max(abs(a - b) for a, b in zip(found, wanted, strict=True)) <= Fraction(1, 2000)


@EVERY
def test_sound_is_kept(films: Films, name: str) -> None:
    assert sound(films.kept(name)) == sound(films.source(name))


@EVERY
def test_shots_are_found(films: Films, name: str) -> None:
    view = view_of(probe(films.source(name)))
    parts = list(segments(view.segment_limits, view.small_luma(0), 0))
    assert [cut + part.first for part in parts for cut in part.cuts] == [SHOT]


@EVERY
def test_colour_is_that_of_the_plain_film(films: Films, name: str) -> None:
    here = chroma(films.kept(name), VARIATIONS[name])[:SHOT]
    plain = chroma(films.kept(PLAIN), VARIATIONS[PLAIN])[:SHOT]
    assert np.abs(plain).mean() > 2
    assert np.abs(here - plain).mean() < 1.5


@EVERY
def test_colour_of_its_own_is_kept(films: Films, name: str) -> None:
    if VARIATIONS[name].grey:
        assert np.abs(chroma(films.kept(name), VARIATIONS[name])[SHOT:]).mean() > 2
        return
    before, after = planes(films.source(name)), planes(films.kept(name))
    for there, here in zip(before[SHOT:], after[SHOT:], strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(there, here, strict=True))
    true = chroma(films.source(name), VARIATIONS[name])[SHOT:]
    assert np.abs(chroma(films.kept(name), VARIATIONS[name])[SHOT:] - true).mean() < 0.5


@EVERY
def test_a_still_rules_its_shot(films: Films, name: str) -> None:
    here = chroma(films.directed(name), VARIATIONS[name])[SHOT:]
    plain = chroma(films.directed(PLAIN), VARIATIONS[PLAIN])[SHOT:]
    assert np.abs(here - plain).mean() < 1.5


@EVERY
def test_a_dot_is_where_it_was_put(films: Films, name: str) -> None:
    red, green, blue = DOT_COLOR
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    light = upright(2)[DOT[1] - 3 : DOT[1] + 4, DOT[0] - 3 : DOT[0] + 4].mean() / luma
    meant = light * np.array([(blue - luma) / 1.772, (red - luma) / 1.402])
    x, y = DOT[0] // 2, DOT[1] // 2
    found = chroma(films.directed(name), VARIATIONS[name])[2][:, y - 1 : y + 2, x - 1 : x + 2]
    there = chroma(films.directed(PLAIN), VARIATIONS[PLAIN])[2][:, y - 1 : y + 2, x - 1 : x + 2]
    assert np.abs(found.mean(axis=(1, 2)) - there.mean(axis=(1, 2))).max() < 12
    assert np.abs(found.mean(axis=(1, 2)) - meant).max() < 8


@EVERY
def test_a_preview_shows_what_the_film_shows(films: Films, name: str) -> None:
    """Upright, of square pixels, and in the film's colour as one look gives it."""
    clip = probe(films.source(name))
    view = view_of(clip)
    luma = next(read_frames(clip, 3, 1)).luma
    alone = films.predictor.predict(view.small(luma)[None]).chroma[0]
    picture = view.picture(luma, alone, 1.0)
    assert picture.shape[:2] == clip.upright_size
    small = cv2.resize(picture, (192, 144), interpolation=cv2.INTER_AREA).astype(float)
    assert np.abs(small @ [0.299, 0.587, 0.114] - upright(3)[..., 0]).mean() < 6


@EVERY
def test_an_interrupted_run_ends_with_the_same_packets(
    films: Films, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vidcolor.run.film.SEGMENT_SHORTEST_S", 0.05)
    monkeypatch.setattr("vidcolor.run.film.SEGMENT_LONGEST_S", 0.3)
    straight = films.run(films.directed_plan(name, "straight.mkv"))
    plan = films.directed_plan(name, "stopped.mkv")
    written = 0

    class KilledError(BaseException):
        pass

    def kill(frames: float, stage: str) -> None:
        nonlocal written
        written += is_main_thread()
        if written == 2 * SHOT - 1:
            raise KilledError

    with pytest.raises(KilledError):
        run_job(plan, Here(films.predictor), JobFolder(plan, "test"), Told(kill))
    assert not plan.output.exists()
    films.run(plan)
    assert packets(plan.output) == packets(straight)


def packets(path: Path) -> list[tuple[int, bytes]]:
    with av.open(str(path)) as container:
        return [(p.pts, bytes(p)) for p in container.demux(video=0) if p.size]


def test_the_documentation_names_every_variation_and_promise() -> None:
    text = (Path(__file__).parents[2] / "docs" / "testing.md").read_text(encoding="utf-8")
    listed = re.search(r"Variations: (.*?)\.\n\n", text, re.DOTALL)
    assert listed
    named = re.sub(r"\(.*?\)", "", listed[1].replace("\n", " ")).split(",")
    assert {name.strip() for name in named} == set(VARIATIONS)
    asked = [name for name, it in globals().items() if hasattr(it, "pytestmark")]
    assert all(name in text for name in asked if name != "test_it_is_probed_as_what_it_is")
