"""Two reports side by side: whether they may be compared, and what differs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from vidcolor.evaluate.bootstrap import Figure, difference, means, resamples
from vidcolor.evaluate.clip_table import COLUMNS as CLIP_COLUMNS
from vidcolor.evaluate.names import DIGITS
from vidcolor.evaluate.picture_table import COLUMNS as PICTURE_COLUMNS
from vidcolor.evaluate.report import About, Item, Report
from vidcolor.evaluate.table import Row, Table, cells, plain

_COLUMNS = {"picture": PICTURE_COLUMNS, "clip": CLIP_COLUMNS}


def obstacles(one: About, other: About) -> list[str]:
    """Why figures of two reports are not comparable; empty where they are.

    Models may differ: comparing them is what reports are for. So may versions of this program.
    """
    found = []
    for kind in sorted(one.data.keys() | other.data.keys()):
        first, second = one.data.get(kind), other.data.get(kind)
        if first is None or second is None:
            found.append(f"only one of them has {kind}")
        elif first != second:
            counts = f"{first.count} and {second.count}"
            found.append(f"the {kind} differ ({counts} files, or other content)")
    for key in sorted(one.settings.keys() | other.settings.keys()):
        values = one.settings.get(key), other.settings.get(key)
        if values[0] != values[1]:
            found.append(f"{key} is {values[0]} here and {values[1]} there")
    for name in sorted((one.versions.keys() & other.versions.keys()) - {"vidcolor"}):
        if one.versions[name] != other.versions[name]:
            found.append(f"{name} is {one.versions[name]} here and {other.versions[name]} there")
    return found


def side_by_side(report: Report, other: Report, name: str) -> tuple[Table, ...]:
    """Tables of this report's rows minus the same rows of the other, paired item by item.

    Where each judges one model, these are set against each other, whatever they are called.

    Args:
        report: this one.
        other: what it is compared with.
        name: of the other, for the title.
    """
    tables = []
    for kind in ("picture", "clip"):
        here, there = _by_row(report, kind), _by_row(other, kind)
        called = {row: _called_there(row, report.about, other.about) for row in here}
        rows = [_row(row, here[row], there[old]) for row, old in called.items() if old in there]
        rows = [row for row in rows if row.figures]
        if rows:
            keys = {key for row in rows for key in row.figures}
            columns = tuple(c for c in _COLUMNS[kind] if c.key in keys)
            tables.append(Table(f"{kind}s, minus {name}", columns, tuple(rows)))
    return tuple(tables)


def _by_row(report: Report, kind: str) -> dict[str, dict[str, Item]]:
    rows: dict[str, dict[str, Item]] = {}
    for item in report.items:
        if item.kind == kind:
            rows.setdefault(item.row, {})[item.name] = item
    return rows


def _called_there(row: str, here: About, there: About) -> str:
    """The other report's name of a row; the only models of both may be called differently."""
    if len(here.models) != 1 or len(there.models) != 1:
        return row
    (own,), (other,) = here.models, there.models
    return other + row.removeprefix(own) if row == own or row.startswith(f"{own}, ") else row


def other_weights(one: About, other: About) -> list[str]:
    """Which models differ though they are called alike, or are each the only one, in words."""
    pairs = {name: name for name in one.models if name in other.models}
    if len(one.models) == len(other.models) == 1:
        pairs = dict(zip(one.models, other.models, strict=True))
    return [
        f"{name} is {one.models[name][:DIGITS]} here, {old} is {other.models[old][:DIGITS]} there"
        for name, old in pairs.items()
        if one.models[name] != other.models[old]
    ]


def _row(name: str, here: Mapping[str, Item], there: Mapping[str, Item]) -> Row:
    both = [item for item in here if item in there]
    if not both:
        return Row(name, {})
    weights = resamples(len(both))
    keys = here[both[0]].figures.keys() & there[both[0]].figures.keys()
    figures = {}
    for key in keys:
        sides = [np.array([side[n].figures[key] for n in both]) for side in (here, there)]
        if np.isinf(sides).any():
            # Two perfect rows differ by nothing, though their decibels are infinite.
            same = np.array_equal(sides[0], sides[1], equal_nan=True)
            figures[key] = Figure(0.0 if same else float("nan"))
            continue
        figures[key] = difference(means(weights, sides[0]), means(weights, sides[1]))
    return Row(name, figures)


def words(report: Report, other: Report, name: str) -> list[str]:
    """What is to be said of two reports: obstacles first, then the differences."""
    found = obstacles(report.about, other.about)
    lines = [f"Not comparable with {name}: {'; '.join(found)}."] if found else []
    if not found:
        lines.append(f"Comparable with {name}: same data, settings and versions.")
    if models := other_weights(report.about, other.about):
        lines.append(f"Other weights: {'; '.join(models)}.")
    for table in side_by_side(report, other, name):
        lines += ["", table.title, plain(cells(table))]
    return lines
