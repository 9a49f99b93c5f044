"""Sequences of pictures made by libraries of their own, so that what they hold is known."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import PIL.Image
import tifffile

HEIGHT, WIDTH = 72, 96


def light(index: int, white: int, height: int = HEIGHT, width: int = WIDTH) -> np.ndarray:
    """Soft shapes over nearly all codes that move by a pixel a frame: (height, width)."""
    wide = np.random.default_rng(3).normal(size=(height, width + 64)).astype(np.float32)
    soft = cv2.GaussianBlur(wide, (0, 0), 5)[:, index % 64 : index % 64 + width]
    low, high = soft.min(), soft.max()
    codes = (soft - low) / (high - low) * 0.8 * white + 0.1 * white
    return codes.round().astype(np.uint8 if white == 255 else np.uint16)


def tinted(grey: np.ndarray, white: int) -> np.ndarray:
    """A warm picture of some grey: (height, width, 3)."""
    strong = np.array([1.1, 1.0, 0.8])
    return (grey[:, :, None] * strong).round().clip(0, white).astype(grey.dtype)


def write(path: Path, samples: np.ndarray, bits: int = 8) -> None:
    """A picture of grey (height, width) or RGB (height, width, 3), codes of so many bits."""
    if path.suffix == ".dpx":
        path.write_bytes(dpx(samples, bits))
    elif path.suffix == ".tif":
        kind = "minisblack" if samples.ndim == 2 else "rgb"
        tifffile.imwrite(path, samples, photometric=kind, byteorder=">")
    elif path.suffix == ".jpg":
        PIL.Image.fromarray(samples).save(path, quality=100, subsampling=0)
    else:
        assert cv2.imwrite(str(path), samples if samples.ndim == 2 else samples[:, :, ::-1])


def dpx(samples: np.ndarray, bits: int) -> bytes:
    """A DPX file as FFmpeg writes it: RGB of 8, 10 or 12 bits, RGB or grey of 16."""
    height, width = samples.shape[:2]
    if bits in (10, 12):
        frame = av.VideoFrame(width, height, f"gbrp{bits}le")
        rgb = np.dstack([samples] * 3) if samples.ndim == 2 else samples
        for plane, color in zip(frame.planes, (1, 2, 0), strict=True):
            rows = np.frombuffer(plane, "<u2").reshape(height, -1)
            rows[:, :width] = rgb[:, :, color]
        frame = frame.reformat(format=f"gbrp{bits}be")
    else:
        kinds = {(8, 2): "gray", (8, 3): "rgb24", (16, 2): "gray16be", (16, 3): "rgb48be"}
        name = kinds[bits, samples.ndim]
        frame = av.VideoFrame.from_ndarray(samples, format=name.replace("be", "le"))
        frame = frame.reformat(format=name)
    encoder = av.CodecContext.create("dpx", "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, frame.format.name
    encoder.time_base = Fraction(1, 24)
    return b"".join(bytes(packet) for packet in encoder.encode(frame))


def make(
    folder: Path,
    form: str = "frame_%05d.png",
    numbers: Iterable[int] = range(8),
    bits: int = 8,
    color: bool = False,
    size: tuple[int, int] = (HEIGHT, WIDTH),
) -> list[np.ndarray]:
    """Pictures of some numbers in a folder; returns their samples."""
    folder.mkdir(parents=True, exist_ok=True)
    white = (1 << bits) - 1
    made = []
    for index, number in enumerate(numbers):
        grey = light(index, white, *size)
        samples = tinted(grey, white) if color else grey
        write(folder / (form % number), samples, bits)
        made.append(samples)
    return made


def luma(samples: np.ndarray) -> np.ndarray:
    """BT.601 luma of grey or RGB, not rounded."""
    wide = samples.astype(np.float64)
    return wide if samples.ndim == 2 else wide @ [0.299, 0.587, 0.114]


def samples_of(path: Path) -> np.ndarray:
    """RGB (height, width, 3) of a PNG, TIFF or JPEG, read by other libraries."""
    if path.suffix == ".tif":
        return tifffile.imread(path)
    if path.suffix == ".png":
        return cv2.imread(str(path), cv2.IMREAD_UNCHANGED)[:, :, ::-1]
    if path.suffix == ".jpg":
        return np.asarray(PIL.Image.open(path))
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
    if frame.format.name.startswith("rgb48"):
        return frame.reformat(format="rgb48le").to_ndarray()
    planes = [np.frombuffer(p, "<u2").reshape(frame.height, -1) for p in frame.planes]
    return np.dstack([planes[2], planes[0], planes[1]])[:, : frame.width]
