"""How far the network's confidence can be trusted: writes reliability.md and reliability.svg.

    python benchmarks/reliability.py FOLDER [--model NAME] [--every 2]

Confidence is the stated probability that chroma is within 8/255 of the truth; beside it stands how
often it really was, in ten groups of equal width. FOLDER holds photographs that training never saw.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from vidcolor.infer.choose import load_predictor
from vidcolor.infer.predictor import working_shape

GROUPS = 10
SMALL_ERROR = 8.0
SHORT_SIDE = 192


def main() -> None:
    """Measure, write table and plot."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", default="vidcolor-base")
    parser.add_argument("--every", type=int, default=2, help="take every so many-th picture")
    chosen = parser.parse_args()
    files = sorted(p for p in chosen.folder.rglob("*") if p.is_file())[:: chosen.every]
    stated, small = measure(files, chosen.model)
    group = np.minimum((stated * GROUPS).astype(int), GROUPS - 1)
    rows = [
        (
            float(stated[group == g].mean()),
            float(small[group == g].mean()),
            float((group == g).mean()),
        )
        for g in range(GROUPS)
        if (group == g).any()
    ]
    here = Path(__file__).parent
    (here / "reliability.svg").write_text(plot(rows))
    text = table(rows, len(files), chosen.model, chosen.folder.name)
    (here / "reliability.md").write_text(text)
    print(text)


def measure(files: Sequence[Path], model: str) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Stated confidence and whether the error was small, for every quarter-size pixel."""
    predictor = load_predictor(model)
    stated, small = [], []
    for file in files:
        ycc = cv2.cvtColor(cv2.imread(str(file)), cv2.COLOR_BGR2YCrCb)
        height, width = working_shape(ycc.shape[0], ycc.shape[1], SHORT_SIDE)
        sized = cv2.resize(ycc, (width, height), interpolation=cv2.INTER_AREA)
        quarter = cv2.resize(
            sized[..., [2, 1]].astype(np.float32), (width // 4, height // 4), interpolation=3
        )
        said = predictor.predict(np.ascontiguousarray(sized[None, ..., 0]))
        error = said.chroma[0] - quarter.transpose(2, 0, 1)
        stated.append(said.confidence[0].ravel())
        small.append((np.hypot(error[0], error[1]) < SMALL_ERROR).ravel())
    return np.concatenate(stated), np.concatenate(small)


def table(rows: Sequence[tuple[float, float, float]], count: int, model: str, name: str) -> str:
    """The groups as Markdown."""
    gap = sum(abs(said - was) * share for said, was, share in rows)
    lines = [
        "# Reliability of the confidence",
        "",
        f"{model}, {count} photographs of `{name}`, short side {SHORT_SIDE}, quarter-size pixels.",
        "Command: `python benchmarks/reliability.py FOLDER`.",
        "",
        "| stated | found | share of pixels |",
        "|---|---|---|",
        *(f"| {said:.2f} | {was:.2f} | {share:.3f} |" for said, was, share in rows),
        "",
        f"Expected calibration error (mean gap, weighted by share): {gap:.3f}.",
        "",
        "![Stated against found](reliability.svg)",
        "",
    ]
    return "\n".join(lines)


def plot(rows: Sequence[tuple[float, float, float]]) -> str:
    """Stated (x) against found (y), with the diagonal, as SVG."""
    points = " ".join(f"{40 + 300 * said:.1f},{320 - 300 * was:.1f}" for said, was, _ in rows)
    dots = "".join(
        f'<circle cx="{40 + 300 * said:.1f}" cy="{320 - 300 * was:.1f}" r="{3 + 12 * share:.1f}"/>'
        for said, was, share in rows
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="360" height="360" font-family="sans-serif" '
        'font-size="12"><rect width="360" height="360" fill="white"/>'
        '<path d="M40 20V320H340" fill="none" stroke="black"/>'
        '<path d="M40 320L340 20" stroke="grey" stroke-dasharray="4"/>'
        f'<polyline points="{points}" fill="none" stroke="#06c"/><g fill="#06c">{dots}</g>'
        '<text x="150" y="345">stated confidence</text>'
        '<text x="14" y="220" transform="rotate(-90 14 220)">share of errors under 8</text></svg>\n'
    )


if __name__ == "__main__":
    main()
