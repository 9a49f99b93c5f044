"""From rows to what a report takes of them: tables, items and curves of pictures or of clips."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from vidcolor.color.srgb import Picture
from vidcolor.evaluate.clip_table import clip_table, short_notes
from vidcolor.evaluate.clips import ClipResult
from vidcolor.evaluate.curve import (
    SATURATIONS,
    VIVIDNESSES,
    Curve,
    saturation_curve,
    vividness_curve,
)
from vidcolor.evaluate.models import Model
from vidcolor.evaluate.names import GREY, OWN
from vidcolor.evaluate.picture_table import category_table, picture_items, picture_table
from vidcolor.evaluate.pictures import Bench, PictureScores, evaluate_pictures
from vidcolor.evaluate.report import Item
from vidcolor.evaluate.rows import counted, picture_rows, picture_weights
from vidcolor.evaluate.samples import PictureColoring
from vidcolor.evaluate.settings import Settings
from vidcolor.evaluate.table import Table
from vidcolor.remedies import install_hint


@dataclass
class Outcome:
    """What one part of an evaluation gives; parts are added up in a report."""

    tables: list[Table] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    curves: list[Curve] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


Keep = Callable[[str, list[Picture]], None]


def score_pictures(
    bench: Bench, models: Sequence[Model], settings: Settings, keep: Keep | None = None
) -> tuple[Outcome, list[PictureScores]]:
    """Colour and score pictures by every row; `keep` gets each row's results."""
    rows = picture_rows(models, settings.hints, settings.side)
    scores = evaluate_pictures(bench, rows, keep)
    reference = models[0].name if models and 0 in settings.hints else GREY
    outcome = tabulate(bench, scores, reference)
    weights = picture_weights(models, settings.hints)
    outcome.tables = [table.signed(weights) for table in outcome.tables]
    if settings.curve:
        for model in models:
            outcome.curves += _curves(bench, scores[-1], model)
    return outcome, scores


def tabulate(bench: Bench, scores: Sequence[PictureScores], reference: str) -> Outcome:
    """Tables of all pictures and of categories."""
    samples = bench.samples
    categories = [sample.category for sample in samples]
    title = counted(len(samples), "picture")
    whole = picture_table(title, scores, None, reference, _picture_notes(bench))
    outcome = Outcome([whole], picture_items(scores, samples))
    if len(set(categories)) > 1:
        outcome.tables += category_table(scores, categories, reference)
    return outcome


def _picture_notes(bench: Bench) -> tuple[str, ...]:
    notes = []
    grey = [s.name for s, is_grey in zip(bench.samples, bench.grey, strict=True) if is_grey]
    if grey:
        notes.append(f"Grey truth, left out of CF and Delta E: {', '.join(grey)}.")
    if len(bench.judges) < 2:
        notes.append("No second judge: TORCH_HOME holds no weights of MobileNetV2.")
    if bench.lpips is None:
        notes.append(f"No LPIPS: {install_hint('lpips')} brings it.")
    notes.append("No FID: it takes Inception-v3's weights and 5,000 pictures.")
    return tuple(notes)


def _curves(bench: Bench, truth: PictureScores, model: Model) -> list[Curve]:
    plain = replace(model, saturation=1.0).of_pictures()
    curves = [saturation_curve(bench, truth, model.name, plain, SATURATIONS)]
    again = model.at_vividness
    if again is not None:

        def at(value: float) -> PictureColoring:
            return replace(model, predictor=again(value)).of_pictures()

        curves.append(vividness_curve(bench, truth, model.name, at, VIVIDNESSES))
    return curves


def clip_outcome(
    results: Sequence[ClipResult], failed: list[str], weights: Mapping[str, str]
) -> Outcome:
    """The table and the items of clips; `weights` as `Table.signed` takes them."""
    names = list(results[0].scores)
    own = [name for name in names if name.endswith(OWN)]
    reference = own[0] if own else ""
    table = clip_table(counted(len(results), "clip"), results, reference, short_notes(results))
    outcome = Outcome([table], clip_items(results), failed=failed)
    categories = {result.category for result in results}
    for category in sorted(categories - {""}) if len(categories) > 1 else ():
        part = [result for result in results if result.category == category]
        if len(part) > 1:
            title = f"{category} ({counted(len(part), 'clip')})"
            outcome.tables.append(replace(clip_table(title, part, reference), part=True))
    outcome.tables = [table.signed(weights) for table in outcome.tables]
    return outcome


def clip_items(results: Sequence[ClipResult]) -> list[Item]:
    """Every clip in every row."""
    return [
        Item("clip", result.name, result.category, row, score.figures())
        for result in results
        for row, score in result.scores.items()
    ]
