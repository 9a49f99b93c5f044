"""From the figures of single pictures to tables: means, intervals, paired differences, KID."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from vidcolor.evaluate.bootstrap import Doubles, Figure, difference, figure, means, resamples
from vidcolor.evaluate.names import GREY, QUARTER, TRUTH
from vidcolor.evaluate.pictures import PictureScores
from vidcolor.evaluate.report import Item
from vidcolor.evaluate.samples import Sample
from vidcolor.evaluate.table import Column, Row, Table
from vidcolor.truth.judge import FIRST, SECOND
from vidcolor.truth.kid import kid, kid_share, pair_terms

COLUMNS = (
    Column("psnr", "PSNR", 2, "higher"),
    Column("psnr_85", "PSNR at 85 %", 2, "higher"),
    Column("delta_e", "Delta E", 2, "lower"),
    Column("lpips", "LPIPS", 4, "lower"),
    Column("cf", "CF", 1),
    Column("cf_abs", "CF abs", 1),
    Column("delta_cf", "Delta CF", 1, "lower"),
    Column("kid", "KID x 1e3", 2, "lower", 1e3),
    Column("kid_share", "KID share", 3, "higher"),
    Column("recognition", "recognition", 3, "higher"),
    Column("closeness", "closeness", 3, "higher"),
)
SECOND_COLUMNS = (
    Column("kid_2", "KID x 1e3, second judge", 2, "lower", 1e3),
    Column("kid_share_2", "KID share, second judge", 3, "higher"),
    Column("recognition_2", "recognition, second judge", 3, "higher"),
)
DIFFERENCES = (
    *("psnr", "psnr_85", "delta_e", "lpips", "delta_cf"),
    *("kid_share", "recognition", "closeness"),
)
_SUFFIXES = {FIRST: "", SECOND: "_2"}


@dataclass(frozen=True)
class _Field:
    """The pictures of one table: their indices, resamples, and the rows by name."""

    indices: NDArray[np.intp]
    weights: Doubles
    rows: Mapping[str, PictureScores]

    def mean(self, values: Doubles) -> Doubles:
        return means(self.weights, values[self.indices])

    def kid(self, row: str, judge: str) -> Doubles:
        result = self.rows[row].verdicts[judge].features[self.indices]
        truth = self.rows[TRUTH].verdicts[judge].features[self.indices]
        return kid(pair_terms(result, truth), self.weights)


def picture_table(
    title: str,
    scores: Sequence[PictureScores],
    indices: NDArray[np.intp] | None = None,
    reference: str = GREY,
    notes: tuple[str, ...] = (),
) -> Table:
    """Means over pictures with bootstrap intervals.

    Args:
        title: of the table.
        scores: the rows, the truth among them.
        indices: the pictures to take; None for all.
        reference: row that paired differences are taken to.
        notes: go with the table.
    """
    count = len(scores[0].psnr)
    chosen = np.arange(count) if indices is None else indices
    rows = {score.row: score for score in scores}
    field = _Field(chosen, resamples(len(chosen)), rows)
    judges = [judge for judge in _SUFFIXES if judge in rows[TRUTH].verdicts]
    resampled = _resampled(field, judges)
    base = resampled.get(reference, {})
    lines = [
        Row(name, {key: figure(v) for key, v in row.items()}, _differences(row, base))
        for name, row in resampled.items()
    ]
    columns = COLUMNS + (SECOND_COLUMNS if SECOND in judges else ())
    present = tuple(c for c in columns if any(c.key in row for row in resampled.values()))
    return Table(title, present, tuple(lines), reference if base else "", notes)


def _differences(row: Mapping[str, Doubles], base: Mapping[str, Doubles]) -> dict[str, Figure]:
    keys = [key for key in DIFFERENCES if key in row and key in base]
    return {key: difference(row[key], base[key]) for key in keys}


def _resampled(field: _Field, judges: Sequence[str]) -> dict[str, dict[str, Doubles]]:
    """Each row's figures in each resample, by column."""
    truth_cf = field.mean(field.rows[TRUTH].cf)
    result = {}
    for name, scores in field.rows.items():
        row = {key: field.mean(values) for key, values in scores.measured().items()}
        row["delta_cf"] = np.abs(row["cf"] - truth_cf)
        result[name] = row
    for judge in judges:
        _add_judge(field, judge, result)
    return result


def _add_judge(field: _Field, judge: str, table: dict[str, dict[str, Doubles]]) -> None:
    suffix = _SUFFIXES[judge]
    truth = field.rows[TRUTH].verdicts[judge].classes
    for name, row in table.items():
        row["kid" + suffix] = field.kid(name, judge)
        same = field.rows[name].verdicts[judge].classes == truth
        row["recognition" + suffix] = field.mean(same.astype(np.float64))
    if GREY in table and QUARTER in table:
        ends = table[GREY]["kid" + suffix], table[QUARTER]["kid" + suffix]
        for row in table.values():
            row["kid_share" + suffix] = kid_share(row["kid" + suffix], *ends)


def category_table(
    scores: Sequence[PictureScores], categories: Sequence[str], reference: str = GREY
) -> list[Table]:
    """A table for each category that has at least two pictures."""
    tables = []
    for category in sorted(set(categories) - {""}):
        indices = np.flatnonzero(np.array(categories) == category)
        if len(indices) > 1:
            title = f"{category} ({len(indices)} pictures)"
            table = picture_table(title, scores, indices, reference)
            tables.append(replace(table, part=True))
    return tables


def picture_items(scores: Sequence[PictureScores], samples: Sequence[Sample]) -> list[Item]:
    """Every picture in every row."""
    return [
        Item("picture", sample.name, sample.category, score.row, _figures(score, index, scores[-1]))
        for score in scores
        for index, sample in enumerate(samples)
    ]


def _figures(score: PictureScores, index: int, truth: PictureScores) -> dict[str, float]:
    figures = {key: float(values[index]) for key, values in score.measured().items()}
    for judge, verdicts in score.verdicts.items():
        same = verdicts.classes[index] == truth.verdicts[judge].classes[index]
        figures["recognition" + _SUFFIXES[judge]] = float(same)
    return figures
