"""What a checkpoint says of itself beside its weights. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class GeneratorConfig:
    """What a generator is built of; stored in the checkpoint.

    Attributes:
        encoder: name of a timm network with `features_only`.
        decoder_channels: width of each decoder step, from stride 16 to stride 4.
        context_blocks: transformer blocks at stride 32 (0 for none).
        context_heads: attention heads of each block.
        bins: number of chroma bins.
    """

    encoder: str = "tf_efficientnet_lite2"
    decoder_channels: tuple[int, ...] = (256, 128, 96)
    context_blocks: int = 2
    context_heads: int = 8
    bins: int = 181


@dataclass(frozen=True)
class Calibration:
    """Monotone table from the distribution's spread to the probability of a small error.

    Attributes:
        spread: rising standard deviations, in units of 255.
        confidence: probability that the chroma error is under 8/255, falling.
    """

    spread: tuple[float, ...] = (0.0, 8.0, 16.0, 32.0, 64.0)
    confidence: tuple[float, ...] = (1.0, 0.6, 0.3, 0.1, 0.0)


@dataclass(frozen=True)
class ModelInfo:
    """What a checkpoint says of itself beside its weights.

    Attributes:
        generator: what to build.
        calibration: how far to trust it.
        working_size: short side in pixels the network should see of a film.
        still_size: likewise of a photograph, where time matters less.
        saturation: factor on chroma that people like best with it.
        recipe: how it was trained, as stored by the training.
        data: fingerprint of the training pictures (count and hash).
        licence: SPDX identifier or a sentence.
    """

    generator: GeneratorConfig
    calibration: Calibration = Calibration()
    working_size: int = 192
    still_size: int = 256
    saturation: float = 1.3
    recipe: dict[str, Any] = field(default_factory=dict)
    data: str = ""
    licence: str = ""
