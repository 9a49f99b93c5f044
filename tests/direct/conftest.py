"""A film of soft textures that drift, and stills of it in known colour."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import PIL.Image
import pytest

from tests.steady.conftest import texture

HEIGHT, WIDTH = 96, 128
LENGTH = 12


def shot(seed: int, frames: int = LENGTH) -> np.ndarray:
    """Luma uint8 (frames, HEIGHT, WIDTH) that drifts to the left by a pixel a frame."""
    wide = texture(seed, HEIGHT, WIDTH + frames, 30, 220)
    return np.stack([wide[:, i : i + WIDTH] for i in range(frames)])


def write_film(path: Path, luma: np.ndarray) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream(
            "libx264", rate=24, options={"preset": "ultrafast", "crf": "4"}
        )
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.color_range = 2
        for index, plane in enumerate(luma):
            frame = av.VideoFrame(WIDTH, HEIGHT, "yuv420p")
            frame.color_range = 2
            for number, held in enumerate(frame.planes):
                view = np.frombuffer(held, np.uint8).reshape(held.height, -1)[:, : held.width]
                view[...] = plane if number == 0 else 128
            frame.pts, frame.time_base = index, Fraction(1, 24)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.fixture
def film_of(tmp_path: Path) -> Callable[..., Path]:
    """A film of one shot for each seed."""

    def make(seeds: Sequence[int] = (1, 2, 3), frames: int = LENGTH) -> Path:
        luma = np.concatenate([shot(seed, frames) for seed in seeds])
        return write_film(tmp_path / "film.mkv", luma)

    return make


def tinted(luma: np.ndarray, cb: float = 150.0, cr: float = 100.0) -> np.ndarray:
    """RGB uint8 of luma in one colour."""
    y = luma.astype(float)
    blue, red = 1.772 * (cb - 128), 1.402 * (cr - 128)
    green = -(0.299 * red + 0.114 * blue) / 0.587
    rgb = np.stack([y + red, y + green, y + blue], axis=2)
    return np.clip(rgb + 0.5, 0, 255).astype(np.uint8)


def save(path: Path, rgb: np.ndarray) -> Path:
    path.parent.mkdir(exist_ok=True)
    PIL.Image.fromarray(rgb).save(path)
    return path
