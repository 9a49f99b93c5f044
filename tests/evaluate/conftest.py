from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from PIL import Image
from safetensors import safe_open
from safetensors.numpy import save_file


def scenery(seed: int, height: int = 64, width: int = 80) -> np.ndarray:
    """A colourful picture with texture: uint8 (height, width, 3)."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (6, 8, 3)).astype(np.float32)
    smooth = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    grain = cv2.GaussianBlur(rng.normal(0, 40, (height, width)).astype(np.float32), (0, 0), 1.2)
    return np.clip(smooth * 0.6 + 50 + grain[..., None], 0, 255).astype(np.uint8)


def panning(count: int, step: int = 2, height: int = 64, width: int = 96) -> list[np.ndarray]:
    """Frames that a camera sees as it moves over scenery by whole pixels."""
    wide = scenery(7, height, width + step * count)
    return [np.ascontiguousarray(wide[:, step * t : step * t + width]) for t in range(count)]


def write_clip(path: Path, frames: Iterable[np.ndarray]) -> Path:
    """A clip whose frames come back exactly as good as H.264 with all samples has them."""
    with av.open(str(path), "w") as container:
        stream = None
        for frame in frames:
            if stream is None:
                stream = container.add_stream("libx264", rate=24, options={"crf": "4"})
                stream.height, stream.width = frame.shape[:2]
                stream.pix_fmt = "yuv444p"
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode(None))
    return path


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    """A folder of two categories with three pictures each."""
    for index in range(6):
        folder = tmp_path / "photographs" / ("town" if index < 3 else "wood")
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(scenery(index)).save(folder / f"{index}.png")
    return tmp_path / "photographs"


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> Path:
    """Folders of two training runs, run1 and run2, with a model.safetensors each."""
    folder = tmp_path_factory.mktemp("runs")
    first, second = (folder / name / "model.safetensors" for name in ("run1", "run2"))
    first.parent.mkdir()
    second.parent.mkdir()
    first.write_bytes(tiny_model.read_bytes())
    with safe_open(tiny_model, "np") as stored:
        tensors = {key: stored.get_tensor(key) for key in stored.keys()}  # noqa: SIM118
        header = stored.metadata()
    changed = {k: v * 1.1 if v.dtype == np.float32 else v for k, v in tensors.items()}
    save_file(changed, second, metadata=header)
    return folder
