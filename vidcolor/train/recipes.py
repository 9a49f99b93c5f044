"""What a run is fitted to: losses by name and weight, and the combinations that have names."""

from __future__ import annotations

from collections.abc import Mapping

from vidcolor.errors import UsageError

LOSSES = (
    "classification",
    "regression",
    "l1",
    "smooth-l1",
    "perceptual",
    "adversarial",
    "matching",
    "colorfulness",
    "consistency",
    "distillation",
    "votes",
)
TAUGHT = {"distillation", "votes"}
"""Losses that ask a teacher."""
PAIRED = TAUGHT | {"consistency"}
"""Losses for which a batch holds two views of each photograph."""
PIXEL = ("l1", "smooth-l1")
GANS = ("lsgan", "hinge", "vanilla")
DISCRIMINATORS = ("patch", "features")
NOGAN = "nogan"

# The weights of `gan+l1` are those of Isola et al. 2017 ("pix2pix"): lambda 100 on an L1 of chroma
# on -1..1. `classification` alone leaves the regression head untrained, hence its 1/8.
RECIPES: Mapping[str, Mapping[str, float]] = {
    "default": {"classification": 1.0, "regression": 0.125},
    "l1": {"l1": 100.0},
    "l1+perceptual": {"l1": 100.0, "perceptual": 10.0},
    "gan": {"adversarial": 1.0},
    "gan+l1": {"adversarial": 1.0, "l1": 100.0},
    "gan+perceptual": {"adversarial": 1.0, "perceptual": 10.0},
    "gan+l1+perceptual": {"adversarial": 1.0, "l1": 100.0, "perceptual": 10.0},
    NOGAN: {"classification": 1.0, "regression": 0.125, "adversarial": 0.1},
}


def resolve(
    recipe: str, changes: Mapping[str, float], pixel_weight: float | None
) -> dict[str, float]:
    """Weights above zero, by loss.

    Args:
        recipe: a key of `RECIPES`.
        changes: weights that replace the recipe's or come on top; 0 takes a loss away.
        pixel_weight: lambda, the weight of the recipe's pixel loss.

    Raises:
        UsageError: an unknown recipe or loss, a negative weight, or nothing to fit to.
    """
    if recipe not in RECIPES:
        raise UsageError(
            f"There is no recipe called '{recipe}'.", f"Choose one of {', '.join(RECIPES)}."
        )
    weights = {**RECIPES[recipe], **changes}
    for name, weight in weights.items():
        if name not in LOSSES:
            raise UsageError(
                f"There is no loss called '{name}'.", f"Choose among {', '.join(LOSSES)}."
            )
        if weight < 0:
            raise UsageError(f"The weight of '{name}' is negative.", "Give 0 or more.")
    if pixel_weight is not None:
        weights |= dict.fromkeys(_pixel_losses(recipe, weights), pixel_weight)
    weights = {name: weight for name, weight in weights.items() if weight > 0}
    if not set(weights) - {"consistency", "colorfulness"}:
        raise UsageError(
            "Nothing ties the colours to the pictures: consistency and colorfulness are met by"
            " any even tint.",
            "Add classification, l1, smooth-l1, perceptual or adversarial by --loss NAME=WEIGHT.",
        )
    if "matching" in weights and "adversarial" not in weights:
        raise UsageError(
            "The loss matching compares what the discriminator sees, and there is none.",
            "Give adversarial a weight above 0, or take perceptual instead.",
        )
    if recipe == NOGAN and ("adversarial" not in weights or len(weights) == 1):
        raise UsageError(
            "The recipe nogan needs the adversarial loss and a supervised one.",
            "Give both a weight above 0.",
        )
    return weights


def _pixel_losses(recipe: str, weights: Mapping[str, float]) -> list[str]:
    found = [name for name in PIXEL if name in weights]
    if not found:
        raise UsageError(
            f"--lambda is the weight of a pixel loss, and the recipe '{recipe}' has none.",
            "Choose a recipe with l1, or add one by --loss l1=WEIGHT.",
        )
    return found
