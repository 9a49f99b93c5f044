"""Encoders pretrained on ImageNet, turned from three colour channels to luma and hints."""

from __future__ import annotations

import importlib
from pathlib import Path

import timm
import torch
from torch import Tensor, nn

from vidcolor.errors import MachineError, ModelError, UsageError
from vidcolor.network.config import PACKAGED
from vidcolor.remedies import install_hint

INPUT_CHANNELS = 4


def create_encoder(name: str, *, pretrained: bool) -> nn.Module:
    """Build a timm encoder that takes luma and three hint planes and gives a feature pyramid.

    Args:
        name: any timm network that knows `features_only`.
        pretrained: start from ImageNet weights; the stem's weights are summed over R, G, B into the
            luma channel and are zero for the hints.

    Raises:
        UsageError: timm has no such network.
        MachineError: the package that carries the weights is not installed.
        ModelError: the weights are not to be had online.
    """
    try:
        encoder: nn.Module = timm.create_model(name, features_only=True, in_chans=INPUT_CHANNELS)
    except RuntimeError as problem:
        raise _unknown(name, problem) from problem
    if pretrained:
        encoder.load_state_dict(_for_luma(imagenet_weights(name), encoder))
    return encoder


def create_classifier(name: str, *, pretrained: bool) -> nn.Module:
    """Build a timm network that takes luma (n, 1, height, width) and gives pooled features.

    Raises:
        UsageError, MachineError, ModelError: as `create_encoder`.
    """
    try:
        network: nn.Module = timm.create_model(name, in_chans=1, num_classes=0)
    except RuntimeError as problem:
        raise _unknown(name, problem) from problem
    if pretrained:
        network.load_state_dict(_for_luma(imagenet_weights(name), network))
    return network


def channels_and_strides(encoder: nn.Module) -> list[tuple[int, int]]:
    """(channels, stride) of each level of the encoder's pyramid, finest first."""
    info = encoder.feature_info
    return list(zip(info.channels(), info.reduction(), strict=True))  # type: ignore[union-attr, operator]


def frozen_modules(encoder: nn.Module | None, levels: int) -> list[nn.Module]:
    """The parts of an encoder that make its finest `levels` pyramid levels.

    Raises:
        UsageError: there is no encoder, or it is not built in a row of named parts that end at its
            levels.
    """
    if levels == 0:
        return []
    if encoder is None:
        raise UsageError(
            "--frozen-levels goes with the generator unet, whose encoder is pretrained.",
            "Leave it off, or choose that generator.",
        )
    last = encoder.feature_info.module_name()[levels - 1]  # type: ignore[union-attr, operator]
    parts: list[nn.Module] = []
    for name, module in encoder.named_children():
        inner = module.named_children() if name == last.split(".")[0] and "." in last else ()
        for child_name, child in inner:
            parts.append(child)
            if f"{name}.{child_name}" == last:
                return parts
        if not inner:
            parts.append(module)
            if name == last:
                return parts
    raise UsageError(
        f"--frozen-levels {levels} does not fit this encoder.", "Leave it off for this encoder."
    )


def _unknown(name: str, problem: Exception) -> UsageError:
    return UsageError(
        f"There is no pretrained network called '{name}' ({problem}).",
        "Choose one that `timm.list_models()` names.",
    )


def imagenet_weights(name: str) -> dict[str, Tensor]:
    """State dict of a timm network trained on ImageNet, from a package or from timm's own source.

    Raises:
        MachineError: the package that carries the weights is not installed.
        ModelError: the weights are not to be had online.
    """
    if name in PACKAGED:
        return _packaged_weights(name)
    try:
        return dict(timm.create_model(name, pretrained=True).state_dict())
    except (RuntimeError, OSError, ValueError) as problem:
        raise ModelError(
            f"ImageNet weights for the encoder '{name}' could not be had: {problem}.",
            "Go online, or choose tf_efficientnet_lite2, whose weights a package carries.",
        ) from problem


def _packaged_weights(name: str) -> dict[str, Tensor]:
    module_name, class_name = PACKAGED[name]
    try:
        module = importlib.import_module(module_name)
    except ImportError as problem:
        raise MachineError(
            f"The package with ImageNet weights for '{name}' is not installed.",
            f"Run {install_hint('train')}.",
        ) from problem
    path = Path(getattr(module, class_name).get_model_file_path())
    stored = torch.load(path, map_location="cpu", weights_only=True)
    weights: dict[str, Tensor] = timm.create_model(name).state_dict()
    floats = [key for key, value in weights.items() if value.is_floating_point()]
    given = (value for value in stored.values() if value.is_floating_point())
    return weights | dict(zip(floats, given, strict=True))


def _for_luma(weights: dict[str, Tensor], encoder: nn.Module) -> dict[str, Tensor]:
    own = encoder.state_dict()
    stem = next(key for key, value in own.items() if value.ndim == 4)
    fitted = {key: weights.get(key, value) for key, value in own.items()}
    rgb = weights[stem]
    fitted[stem] = torch.zeros_like(own[stem])
    fitted[stem][:, :1] = rgb.sum(1, keepdim=True)
    return fitted
