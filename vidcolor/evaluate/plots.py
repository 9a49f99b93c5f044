"""Plots as SVG text: lines over a number, and where the values of a row lie."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

WIDTH, HEIGHT = 560, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 60, 12, 12, 40
_LETTER, _NAMES = 10, 300
"""Width of a letter as phones show it, and of the rows' names at most."""
# Colours that people with weak red-green vision tell apart (Okabe, Ito 2008).
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#444444", "#999933")

Points = Sequence[tuple[float, float]]


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
    for index, points in enumerate(kept.values()):
        colour = COLOURS[index % len(COLOURS)]
        path = " ".join(f"{x.at(a):.1f},{y.at(b):.1f}" for a, b in points)
        body += f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
        if dots:
            body += "".join(
                f'<circle cx="{x.at(a):.1f}" cy="{y.at(b):.1f}" r="3.5" fill="{colour}"/>'
                for a, b in points
            )
    return (
        f"<figure>{_svg(body, name=f'{y_label} against {x_label}')}{_legend(list(kept))}</figure>"
    )


def _legend(names: Sequence[str]) -> str:
    parts = [
        f'<span><i style="background:{COLOURS[i % len(COLOURS)]}"></i>{escape(name)}</span>'
        for i, name in enumerate(names)
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
