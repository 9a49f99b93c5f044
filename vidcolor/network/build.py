"""From a record of configuration to the network it describes."""

from __future__ import annotations

from vidcolor.network.config import GeneratorConfig
from vidcolor.network.generator import Generator
from vidcolor.network.scratch import PlainUNet, ResNet
from vidcolor.network.unet import UNet

GENERATORS = {"unet": UNet, "unet-plain": PlainUNet, "resnet": ResNet}


def build_generator(config: GeneratorConfig, *, pretrained: bool = False) -> Generator:
    """Build a generator.

    Args:
        config: what it is built of.
        pretrained: fetch ImageNet weights for the encoder and for the network whose features are
            fused; False where a checkpoint fills them in (it stores both).

    Raises:
        UsageError: the encoder is unknown or does not fit.
        ModelError: pretrained weights are not to be had.
    """
    generator: Generator = GENERATORS[config.kind](config, pretrained=pretrained)
    return generator
