"""A run as one page: its curves, and the same validation pictures through time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from vidcolor.pages.plots import lines
from vidcolor.pages.render import page

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
    names = [name for name in FIGURES if any(name in row for row in rows)]
    figures = [names, *([str(row.get(name, "")) for name in names] for row in rows)]
    return page(
        "train.html", title=title, curves=_curves(rows), figures=figures, sheets=_chosen(sheets)
    )


def _curves(rows: Sequence[Mapping[str, Any]]) -> Markup:
    return Markup().join(
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


def _chosen(sheets: Sequence[str]) -> list[str]:
    """Some of them, evenly spread, the newest first."""
    chosen = {round(i * (len(sheets) - 1) / (MOST_SHEETS - 1)) for i in range(MOST_SHEETS)}
    return [sheets[i] for i in sorted(chosen, reverse=True)] if sheets else []
