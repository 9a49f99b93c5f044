"""Dots and strokes as people write them: JSON, CSV or words come in, checked strokes go out.

    {"size": [1920, 1080], "hints": [
      {"frame": 40, "x": 812, "y": 300, "radius": 12, "colour": "#a03020", "strength": 1},
      {"time": "0:07.7", "points": [[60, 90], [200, 90]], "colour": "olive"}]}

A CSV file has a header with `frame` or `time`, `x` and `y` (or `points`, as "x y; x y"), `colour`,
and, if wanted, `radius` and `strength`. In words a dot is `40:812,300,12=#a03020`.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vidcolor.direct.colors import read_color
from vidcolor.direct.names import read_time
from vidcolor.errors import UsageError

VERSION = 1
_NUMBER = r"\s*(\d+(?:\.\d+)?)\s*"
_DOT = re.compile(rf"(?:(.+):)?{_NUMBER},{_NUMBER}(?:,{_NUMBER})?=(.+)", re.DOTALL)
RADIUS_SHARE = 0.01
"""Radius of a dot that names none, as a share of the picture's short side."""


@dataclass(frozen=True)
class Stroke:
    """A dot (one point) or a stroke (several) of one colour on one frame.

    Attributes:
        where: file and number, for messages.
        frame: index of the frame, None where a time is given.
        time_s: seconds from the first frame's start, None where a frame is given.
        points: (x, y) in pixels of the picture as shown, or of `size`.
        radius: likewise; None leaves it to `RADIUS_SHARE`.
        color: luma, Cb and Cr on 0..255, as picked.
        strength: 0..1; 1 is law.
        size: (width, height) of the picture that the points were made on; None for the film's.
    """

    where: str
    frame: int | None
    time_s: float | None
    points: tuple[tuple[float, float], ...]
    radius: float | None
    color: tuple[float, float, float]
    strength: float = 1.0
    size: tuple[float, float] | None = None


def read_hints(path: Path) -> tuple[Stroke, ...]:
    """Strokes of a JSON or CSV file.

    Raises:
        UsageError: it is missing, no such file, of a version that is not known, or says what cannot
            be.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        alone = "=" in path.name
        remedy = "Give a dot without a file by `hint`." if alone else "Check the name."
        raise UsageError(f"The hints {path} are not there.", remedy) from error
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"The hints {path} cannot be read.", "Give JSON or CSV.") from error
    strokes = _json(path, text) if path.suffix.lower() == ".json" else _csv(path, text)
    if not strokes:
        raise UsageError(f"The hints {path} hold no dot.", "Add one, or leave `hints` out.")
    return strokes


def read_dot(text: str) -> Stroke:
    """A dot in words: `[FRAME or TIME:]X,Y[,RADIUS]=COLOUR`.

    >>> read_dot("194:470,260=navy").frame, read_dot("0:07.7:470,260,12=#203050").time_s
    (194, 7.7)

    Raises:
        UsageError: it is not that.
    """
    found = _DOT.fullmatch(text.strip())
    if found is None:
        raise UsageError(
            f"The hint '{text}' cannot be read.",
            "Write FRAME:X,Y=COLOUR or TIME:X,Y=COLOUR, such as 194:470,260=navy.",
        )
    place, x, y, radius, color = found.groups()
    entry = {"points": [[x, y]], "radius": radius, "colour": color}
    if place is not None:
        entry["frame" if place.strip().isdecimal() else "time"] = place
    return _stroke(entry, f"hint {text}", None)


def read_stroke(entry: Mapping[str, Any], number: int) -> Stroke:
    """A dot or stroke as it stands in a JSON file, perhaps with the `size` it was made on.

    Args:
        entry: its words.
        number: of it among others, for messages.

    Raises:
        UsageError: it says what cannot be.
    """
    where = f"hint {number}"
    return _stroke(entry, where, _whole(entry, f"The size of {where}"))


def _json(path: Path, text: str) -> tuple[Stroke, ...]:
    try:
        held = json.loads(text)
    except ValueError as error:
        raise UsageError(f"The hints {path} are no JSON ({error}).", "Mend the file.") from error
    if isinstance(held, list):
        held = {"hints": held}
    if not isinstance(held, dict) or not isinstance(held.get("hints"), list):
        raise UsageError(
            f"The hints {path} have no list of hints.",
            'Write {"hints": [...]}.',
        )
    version = held.get("version", VERSION)
    if version != VERSION:
        raise UsageError(
            f"The hints file {path} is of version {version}; this program reads {VERSION}.",
            f'Write it anew with "version": {VERSION} (docs/directing.md has the form).',
        )
    whole = _whole(held, f"The size in {path}")
    return tuple(
        _stroke(entry, f"hint {number} of {path.name}", whole)
        for number, entry in enumerate(held["hints"], 1)
    )


def _csv(path: Path, text: str) -> tuple[Stroke, ...]:
    rows = csv.DictReader(text.splitlines(), skipinitialspace=True)
    columns = set(rows.fieldnames or ())
    placed = "points" in columns or {"x", "y"} <= columns
    if not placed or not columns & {"colour", "color"}:
        raise UsageError(
            f"The hints {path} are no JSON and have no columns for place and colour.",
            "Begin the file with a line such as frame,x,y,radius,colour.",
        )
    return tuple(
        _stroke(_row(row), f"hint {number} of {path.name}", None)
        for number, row in enumerate(rows, 1)
    )


def _row(row: Mapping[str, Any]) -> dict[str, Any]:
    entry: dict[str, Any] = {
        key: value.strip() for key, value in row.items() if isinstance(value, str) and value
    }
    if "points" in entry:
        entry["points"] = [pair.split() for pair in entry["points"].split(";") if pair.strip()]
    return entry


def _stroke(entry: Any, where: str, size: tuple[float, float] | None) -> Stroke:
    if not isinstance(entry, Mapping):
        raise UsageError(f"The {where} is not an object.", "Write {...} with frame and points.")
    color = entry.get("colour", entry.get("color"))
    if not isinstance(color, str):
        raise UsageError(f"The {where} has no colour.", "Write #rrggbb, a CSS name, or grey.")
    points = entry.get("points")
    if points is None and "x" in entry and "y" in entry:
        points = [[entry["x"], entry["y"]]]
    if not isinstance(points, list) or not points:
        raise UsageError(f"The {where} has no points.", 'Write "points": [[x, y], ...].')
    frame, time_s = _when(entry, where)
    radius = entry.get("radius")
    strength = _number(entry.get("strength", 1.0), f"The strength of {where}")
    if not 0 < strength <= 1:
        raise UsageError(f"The strength of {where} is {strength:g}.", "Give 0 to 1.")
    return Stroke(
        where=where,
        frame=frame,
        time_s=time_s,
        points=tuple(_pair(point, f"A point of {where}") for point in points),
        radius=None if radius in (None, "") else _positive(radius, f"The radius of {where}"),
        color=read_color(color, f"The {where}"),
        strength=strength,
        size=size,
    )


def _when(entry: Mapping[str, Any], where: str) -> tuple[int | None, float | None]:
    frame, time = entry.get("frame"), entry.get("time")
    if frame is not None and time is not None:
        raise UsageError(f"The {where} has both a frame and a time.", "Give one of the two.")
    if frame is None and time is None:
        return None, None
    if frame is not None:
        number = _number(frame, f"The frame of {where}")
        if number != int(number) or number < 0:
            raise UsageError(f"The frame of {where} is {frame}.", "Give 0, 1, 2 ...")
        return int(number), None
    seconds = read_time(str(time))
    if seconds is None:
        raise UsageError(
            f"The time of {where} is '{time}'.", "Give seconds or hh:mm:ss, such as 00:01:23.5."
        )
    return None, seconds


def _whole(entry: Mapping[str, Any], whose: str) -> tuple[float, float] | None:
    size = entry.get("size")
    return None if size is None else _pair(size, whose)


def _pair(value: Any, whose: str) -> tuple[float, float]:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise UsageError(f"{whose} is not a pair of numbers.", "Write [x, y].")
    return _number(value[0], whose), _number(value[1], whose)


def _positive(value: Any, whose: str) -> float:
    number = _number(value, whose)
    if number <= 0:
        raise UsageError(f"{whose} is {number:g}.", "Give a number above 0.")
    return number


def _number(value: Any, whose: str) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = float("nan")
    if isinstance(value, bool) or not abs(number) < float("inf"):
        raise UsageError(f"{whose} is no number ('{value}').", "Write digits.")
    return number
