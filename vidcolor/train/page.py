"""A run as one page: its curves, and the same validation pictures through time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from importlib.resources import files
from typing import Any

from vidcolor.pages.plots import lines

CURVES: Mapping[str, tuple[str, ...]] = {
    "loss": ("smoothed",),
    "gain over grey, dB": ("gain_db",),
    "chroma error, units of 255": ("error", "grey_error"),
    "chroma strength, share of the truth's": ("strength",),
    "KID x 1e3": ("kid",),
    "Delta CF": ("delta_cf",),
    "PSNR, dB": ("psnr",),
    "flicker, units of 255": ("flicker",),
}
"""What is plotted: the axis's words, and the figures that share it."""
FIGURES = ("step", "phase", "smoothed", "gain_db", "strength", "kid", "delta_cf", "psnr", "hours")
MOST_SHEETS = 12


def as_page(title: str, rows: Sequence[Mapping[str, Any]], sheets: Sequence[str]) -> str:
    """The page as HTML text.

    Args:
        title: what the run is.
        rows: of metrics.jsonl.
        sheets: pictures beside the page, oldest first; some of them, evenly spread, are shown.
    """
    style = files("vidcolor.pages").joinpath("report.css").read_text(encoding="utf-8")
    body = (
        f"<h1>{escape(title)}</h1><div class=pair>{_curves(rows)}</div>"
        f"<h2>Figures</h2>{_table(rows)}<h2>Grey, coloured, true</h2>{_sheets(sheets)}"
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>vidcolor train</title><style>{style}</style></head>"
        f"<body><main>{body}</main></body></html>\n"
    )


def _curves(rows: Sequence[Mapping[str, Any]]) -> str:
    return "".join(
        lines(
            {
                name: [(row["samples"], float(row[name])) for row in rows if name in row]
                for name in names
            },
            "pictures seen",
            label,
        )
        for label, names in CURVES.items()
    )


def _table(rows: Sequence[Mapping[str, Any]]) -> str:
    names = [name for name in FIGURES if any(name in row for row in rows)]
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(str(row.get(name, '')))}</td>" for name in names) + "</tr>"
        for row in rows
    )
    return f'<div class="wide"><table><tr>{head}</tr>{body}</table></div>'


def _sheets(sheets: Sequence[str]) -> str:
    chosen = {round(i * (len(sheets) - 1) / (MOST_SHEETS - 1)) for i in range(MOST_SHEETS)}
    shown = [sheets[i] for i in sorted(chosen, reverse=True)] if sheets else []
    return "".join(
        f'<figure><img src="{escape(sheet)}" alt="" style="max-width:100%">'
        f"<figcaption>{escape(sheet)}</figcaption></figure>"
        for sheet in shown
    )
