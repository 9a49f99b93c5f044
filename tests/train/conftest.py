"""Pictures of a test's own, and settings of tiny runs on them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from vidcolor.train.settings import TrainSettings


def photograph(seed: int, height: int = 80, width: int = 100) -> np.ndarray:
    """Smooth fields of colour, uint8 BGR."""
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (5, 6, 3), np.uint8)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    for seed in range(8):
        cv2.imwrite(str(folder / f"{seed}.png"), photograph(seed))
    return folder


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("decoded")


def run_settings(data: Path, out: Path, model: Path | None, **changes: object) -> TrainSettings:
    """A run of six tiny steps, changed as wanted."""
    given: dict[str, object] = {
        "data": (str(data),),
        "out": str(out),
        "steps": 6,
        "size": 32,
        "batch": 4,
        "final_size": 64,
        "final_batch": 2,
        "warm_up": 2,
        "every": 3,
        "init": None if model is None else str(model),
        "threads": 1,
        "discriminator_width": 8,
        "discriminator_layers": 1,
    }
    return TrainSettings(**given | changes)
