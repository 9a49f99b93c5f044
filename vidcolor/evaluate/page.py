"""A report as one self-contained page: tables, distributions, curves, pictures, film strips."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from importlib.resources import files

from vidcolor.evaluate.clips import ClipResult
from vidcolor.evaluate.exhibits import Exhibits, Sheet, Still
from vidcolor.evaluate.report import Report
from vidcolor.evaluate.table import NONE, WEIGHTS, Column, Row, Table, difference_cells
from vidcolor.pages import plots

RANKED = ("closeness", "psnr", "psnr_85", "delta_e", "kid_share", "recognition")
"""Figures whose order of the rows is set beside closeness's."""


def as_page(report: Report, exhibits: Exhibits) -> str:
    """The whole page as HTML text: no script, nothing loaded from elsewhere."""
    style = files("vidcolor.pages").joinpath("report.css").read_text(encoding="utf-8")
    body = [
        f"<h1>How good the colour is</h1>{_about(report)}",
        *(_whole(table) + _ranks(table) for table in report.tables if not table.part),
        _distributions(report),
        _curves(report),
        *(_sheet(sheet) for sheet in exhibits.sheets),
        _film(exhibits),
        _categories([table for table in report.tables if table.part]),
    ]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>vidcolor evaluate</title><style>{style}</style></head>"
        f"<body><main>{''.join(body)}</main></body></html>\n"
    )


def _about(report: Report) -> str:
    about = report.about
    facts = [("command", about.command)] if about.command else []
    facts += [(k, f"{d.count} files, {d.sha256[:16]}") for k, d in about.data.items()]
    facts += [(f"model {name}", digest[:16]) for name, digest in about.models.items()]
    facts += list(about.settings.items())
    facts.append(("versions", ", ".join(f"{n} {v}" for n, v in about.versions.items())))
    terms = "".join(f"<dt>{escape(k)}</dt><dd>{escape(v)}</dd>" for k, v in facts)
    notes = "".join(f"<li>{escape(note)}</li>" for note in (*report.notes, *report.failed))
    found = f"<ul>{notes}</ul>" if notes else ""
    return f"{found}<details><summary>What it was made of</summary><dl>{terms}</dl></details>"


def _cell(column: Column, row: Row, best: float | None) -> str:
    figure = row.figures.get(column.key, NONE)
    interval = column.interval(figure)
    shown = f"{column.show(figure.value)}" + (f"<small>{interval}</small>" if interval else "")
    mark = ' class="best"' if best is not None and figure.value == best else ""
    return f"<td{mark}>{shown}</td>"


def _best(table: Table, column: Column) -> float | None:
    """The best of the rows that could be better: bounds and the truth are no contest."""
    bounds = ("truth", "quarter-size truth", "grey")
    values = [
        row.figures[column.key].value
        for row in table.rows
        if row.name not in bounds and column.key in row.figures
    ]
    values = [value for value in values if value == value]
    if not values or not column.better:
        return None
    return max(values) if column.better == "higher" else min(values)


def _arrow(column: Column) -> str:
    return {"higher": " ↑", "lower": " ↓"}.get(column.better, "")


def _whole(table: Table) -> str:
    head = f"<th>{WEIGHTS}</th>" if table.has_models else ""
    head += "".join(f"<th>{escape(c.label)}{_arrow(c)}</th>" for c in table.columns)
    best = {column.key: _best(table, column) for column in table.columns}
    lines = "".join(
        f"<tr><th>{escape(row.name)}</th>"
        + (f"<td><code>{row.weights or '-'}</code></td>" if table.has_models else "")
        + "".join(_cell(column, row, best[column.key]) for column in table.columns)
        + "</tr>"
        for row in table.rows
    )
    notes = "".join(f"<p class=note>{escape(note)}</p>" for note in table.notes)
    grid = f'<div class="wide"><table><tr><th>row</th>{head}</tr>{lines}</table></div>'
    return f"<h2>{escape(table.title)}</h2>{grid}{notes}{_differences(table)}"


def _differences(table: Table) -> str:
    lines = difference_cells(table)
    return (
        f"<details><summary>Paired differences</summary>{_grid(lines)}</details>" if lines else ""
    )


def _grid(lines: list[list[str]]) -> str:
    head = "".join(f"<th>{escape(cell)}</th>" for cell in lines[0])
    body = "".join(
        f"<tr><th>{escape(line[0])}</th>"
        + "".join(f"<td>{escape(cell)}</td>" for cell in line[1:])
        + "</tr>"
        for line in lines[1:]
    )
    return f'<div class="wide"><table><tr>{head}</tr>{body}</table></div>'


def _ranks(table: Table) -> str:
    """The rows' order by closeness beside their order by the other figures."""
    columns = [c for key in RANKED for c in table.columns if c.key == key]
    if not columns or columns[0].key != "closeness":
        return ""
    rows = [row for row in table.rows if row.name != "truth"]
    lines = [["rank by", *(column.label for column in columns)]]
    places = [_places(column, rows) for column in columns]
    for index, row in enumerate(rows):
        lines.append([row.name, *(place[index] for place in places)])
    words = (
        "Closeness is the share of pixels within 5 % of the truth in all three channels. It pays"
        " for staying near grey; where its order differs from the others', it is the one to doubt."
    )
    return f"<h2>Closeness and the others</h2><p>{words}</p>{_grid(lines)}"


def _places(column: Column, rows: Sequence[Row]) -> list[str]:
    values = [row.figures.get(column.key, NONE).value for row in rows]
    known = sorted((v for v in values if v == v), reverse=column.better == "higher")
    return [str(known.index(value) + 1) if value == value else "-" for value in values]


def _distributions(report: Report) -> str:
    parts = []
    columns = [column for table in report.tables for column in table.columns]
    labels = {column.key: column.label for column in columns}
    scales = {column.key: column.scale for column in columns}
    for kind, keys in (
        ("picture", ("psnr", "delta_e", "cf", "closeness")),
        ("clip", ("psnr", "cdc", "flicker_1", "flicker_24")),
    ):
        items = [item for item in report.items if item.kind == kind and item.row != "truth"]
        for key in keys:
            rows: dict[str, list[float]] = {}
            for item in items:
                rows.setdefault(item.row, []).append(item.figures[key] * scales.get(key, 1.0))
            parts.append(plots.boxes(rows, f"{labels.get(key, key)}, {kind}s"))
    words = "Line: 5th to 95th percentile; box: the middle half; orange: median."
    return f"<h2>Distributions</h2><p>{words}</p><div class=pair>{''.join(parts)}</div>"


def _curves(report: Report) -> str:
    if not report.curves:
        return ""
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
    return f"<h2>Against colourfulness</h2><div class=pair>{''.join(plotted)}</div>"


def _sheet(sheet: Sheet) -> str:
    shown = "".join(
        f"<figure class=exhibit><div>{''.join(map(_still, exhibit.pictures))}</div>"
        f"<figcaption>{escape(exhibit.caption)}</figcaption></figure>"
        for exhibit in sheet.exhibits
    )
    return (
        f"<h2>{escape(sheet.title)}</h2><p>{escape(sheet.words)}</p><div class=pair>{shown}</div>"
    )


def _still(still: Still) -> str:
    label = escape(still.label)
    return f'<figure><img src="{still.url}" alt="{label}"><figcaption>{label}</figcaption></figure>'


def _film(exhibits: Exhibits) -> str:
    if not exhibits.clips:
        return ""
    return "<h2>Clips over time</h2>" + "".join(_clip(clip, exhibits) for clip in exhibits.clips)


def _clip(clip: ClipResult, exhibits: Exhibits) -> str:
    strips = "".join(
        f'<div class="strip">{"".join(map(_still, strip))}</div>'
        for strip in exhibits.strips.get(clip.name, ())
    )
    plotted = []
    for key, label, scale in (
        ("flicker", "residual flicker, d = 1", 1.0),
        ("cdc", "CDC x 1e3, step 1", 1e3),
    ):
        rows = {
            name: [(t, v * scale) for t, v in enumerate(getattr(score.series, key), start=1)]
            for name, score in clip.scores.items()
            if not (name == "truth" and key == "flicker")
        }
        plotted.append(plots.lines(rows, "frame", label))
    return f"<h3>{escape(clip.name)}</h3>{strips}<div class=pair>{''.join(plotted)}</div>"


def _categories(tables: Sequence[Table]) -> str:
    if not tables:
        return ""
    return "".join(
        f"<details><summary>{escape(table.title)}</summary>{_whole(table)}</details>"
        for table in tables
    )
