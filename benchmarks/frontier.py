"""Quality against colourfulness, model by model: writes frontier.md and frontier.svg.

    python benchmarks/frontier.py FOLDER [--split odd] [--model NAME ...]

Runs `vidcolor evaluate --curve` and puts the models' curves beside each other, so
that a model that is merely paler or merely stronger than another shows as such.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vidcolor.evaluate.names import GREY, QUARTER
from vidcolor.pages.plots import HEIGHT, WIDTH, lines, styles

STYLE = "text{font:12px sans-serif;fill:#444}line{stroke:#ddd}"


def main() -> None:
    """Measure, write table and plots."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--split", default="odd")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--model", action="append", help="name or path; repeatable")
    chosen = parser.parse_args()
    report = measured(chosen.folder, chosen.split, chosen.limit, chosen.model or ["vidcolor-base"])
    here = Path(__file__).parent
    (here / "frontier.svg").write_text(drawing(report))
    text = table(report, chosen.split)
    (here / "frontier.md").write_text(text)
    print(text)


def measured(folder: Path, split: str, limit: int | None, models: Sequence[str]) -> dict[str, Any]:
    """The report of an evaluation with curves, and in each point its KID share."""
    with tempfile.TemporaryDirectory() as temporary:
        target = Path(temporary) / "report.json"
        words = ["evaluate", "--data", str(folder), "--split", split, "--curve"]
        words += [word for model in models for word in ("--model", model)]
        words += [] if limit is None else ["--limit", str(limit)]
        command = [sys.executable, "-m", "vidcolor", *words, "--json", str(target)]
        subprocess.run(command, check=True, stdout=sys.stderr)
        report: dict[str, Any] = json.loads(target.read_text())
    figures = {row["name"]: row["figures"] for row in report["tables"][0]["rows"]}
    grey, quarter = (figures[name]["kid"]["value"] for name in (GREY, QUARTER))
    for curve in report["curves"]:
        for point in curve["points"]:
            point["kid_share"] = (grey - point["kid"]) / (grey - quarter)
    return report


def saturations(report: dict[str, Any]) -> dict[str, list[dict[str, float]]]:
    """Points by model as saturation varies."""
    return {c["row"]: c["points"] for c in report["curves"] if c["what"] == "saturation"}


def table(report: dict[str, Any], split: str) -> str:
    """The points as Markdown."""
    head = "| model | saturation | CF | PSNR, dB | Delta E | KID x 1e3 | KID share |"
    rows = [
        f"| {row} | {p['setting']:g} | {p['cf']:.1f} | {p['psnr']:.2f} | {p['delta_e']:.2f}"
        f" | {1e3 * p['kid']:.2f} | {p['kid_share']:.3f} |"
        for row, points in saturations(report).items()
        for p in points
    ]
    title = f"# Quality against colourfulness, {split} pictures\n\n![frontier](frontier.svg)\n"
    return "\n".join([title, head, "|---|---|---|---|---|---|---|", *rows]) + "\n"


def drawing(report: dict[str, Any]) -> str:
    """PSNR and KID share over CF, one above the other."""
    curves = saturations(report)
    parts = []
    for number, (key, label) in enumerate((("psnr", "PSNR, dB"), ("kid_share", "KID share"))):
        rows = {row: [(p["cf"], p[key]) for p in points] for row, points in curves.items()}
        figure = lines(rows, "CF", label, dots=True)
        body = re.search(r"<svg[^>]*>(.*)</svg>", figure, re.DOTALL)
        parts.append(f'<g transform="translate(0 {number * HEIGHT})">{body[1] if body else ""}</g>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {2 * HEIGHT + 20}">'
        f"<style>{STYLE}</style>{''.join(parts)}"
        f'<text x="60" y="{2 * HEIGHT + 12}">{legend(curves)}</text></svg>\n'
    )


def legend(curves: dict[str, Any]) -> str:
    """The models' names, each in its line's colour."""
    return " ".join(
        f'<tspan style="fill:{style.color}">&#9632; {name}</tspan>'
        for name, style in styles(curves).items()
    )


if __name__ == "__main__":
    main()
