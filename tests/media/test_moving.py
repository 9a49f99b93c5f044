"""What is a film and what a picture, where names and libraries disagree."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import PIL.Image
import pytest

from tests.media.conftest import Recipe, film_frame, make_film
from vidcolor.errors import InputError, MachineError
from vidcolor.media.decode import read_frames
from vidcolor.media.films import film_stream
from vidcolor.media.picture import read_picture
from vidcolor.media.probe import kind_of, probe
from vidcolor.media.source import open_source
from vidcolor.run.inputs import Search

LASTS_MS = [100, 50, 200, 40, 80, 120, 30, 2000]


def stills() -> list[np.ndarray]:
    texture = np.random.default_rng(7).integers(0, 256, (48, 64)).astype(np.uint8)
    texture = texture // 2 + 64
    return [np.roll(texture, 3 * index, axis=1) for index in range(len(LASTS_MS))]


def animation(path: Path, **options: object) -> Path:
    first, *others = (PIL.Image.fromarray(still).convert("RGB") for still in stills())
    first.save(path, save_all=True, append_images=others, duration=LASTS_MS, loop=0, **options)
    return path


def encoded(codec: str, pix_fmt: str = "yuv420p", frames: int = 5) -> bytes:
    """A film as a bare stream of packets."""
    recipe = Recipe(pix_fmt=pix_fmt)
    context = av.CodecContext.create(codec, "w")
    context.width, context.height, context.pix_fmt = recipe.width, recipe.height, pix_fmt
    context.time_base, context.framerate = Fraction(1, 25), Fraction(25)
    packets = []
    for index in range(frames):
        frame = film_frame(recipe, index)
        frame.pts, frame.time_base = index, Fraction(1, 25)
        packets += context.encode(frame)
    return b"".join(map(bytes, [*packets, *context.encode(None)]))


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.webp", {"lossless": True}),
        ("a.avif", {"quality": 100}),
        ("a.png", {}),
        ("a.gif", {}),
    ],
)
def test_moving_pictures_are_films_of_all_their_frames_and_times(
    tmp_path: Path, name: str, options: dict[str, object]
) -> None:
    path = animation(tmp_path / name, **options)
    assert kind_of(path) == "clip"
    clip = probe(path)
    begins = np.cumsum([0, *LASTS_MS[:-1]])
    assert [float(pts * clip.time_base) for pts in clip.pts] == pytest.approx(begins / 1000)
    assert clip.other_streams == ()
    for frame, still in zip(read_frames(clip, 0, len(LASTS_MS)), stills(), strict=True):
        white = 255 if clip.full_range else 219
        black = 0 if clip.full_range else 16
        seen = (frame.luma.astype(float) - black) * 255 / white
        assert abs(seen - still).mean() < 3
    (pair,) = Search([str(path)], tmp_path / "out").find().pairs
    assert pair.is_film


@pytest.mark.parametrize("name", ["a.avif", "a.webp"])
def test_transparency_of_moving_pictures_is_said_to_be_left_out(tmp_path: Path, name: str) -> None:
    clear = [PIL.Image.fromarray(np.dstack([s] * 4)) for s in stills()]
    clear[0].save(tmp_path / name, save_all=True, append_images=clear[1:], duration=100)
    clip = probe(tmp_path / name)
    assert "Transparency is left out." in clip.repairs
    assert clip.other_streams == ()
    assert "Transparency is left out." not in probe(animation(tmp_path / name)).repairs


def test_the_last_picture_of_a_moving_webp_lasts(tmp_path: Path) -> None:
    path = animation(tmp_path / "a.webp", lossless=True)
    with open_source(path) as container:
        film = film_stream(container, path)
        lasts = [p.duration * film.time_base for p in container.demux(film) if p.size]
    assert lasts == [Fraction(ms, 1000) for ms in LASTS_MS]


def test_a_webp_is_read_anew_when_it_changed(tmp_path: Path) -> None:
    path = animation(tmp_path / "a.webp", lossless=True)
    assert probe(path).frame_count == len(LASTS_MS)
    first, second = (PIL.Image.fromarray(still) for still in stills()[:2])
    first.save(path, save_all=True, append_images=[second], duration=70, lossless=True)
    assert probe(path).frame_count == 2


def test_a_damaged_moving_webp_is_an_error_in_a_sentence(tmp_path: Path) -> None:
    path = animation(tmp_path / "a.webp", lossless=True)
    whole = path.read_bytes()
    path.write_bytes(whole[:40] + b"\0" * (len(whole) - 40))
    with pytest.raises(InputError, match="is not a media file, or is damaged"):
        probe(path)


@pytest.mark.parametrize(
    ("name", "codec", "pix_fmt"),
    [
        ("a.m2v", "mpeg2video", "yuv420p"),
        ("a.m1v", "mpeg1video", "yuv420p"),
        ("a.mjpeg", "mjpeg", "yuvj420p"),
        ("a.mjpg", "mjpeg", "yuvj420p"),
        ("a.h264", "libx264", "yuv420p"),
    ],
)
@pytest.mark.parametrize("frames", [1, 5])
def test_bare_streams_are_films(
    tmp_path: Path, name: str, codec: str, pix_fmt: str, frames: int
) -> None:
    path = tmp_path / name
    path.write_bytes(encoded(codec, pix_fmt, frames))
    assert kind_of(path) == "clip"
    assert probe(path).frame_count == frames


@pytest.mark.parametrize("brand", [b"msf1", b"hevc"])
def test_a_heif_of_moving_pictures_is_a_film(tmp_path: Path, brand: bytes) -> None:
    path = make_film(tmp_path / "a.mp4", Recipe(codec="libx265", options={}, frames=5))
    path.write_bytes(path.read_bytes().replace(b"ftypisom", b"ftyp" + brand, 1))
    path = path.rename(tmp_path / "a.heics")
    assert kind_of(path) == "clip"
    assert probe(path).frame_count == 5
    (pair,) = Search([str(path)], tmp_path / "out").find().pairs
    assert pair.is_film


def test_ivf_is_a_film(tmp_path: Path) -> None:
    path = make_film(tmp_path / "a.ivf", Recipe(codec="libvpx", options={}, frames=5))
    assert kind_of(path) == "clip"


def test_photographs_with_more_behind_them_are_stills(tmp_path: Path) -> None:
    still = PIL.Image.fromarray(stills()[0])
    made = io.BytesIO()
    still.save(made, "JPEG")
    motion, phone = tmp_path / "motion.jpg", tmp_path / "a.mpo"
    film = make_film(tmp_path / "a.mp4", Recipe(frames=3)).read_bytes()
    motion.write_bytes(made.getvalue() + film)
    still.save(phone, "MPO", save_all=True, append_images=[still])
    for path in (motion, phone):
        assert kind_of(path) == "picture"
        assert read_picture(path).luma.shape == (48, 64)


def test_a_heic_without_its_reader_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pillow_heif", None)
    path = tmp_path / "a.heic"
    path.write_bytes(b"\0\0\0\x18ftypheic" + b"\0" * 200)
    assert kind_of(path) == "picture"
    with pytest.raises(MachineError, match=r"a HEIC, needs pillow_heif.*\[heif\]"):
        read_picture(path)


def test_a_heic_of_tiles_is_read_whole(tmp_path: Path) -> None:
    pillow_heif = pytest.importorskip("pillow_heif")
    rows, columns = np.mgrid[:300, :400]
    grey = ((columns * 0.4 + rows * 0.3) % 256).astype(np.uint8)
    held = pillow_heif.from_bytes("RGB", (400, 300), np.dstack([grey] * 3).tobytes())
    held.save(tmp_path / "a.heic", tile_size=128, quality=-1, chroma=444)
    assert kind_of(tmp_path / "a.heic") == "picture"
    read = read_picture(tmp_path / "a.heic")
    assert read.luma.shape == grey.shape
    assert abs(read.luma.astype(int) - grey).max() <= 1
    (pair,) = Search([str(tmp_path / "a.heic")], tmp_path / "out").find().pairs
    assert pair.output.name == "a.png"


def test_a_turned_heic_comes_upright_and_is_not_turned_again(tmp_path: Path) -> None:
    pillow_heif = pytest.importorskip("pillow_heif")
    pillow_heif.register_heif_opener()
    grey = np.zeros((40, 64), np.uint8)
    grey[:20, :20] = 200
    image = PIL.Image.fromarray(grey).convert("RGB")
    exif = image.getexif()
    exif[0x0112] = 6
    image.save(tmp_path / "a.heic", exif=exif, quality=-1, chroma=444)
    read = read_picture(tmp_path / "a.heic")
    held = pillow_heif.open_heif(tmp_path / "a.heic")
    assert abs(read.luma.astype(int) - np.asarray(held)[:, :, 0]).max() <= 1
    tags = PIL.Image.Exif()
    tags.load(read.exif)
    assert tags[0x0112] == 1


@pytest.mark.parametrize("mode", ["L;16", "RGB;16"])
def test_a_heic_of_ten_bits_keeps_them(tmp_path: Path, mode: str) -> None:
    pillow_heif = pytest.importorskip("pillow_heif")
    rows, columns = np.mgrid[:60, :80]
    codes = (rows * 12 + columns * 3).astype(np.uint32)
    deep = (codes << 6).astype(np.uint16)
    samples = deep if mode == "L;16" else np.dstack([deep] * 3)
    held = pillow_heif.from_bytes(mode, (80, 60), samples.tobytes())
    held.save(tmp_path / "a.heic", quality=-1, chroma=444)
    read = read_picture(tmp_path / "a.heic")
    assert read.depth == 16
    wanted = codes * 65535 / 1023
    assert abs(read.luma - wanted).max() <= 65535 / 1023 + 1


@pytest.mark.parametrize(("pix_fmt", "depth"), [("gbrp10be", 16), ("gray", 8)])
def test_pictures_that_ffmpeg_alone_knows_are_read(
    tmp_path: Path, pix_fmt: str, depth: int
) -> None:
    grey = stills()[0]
    frame = av.VideoFrame.from_ndarray(grey, "gray").reformat(format=pix_fmt)
    frame.pts = 0
    context = av.CodecContext.create("dpx", "w")
    context.width, context.height, context.pix_fmt = 64, 48, pix_fmt
    context.time_base = Fraction(1, 25)
    path = tmp_path / "a.dpx"
    path.write_bytes(b"".join(map(bytes, [*context.encode(frame), *context.encode(None)])))
    assert kind_of(path) == "picture"
    read = read_picture(path)
    assert read.depth == depth
    assert abs(read.luma / (257 if depth == 16 else 1) - grey).max() <= 1


def test_a_picture_that_nothing_here_decodes_is_called_a_picture(tmp_path: Path) -> None:
    path = tmp_path / "a.jxl"
    path.write_bytes(b"\0\0\0\x0cJXL \r\n\x87\n" + b"\0\0\0\x14ftypjxl \0\0\0\0jxl " + b"\0" * 99)
    with pytest.raises(InputError, match=r"a\.jxl .*picture"):
        kind_of(path)
