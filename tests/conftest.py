"""A real network of tiny size, its checkpoint, and a cache of the test's own."""

from __future__ import annotations

import signal
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.media.conftest import film  # noqa: F401 - a fixture for all rooms
from vidcolor.color.chroma import Bins
from vidcolor.network.build import build_generator
from vidcolor.network.checkpoint import save_model
from vidcolor.network.config import GeneratorConfig, ModelInfo


def tiny_bins() -> Bins:
    steps = np.arange(56, 201, 24, dtype=np.float32)
    centers = np.stack(np.meshgrid(steps, steps, indexing="ij"), -1).reshape(-1, 2)
    closeness = np.exp(-((centers - 128) ** 2).sum(1) / 2000)
    return Bins(centers, (closeness / closeness.sum()).astype(np.float32))


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of random weights: small, fast, far from grey."""
    torch.manual_seed(0)
    bins = tiny_bins()
    config = GeneratorConfig("mobilenetv3_small_050", (24, 16, 16), 1, 4, bins.count)
    generator = build_generator(config)
    with torch.no_grad():
        generator.head_bins.weight *= 20
    path = tmp_path_factory.mktemp("models") / "tiny.safetensors"
    save_model(path, generator, bins, ModelInfo(config, working_size=64, saturation=1.0))
    return path


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Converted networks go to a folder of the test session, not to the user's."""
    patch = pytest.MonkeyPatch()
    patch.setenv("VIDCOLOR_CACHE", str(tmp_path_factory.mktemp("cache")))
    yield
    patch.undo()


@pytest.fixture(scope="session", autouse=True)
def ctrl_c_is_heard() -> None:
    """Programs that tests start hear Ctrl-C, also where the tests themselves do not.

    A shell starts what it puts in the background with SIGINT ignored, and children inherit that.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def same_chance() -> None:
    """What a test draws from torch does not depend on the tests before it."""
    torch.manual_seed(0)
