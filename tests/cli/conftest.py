"""A film of three pans."""

from __future__ import annotations

from pathlib import Path

import av
import cv2
import numpy as np
import pytest

HEIGHT, WIDTH = 96, 128
SHOTS = (14, 30, 22)


def scene(seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(size=(HEIGHT, WIDTH + 64)).astype(np.float32)
    soft = cv2.GaussianBlur(noise, (0, 0), 4)
    return ((soft - soft.min()) / np.ptp(soft) * 200 + 25).astype(np.uint8)


@pytest.fixture(scope="session")
def shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three shots; in each the camera pans by a pixel a frame."""
    path = tmp_path_factory.mktemp("film") / "film.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=24)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for number, frames in enumerate(SHOTS):
            wide = scene(number)
            for index in range(frames):
                picture = np.full((HEIGHT * 3 // 2, WIDTH), 128, np.uint8)
                picture[:HEIGHT] = wide[:, index : index + WIDTH]
                frame = av.VideoFrame.from_ndarray(picture, "yuv420p")
                container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path
