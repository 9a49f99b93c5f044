"""The same photograph gets the same colour whatever kind of file holds it, at whatever depth."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import PIL.Image
import PIL.ImageOps
import pytest
import tifffile

from tests.scenes import frame_of, light, scene
from vidcolor.direct.prepare import Request
from vidcolor.evaluate.read import read_picture as read_for_evaluation
from vidcolor.infer.choose import load_predictor
from vidcolor.infer.predictor import Predictor
from vidcolor.media.deep import full_scale
from vidcolor.media.picture import read_picture
from vidcolor.run.still import colorize_picture
from vidcolor.train.sources import read as read_for_training

Maker = Callable[[Path], object]


def eight() -> np.ndarray:
    return scene()


def sixteen() -> np.ndarray:
    return scene().astype(np.uint16) * 257


def rgb(samples: np.ndarray, alpha: int | None = None) -> np.ndarray:
    planes = [samples] * 3 + ([] if alpha is None else [np.full_like(samples, alpha)])
    return np.dstack(planes)


def pil(samples: np.ndarray, mode: str | None = None) -> Maker:
    image = PIL.Image.fromarray(samples)
    return (image.convert(mode) if mode else image).save


def opencv(samples: np.ndarray) -> Maker:
    return lambda path: cv2.imwrite(str(path), samples)


def tiff(samples: np.ndarray, **options: object) -> Maker:
    return lambda path: tifffile.imwrite(path, samples, **options)


def netpbm(magic: str, most: int, channels: int = 1) -> Maker:
    codes = np.rint(light(scene()) * most).astype(">u2" if most > 255 else "u1")
    head = f"{magic}\n# made by hand\n256 192\n{most}\n".encode()
    body = np.repeat(codes, channels, axis=1).tobytes()
    return lambda path: path.write_bytes(head + body)


def jpeg2000(pix_fmt: str) -> Maker:
    def write(path: Path) -> None:
        context = av.CodecContext.create("jpeg2000", "w")
        context.width, context.height, context.pix_fmt = 256, 192, pix_fmt
        context.time_base = Fraction(1, 25)
        context.options = {"format": "jp2", "pred": "dwt53"}
        packets = [*context.encode(frame_of(light(scene()), pix_fmt)), *context.encode(None)]
        path.write_bytes(b"".join(map(bytes, packets)))

    return write


KINDS: dict[str, Callable[[], Maker]] = {
    "grey8.jpg": lambda: lambda path: PIL.Image.fromarray(eight()).save(path, quality=95),
    "grey8.bmp": lambda: pil(eight()),
    "grey8.tif": lambda: pil(eight()),
    "grey8.webp": lambda: lambda path: PIL.Image.fromarray(eight()).save(path, lossless=True),
    "grey8.avif": lambda: lambda path: PIL.Image.fromarray(rgb(eight())).save(path, quality=95),
    "grey8.gif": lambda: pil(eight()),
    "grey8.tga": lambda: pil(eight()),
    "palette.png": lambda: pil(eight(), "P"),
    "alpha8.png": lambda: pil(rgb(eight(), 255)),
    "cmyk.tif": lambda: pil(rgb(eight()), "CMYK"),
    "white_is_zero8.tif": lambda: tiff(255 - eight(), photometric="miniswhite"),
    "grey16.png": lambda: opencv(sixteen()),
    "rgb16.png": lambda: opencv(rgb(sixteen())),
    "alpha16.png": lambda: opencv(rgb(sixteen(), 65535)),
    "grey16.tif": lambda: opencv(sixteen()),
    "rgb16.tif": lambda: tiff(rgb(sixteen()), photometric="rgb"),
    "alpha16.tif": lambda: opencv(rgb(sixteen(), 65535)),
    "big_endian16.tif": lambda: tiff(sixteen(), byteorder=">"),
    "deflated16.tif": lambda: tiff(sixteen(), compression="zlib", predictor=True),
    "tiled16.tif": lambda: tiff(sixteen(), tile=(64, 64)),
    "bigtiff16.tif": lambda: tiff(sixteen(), bigtiff=True),
    "planes16.tif": lambda: tiff(
        np.stack([sixteen()] * 3), photometric="rgb", planarconfig="separate"
    ),
    "white_is_zero16.tif": lambda: tiff(65535 - sixteen(), photometric="miniswhite"),
    "signed16.tif": lambda: tiff((sixteen() // 2).astype(np.int16)),
    "eight_in_32.tif": lambda: tiff(eight().astype(np.int32)),
    "sixteen_in_32.tif": lambda: tiff(sixteen().astype(np.int32)),
    "unsigned32.tif": lambda: tiff(sixteen().astype(np.uint32) * 65537),
    "float.tif": lambda: tiff(light(scene()).astype(np.float32)),
    "float255.tif": lambda: tiff(eight().astype(np.float32)),
    "grey16.pgm": lambda: netpbm("P5", 65535),
    "grey10.pgm": lambda: netpbm("P5", 1023),
    "grey100.pgm": lambda: netpbm("P5", 100),
    "rgb12.ppm": lambda: netpbm("P6", 4095, 3),
    "grey16.jp2": lambda: jpeg2000("gray16le"),
    "grey12.jp2": lambda: jpeg2000("gray12le"),
    "grey10.jp2": lambda: jpeg2000("gray10le"),
    "rgb16.jp2": lambda: jpeg2000("rgb48le"),
    "gbr12.jp2": lambda: jpeg2000("gbrp12le"),
    "ycc12.jp2": lambda: jpeg2000("yuv444p12le"),
}


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return load_predictor("vidcolor-base", "cpu", "openvino")


@pytest.fixture(scope="module")
def told(predictor: Predictor, tmp_path_factory: pytest.TempPathFactory) -> np.ndarray:
    """RGB of the photograph as a grey PNG of 8 bits."""
    folder = tmp_path_factory.mktemp("told")
    PIL.Image.fromarray(eight()).save(folder / "in.png")
    return coloured(folder / "in.png", folder / "out.png", predictor)


def coloured(source: Path, output: Path, predictor: Predictor) -> np.ndarray:
    colorize_picture(source, output, predictor, 192, 1.3)
    return np.asarray(PIL.Image.open(output).convert("RGB")).astype(float)


def chroma(picture: np.ndarray) -> np.ndarray:
    """What each of red, green and blue has beyond luma."""
    return picture - (picture @ [0.299, 0.587, 0.114])[:, :, None]


@pytest.mark.parametrize("name", KINDS)
def test_a_kind_of_photograph_does_not_change_colour(
    tmp_path: Path, predictor: Predictor, told: np.ndarray, name: str
) -> None:
    KINDS[name]()(tmp_path / name)
    picture = read_picture(tmp_path / name)
    assert np.abs(picture.luma / picture.peak - light(scene())).mean() < 1.5 / 255
    made = coloured(tmp_path / name, tmp_path / "out.png", predictor)
    assert np.abs(chroma(told)).mean() > 4
    assert np.abs(chroma(made) - chroma(told)).mean() < 1.5


@pytest.mark.parametrize("name", ["grey16.png", "rgb16.tif", "float.tif", "grey12.jp2"])
def test_dots_reach_as_far_in_any_photograph(
    tmp_path: Path, predictor: Predictor, name: str
) -> None:
    (tmp_path / "dots.json").write_text(
        '{"version": 1, "hints": [{"frame": 0, "points": [[80, 90]], "colour": "#c03020"}]}'
    )
    made = []
    for kind in (name, "grey8.tif"):
        KINDS[kind]()(tmp_path / kind)
        output = tmp_path / f"{kind}.png"
        request = Request(hints=(tmp_path / "dots.json",))
        colorize_picture(tmp_path / kind, output, predictor, 192, 1.3, request)
        made.append(np.asarray(PIL.Image.open(output).convert("RGB")).astype(float))
    assert np.ptp(made[1][86:94, 76:84], axis=2).mean() > 40
    assert np.abs(chroma(made[0]) - chroma(made[1])).mean() < 1.5


@pytest.mark.parametrize("name", [n for n in KINDS if "16" in n or "float" in n or "32" in n])
def test_deep_photographs_are_seen_alike_by_evaluation(tmp_path: Path, name: str) -> None:
    KINDS[name]()(tmp_path / name)
    seen = read_for_evaluation(tmp_path / name)
    assert seen.dtype == np.uint8 and seen.shape == (192, 256, 3)
    assert np.abs(seen.astype(int) - scene()[:, :, None]).max() <= 1


@pytest.mark.parametrize("name", ["grey16.png", "rgb16.png", "rgb16.tif", "alpha16.tif"])
def test_deep_photographs_are_seen_alike_by_training(tmp_path: Path, name: str) -> None:
    KINDS[name]()(tmp_path / name)
    (stored,) = read_for_training(tmp_path / name).pictures
    assert np.abs(stored[..., 0].astype(int) - scene()).max() <= 1
    assert np.abs(stored[..., 1:].astype(int) - 128).max() <= 1


def test_white_of_numbers_is_the_least_that_holds_them() -> None:
    for samples, white in (
        (np.array([0, 255], np.int32), 255),
        (np.array([0, 40000, 65535], np.int32), 65535),
        (np.array([0, 2**31 - 1], np.int32), 2**31 - 1),
        (np.array([0, 32767], np.int16), 32767),
        (np.array([0.0, 1.0], np.float32), 1),
        (np.array([0.0, 65535.0], np.float32), 65535),
    ):
        expected = np.rint(samples.astype(float) / white * 65535)
        assert full_scale(samples).tolist() == expected.tolist()
    odd = np.array([-1.0, np.nan, np.inf, 1.5], np.float32)
    assert full_scale(odd).tolist() == [0, 0, 0, 65535]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["png", "tif", "rgb", "float", "planes"])
def test_deep_photographs_are_turned_as_their_twins(
    tmp_path: Path, kind: str, orientation: int
) -> None:
    exif = PIL.Image.Exif()
    exif[274] = orientation
    PIL.Image.fromarray(eight()).save(tmp_path / "8.png", exif=exif)
    tag = {"extratags": [(274, 3, 1, orientation, True)]}
    deep = tmp_path / f"16.{'png' if kind == 'png' else 'tif'}"
    if kind == "png":
        PIL.Image.fromarray(sixteen()).save(deep, exif=exif)
    elif kind == "planes":
        rgb_planes = np.stack([sixteen()] * 3)
        tifffile.imwrite(deep, rgb_planes, photometric="rgb", planarconfig="separate", **tag)
    elif kind == "rgb":
        tifffile.imwrite(deep, rgb(sixteen()), photometric="rgb", **tag)
    else:
        samples = light(scene()).astype(np.float32) if kind == "float" else sixteen()
        tifffile.imwrite(deep, samples, **tag)
    upright = np.asarray(PIL.ImageOps.exif_transpose(PIL.Image.open(tmp_path / "8.png")))
    picture = read_picture(deep)
    assert picture.luma.shape == upright.shape
    assert np.abs(picture.luma / 257 - upright).max() <= 1
