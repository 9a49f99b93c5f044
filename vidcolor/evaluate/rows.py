"""The rows of tables of pictures and of clips: which colourings stand in them, by name."""

from __future__ import annotations

from collections.abc import Sequence

from vidcolor.evaluate.baselines import baselines, by_luma_alone
from vidcolor.evaluate.coloring import ClipColorings, each, together, treated
from vidcolor.evaluate.given import Given, by_hand
from vidcolor.evaluate.models import Model
from vidcolor.evaluate.names import OWN, PER_FRAME
from vidcolor.evaluate.samples import PictureColoring
from vidcolor.evaluate.smoothings import smoothings


def picture_rows(
    models: Sequence[Model], hints: Sequence[int], side: int
) -> dict[str, PictureColoring]:
    """All rows of a table of pictures but the truth: baselines, hints by luma, models.

    Args:
        models: those that are judged.
        hints: numbers of dots; 0 is none.
        side: working size of the quarter-size truth and of dots spread by luma.
    """
    rows = baselines(side)
    for count in filter(None, hints):
        rows[f"{counted(count, 'hint')} by luma alone"] = by_luma_alone(count, side)
    for model in models:
        for count in hints:
            rows[picture_row(model, count)] = model.of_pictures(count)
    return rows


def picture_row(model: Model, count: int) -> str:
    """What a model's row with so many hints is called."""
    return f"{model.name}, {counted(count, 'hint')}" if count else model.name


def picture_weights(models: Sequence[Model], hints: Sequence[int]) -> dict[str, str]:
    """The beginning of the weights' SHA-256, by the names of models' rows."""
    return {picture_row(model, count): model.weights for model in models for count in hints}


def counted(count: int, thing: str) -> str:
    """One thing, two things."""
    return f"{count} {thing}{'s' if count != 1 else ''}"


def clip_prefix(model: Model, models: Sequence[Model]) -> str:
    """What a model's rows of clips begin with: its name, where there are several models."""
    return f"{model.name}: " if len(models) > 1 else ""


def best_clip_row(model: Model, models: Sequence[Model]) -> str:
    """What a model's best row of clips is called: steadied where that can be, else per frame."""
    return clip_prefix(model, models) + (OWN if model.steady else PER_FRAME)


def clip_rows(
    models: Sequence[Model], given: Sequence[Given] = (), side: int = 256
) -> ClipColorings:
    """All rows of a table of clips: each model per frame, smoothed as others do it, and steady.

    Args:
        models: those that are judged.
        given: what is known of the clip: rows that are directed by it, and carry it by hand.
        side: working size at which dots are spread by luma alone.
    """
    parts = [by_hand(one, side) for one in given]
    for model in models:
        prefix = clip_prefix(model, models)
        parts.append(treated(model.of_clips(), smoothings(), prefix))
        parts.append(each({prefix + name: row for name, row in model.own(given).items()}))
    return together(parts) if parts else each({})


def clip_weights(models: Sequence[Model], given: Sequence[Given] = ()) -> dict[str, str]:
    """The beginning of the weights' SHA-256, by the names of models' rows."""
    return {
        clip_prefix(model, models) + name: model.weights
        for model in models
        for name in (PER_FRAME, *smoothings(), *model.own(given))
    }
