"""Models by kind of thing: one row a kind and model, from reports of `vidcolor evaluate`.

    vidcolor evaluate --data DATA --split odd --model OLD --model NEW --json both.json
    python benchmarks/kinds.py both.json [more.json ...] [--out kinds.md]

DATA holds a folder for each kind. PSNR at 85 % of the truth's colourfulness and recognition are
shown less grey's. Reports of other models go with it where they are of the same pictures.
"""

from __future__ import annotations

import argparse
import json
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from vidcolor.evaluate.names import BASELINES, GREY
from vidcolor.evaluate.table import markdown

FIGURES = (
    ("psnr_85", "PSNR at 85 % over grey", 2, "psnr"),
    ("kid_share", "KID share", 3, ""),
    ("kid_share_2", "KID share, second judge", 3, ""),
    ("recognition", "recognition over grey", 3, "recognition"),
    ("recognition_2", "recognition over grey, second judge", 3, "recognition_2"),
    ("lpips", "LPIPS", 4, ""),
    ("delta_e", "Delta E", 2, ""),
)
"""Key, heading, decimals, and grey's key that is taken off."""
_KIND = re.compile(r"^(.+) \((\d+) pictures\)$")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("reports", type=Path, nargs="+")
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args(arguments)
    text = markdown(by_kind([json.loads(path.read_text()) for path in asked.reports])) + "\n"
    print(text)
    if asked.out is not None:
        asked.out.write_text(text)


def by_kind(reports: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """The table's lines: kinds in turn, and of each the models in the reports' order.

    Raises:
        SystemExit: the reports are of different pictures, or none has a table of a kind.
    """
    if len({report["about"]["data"]["pictures"]["sha256"] for report in reports}) > 1:
        raise SystemExit("The reports are of different pictures.")
    found: dict[tuple[str, str], list[list[str]]] = {}
    for table in (table for report in reports for table in report["tables"] if table["part"]):
        if match := _KIND.match(table["title"]):
            found.setdefault((match[1], match[2]), []).extend(_lines(table))
    if not found:
        raise SystemExit("No report has tables of kinds: the pictures lie in no folders.")
    head = ["kind", "pictures", "model", *(label for _, label, _, _ in FIGURES)]
    rows = [[*kind, *line] for kind, lines in sorted(found.items()) for line in lines]
    return [head, *rows]


def _lines(table: Mapping[str, Any]) -> list[list[str]]:
    """A model's figures; of baselines grey alone, without what it is subtracted from."""
    rows = {row["name"]: row["figures"] for row in table["rows"]}
    models = [name for name in rows if name not in BASELINES]
    return [[name, *(_shown(rows[name], rows[GREY], *one) for one in FIGURES)] for name in models]


def _shown(
    own: Mapping[str, Any], grey: Mapping[str, Any], key: str, _: str, digits: int, less: str
) -> str:
    value, base = own.get(key, {}).get("value"), grey.get(less, {}).get("value", 0.0)
    if value is None or base is None or not isinstance(value, int | float):
        return "-"
    number = value - base if less else value
    return "-" if math.isnan(number) else f"{number:{'+' if less else ''}.{digits}f}"


if __name__ == "__main__":
    main()
