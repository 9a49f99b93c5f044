"""The shots of an open film: found as it is walked through, each with how far its colour is."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from vidcolor.errors import InputError
from vidcolor.run.opened import Opened
from vidcolor.studio import wire
from vidcolor.studio.shot import Shot, parts

FloatArray = NDArray[np.float32]
TOLD_EVERY_S = 0.25


class Owner(Protocol):
    """Whose shots they are."""

    def digest(self, shot: Shot) -> str:
        """Of all that reaches a shot now."""

    def said_in(self, shot: Shot) -> int:
        """On how many of a shot's frames something was said."""

    def is_filmed(self, shot: Shot) -> bool:
        """Whether a shot is in the finished film as it is now."""


class Timeline:
    """The shots of a film, as far as it was walked through.

    Args:
        film: the film.
        owner: whose.
        tell: given messages for the windows.
    """

    def __init__(self, film: Opened, owner: Owner, tell: Callable[[dict[str, Any]], None]) -> None:
        self._film, self._owner, self._tell = film, owner, tell
        self._shots: list[Shot] = []
        self.surveyed = False

    @property
    def shots(self) -> tuple[Shot, ...]:
        """In order."""
        return tuple(self._shots)

    def at(self, frame: int) -> Shot | None:
        """The shot of a frame."""
        return next((one for one in self.shots if frame in one), None)

    def beginning(self, first: int) -> Shot:
        """The shot that begins at a frame.

        Raises:
            InputError: none does.
        """
        found = next((one for one in self.shots if one.first == first), None)
        if found is None:
            raise InputError(f"No shot begins at frame {first}.", "Load the page again.")
        return found

    def whole(self, shot: Shot) -> tuple[int, int]:
        """First frame and number of frames of a shot with all its parts, where it is a long one."""
        pieces = [one for one in self.shots if one.number == shot.number]
        return pieces[0].first, pieces[-1].stop - pieces[0].first

    def message(self) -> dict[str, Any]:
        """All shots, for a window that opens."""
        return {"shots": [self._row(one) for one in self.shots], "surveyed": self.surveyed}

    def show(self, shot: Shot, state: str, share: float) -> None:
        """Say how far a shot is."""
        shot.state, shot.share = state, share
        self.tell(shot)

    def tell(self, shot: Shot) -> None:
        """Tell windows how a shot stands."""
        self._tell({"shot": self._row(shot)})

    def mark(self, frames: Iterable[int] | None) -> None:
        """Mark shots whose colour is no longer what was made.

        Args:
            frames: of which something else is said now, and so perhaps of all parts of their shots;
                None looks at all.
        """
        marked = list(self.shots)
        if frames is not None:
            numbers = {shot.number for frame in frames if (shot := self.at(frame))}
            marked = [shot for shot in marked if shot.number in numbers]
        for shot in marked:
            if shot.made and shot.state != "making":
                shot.state = "ready" if shot.made == self._owner.digest(shot) else "stale"
        self._tell({"shots_now": [self._row(shot) for shot in marked]})

    def draw(self, shot: Shot, chroma: FloatArray | None) -> None:
        """Make a shot's picture anew, in colour where there is some."""
        matrix = self._film.view.matrix
        shot.thumb = wire.thumb_file(shot.middle, chroma, matrix), shot.thumb[1] + 1

    def walk(self, closed: threading.Event) -> None:
        """Walk through the film.

        Raises:
            VidcolorError: it cannot be decoded; what was found before stays.
        """
        told = time.monotonic()
        fresh: list[Shot] = []
        try:
            for number, found in enumerate(self._film.survey(), 1):
                if closed.is_set():
                    return
                fresh += parts(found, number, self._film.longest)
                if time.monotonic() - told > TOLD_EVERY_S:
                    self._append(fresh)
                    fresh, told = [], time.monotonic()
        finally:
            self._append(fresh)
            self.surveyed = True
            self._tell({"surveyed": True})

    def _append(self, fresh: list[Shot]) -> None:
        if fresh:
            self._shots = [*self._shots, *fresh]
            self._tell({"more_shots": [self._row(one) for one in fresh]})

    def _row(self, shot: Shot) -> list[Any]:
        return [
            shot.first,
            shot.count,
            shot.number,
            shot.state,
            round(shot.share, 2),
            shot.thumb[1],
            self._owner.said_in(shot),
            self._owner.is_filmed(shot),
        ]
