"""Tables of figures: what every output (terminal, Markdown, JSON, page) is made from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from vidcolor.evaluate.bootstrap import Figure

NONE = Figure(float("nan"))
WEIGHTS = "weights"
"""Heading of the column that says which weights have made a row."""


@dataclass(frozen=True)
class Column:
    """A figure of every row.

    Attributes:
        key: stable name, for JSON and comparisons.
        label: heading.
        digits: decimals shown.
        better: "higher", "lower", or "" where it depends.
        scale: what the figure is multiplied by to be shown (1000 for CDC).
    """

    key: str
    label: str
    digits: int
    better: str = ""
    scale: float = 1.0

    def show(self, value: float) -> str:
        """The figure as text: a dash where there is none."""
        if math.isnan(value):
            return "-"
        return "inf" if math.isinf(value) else f"{value * self.scale:.{self.digits}f}"

    def interval(self, figure: Figure) -> str:
        """The interval as text, empty where there is none."""
        if math.isnan(figure.low):
            return ""
        return f"{self.show(figure.low)}..{self.show(figure.high)}"


@dataclass(frozen=True)
class Row:
    """One line of a table.

    Attributes:
        name: of the row.
        figures: by column.
        differences: paired, to the table's reference row.
        weights: the beginning of the SHA-256 of the model whose row it is; "" of others.
    """

    name: str
    figures: Mapping[str, Figure]
    differences: Mapping[str, Figure] = field(default_factory=dict)
    weights: str = ""


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes:
        title: what was compared.
        columns: the figures.
        rows: the lines.
        reference: the row that differences are taken to; "" for none.
        notes: what a reader has to know.
        part: whether it shows a category, not the whole.
    """

    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    reference: str = ""
    notes: tuple[str, ...] = ()
    part: bool = False

    @property
    def has_models(self) -> bool:
        """Whether a row is a model's."""
        return any(row.weights for row in self.rows)

    def signed(self, weights: Mapping[str, str]) -> Table:
        """The same table, its rows with the weights that have made them, by the rows' names."""
        rows = tuple(replace(row, weights=weights.get(row.name, "")) for row in self.rows)
        return replace(self, rows=rows)


def cells(table: Table, intervals: bool = False) -> list[list[str]]:
    """Heading and lines as text; models' rows with the beginning of their weights' SHA-256."""
    weights = [WEIGHTS] if table.has_models else []
    lines = [["row", *weights, *(column.label for column in table.columns)]]
    for row in table.rows:
        line = [row.name, *(row.weights or "-" for _ in weights)]
        for column in table.columns:
            figure = row.figures.get(column.key, NONE)
            interval = column.interval(figure) if intervals else ""
            line.append(column.show(figure.value) + (f" ({interval})" if interval else ""))
        lines.append(line)
    return lines


def interval_cells(table: Table) -> list[list[str]]:
    """Heading and lines of the 95 % intervals."""
    lines = [["row", *(column.label for column in table.columns)]]
    for row in table.rows:
        figures = [row.figures.get(column.key, NONE) for column in table.columns]
        pairs = zip(table.columns, figures, strict=True)
        lines.append([row.name, *(column.interval(figure) or "-" for column, figure in pairs)])
    return lines


def difference_cells(table: Table) -> list[list[str]]:
    """Heading and lines of the paired differences; empty where there are none."""
    columns = [c for c in table.columns if any(c.key in row.differences for row in table.rows)]
    if not table.reference or not columns:
        return []
    lines = [[f"minus {table.reference}", *(column.label for column in columns)]]
    for row in table.rows:
        if row.name == table.reference:
            continue
        found = [row.differences.get(column.key, NONE) for column in columns]
        lines.append([row.name, *(_signed(c, f) for c, f in zip(columns, found, strict=True))])
    return lines


def _signed(column: Column, figure: Figure) -> str:
    if math.isnan(figure.value):
        return "-"
    text = ("+" if figure.value > 0 else "") + column.show(figure.value)
    interval = column.interval(figure)
    return f"{text} ({interval})" if interval else text


def plain(lines: list[list[str]]) -> str:
    """Lines of cells, aligned."""
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    )


def markdown(lines: list[list[str]]) -> str:
    """Lines of cells as a Markdown table."""
    head, *body = lines
    rule = ["---", *("---:" for _ in head[1:])]
    return "\n".join("| " + " | ".join(line) + " |" for line in (head, rule, *body))
