"""How single shots are to look where they are to differ from the rest of the film.

The file is what `vidcolor shots FILM --json` prints, with what is meant written into a shot:

    {"shots": [
      {"first": 0, "frames": 48, "saturation": 0.8},
      {"first": 48, "frames": 120, "leave": true},
      {"first": 168, "frames": 75, "vividness": 1.5, "steady": 0.5}]}

Shots of which nothing is said are as the film; saturation 0 is grey.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeGuard

from vidcolor.errors import UsageError

PLACE = ("first", "frames")
RANGES = {"saturation": (0.0, 10.0), "vividness": (0.1, 10.0), "steady": (0.0, 1.0)}
LEAVE = "leave"
_PRINTED = ("start_s", "duration_s")


@dataclass(frozen=True)
class ShotLook:
    """How the frames of a shot are to look; None is as the film.

    Attributes:
        first: index of the first of them in the film.
        count: how many.
        saturation: factor on chroma, 0..10.
        vividness: inverse temperature of the colour distribution, 0.1..10.
        steady: how far colour is held still, 0..1.
        leave: whether they keep the colour that they have.
    """

    first: int
    count: int
    saturation: float | None = None
    vividness: float | None = None
    steady: float | None = None
    leave: bool = False

    @property
    def stop(self) -> int:
        """The frame behind its last."""
        return self.first + self.count

    @property
    def says(self) -> bool:
        """Whether anything of it differs from the film."""
        return self.leave or any(getattr(self, name) is not None for name in RANGES)

    @property
    def is_plain(self) -> bool:
        """Whether the network need not see it: left as it is, or grey."""
        return self.leave or self.saturation == 0

    def as_entry(self) -> dict[str, Any]:
        """As a file has it."""
        said = {name: value for name in RANGES if (value := getattr(self, name)) is not None}
        left = {LEAVE: True} if self.leave else {}
        return {"first": self.first, "frames": self.count, **said, **left}


@dataclass(frozen=True)
class Looks:
    """How the shots of a film are to look.

    Attributes:
        shots: those of which something is said, by their first frames, apart from each other.
    """

    shots: tuple[ShotLook, ...] = ()

    def at(self, frame: int) -> ShotLook | None:
        """What is said of a frame."""
        return next((one for one in self.shots if one.first <= frame < one.stop), None)

    def over(self, first: int, stop: int) -> ShotLook | None:
        """What is said of the most of frames first..stop (stop not included)."""
        shared = {one: min(one.stop, stop) - max(one.first, first) for one in self.shots}
        most = max(shared, key=shared.__getitem__, default=None)
        return most if most is not None and 2 * shared[most] > stop - first else None

    def digest(self, first: int, stop: int) -> str:
        """Of all that is said of frames first..stop; "" if nothing is."""
        words = [str(one) for one in self.shots if one.first < stop and one.stop > first]
        return hashlib.sha256(" ".join(words).encode()).hexdigest()[:16] if words else ""

    @property
    def whole(self) -> str:
        """The digest of all that is said; "" if nothing is."""
        return self.digest(0, max((one.stop for one in self.shots), default=0))


def read_looks(path: Path, frame_count: int) -> Looks:
    """The looks of a film's shots from a JSON file.

    Args:
        path: the file.
        frame_count: of the film.

    Raises:
        UsageError: it is missing, no such file, or says what cannot be.
    """
    try:
        held = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise UsageError(f"The shots {path} are not there.", "Check the name.") from error
    except (OSError, ValueError) as error:
        raise UsageError(
            f"The shots {path} are no JSON ({error}).",
            "Begin with what `vidcolor shots FILM --json` prints.",
        ) from error
    entries = held.get("shots") if isinstance(held, dict) else held
    if not isinstance(entries, list):
        raise UsageError(f"The shots {path} have no list of shots.", 'Write {"shots": [...]}.')
    where = (f"shot {number} of {path.name}" for number in range(1, len(entries) + 1))
    return looks_of(map(read_look, entries, where), frame_count)


def looks_of(shots: Iterable[ShotLook], frame_count: int) -> Looks:
    """Looks in order, without those that say nothing.

    Raises:
        UsageError: two of them share a frame, or one lies behind the film's end.
    """
    said = sorted((one for one in shots if one.says), key=lambda one: one.first)
    for one, following in pairwise(said):
        if following.first < one.stop:
            raise UsageError(
                f"Two shots share frame {following.first}.", "Give each frame to one shot."
            )
    if said and said[-1].stop > frame_count:
        raise UsageError(
            f"A shot ends at frame {said[-1].stop - 1}, and the film has {frame_count} frames.",
            "Take the shots from `vidcolor shots FILM --json`.",
        )
    return Looks(tuple(said))


def read_look(entry: Any, where: str) -> ShotLook:
    """The look of one shot as a file has it.

    Args:
        entry: its words.
        where: for messages.

    Raises:
        UsageError: it says what cannot be.
    """
    if not isinstance(entry, Mapping):
        raise UsageError(f"The {where} is not an object.", "Write {...} with first and frames.")
    known = (*PLACE, *RANGES, LEAVE)
    if unknown := sorted(str(name) for name in entry.keys() - {*known, *_PRINTED}):
        raise UsageError(
            f"The {where} has '{unknown[0]}', which is not known.", f"There are {', '.join(known)}."
        )
    first, count = (entry.get(name) for name in PLACE)
    if not _is_whole(first, 0) or not _is_whole(count, 1):
        raise UsageError(
            f"The {where} has no place.", 'Write "first": 48, "frames": 120 or the like.'
        )
    leave = entry.get(LEAVE, False)
    if not isinstance(leave, bool):
        raise UsageError(f"`leave` of {where} is {leave}.", "Write true or false.")
    said = {name: _number(entry.get(name), name, where) for name in RANGES}
    return ShotLook(first, count, leave=leave, **said)


def _is_whole(value: Any, least: int) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _number(value: Any, name: str, where: str) -> float | None:
    if value is None:
        return None
    least, most = RANGES[name]
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not least <= value <= most:
        raise UsageError(f"`{name}` of {where} is {value}.", f"Give {least:g} to {most:g}.")
    return float(value)
