"""The mean of several networks' weights: models of one kind that were fitted from one beginning.

Wortsman et al. 2022, "Model soups": the mean is often better than each, at no cost in use.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from vidcolor.errors import UsageError
from vidcolor.network.checkpoint import Model, load_model, save_model
from vidcolor.network.config import Calibration


def average(paths: Sequence[Path], weights: Sequence[float], output: Path) -> None:
    """Write the weighted mean of checkpoints.

    Saturation, sizes and all else that is no weight are those of the first.

    Args:
        paths: at least two checkpoints.
        weights: one each, above 0; their sum is made 1.
        output: the checkpoint to be written.

    Raises:
        ModelError: a file is missing or damaged.
        UsageError: they are of different kinds, or the weights are not one each and above 0.
    """
    if len(weights) != len(paths) or min(weights) <= 0:
        raise UsageError(
            f"{len(paths)} models cannot be averaged by the weights {_words(weights)}.",
            "Give one above 0 for each, such as --weights 0.7,0.3.",
        )
    models = [load_model(path) for path in paths]
    for path, model in zip(paths[1:], models[1:], strict=True):
        _check_alike(paths[0], models[0], path, model)
    shares = np.asarray(weights, np.float64) / np.sum(weights)
    states = [model.generator.state_dict() for model in models]
    mean = {name: _mean([state[name] for state in states], shares) for name in states[0]}
    first = models[0]
    first.generator.load_state_dict(mean)
    names = [f"{share:.3f} {path.name}" for share, path in zip(shares, paths, strict=True)]
    recipe = first.info.recipe | {"averaged": names}
    info = replace(first.info, calibration=_calibration(models, shares), recipe=recipe)
    save_model(output, first.generator, first.bins, info)


def _check_alike(path: Path, first: Model, other_path: Path, other: Model) -> None:
    alike = first.info.generator == other.info.generator
    same = alike and np.array_equal(first.bins.centers, other.bins.centers)
    if not same:
        raise UsageError(
            f"{path} and {other_path} are networks of different kinds.",
            "Average models that were trained from one beginning.",
        )


def _mean(tensors: Sequence[torch.Tensor], shares: Sequence[float]) -> torch.Tensor:
    if not tensors[0].is_floating_point():
        return tensors[0]
    total = sum(t.double() * share for t, share in zip(tensors, shares, strict=True))
    return torch.as_tensor(total).to(tensors[0].dtype)


def _calibration(models: Sequence[Model], shares: Sequence[float]) -> Calibration:
    """The mean of what they say of their own errors, at the first one's spreads."""
    spread = models[0].info.calibration.spread
    said = [
        np.interp(spread, m.info.calibration.spread, m.info.calibration.confidence) for m in models
    ]
    confidence = np.average(said, axis=0, weights=shares)
    return Calibration(spread, tuple(map(float, confidence)))


def _words(weights: Sequence[float]) -> str:
    return ", ".join(f"{weight:g}" for weight in weights)
