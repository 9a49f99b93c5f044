"""A report as one self-contained page: tables, distributions, curves, pictures, film strips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from vidcolor.evaluate.clips import ClipResult
from vidcolor.evaluate.exhibits import Exhibits, Still
from vidcolor.evaluate.names import GREY, QUARTER, TRUTH
from vidcolor.evaluate.report import Report
from vidcolor.evaluate.table import NONE, WEIGHTS, Column, Row, Table, difference_cells
from vidcolor.pages import plots
from vidcolor.pages.render import page

RANKED = ("closeness", "psnr", "psnr_85", "delta_e", "kid_share", "recognition")
"""Figures whose order of the rows is set beside closeness's."""
_ARROWS = {"higher": " ↑", "lower": " ↓"}

Lines = list[list[str]]


@dataclass(frozen=True)
class _Cell:
    """A figure as text, its interval, and whether no other row's is better."""

    figure: str
    interval: str
    best: bool


@dataclass(frozen=True)
class _Line:
    """A row of a table."""

    name: str
    weights: str
    cells: list[_Cell]


@dataclass(frozen=True)
class _Shown:
    """A table as the page shows it; `differences` and `ranks` are empty where there are none."""

    title: str
    has_models: bool
    head: list[str]
    lines: list[_Line]
    notes: tuple[str, ...]
    differences: Lines
    ranks: Lines


@dataclass(frozen=True)
class _Clip:
    """A clip over time: film strips, and plots of its figures."""

    name: str
    strips: Sequence[Sequence[Still]]
    plots: Markup


def as_page(report: Report, exhibits: Exhibits) -> str:
    """The whole page as HTML text: no script, nothing loaded from elsewhere."""
    return page(
        "report.html",
        notes=[*report.notes, *report.failed],
        facts=_facts(report),
        tables=[_shown(table) for table in report.tables if not table.part],
        distributions=_distributions(report),
        curves=_curves(report),
        sheets=exhibits.sheets,
        clips=[_clip(clip, exhibits) for clip in exhibits.clips],
        categories=[_shown(table) for table in report.tables if table.part],
    )


def _facts(report: Report) -> list[tuple[str, str]]:
    about = report.about
    facts = [("command", about.command)] if about.command else []
    facts += [(k, f"{d.count} files, {d.sha256[:16]}") for k, d in about.data.items()]
    facts += [(f"model {name}", digest[:16]) for name, digest in about.models.items()]
    facts += list(about.settings.items())
    return [*facts, ("versions", ", ".join(f"{n} {v}" for n, v in about.versions.items()))]


def _shown(table: Table) -> _Shown:
    best = {column.key: _best(table, column) for column in table.columns}
    heads = [WEIGHTS] if table.has_models else []
    heads += [column.label + _ARROWS.get(column.better, "") for column in table.columns]
    lines = [
        _Line(row.name, row.weights, [_cell(c, row, best[c.key]) for c in table.columns])
        for row in table.rows
    ]
    return _Shown(
        title=table.title,
        has_models=table.has_models,
        head=heads,
        lines=lines,
        notes=table.notes,
        differences=difference_cells(table),
        ranks=_ranks(table),
    )


def _cell(column: Column, row: Row, best: float | None) -> _Cell:
    figure = row.figures.get(column.key, NONE)
    is_best = best is not None and figure.value == best
    return _Cell(column.show(figure.value), column.interval(figure), is_best)


def _best(table: Table, column: Column) -> float | None:
    """The best of the rows that could be better: bounds and the truth are no contest."""
    values = [
        row.figures[column.key].value
        for row in table.rows
        if row.name not in (TRUTH, QUARTER, GREY) and column.key in row.figures
    ]
    values = [value for value in values if value == value]
    if not values or not column.better:
        return None
    return max(values) if column.better == "higher" else min(values)


def _ranks(table: Table) -> Lines:
    """The rows' order by closeness beside their order by the other figures."""
    columns = [c for key in RANKED for c in table.columns if c.key == key]
    if not columns or columns[0].key != "closeness":
        return []
    rows = [row for row in table.rows if row.name != TRUTH]
    places = [_places(column, rows) for column in columns]
    ranked = zip(rows, *places, strict=True)
    return [
        ["rank by", *(column.label for column in columns)],
        *([row.name, *place] for row, *place in ranked),
    ]


def _places(column: Column, rows: Sequence[Row]) -> list[str]:
    values = [row.figures.get(column.key, NONE).value for row in rows]
    known = sorted((v for v in values if v == v), reverse=column.better == "higher")
    return [str(known.index(value) + 1) if value == value else "-" for value in values]


def _distributions(report: Report) -> Markup:
    parts = []
    columns = [column for table in report.tables for column in table.columns]
    labels = {column.key: column.label for column in columns}
    scales = {column.key: column.scale for column in columns}
    for kind, keys in (
        ("picture", ("psnr", "delta_e", "cf", "closeness")),
        ("clip", ("psnr", "cdc", "flicker_1", "flicker_24")),
    ):
        items = [item for item in report.items if item.kind == kind and item.row != TRUTH]
        for key in keys:
            rows: dict[str, list[float]] = {}
            for item in items:
                rows.setdefault(item.row, []).append(item.figures[key] * scales.get(key, 1.0))
            parts.append(plots.boxes(rows, f"{labels.get(key, key)}, {kind}s"))
    return Markup().join(parts)


def _curves(report: Report) -> Markup:
    if not report.curves:
        return Markup()
    plotted = []
    for key, label, scale in (
        ("psnr", "PSNR", 1.0),
        ("delta_e", "Delta E", 1.0),
        ("kid", "KID x 1e3", 1e3),
    ):
        rows = {
            f"{c.row}, {c.what}": [(p.cf, scale * float(getattr(p, key))) for p in c.points]
            for c in report.curves
        }
        plotted.append(plots.lines(rows, "colourfulness (CF)", label, dots=True))
    return Markup().join(plotted)


def _clip(clip: ClipResult, exhibits: Exhibits) -> _Clip:
    plotted = []
    for key, label, scale in (
        ("flicker", "residual flicker, d = 1", 1.0),
        ("cdc", "CDC x 1e3, step 1", 1e3),
    ):
        rows = {
            name: [(t, v * scale) for t, v in enumerate(getattr(score.series, key), start=1)]
            for name, score in clip.scores.items()
            if not (name == TRUTH and key == "flicker")
        }
        plotted.append(plots.lines(rows, "frame", label))
    return _Clip(clip.name, exhibits.strips.get(clip.name, ()), Markup().join(plotted))
