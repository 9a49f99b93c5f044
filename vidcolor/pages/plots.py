"""Plots as SVG: lines over a number, and where the values of a row lie."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from vidcolor.pages.render import render

WIDTH, HEIGHT = 560, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 60, 12, 12, 40
_LETTER, _NAMES = 10, 300
"""Width of a letter as phones show it, and of the rows' names at most."""
# Colours that people of weak colour vision tell apart: Okabe, Ito 2008, then Tol 2021 (muted).
_FIRST = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")
_SECOND = ("#332288", "#882255", "#117733", "#999933", "#cc6677", "#44aa99")
COLORS = (*_FIRST, *_SECOND)
_DASHES = ("", "7 3", "2 3", "9 3 2 3", "14 4", "5 2 1 2 1 2")
_MARKS = ("circle", "square", "diamond", "triangle")

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Style:
    """How a line is drawn: "#rrggbb", SVG's stroke-dasharray, and the form of its points."""

    color: str
    dash: str = ""
    mark: str = "circle"

    @property
    def corners(self) -> tuple[tuple[float, float], ...]:
        """Of the mark, from its middle; a circle has none."""
        return _CORNERS.get(self.mark, ())


# Both ends of every scale have their own, the same on each plot of a page.
_ENDS = {"grey": Style("#8c8c8c", "1 2.5"), "truth": Style("#000000")}
_CORNERS = {
    "square": ((-3.5, -3.5), (3.5, -3.5), (3.5, 3.5), (-3.5, 3.5)),
    "diamond": ((0, -5), (5, 0), (0, 5), (-5, 0)),
    "triangle": ((0, -4.5), (4.5, 3.5), (-4.5, 3.5)),
}


def styles(names: Iterable[str]) -> dict[str, Style]:
    """A style for each name, no two of 38 alike: by colour, and past six by dashes as well.

    Grey and the truth have theirs whatever stands beside them. After twelve others colours come
    again, with other dashes.
    """
    found: dict[str, Style] = {}
    others = 0
    for name in names:
        if name in _ENDS:
            found[name] = _ENDS[name]
            continue
        found[name] = Style(
            COLORS[others % len(COLORS)],
            _DASHES[others // len(_FIRST) % len(_DASHES)],
            _MARKS[others % len(_MARKS)],
        )
        others += 1
    return found


@dataclass(frozen=True)
class Axis:
    """A linear axis from `low` to `high` on `start`..`end` pixels."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Where a value lies, in pixels."""
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)

    def ticks(self) -> list[float]:
        """Some five round values."""
        raw = (self.high - self.low) / 5
        power = 10 ** math.floor(math.log10(raw))
        step = min((m * power for m in (1, 2, 2.5, 5, 10)), key=lambda size: abs(size - raw))
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        return [i * step for i in range(first, last + 1)]


def _axis(values: Sequence[float], start: float, end: float) -> Axis:
    low, high = min(values), max(values)
    margin = (high - low) * 0.05 or abs(high) * 0.1 or 1.0
    return Axis(low - margin, high + margin, start, end)


def _finite(points: Points) -> list[tuple[float, float]]:
    return [(x, y) for x, y in points if math.isfinite(x) and math.isfinite(y)]


@dataclass(frozen=True)
class _Line:
    """A line on a plot, in pixels."""

    name: str
    style: Style
    places: list[tuple[float, float]]

    @property
    def points(self) -> str:
        """As SVG has them."""
        return " ".join(f"{x:.1f},{y:.1f}" for x, y in self.places)


@dataclass(frozen=True)
class _Box:
    """Where a row's values lie: its percentiles in pixels as text, and its height on the plot."""

    name: str
    middle: int
    p5: str
    p25: str
    p50: str
    p75: str
    p95: str

    @property
    def width(self) -> str:
        """Of the middle half."""
        return f"{float(self.p75) - float(self.p25):.1f}"


def lines(rows: Mapping[str, Points], x_label: str, y_label: str, dots: bool = False) -> Markup:
    """Lines by name, with a legend below; empty text where there is nothing finite."""
    kept = {name: _finite(points) for name, points in rows.items()}
    kept = {name: points for name, points in kept.items() if points}
    if not kept:
        return Markup()
    everything = [point for points in kept.values() for point in points]
    x = _axis([point[0] for point in everything], _LEFT, WIDTH - _RIGHT)
    y = _axis([point[1] for point in everything], HEIGHT - _BOTTOM, _TOP)
    # Styles are of all rows, also of those with nothing to show: a row looks alike on every plot.
    drawn = [
        _Line(name, style, [(x.at(a), y.at(b)) for a, b in kept[name]])
        for name, style in styles(rows).items()
        if name in kept
    ]
    return render("lines.html", width=WIDTH, height=HEIGHT, x=x, y=y, x_label=x_label,
                  y_label=y_label, lines=drawn, dots=dots)  # fmt: skip


def boxes(rows: Mapping[str, Sequence[float]], label: str) -> Markup:
    """Where values lie: 5th to 95th percentile as a line, the middle half as a box."""
    kept = {n: [v for v in values if math.isfinite(v)] for n, values in rows.items()}
    kept = {name: values for name, values in kept.items() if values}
    if not kept:
        return Markup()
    marks = {n: np.percentile(v, [5, 25, 50, 75, 95]).tolist() for n, v in kept.items()}
    left = min(_NAMES, 18 + _LETTER * max(map(len, marks)))
    x = _axis([v for five in marks.values() for v in (five[0], five[-1])], left, WIDTH - _RIGHT)
    height = len(marks) * 26 + _TOP + _BOTTOM
    y = Axis(0, 1, height - _BOTTOM, _TOP)
    drawn = [
        _Box(name, _TOP + 26 * index + 13, *(f"{x.at(value):.1f}" for value in five))
        for index, (name, five) in enumerate(marks.items())
    ]
    return render("boxes.html", width=WIDTH, height=height, x=x, y=y, label=label, left=left,
                  boxes=drawn)  # fmt: skip
