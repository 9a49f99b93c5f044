"""What a run says of itself: metrics.jsonl, sheets through time, TensorBoard, one page."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from vidcolor.media.files import finished_file

METRICS = "metrics.jsonl"
SHEETS = "sheets"


class Log:
    """The files a person looks at while a run goes on.

    Args:
        run: folder of the run.
        step: where the run goes on; rows behind it belong to a lost part and are taken away.
    """

    def __init__(self, run: Path, step: int) -> None:
        self.run = run
        self.rows = [row for row in read_rows(run / METRICS) if row["step"] <= step]
        write_rows(run / METRICS, self.rows)

    def add(self, row: dict[str, Any], sheet: NDArray[np.uint8]) -> None:
        """Write one row of figures and a sheet uint8 BGR of the same pictures as ever."""
        self.rows.append(row)
        with (self.run / METRICS).open("a") as stream:
            stream.write(json.dumps(row) + "\n")
        folder = self.run / SHEETS
        folder.mkdir(exist_ok=True)
        cv2.imwrite(str(folder / f"{row['step']:07d}.jpg"), sheet)
        cv2.imwrite(str(self.run / "sheet.png"), sheet)


def read_rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a .jsonl file; none where it is missing."""
    if not path.is_file():
        return []
    return [json.loads(line) for line in path.read_text().splitlines() if line.strip()]


def write_rows(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Write a .jsonl file anew, whole or not at all."""
    with finished_file(path) as temporary:
        temporary.write_text("".join(json.dumps(row) + "\n" for row in rows))
