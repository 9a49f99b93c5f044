"""Plots as SVG text: lines over a number, and where the values of a row lie."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

WIDTH, HEIGHT = 560, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 60, 12, 12, 40
_LETTER, _NAMES = 10, 300
"""Width of a letter as phones show it, and of the rows' names at most."""
# Colours that people of weak colour vision tell apart: Okabe, Ito 2008, then Tol 2021 (muted).
_FIRST = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")
_SECOND = ("#332288", "#882255", "#117733", "#999933", "#cc6677", "#44aa99")
COLOURS = (*_FIRST, *_SECOND)
_DASHES = ("", "7 3", "2 3", "9 3 2 3", "14 4", "5 2 1 2 1 2")
_MARKS = ("circle", "square", "diamond", "triangle")

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Style:
    """How a line is drawn: "#rrggbb", SVG's stroke-dasharray, and the form of its points."""

    colour: str
    dash: str = ""
    mark: str = "circle"

    def line(self, points: str) -> str:
        """The line along points "x,y x,y ..."."""
        dash = f' stroke-dasharray="{self.dash}"' if self.dash else ""
        return (
            f'<polyline points="{points}" fill="none" stroke="{self.colour}" stroke-width="2"'
            f"{dash}/>"
        )

    def point(self, x: float, y: float) -> str:
        """The mark at a place."""
        if self.mark == "circle":
            return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{self.colour}"/>'
        corners = _CORNERS[self.mark]
        points = " ".join(f"{x + a:.1f},{y + b:.1f}" for a, b in corners)
        return f'<polygon points="{points}" fill="{self.colour}"/>'


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
            COLOURS[others % len(COLOURS)],
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


def _across(x: Axis, y: Axis, label: str) -> str:
    """Grid lines, numbers and label of the horizontal axis."""
    parts = []
    for value in x.ticks():
        place = x.at(value)
        parts.append(f'<line x1="{place:.1f}" x2="{place:.1f}" y1="{y.start}" y2="{y.end}"/>')
        number = f'<text x="{place:.1f}" y="{y.start + 15}" text-anchor="middle">{value:.6g}</text>'
        parts.append(number)
    centre = (x.start + x.end) / 2
    parts.append(
        f'<text x="{centre}" y="{y.start + 33}" text-anchor="middle">{escape(label)}</text>'
    )
    return "".join(parts)


def _upward(x: Axis, y: Axis, label: str) -> str:
    """Grid lines, numbers and label of the vertical axis."""
    parts = []
    for value in y.ticks():
        place = y.at(value)
        parts.append(f'<line x1="{x.start}" x2="{x.end}" y1="{place:.1f}" y2="{place:.1f}"/>')
        parts.append(
            f'<text x="{x.start - 5}" y="{place + 4:.1f}" text-anchor="end">{value:.6g}</text>'
        )
    middle = (y.start + y.end) / 2
    parts.append(
        f'<text transform="translate(14 {middle}) rotate(-90)" text-anchor="middle">'
        f"{escape(label)}</text>"
    )
    return "".join(parts)


def _svg(body: str, height: int = HEIGHT, name: str = "") -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(name, True)}">'
        f"{body}</svg>"
    )


def lines(rows: Mapping[str, Points], x_label: str, y_label: str, dots: bool = False) -> str:
    """Lines by name, with a legend below; empty text where there is nothing finite."""
    kept = {name: _finite(points) for name, points in rows.items()}
    kept = {name: points for name, points in kept.items() if points}
    if not kept:
        return ""
    everything = [point for points in kept.values() for point in points]
    x = _axis([point[0] for point in everything], _LEFT, WIDTH - _RIGHT)
    y = _axis([point[1] for point in everything], HEIGHT - _BOTTOM, _TOP)
    body = _across(x, y, x_label) + _upward(x, y, y_label)
    # Of all rows, also of those with nothing to show: a row looks alike on every plot.
    looks = {name: style for name, style in styles(rows).items() if name in kept}
    for name, style in looks.items():
        places = [(x.at(a), y.at(b)) for a, b in kept[name]]
        body += style.line(" ".join(f"{a:.1f},{b:.1f}" for a, b in places))
        body += "".join(style.point(*place) for place in places) if dots else ""
    drawing = _svg(body, name=f"{y_label} against {x_label}")
    return f"<figure>{drawing}{_legend(looks, dots)}</figure>"


def _legend(looks: Mapping[str, Style], dots: bool) -> str:
    parts = [
        f'<span><svg viewBox="0 0 38 12" aria-hidden="true">{style.line("0,6 38,6")}'
        f"{style.point(19, 6) if dots else ''}</svg>{escape(name)}</span>"
        for name, style in looks.items()
    ]
    return f'<figcaption class="legend">{"".join(parts)}</figcaption>'


def boxes(rows: Mapping[str, Sequence[float]], label: str) -> str:
    """Where values lie: 5th to 95th percentile as a line, the middle half as a box."""
    kept = {n: [v for v in values if math.isfinite(v)] for n, values in rows.items()}
    kept = {name: values for name, values in kept.items() if values}
    if not kept:
        return ""
    marks = {n: np.percentile(v, [5, 25, 50, 75, 95]).tolist() for n, v in kept.items()}
    left = min(_NAMES, 18 + _LETTER * max(map(len, marks)))
    x = _axis([v for five in marks.values() for v in (five[0], five[-1])], left, WIDTH - _RIGHT)
    height = len(marks) * 26 + _TOP + _BOTTOM
    body = _across(x, Axis(0, 1, height - _BOTTOM, _TOP), label)
    for index, (name, (p5, p25, p50, p75, p95)) in enumerate(marks.items()):
        middle = _TOP + 26 * index + 13
        a, b, c, d, e = (f"{x.at(value):.1f}" for value in (p5, p25, p50, p75, p95))
        body += (
            f'<text x="{left - 7}" y="{middle + 4}" text-anchor="end">{escape(name)}</text>'
            f'<path d="M{a} {middle}H{e}" stroke="#0072b2"/>'
            f'<rect x="{b}" y="{middle - 8}" width="{float(d) - float(b):.1f}" height="16"/>'
            f'<path d="M{c} {middle - 8}v16" stroke="#d55e00" stroke-width="2.5"/>'
        )
    return f"<figure>{_svg(body, height, label)}</figure>"
