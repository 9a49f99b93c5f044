"""What an evaluation leaves behind: tables, every item's figures, and what they were made of."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from vidcolor.errors import InputError
from vidcolor.evaluate.curve import Curve
from vidcolor.evaluate.table import (
    WEIGHTS,
    Table,
    cells,
    difference_cells,
    interval_cells,
    markdown,
    plain,
)

PACKAGES = ("vidcolor", "numpy", "opencv-python-headless", "torch", "timm", "av", "pillow")


@dataclass(frozen=True)
class Fingerprint:
    """Which data: `count` files, and a SHA-256 over their names and bytes."""

    count: int
    sha256: str


@dataclass(frozen=True)
class About:
    """What decides whether two reports may be set side by side.

    Attributes:
        data: fingerprints of "pictures" and "clips".
        models: SHA-256 of the weights, by the rows' name.
        settings: everything that changes figures, as text.
        versions: of packages.
        command: the command line.
    """

    data: Mapping[str, Fingerprint]
    models: Mapping[str, str]
    settings: Mapping[str, str]
    versions: Mapping[str, str]
    command: str = ""


@dataclass(frozen=True)
class Item:
    """One picture or clip in one row."""

    kind: str
    name: str
    category: str
    row: str
    figures: Mapping[str, float]


@dataclass(frozen=True)
class Report:
    """An evaluation.

    Attributes:
        about: data, models, settings and versions that the figures depend on.
        tables: the whole first, then categories.
        items: every picture and clip in every row.
        curves: quality against colourfulness, where asked for.
        notes: what a reader has to know.
        failed: files that could not be used, each with the cause.
        costs: seconds by metric.
    """

    about: About
    tables: tuple[Table, ...]
    items: tuple[Item, ...] = ()
    curves: tuple[Curve, ...] = ()
    notes: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    costs: Mapping[str, float] = field(default_factory=dict)


def fingerprint(paths: Sequence[Path], root: Path) -> Fingerprint:
    """Of files, by their paths within the root and their bytes."""
    total = hashlib.sha256()
    for path in sorted(paths):
        name = path.relative_to(root).as_posix() if path != root else path.name
        total.update(name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return Fingerprint(len(paths), total.hexdigest())


def versions() -> dict[str, str]:
    """Versions of the packages whose work shows in figures."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def as_text(report: Report) -> str:
    """For the terminal; intervals and differences of the whole, not of every category."""
    parts = []
    for table in report.tables:
        parts.append(f"{table.title}\n{plain(cells(table))}")
        differences = [] if table.part else difference_cells(table)
        if differences:
            parts.append(f"Intervals (95 %)\n{plain(interval_cells(table))}")
            parts.append(f"Paired differences (95 %)\n{plain(differences)}")
        parts.extend(table.notes)
    return "\n\n".join([*parts, *report.notes])


def as_markdown(report: Report) -> str:
    """For `benchmarks/`: every table with intervals, the command and what it was made of."""
    about = report.about
    parts = [f"    {about.command}"] if about.command else []
    for kind, data in about.data.items():
        parts.append(f"{data.count} {kind}, SHA-256 {data.sha256[:16]}.")
    for name, digest in about.models.items():
        parts.append(f"{name}: weights SHA-256 {digest[:16]}.")
    for table in report.tables:
        parts.append(f"## {table.title}\n\n{markdown(cells(table, intervals=not table.part))}")
        differences = [] if table.part else difference_cells(table)
        if differences:
            parts.append(f"Paired differences, 95 % interval:\n\n{markdown(differences)}")
        parts.extend(table.notes)
    return "\n\n".join([*parts, *report.notes]) + "\n"


def _plain_value(value: object) -> object:
    """JSON has no NaN and no infinity: null and "inf" stand for them."""
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else "inf"
    if isinstance(value, Mapping):
        return {key: _plain_value(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain_value(entry) for entry in value]
    return value


def as_json(report: Report) -> str:
    """One JSON object; its keys are the records' names (docs/evaluation.md)."""
    return json.dumps(_plain_value(asdict(report)), indent=1) + "\n"


def as_csv(report: Report) -> str:
    """A line per picture or clip and row; models' rows with the weights that have made them."""
    weights = {row.name: row.weights for table in report.tables for row in table.rows}
    keys = list(dict.fromkeys(key for item in report.items for key in item.figures))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["kind", "name", "category", "row", WEIGHTS, *keys])
    for item in report.items:
        values = [item.figures.get(key, math.nan) for key in keys]
        shown = ["" if math.isnan(value) else repr(value) for value in values]
        place = [item.kind, item.name, item.category, item.row, weights.get(item.row, "")]
        writer.writerow([*place, *shown])
    return text.getvalue()


def _number(value: object) -> float:
    return math.nan if value is None else float(str(value))


def read_json(path: Path) -> Report:
    """A report that `as_json` wrote: what it is about and its items (tables are made anew).

    Raises:
        InputError: it is no such report.
    """
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        about = dict(stored["about"])
        about["data"] = {kind: Fingerprint(**data) for kind, data in about["data"].items()}
        items = tuple(
            Item(**{**item, "figures": {k: _number(v) for k, v in item["figures"].items()}})
            for item in stored["items"]
        )
        return Report(About(**about), (), items)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"{path} is no report of this program ({error}).",
            "Give a file that `vidcolor evaluate --json FILE` wrote.",
        ) from error
