"""Dots and strokes as a studio has them: from its file, from the page, into the file."""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vidcolor.direct.colors import read_color
from vidcolor.direct.film import FilmLike
from vidcolor.direct.hints import VERSION, read_hints
from vidcolor.errors import UsageError

MOST_HINTS, MOST_POINTS = 20_000, 4_000


@dataclass(frozen=True)
class Dot:
    """A dot or stroke.

    Attributes:
        id: its name.
        frame: index of its frame.
        points: (x, y) in pixels of the film as it is shown.
        radius: likewise.
        color: `#rrggbb`, or a CSS name.
        strength: 0..1.
    """

    id: str
    frame: int
    points: tuple[tuple[float, float], ...]
    radius: float
    color: str
    strength: float = 1.0

    def as_hint(self) -> dict[str, Any]:
        """As a hints file has it."""
        return {
            "id": self.id,
            "frame": self.frame,
            "points": [[round(x, 2), round(y, 2)] for x, y in self.points],
            "radius": round(self.radius, 2),
            "colour": self.color,
            "strength": self.strength,
        }


def written(dots: Collection[Dot]) -> dict[str, Any]:
    """What a hints file of these is to hold."""
    return {"version": VERSION, "hints": [one.as_hint() for one in dots]}


def read_dots(path: Path, clip: FilmLike) -> dict[str, Dot]:
    """The dots of a hints file by their ids; those that have none get one.

    Raises:
        UsageError: it holds no hints.
    """
    strokes = read_hints(path)
    raw = json.loads(path.read_text(encoding="utf-8-sig"))["hints"]
    height, width = clip.upright_size
    made: dict[str, Dot] = {}
    for stroke, entry in zip(strokes, raw, strict=True):
        wide, tall = stroke.size or (width, height)
        across, down = width / wide, height / tall
        frame = stroke.frame
        if frame is None:
            frame = clip.frame_at(stroke.time_s or 0.0) if stroke.time_s else 0
        name = str(entry.get("id") or "")
        name = name if is_id(name) and name not in made else secrets.token_hex(6)
        radius = stroke.radius if stroke.radius is not None else 0.01 * min(wide, tall)
        made[name] = Dot(
            id=name,
            frame=max(0, frame),
            points=tuple((x * across, y * down) for x, y in stroke.points),
            radius=radius * (across + down) / 2,
            color=str(entry.get("colour", entry.get("color"))),
            strength=stroke.strength,
        )
    return made


def read_change(given: Any, clip: FilmLike) -> tuple[str, Dot | None]:
    """A change as the page sends it: {"put": {...}} or {"remove": "id"}.

    Returns:
        the dot's id, and the dot, None to take it away.

    Raises:
        UsageError: it is none, or outside of the film.
    """
    wrong = UsageError("This is no change of a dot.", "Load the page again.")
    if not isinstance(given, dict) or len(given) != 1:
        raise wrong
    if "remove" in given:
        if not is_id(given["remove"]):
            raise wrong
        return given["remove"], None
    entry = given.get("put")
    if not isinstance(entry, dict) or not is_id(entry.get("id")):
        raise wrong
    points, frame = entry.get("points"), entry.get("frame")
    height, width = clip.upright_size
    if not isinstance(points, list) or not 0 < len(points) <= MOST_POINTS:
        raise wrong
    pairs = all(isinstance(p, list) and len(p) == 2 for p in points)
    if not pairs or not all(within(x, 0, width) and within(y, 0, height) for x, y in points):
        raise UsageError("A point lies outside the picture.", "Set it inside.")
    if not isinstance(frame, int) or not 0 <= frame < clip.frame_count:
        raise UsageError(f"The film has no frame {frame}.", "Load the page again.")
    if not within(entry.get("radius"), 0.1, max(height, width)):
        raise wrong
    color = entry.get("colour")
    if not isinstance(color, str) or len(color) > 40:
        raise wrong
    read_color(color, "The dot")
    strength = entry.get("strength", 1.0)
    if not within(strength, 0.01, 1):
        raise wrong
    # The right and lower edges are the picture's end, not in it.
    inside = tuple((min(float(x), width - 0.01), min(float(y), height - 0.01)) for x, y in points)
    dot = Dot(entry["id"], frame, inside, float(entry["radius"]), color, float(strength))
    return dot.id, dot


def is_id(name: Any) -> bool:
    """Whether a word may be a dot's id."""
    return isinstance(name, str) and name.isalnum() and name.isascii() and 4 <= len(name) <= 32


def within(value: Any, least: float, most: float) -> bool:
    """Whether something is a number in a range."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and least <= value <= most
