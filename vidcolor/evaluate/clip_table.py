"""From the figures of single clips to a table: means over clips, intervals, flicker shares."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from vidcolor.evaluate.bootstrap import Doubles, difference, figure, means, resamples
from vidcolor.evaluate.clips import ClipResult, per_frame_row
from vidcolor.evaluate.names import GREY, TRUTH
from vidcolor.evaluate.series import DISTANCES, ClipScore
from vidcolor.evaluate.table import Column, Row, Table

COLUMNS = (
    Column("psnr", "PSNR", 2, "higher"),
    Column("delta_e", "Delta E", 2, "lower"),
    Column("cf", "CF", 1),
    Column("cdc", "CDC x 1e3", 3, "", 1e3),
    Column("cdc_distance", "CDC distance x 1e3", 3, "lower", 1e3),
    *(Column(f"flicker_{d}", f"residual flicker, d = {d}", 2, "lower") for d in DISTANCES),
    *(Column(f"share_{d}", f"flicker share, d = {d}", 3, "lower") for d in DISTANCES),
    Column("warp_error", "warp error x 1e3", 3, "", 1e3),
    Column("uncovered_delta_e", "uncovered Delta E", 2, "lower"),
)
DIFFERENCES = ("psnr", "delta_e", "cdc_distance", *(f"flicker_{d}" for d in DISTANCES))

Values = dict[str, Doubles]


def clip_table(
    title: str, results: Sequence[ClipResult], reference: str = "", notes: tuple[str, ...] = ()
) -> Table:
    """Means over clips of every row that stands in all of them, with bootstrap intervals.

    A row's flicker share lies between grey's residual flicker (0) and that of the per-frame row of
    its own model (1).
    """
    names = [n for n in results[0].scores if all(n in r.scores for r in results)]
    weights = resamples(len(results))
    table = {name: _row(name, results, weights) for name in names}
    for name, row in table.items():
        _add_shares(row, table.get(GREY), table.get(per_frame_row(name)))
    base = table.get(reference, {})
    lines = []
    for name, row in table.items():
        keys = [key for key in DIFFERENCES if key in base]
        differences = {key: difference(row[key], base[key]) for key in keys}
        lines.append(Row(name, {k: figure(v) for k, v in row.items()}, differences))
    visible = _visible(results)
    return Table(title, COLUMNS, tuple(lines), reference if base else "", (*notes, *visible))


def _row(name: str, results: Sequence[ClipResult], weights: Doubles) -> Values:
    def mean(pick: Callable[[ClipScore], float]) -> Doubles:
        return means(weights, np.array([pick(r.scores[name]) for r in results], np.float64))

    apart = [abs(r.scores[name].cdc - r.scores[TRUTH].cdc) for r in results]
    row = {
        "psnr": mean(lambda s: s.psnr),
        "delta_e": mean(lambda s: s.delta_e),
        "cf": mean(lambda s: s.cf),
        "cdc": mean(lambda s: s.cdc),
        "cdc_distance": means(weights, np.array(apart)),
        "warp_error": mean(lambda s: s.warp_error),
        "uncovered_delta_e": mean(lambda s: s.uncovered_delta_e),
    }
    for index, distance in enumerate(DISTANCES):
        row[f"flicker_{distance}"] = mean(lambda s, i=index: s.flicker[i])  # type: ignore[misc]
    return row


def _add_shares(row: Values, grey: Values | None, per_frame: Values | None) -> None:
    for key in [f"flicker_{d}" for d in DISTANCES]:
        share = np.full(len(row[key]), np.nan)
        if grey is not None and per_frame is not None:
            width = per_frame[key] - grey[key]
            wide = np.abs(width) > 1e-6
            share[wide] = ((row[key] - grey[key])[wide]) / width[wide]
        row[key.replace("flicker", "share")] = share


def _visible(results: Sequence[ClipResult]) -> tuple[str, ...]:
    shares = np.array([r.scores[TRUTH].visible for r in results], np.float64)
    kept = [column[~np.isnan(column)] for column in shares.T]
    parts = [
        f"{column.mean():.1%} at d = {distance}"
        for column, distance in zip(kept, DISTANCES, strict=True)
        if column.size
    ]
    return (f"Visible pixels: {', '.join(parts)}.",) if parts else ()


def short_notes(results: Sequence[ClipResult]) -> tuple[str, ...]:
    """Which clips are too short for temporal figures, or grey."""
    notes = []
    short = [r.name for r in results if r.scores[TRUTH].frames < 2]
    if short:
        notes.append(f"One frame only, so no temporal figures: {', '.join(short)}.")
    colorless = [r.name for r in results if np.isnan(r.scores[TRUTH].cf)]
    if colorless:
        notes.append(f"Grey truth, left out of CF and Delta E: {', '.join(colorless)}.")
    return tuple(notes)
