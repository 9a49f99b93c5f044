"""What a run begins with: a model as it is or grown, and the bins it votes on."""

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


def bins_of_teacher(settings: TrainSettings) -> Bins | None:
    """The bins that a pupil votes on where it is to learn a teacher's votes; None where not."""
    if settings.teacher is None or "votes" not in settings.weights:
        return None
    return load_model(find_model(settings.teacher)).bins
