"""What the names of files say: `ref_000040.png` a frame, `00-01-23.500.png` a time."""

from __future__ import annotations

import re
from pathlib import Path

_TIME = re.compile(r"(?:(?:(\d+)[:\-])?(\d{1,2})[:\-])?(\d+(?:\.\d+)?)s?")
_TIME_IN_NAME = re.compile(r"(?<!\d)(\d{1,2})[-:](\d{2})[-:](\d{2}(?:\.\d+)?)(?!\d)")
_SECONDS_IN_NAME = re.compile(r"(?<![\d.])(\d+(?:\.\d+)?)s(?![a-z0-9])")
_FRAME_IN_NAME = re.compile(r"(?:ref|hint|frame|still)[_\-]?(\d+)(?!\d)|^(\d+)$", re.IGNORECASE)


def frame_in(path: Path) -> int | None:
    """The frame that a name gives: `ref_000040`, `hint_40`, `frame40`, or digits alone."""
    found = _FRAME_IN_NAME.search(path.stem)
    return int(found[1] or found[2]) if found else None


def time_in(path: Path) -> float | None:
    """The time in seconds that a name gives: `00-01-23.500` (h-m-s) or `83.5s`."""
    if found := _TIME_IN_NAME.search(path.stem):
        return 3600.0 * int(found[1]) + 60.0 * int(found[2]) + float(found[3])
    found = _SECONDS_IN_NAME.search(path.stem)
    return float(found[1]) if found else None


def read_time(text: str) -> float | None:
    """Seconds of "83.5" or "00:01:23.5"; None if it is no time."""
    found = _TIME.fullmatch(text.strip())
    if not found:
        return None
    return 3600.0 * int(found[1] or 0) + 60.0 * int(found[2] or 0) + float(found[3])
