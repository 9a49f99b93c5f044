"""What a run says of itself: metrics.jsonl, sheets through time, one page, TensorBoard."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from vidcolor.files import write_text
from vidcolor.train.page import as_page

METRICS = "metrics.jsonl"
SHEETS = "sheets"
PAGE = "report.html"
BOARD = "tensorboard"


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
        self._board = _board(run / BOARD, step)

    def add(self, row: dict[str, Any], sheet: NDArray[np.uint8]) -> None:
        """Write one row of figures and a sheet uint8 BGR of the same pictures as ever."""
        self.rows.append(row)
        write_rows(self.run / METRICS, self.rows)
        folder = self.run / SHEETS
        folder.mkdir(exist_ok=True)
        cv2.imwrite(str(folder / f"{row['step']:07d}.jpg"), sheet)
        names = sorted(f"{SHEETS}/{path.name}" for path in folder.glob("*.jpg"))
        write_text(self.run / PAGE, as_page(self.run.name, self.rows, names))
        if self._board is not None:
            self._show(row, sheet)

    def _show(self, row: Mapping[str, Any], sheet: NDArray[np.uint8]) -> None:
        for name, value in row.items():
            if isinstance(value, int | float) and name != "step":
                self._board.add_scalar(name, value, row["step"])
        rgb = np.ascontiguousarray(sheet[..., ::-1])
        self._board.add_image("grey, coloured, true", rgb, row["step"], dataformats="HWC")
        self._board.flush()


def _board(folder: Path, step: int) -> Any:
    """A TensorBoard writer, or None where TensorBoard is not installed."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return None
    return SummaryWriter(str(folder), purge_step=step + 1)


def read_rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a .jsonl file; none where it is missing."""
    if not path.is_file():
        return []
    return [json.loads(line) for line in path.read_text().splitlines() if line.strip()]


def write_rows(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Write a .jsonl file anew, whole or not at all."""
    write_text(path, "".join(json.dumps(row) + "\n" for row in rows))
