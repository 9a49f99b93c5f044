"""The model that a run begins with, as it is or grown."""

from __future__ import annotations

from vidcolor.color.chroma import Bins
from vidcolor.network.checkpoint import load_model
from vidcolor.network.generator import Generator
from vidcolor.network.grow import grow
from vidcolor.network.registry import find_model
from vidcolor.train.settings import TrainSettings


def begun_with(settings: TrainSettings) -> tuple[Generator, Bins] | None:
    """The network that learns and its bins; None where a run begins without a model.

    Raises:
        ModelError: the model is missing, damaged or foreign.
        UsageError: it does not grow into the network asked for.
    """
    if settings.init is None:
        return None
    model = load_model(find_model(settings.init))
    if not settings.grow:
        return model.generator, model.bins
    return grow(model.generator, settings.network), model.bins
