"""One scene in every way that files hold it: frames, films and photographs of any depth.

What is expected comes from the scene itself and from FFmpeg's own converter.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from av.video.reformatter import ColorRange, VideoReformatter

SAMPLES = Path(__file__).parents[1] / "samples"
HEIGHT, WIDTH = 192, 256

# What FFmpeg's converter cannot read, so that neither it nor this program can show it.
UNREADABLE = {
    *("bgr4", "rgb4", "gray32be", "gray32le", "gbrap32be", "gbrap32le", "rgb96be", "rgb96le"),
    *("rgba128be", "rgba128le", "rgbaf32be", "rgbaf32le", "v30xbe", "xv30be", "x2bgr10be"),
    *("x2rgb10be", "y210be", "y212be", "y216be"),
}
# These show another picture: of fewer than 8 bits, dithered, or put together of single colours.
CHANGED = ("mono", "bgr4", "rgb4", "bgr8", "rgb8", "bgr555", "rgb555", "bayer")
# Nothing here can write it.
UNMADE = {"uyyvyy411"}


def _named() -> list[str]:
    """Pixel formats of FFmpeg's that lie in memory, not on a device."""
    names = []
    for name in sorted(av.video.format.names):
        if av.VideoFormat(name, 16, 16).components:
            names.append(name)
    return names


EVERY_FORMAT = [name for name in _named() if name not in UNREADABLE | UNMADE]
STUDIO_RANGE = [
    name
    for name in EVERY_FORMAT
    if name.startswith(("yuv4", "yuva", "nv", "p0", "p2", "p4", "y2", "gray1", "gray9"))
    or name == "gray"
]


@functools.cache
def scene(sample: str = "nosferatu", frame: int = 20) -> np.ndarray:
    """A frame of a sample: luma uint8 (192, 256)."""
    with av.open(str(SAMPLES / f"{sample}.mp4")) as container:
        for index, picture in enumerate(container.decode(video=0)):
            if index == frame:
                grey = picture.to_ndarray(format="gray")
                return cv2.resize(grey, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    raise IndexError(frame)


def light(picture: np.ndarray) -> np.ndarray:
    """Luma of 0..1."""
    return picture.astype(np.float64) / 255


def as_pq(signal: np.ndarray) -> np.ndarray:
    """An SDR signal of 0..1 in PQ as BT.2408 has it: gamma 2.4, white at 203 cd/m2."""
    power = (203 * signal**2.4 / 10000) ** 0.1593017578125
    return ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375


def as_hlg(signal: np.ndarray) -> np.ndarray:
    """The same in HLG, on a display of 1,000 cd/m2 and system gamma 1.2 (BT.2100)."""
    lit = (203 * signal**2.4 / 1000) ** (1 / 1.2)
    curved = 0.17883277 * np.log(np.maximum(12 * lit - 0.28466892, 1e-9)) + 0.55991073
    return np.where(lit <= 1 / 12, np.sqrt(3 * lit), curved)


def as_linear(signal: np.ndarray) -> np.ndarray:
    """An sRGB signal of 0..1 as linear light."""
    return np.where(signal <= 0.04045, signal / 12.92, ((signal + 0.055) / 1.055) ** 2.4)


def gray16(signal: np.ndarray) -> av.VideoFrame:
    frame = av.VideoFrame(signal.shape[1], signal.shape[0], "gray16le")
    plane = np.frombuffer(frame.planes[0], "<u2").reshape(signal.shape[0], -1)
    plane[:, : signal.shape[1]] = np.rint(signal * 65535)
    frame.color_range = 2
    return frame


def frame_of(signal: np.ndarray, name: str, full_range: bool = True) -> av.VideoFrame:
    """Luma of 0..1 as a frame of a pixel format."""
    by_hand = _by_hand(signal, name, full_range)
    if by_hand is not None:
        return by_hand
    frame = VideoReformatter().reformat(
        gray16(signal),
        format=name,
        src_color_range=ColorRange.JPEG,
        dst_color_range=ColorRange.JPEG if full_range else ColorRange.MPEG,
    )
    frame.color_range = 2 if full_range else 1
    return frame


def _by_hand(signal: np.ndarray, name: str, full_range: bool) -> av.VideoFrame | None:
    """Formats that FFmpeg's converter reads and cannot write, or writes inexactly."""
    order = ">" if name.endswith("be") else "<"
    if name.startswith("gray") and not full_range and "f" not in name:
        depth = int(name.strip("grayble") or 8)
        signal = (signal * 219 + 16) * 2 ** (depth - 8)
        samples, kind, each = np.rint(signal), f"u{1 + (depth > 8)}", 1
    elif name == "pal8":
        samples, kind, each = np.rint(signal * 255), "u1", 1
    elif name.startswith("bayer"):
        deep = "16" in name
        samples, kind, each = np.rint(signal * (65535 if deep else 255)), f"u{1 + deep}", 1
    elif "f16" in name or "f32" in name:
        each = {"ya": 2, "rgb": 3, "rgba": 4}.get(name.split("f")[0], 1)
        samples, kind = signal, "f4" if "32" in name else "f2"
    else:
        return None
    frame = av.VideoFrame(signal.shape[1], signal.shape[0], name)
    frame.color_range = 2 if full_range else 1
    for plane in frame.planes[: 1 if name == "pal8" else None]:
        view = np.frombuffer(plane, order + kind).reshape(signal.shape[0], -1)
        view[:, : signal.shape[1] * each] = np.repeat(samples, each, axis=1)
    if name == "pal8":
        grey = np.arange(256, dtype=np.uint32)
        np.frombuffer(frame.planes[1], np.uint32)[:256] = 0xFF000000 | grey * 0x010101
    return frame


def moving(picture: np.ndarray, count: int) -> list[np.ndarray]:
    """Frames that drift by a pixel each, luma of 0..1."""
    return [light(np.roll(picture, index, axis=1)) for index in range(count)]


def write_film(
    path: Path,
    signals: Iterable[np.ndarray],
    codec: str,
    pix_fmt: str,
    full_range: bool = False,
    transfer: int = 2,
    options: dict[str, str] | None = None,
) -> Path:
    """A film of luma signals at 24 frames a second."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=24, options=options or {})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, pix_fmt
        stream.codec_context.color_range = 2 if full_range else 1
        stream.codec_context.color_trc = transfer
        for index, signal in enumerate(signals):
            frame = frame_of(signal, pix_fmt, full_range)
            frame.pts, frame.time_base = index, Fraction(1, 24)
            frame.color_trc = transfer
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path
