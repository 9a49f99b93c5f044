"""Small real films made by PyAV alone, so that what they hold is known independently."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest


@dataclass(frozen=True)
class Recipe:
    """What a film is made of; the default is 24 frames of 64x48 at 24 a second."""

    frames: int = 24
    width: int = 64
    height: int = 48
    codec: str = "libx264"
    pix_fmt: str = "yuv420p"
    full_range: bool = False
    matrix: int = 6
    transfer: int = 2
    rate: Fraction = Fraction(24)
    time_base: Fraction = Fraction(1, 24000)
    pts: Sequence[int] | None = None
    options: dict[str, str] = field(default_factory=lambda: {"preset": "ultrafast", "bf": "2"})
    aspect: Fraction = Fraction(1)
    turn: tuple[float, bool] | None = None
    sound: bool = False
    sound_codec: str = "aac"
    sound_blocks: int = 40
    subtitles: str | None = None
    metadata: dict[str, str] = field(default_factory=dict)


def luma(index: int, width: int, height: int, depth: int) -> np.ndarray:
    """Noise that moves a little from frame to frame, with a mark of the frame's number."""
    texture = np.random.default_rng(7).integers(0, 1 << depth, (height, width))
    picture = np.roll(texture // 2 + (1 << depth - 2), index, axis=1)
    picture[: height // 4] = (index * 5 % 200 + 20) << (depth - 8)
    return picture.astype(np.uint8 if depth == 8 else np.uint16)


def depth_of(pix_fmt: str) -> int:
    return int(pix_fmt.split("p1")[1][:1]) + 10 if "p1" in pix_fmt else 8


def view(frame: av.VideoFrame, index: int, depth: int) -> np.ndarray:
    plane = frame.planes[index]
    samples = np.frombuffer(plane, np.uint8 if depth == 8 else "<u2")
    return samples.reshape(plane.height, -1)[:, : plane.width]


def film_frame(recipe: Recipe, index: int) -> av.VideoFrame:
    depth = depth_of(recipe.pix_fmt)
    frame = av.VideoFrame(recipe.width, recipe.height, recipe.pix_fmt)
    for plane in range(len(frame.planes)):
        target = view(frame, plane, depth)
        target[...] = 1 << (depth - 1)
    view(frame, 0, depth)[...] = luma(index, recipe.width, recipe.height, depth)
    frame.pts = stamps(recipe)[index]
    frame.time_base = recipe.time_base
    frame.color_range = 2 if recipe.full_range else 1
    return frame


def stamps(recipe: Recipe) -> Sequence[int]:
    step = round(1 / (recipe.rate * recipe.time_base))
    return recipe.pts or range(0, step * recipe.frames, step)


def make_film(path: Path, recipe: Recipe) -> Path:
    options = {"movie_timescale": "240000"} if path.suffix in (".mp4", ".mov") else {}
    with av.open(str(path), "w", container_options=options) as container:
        film = container.add_stream(recipe.codec, rate=recipe.rate, options=recipe.options)
        context = film.codec_context
        film.time_base = context.time_base = recipe.time_base
        context.width, context.height = recipe.width, recipe.height
        context.pix_fmt = recipe.pix_fmt
        context.color_range = 2 if recipe.full_range else 1
        context.colorspace = recipe.matrix
        context.color_trc = recipe.transfer
        context.sample_aspect_ratio = recipe.aspect
        if recipe.turn:
            film.set_display_rotation(recipe.turn[0], hflip=recipe.turn[1])
        sound = container.add_stream(recipe.sound_codec, rate=48000) if recipe.sound else None
        if sound:
            sound.metadata["language"] = "eng"
        text = container.add_stream(recipe.subtitles) if recipe.subtitles else None
        if text:
            text.codec_context.subtitle_header = b""
        container.metadata.update(recipe.metadata)
        container.start_encoding()
        if sound:
            _add_sound(container, sound, recipe)
        if text:
            _add_text(container, text)
        for index in range(recipe.frames):
            container.mux(film.encode(film_frame(recipe, index)))
        container.mux(film.encode(None))
    return path


def _add_sound(container, sound, recipe: Recipe) -> None:
    chance = np.random.default_rng(3)
    start = round(stamps(recipe)[0] * recipe.time_base * 48000)
    for block in range(recipe.sound_blocks):
        samples = chance.normal(0, 0.1, (1, 1024)).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(samples, "fltp", "mono")
        frame.sample_rate, frame.time_base = 48000, Fraction(1, 48000)
        frame.pts = start + block * 1024
        container.mux(sound.encode(frame))
    container.mux(sound.encode(None))


def _add_text(container, text) -> None:
    for number in range(2):
        packet = av.Packet(f"line {number}".encode())
        packet.stream, packet.time_base = text, Fraction(1, 1000)
        packet.pts = packet.dts = 100 + 400 * number
        packet.duration = 300
        container.mux(packet)


def decoded_lumas(path: Path) -> list[np.ndarray]:
    """Luma of every frame, by PyAV alone."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frames = list(container.decode(stream))
        return [view(f, 0, depth_of(f.format.name)).copy() for f in frames]


def seconds(path: Path) -> list[Fraction]:
    """When each frame is shown, by PyAV alone."""
    with av.open(str(path)) as container:
        return [f.pts * Fraction(f.time_base) for f in container.decode(video=0)]


@pytest.fixture
def film(tmp_path: Path) -> Callable[..., Path]:
    """Make a film: `film("name.mp4", frames=3)`."""

    def make(name: str = "film.mp4", **changes: object) -> Path:
        return make_film(tmp_path / name, Recipe(**changes))  # type: ignore[arg-type]

    return make
