"""What is said of a file of a batch, by the process that colours it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from vidcolor.errors import VidcolorError
from vidcolor.run.exhibit import Shown
from vidcolor.run.one import Outcome


@dataclass(frozen=True)
class Moved:
    """A task goes on.

    Attributes:
        share: done of it, 0..1.
        frames: of the whole film.
    """

    share: float
    frames: int


@dataclass(frozen=True)
class Noted:
    """Something about a task that a person should know.

    Attributes:
        sentence: in words.
    """

    sentence: str


@dataclass(frozen=True)
class Took:
    """A task is about to end.

    Attributes:
        seconds: on the clock since it was taken up.
    """

    seconds: float


@dataclass(frozen=True)
class Failure:
    """A task that ended with an error.

    Attributes:
        kind: class of the error; `VidcolorError` itself for a defect.
        sentence: the cause.
        remedy: what to do about it.
        hopeless: whether every other task would fail likewise.
        trace: of a defect.
    """

    kind: type[VidcolorError]
    sentence: str
    remedy: str
    hopeless: bool = False
    trace: str = ""


Message = Moved | Noted | Took | Outcome | Shown | Failure
"""`Outcome` comes as soon as the output is there, so that nothing delays its being written down."""


class Channel(Protocol):
    """What brings messages to who gave the tasks."""

    def send(self, message: Message, /) -> None:
        """Send one."""
