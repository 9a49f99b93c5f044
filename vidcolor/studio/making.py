"""Shots in settled colour: made by a thread of its own, the newest wish first, and kept."""

from __future__ import annotations

import itertools
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from vidcolor.color.hint import Hint
from vidcolor.direct.direction import Direction
from vidcolor.direct.scene import recalled
from vidcolor.errors import VidcolorError
from vidcolor.run.directed import HANDED_ON
from vidcolor.run.opened import Opened
from vidcolor.studio import wire
from vidcolor.studio.fragment import played_size, write_fragment
from vidcolor.studio.remembering import Kept
from vidcolor.studio.shot import Shot
from vidcolor.studio.timeline import Timeline
from vidcolor.studio.worker import SHOT, Lent, StaleError, Worker

SETTLED_BYTES = 384 << 20
IDLE_S = 0.7
"""A shot is settled when nobody has changed it for so long."""
TOLD_EVERY_S = 0.25

FloatArray = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Settled:
    """A shot's colour: uint8 (frames, 2, h, w), of all that `digest` stands for."""

    digest: str
    chroma: NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class _Wish:
    """A shot that somebody wants: settled, and to be played where a kind is named."""

    shot: Shot
    kind: str | None
    age: int


class Owner(Protocol):
    """Whose shots they are."""

    film: Opened
    direction: Direction

    def film_of(self, shot: Shot) -> Opened:
        """The film as a shot is to look."""

    def leaves(self, shot: Shot) -> bool:
        """Whether a shot is to keep the colour that it has."""

    def handed(self, shot: Shot) -> Shot | None:
        """The part of the same long shot before, where people's colour reached that."""

    def digest(self, shot: Shot) -> str:
        """Of all that reaches a shot now."""

    def tell(self, message: dict[str, Any]) -> None:
        """Tell the windows."""


class Maker:
    """Makes shots.

    Args:
        owner: whose.
        timeline: that of the film.
        worker: the thread that owns the network.
    """

    def __init__(self, owner: Owner, timeline: Timeline, worker: Worker) -> None:
        self._owner, self._timeline, self._worker = owner, timeline, worker
        self._settled: Kept[Settled] = Kept(SETTLED_BYTES, lambda one: one.chroma.nbytes)
        self._wanted: list[_Wish] = []
        self._ages = itertools.count()
        self._changed_at = 0.0
        self._at: tuple[int, str] | None = None
        self._waking = threading.Condition()
        self._closed = False
        self._folder = Path(tempfile.mkdtemp(prefix="vidcolor-studio-"))
        self._thread = threading.Thread(target=self._work, daemon=True, name="studio-shots")
        self._thread.start()

    def want(self, shot: Shot, kind: str | None) -> None:
        """Have a shot settled, and made to be played where a kind of `fragment.KINDS` is named.

        What is in work already as it is now is not begun anew.
        """
        with self._waking:
            if kind is None and self._at == (shot.first, self._owner.digest(shot)):
                return
            before = next((wish.kind for wish in self._wanted if wish.shot is shot), None)
            self._wanted = [wish for wish in self._wanted if wish.shot is not shot]
            self._wanted.append(_Wish(shot, kind or before, next(self._ages)))
            self._changed_at = 0.0 if kind else time.monotonic()
            self._waking.notify()
        self._timeline.show(shot, "making", 0.0)

    def settled(self, shot: Shot) -> Settled | None:
        """A shot's colour as it is now, where it is made."""
        found = self._settled.get(shot.first)
        return found if found and found.digest == self._owner.digest(shot) else None

    def file(self, name: str) -> Path | None:
        """What is played by the name that `name` gave, where it is made."""
        path = self._folder / name
        return path if path.parent == self._folder and path.is_file() else None

    def name(self, shot: Shot, kind: str) -> str:
        """Of the file of a shot as it is now."""
        return f"{shot.first}-{self._owner.digest(shot)}.{kind}"

    def close(self) -> None:
        """End the thread, and let go of what it made."""
        with self._waking:
            self._closed = True
            self._waking.notify()
        self._thread.join(5)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _next(self) -> _Wish | None:
        """The newest, when nobody has changed anything for a moment; None at the end."""
        with self._waking:
            while not self._closed:
                left = self._changed_at + IDLE_S - time.monotonic()
                if self._wanted and left <= 0:
                    return self._wanted.pop()
                self._waking.wait(left if self._wanted else None)
        return None

    def _work(self) -> None:
        while wish := self._next():
            shot = wish.shot
            try:
                self._make(wish)
            except StaleError:
                self._give_up(wish)
            except VidcolorError as error:
                self._show_undone(shot)
                self._owner.tell({"notice": f"{error.sentence} {error.remedy}"})
            except Exception as error:  # a shot that fails is said, and ends no thread
                self._show_undone(shot)
                self._owner.tell({"notice": f"The shot could not be made ({error!r})."})
            finally:
                self._at = None

    def _give_up(self, wish: _Wish) -> None:
        """Another shot comes first, or this one is wanted as it is by now."""
        with self._waking:
            if not any(other.shot is wish.shot for other in self._wanted):
                self._wanted.insert(0, wish)

    def _show_undone(self, shot: Shot) -> None:
        self._timeline.show(shot, "stale" if shot.made else "plain", 0.0)

    def _make(self, wish: _Wish) -> None:
        owner, shot, kind = self._owner, wish.shot, wish.kind
        digest = owner.digest(shot)
        self._at = shot.first, digest

        def wanted() -> bool:
            with self._waking:
                others = (other for other in self._wanted if other.shot is not shot)
                newer = any(other.age > wish.age for other in others)
                return not self._closed and not newer and digest == owner.digest(shot)

        settled = self.settled(shot) or self._settle(shot, digest, wanted)
        shot.made = digest
        path = self._folder / f"{shot.first}-{digest}.{kind}"
        if kind and not path.exists():
            for old in self._folder.glob(f"{shot.first}-*"):
                old.unlink()
            write_fragment(path, self._pictures(shot, settled, wanted), owner.film.rate)
        self._timeline.draw(shot, settled.chroma[shot.count // 2].astype(np.float32))
        self._timeline.show(shot, "ready", 1.0)
        if kind:
            owner.tell({"play": {"first": shot.first, "name": path.name}})

    def _settle(self, shot: Shot, digest: str, wanted: Callable[[], bool]) -> Settled:
        owner, film = self._owner, self._owner.film_of(shot)
        self._timeline.show(shot, "making", 0.02)
        leaves, handed = owner.leaves(shot), self._handed(shot, wanted)
        lead = len(handed)
        frames: list[NDArray[np.uint8]] = []
        own: list[FloatArray] = []
        for seen in film.read(shot.first - lead, lead + shot.count):
            frames.append(seen.small)
            if leaves:
                own.append(seen.own())
            if not wanted():
                raise StaleError
        luma = np.stack(frames)
        self._timeline.show(shot, "making", 0.1)
        lent = Lent(film.predictor, self._worker, SHOT, wanted)
        people = handed + _people(owner.direction, shot, luma, lead)
        made = own or replace(film, predictor=lent).settled(luma, people)
        chroma = np.stack([wire.quantised(_halved(one, luma[0].shape)) for one in made])
        self._timeline.show(shot, "making", 0.7)
        return self._settled.put(shot.first, Settled(digest, chroma[lead:]))

    def _handed(self, shot: Shot, wanted: Callable[[], bool]) -> list[Hint]:
        """What the part before, which is made first, says by its last frame."""
        before = self._owner.handed(shot)
        if before is None or self._owner.leaves(before):
            return []
        digest = self._owner.digest(before)
        seen = (self.settled(before) or self._settle(before, digest, wanted)).chroma[-1]
        confidence = np.full(seen.shape[1:], HANDED_ON, np.float32)
        return [Hint(0, seen.astype(np.float32), confidence)]

    def _pictures(
        self, shot: Shot, settled: Settled, wanted: Callable[[], bool]
    ) -> Iterator[NDArray[np.uint8]]:
        film = self._owner.film
        size, matrix = played_size(film.size), film.view.matrix
        told = time.monotonic()
        for place, seen in enumerate(film.read(shot.first, shot.count)):
            if not wanted():
                raise StaleError
            chroma = settled.chroma[place].astype(np.float32)
            yield wire.rgb(wire.fitted(seen.luma, size), chroma, matrix)
            if time.monotonic() - told > TOLD_EVERY_S:
                told = time.monotonic()
                self._timeline.show(shot, "making", 0.7 + 0.3 * place / shot.count)


def _people(direction: Direction, shot: Shot, luma: NDArray[np.uint8], lead: int) -> list[Hint]:
    """What was said of a shot, by places in its luma, of which so many precede the shot.

    Where nothing was said, what stills of others say of its middle.
    """
    people: list[Hint] = [
        hint.moved(lead - shot.first) for hint in direction.within(shot.first, shot.stop)
    ]
    if people or lead or not direction.roaming:
        return people
    middle = shot.count // 2
    found = recalled(direction, luma[middle], middle)
    return [] if found is None else [found]


def _halved(chroma: FloatArray, working: tuple[int, ...]) -> FloatArray:
    """Chroma at half the working size where it is finer."""
    height, width = working[0] // 2, working[1] // 2
    if chroma.shape[1] <= height:
        return chroma
    planes = [cv2.resize(p, (width, height), interpolation=cv2.INTER_AREA) for p in chroma]
    return np.stack(planes).astype(np.float32)
