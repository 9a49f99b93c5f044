"""A judge without weights: KID needs features, not good ones."""

from __future__ import annotations

import torch
from torch import Tensor

from vidcolor.evaluate.judge import Judge


def _look(pictures: Tensor) -> tuple[Tensor, Tensor]:
    features = torch.nn.functional.adaptive_avg_pool2d(pictures, 4).flatten(1)
    return features, features


def fake_judge() -> Judge:
    return Judge("fake", _look)
