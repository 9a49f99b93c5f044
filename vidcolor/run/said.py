"""What became of each still and hint: in words, and as a record."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from vidcolor.color.hint import Hint
from vidcolor.direct.direction import Direction, PlacedHint
from vidcolor.run.folder import Record
from vidcolor.run.plan import Plan
from vidcolor.steady.people import Reach

TRUSTED = 0.5


@dataclass(frozen=True)
class Said:
    """What became of a still or hint.

    Attributes:
        name: of its file, or which one it is in its file.
        fate: "used", "unchanged" since `vidcolor stills` made it, "unfit" for any frame, or
            "outside" of what was coloured.
        words: the same in words, with the name.
        frame: index of the frame that it is on, None where it is on none.
        shot: number of its shot as `stills` counts them, None where that is not known.
        trusted: of a still, the share of the frame in which it is trusted, 0..1.
        reaches: of a hint, the share of its frame that it reaches, 0..1.
        first: index of the first frame in a row that a hint reaches,
        last: and of the last one.
    """

    name: str
    fate: str
    words: str
    frame: int | None = None
    shot: int | None = None
    trusted: float | None = None
    reaches: float | None = None
    first: int | None = None
    last: int | None = None


def became_of(plan: Plan, segments: Sequence[Record]) -> tuple[Said, ...]:
    """What became of all that was said, by frame; what is not used comes last.

    Args:
        plan: what was done.
        segments: all of it, by their first frames.
    """
    return (*_used(plan, segments), *_unused(plan.direction))


def _unused(direction: Direction) -> Iterator[Said]:
    for name in direction.unfit:
        yield Said(name, "unfit", f"{name}: fits no frame, not used")
    for name in direction.unchanged:
        yield Said(name, "unchanged", f"{name}: unchanged, not used")


def _used(plan: Plan, segments: Sequence[Record]) -> Iterator[Said]:
    begins = [frame for part in segments for frame in part.beginnings()]
    reached = {reach.frame: reach for part in segments for reach in part.reached}
    colored = range(plan.first, plan.first + plan.count)
    for hint in plan.direction.hints:
        if hint.frame not in colored:
            words = f"{hint.name}: on frame {hint.frame}, which is not coloured"
            yield Said(hint.name, "outside", words, hint.frame)
            continue
        shot = _number(plan, bisect_right(begins, hint.frame))
        if hint.spreads:
            yield _hint(hint, shot, reached.get(hint.frame))
        else:
            yield _still(hint, shot)


def _number(plan: Plan, place: int) -> int | None:
    """The number of a shot in the film, by that in what was coloured."""
    if plan.settings.shot is not None:
        return plan.settings.shot + place - 1
    return None if plan.first else place


def _still(hint: PlacedHint, shot: int | None) -> Said:
    trusted = trusted_share(hint)
    where = f"frame {hint.frame}" if shot is None else f"shot {shot}"
    words = f"{hint.name}: {where}, fits, {100 * trusted:.0f} % trusted"
    return Said(hint.name, "used", words, hint.frame, shot, round(trusted, 4))


def _hint(hint: PlacedHint, shot: int | None, reach: Reach | None) -> Said:
    where = f"{hint.name}: frame {hint.frame}" + (f" in shot {shot}" if shot is not None else "")
    if reach is None:
        return Said(hint.name, "used", where, hint.frame, shot)
    words = f"{where}, reaches {100 * reach.share:.1f} % of the frame"
    if reach.last > reach.first:
        words += f" from frame {reach.first} until frame {reach.last}"
    return Said(
        hint.name,
        "used",
        words,
        hint.frame,
        shot,
        reaches=round(reach.share, 4),
        first=reach.first,
        last=reach.last,
    )


def trusted_share(hint: Hint) -> float:
    """In how much of its frame a still is trusted, 0..1."""
    return float((hint.confidence > TRUSTED).mean())
