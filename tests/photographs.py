"""The same scene as a photograph, in every kind of file that is read."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import PIL.Image
import tifffile

from tests.scenes import frame_of, light, scene

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
