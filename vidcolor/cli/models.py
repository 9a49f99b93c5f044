"""The models that `vidcolor evaluate` judges: from what was given to networks with rows' names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from vidcolor.errors import UsageError

if TYPE_CHECKING:
    from vidcolor.evaluate.models import Model
    from vidcolor.evaluate.names import Weights

NO_MODEL = "none"
"""What is given for a model where only baselines are to be judged."""


@dataclass(frozen=True)
class Wishes:
    """What models are to be run with; None leaves it to each, 0 threads are one a core."""

    device: str
    threads: int
    every: int | None
    looks: int
    size: int | None
    saturation: float | None


def judged_models(given: Sequence[str], wishes: Wishes) -> list[Model]:
    """The models, ready to colour.

    Args:
        given: names and paths; nothing means the default model, "none" no model.
        wishes: how they are run.

    Raises:
        UsageError: a model is given twice, or besides "none".
        MachineError: the device is not there.
        ModelError: a model is missing, damaged or foreign.
    """
    from vidcolor.evaluate.names import row_names

    if NO_MODEL in given:
        if len(given) > 1:
            raise UsageError(
                f"--model {NO_MODEL} means that no model is judged.", "Give it alone or not at all."
            )
        return []
    models = _weights(given)
    named = zip(row_names(models), models, strict=True)
    return [_model(name, weights, wishes) for name, weights in named]


def _weights(given: Sequence[str]) -> list[Weights]:
    from vidcolor.evaluate.names import DIGITS, Weights
    from vidcolor.network import registry

    words: dict[str, str] = {}
    found = []
    for word in given or (registry.DEFAULT_MODEL,):
        path = registry.find_model(word)
        digest = registry.verified_hash(path)
        if digest in words:
            raise UsageError(
                f"--model {words[digest]} and --model {word} are the same weights"
                f" (SHA-256 {digest[:DIGITS]}).",
                "Give each model once.",
            )
        words[digest] = word
        found.append(Weights(path, digest, path.parent in registry.model_folders()))
    return found


def _model(name: str, weights: Weights, wishes: Wishes) -> Model:
    from vidcolor.cli.colorings import Way, directed_coloring, steady_coloring
    from vidcolor.evaluate.models import Model
    from vidcolor.infer.choose import load_predictor
    from vidcolor.network import registry

    load = partial(load_predictor, str(weights.path), wishes.device, threads=wishes.threads)
    info = registry.load_info(weights.path)
    predictor = load()
    saturation = info.saturation if wishes.saturation is None else wishes.saturation
    side = wishes.size or info.working_size
    way = Way(predictor, wishes.every, wishes.looks, side, saturation)
    return Model(
        name=name,
        predictor=predictor,
        digest=weights.digest,
        still_side=wishes.size or info.still_size,
        film_side=side,
        saturation=saturation,
        steady=steady_coloring(way),
        directed=partial(directed_coloring, way),
        at_vividness=lambda value: load(vividness=value),
    )
