"""One film or photograph on the desk: what is seen of it, what was said, what is made of that.

Its own thread walks through the film for the shots, another makes the shots that somebody wants to
play; a single frame is coloured by the thread that owns the network.
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vidcolor.colorizer import Colorizer
from vidcolor.direct.direction import Direction
from vidcolor.direct.looks import ShotLook, read_look
from vidcolor.errors import UsageError, VidcolorError
from vidcolor.run.identity import identify
from vidcolor.run.opened import Opened
from vidcolor.studio import wire
from vidcolor.studio.coloring import FrameColor, likely, told
from vidcolor.studio.dots import Dot, read_change
from vidcolor.studio.frames import Frames
from vidcolor.studio.making import Maker
from vidcolor.studio.remembering import Remembering
from vidcolor.studio.said import Said
from vidcolor.studio.shot import Shot
from vidcolor.studio.stills import Put, Stills
from vidcolor.studio.store import Look, Store
from vidcolor.studio.timeline import Timeline
from vidcolor.studio.worker import FRAME, POINT, THUMB, Worker

FloatArray = NDArray[np.float32]
Tell = Callable[[dict[str, Any]], None]

WATCHED_EVERY_S = 1.0
FIRST_FRAME_S = 2.0
"""Walking through the film waits so long for the first frame to be shown."""


class Desk:
    """A film that is worked on.

    Args:
        source: the film or photograph.
        folder: where its studio is kept.
        colorizer: whose network colours.
        worker: the thread that owns it.
        tell: given messages for the windows that show this film.

    Raises:
        VidcolorError: it cannot be read, or what is kept of it is damaged.
    """

    def __init__(
        self, source: Path, folder: Path, colorizer: Colorizer, worker: Worker, tell: Tell
    ) -> None:
        self.source, self.colorizer, self.tell = source, colorizer, tell
        self._worker = worker
        self._identity = identify(source)
        opened = colorizer.open(source)
        self.store = Store(folder, opened.view)
        self._plain = replace(opened, predictor=Remembering(opened.predictor))
        self.frames = Frames(opened, lambda: self._identity.check(source))
        self.film = self._looked(self.store.look)
        self.said = Said(self.film)
        self._stills = Stills(self.store)
        self.timeline = Timeline(opened, self, tell)
        self.problem: VidcolorError | None = None
        self._walking_problem: VidcolorError | None = None
        self.direction = Direction()
        self._seen = threading.Event()
        self._closed = threading.Event()
        self._threads = [
            threading.Thread(target=work, daemon=True, name=f"studio-{work.__name__}")
            for work in (self._survey, self._watch)
        ]
        self._place_dots()
        self._maker = Maker(self, self.timeline, worker)
        for thread in self._threads:
            thread.start()

    # What the page asks for.

    def facts(self) -> dict[str, Any]:
        """What does not change."""
        film = self.film
        height, width = film.size
        red, blue = film.luma_weights
        shown = wire.shown_size(film.size)
        return {
            "name": self.source.name,
            "film": film.is_film,
            "frames": film.frame_count,
            "rate": film.rate,
            "width": width,
            "height": height,
            "shown": [shown[1], shown[0]],
            "weights": [red, blue],
            "folder": str(self.store.folder),
            "source": str(self.source),
            "saturation": self._plain.saturation,
        }

    def state(self) -> dict[str, Any]:
        """All that windows are told of later as it changes."""
        return {
            **self.timeline.message(),
            **self.dots_message(),
            **self.stills_message(),
            **self.look_message(),
            "trouble": self._trouble(),
        }

    def dots_message(self) -> dict[str, Any]:
        """Dots and strokes."""
        return {"dots": [one.as_hint() for one in self.store.dots]}

    def stills_message(self) -> dict[str, Any]:
        """Stills."""
        return {
            "stills": [
                {
                    "name": one.name,
                    "frame": one.frame,
                    "trusted": round(one.trusted, 3),
                    "grey": one.says_grey,
                    "problem": one.problem,
                    "holds": one.holds,
                }
                for one in self.said.stills
            ]
        }

    def look_message(self) -> dict[str, Any]:
        """How the sliders stand, the film's and those of single shots."""
        shots = [one.as_entry() for one in self.store.looks.shots]
        return {"look": asdict(self.store.look), "looks": shots}

    def luma(self, frame: int) -> bytes:
        """A frame's luma as a JPEG; errors as of `Frames.luma`."""
        found = self.frames.luma(frame)
        self._seen.set()
        return found

    def color(self, frame: int, window: str) -> Future[FrameColor]:
        """A frame's colour; whoever asks from the same window again is served instead."""

        def made() -> FrameColor:
            color = self._color(frame, whole=False)
            shot = self.timeline.at(frame)
            # A shot of which something was said is settled while one of its frames is looked at.
            if shot and self.film.is_film and (color.more or color.kind == "told"):
                self._maker.want(shot, None)
            return color

        return self._worker.ask(FRAME, made, (window, "frame"))

    def chroma_file(self, frame: int, color: FrameColor) -> bytes:
        """A frame's colour for the page."""
        return wire.chroma_file(color.chroma, self.frames.guide(frame))

    def mask(self, frame: int, without: str, window: str) -> Future[bytes]:
        """Where a dot went, or all that people said where none is named, as a picture.

        A still that is named shows where it is trusted.
        """

        def made() -> bytes:
            still = next((one for one in self.said.stills if one.name == without), None)
            if still and still.hint:
                return wire.confidence_file(still.hint.confidence, self.film.size)
            after = self._told(frame, self.direction, whole=True)
            kept = tuple(one for one in self.store.dots if one.id != without) if without else ()
            said = self.said.direction(kept, self.store.look.reach) if kept else Direction()
            before = self._told(frame, said, whole=True)
            return wire.mask_file(before.chroma, after.chroma, self.film.size)

        return self._worker.ask(FRAME, made, (window, "mask"))

    def likely(self, frame: int, x: float, y: float, window: str) -> Future[list[dict[str, Any]]]:
        """The colours that the network holds likeliest at a place, 0..1 of width and height."""

        def made() -> list[dict[str, Any]]:
            return likely(self._film_at(frame), self.frames.small(frame), x, y)

        return self._worker.ask(POINT, made, (window, "likely"))

    def png(self, frame: int) -> bytes:
        """A frame in colour at full size, to be painted on: a PNG."""
        color = self._worker.ask(FRAME, lambda: self._color(frame, whole=True)).result()
        seen = next(self.film.read(frame, 1))
        rgb = wire.rgb(seen.luma, color.chroma, self.film.view.matrix)
        return wire.png(rgb)

    def thumb(self, first: int) -> bytes:
        """A shot's picture."""
        shot = self.timeline.beginning(first)
        if not shot.thumb[1]:
            self.timeline.draw(shot, None)
            self._worker.ask(THUMB, lambda: self._color_thumb(shot))
        return shot.thumb[0]

    def play(self, shot: Shot, kind: str) -> str | None:
        """The file of a shot in settled colour; None where it is yet to be made.

        Args:
            shot: which.
            kind: of `fragment.KINDS`.
        """
        name = self._maker.name(shot, kind)
        if self._maker.file(name):
            return name
        self._maker.want(shot, kind)
        return None

    def played(self, name: str) -> Path | None:
        """Where a file is that `play` named."""
        return self._maker.file(name)

    # What the page changes.

    def change_by(self, given: Sequence[Any]) -> None:
        """Put or remove dots, as the page says it; errors as of `read_change`."""
        changes: dict[str, Dot | None] = {}
        for one in given:
            name, dot = read_change(one, self.film.view)
            changes[name] = dot
        before = {one.id: one.frame for one in self.store.dots}
        self.store.change(changes)
        frames = {dot.frame for dot in changes.values() if dot}
        frames |= {before[name] for name in changes if name in before}
        self._place_dots()
        self.tell(self.dots_message())
        self.timeline.mark(frames)
        if self.film.is_film:
            for shot in {one for frame in frames if (one := self.timeline.at(frame))}:
                self._maker.want(shot, None)
        self._tell_trouble()

    def set_look(self, look: Look) -> None:
        """Move the film's sliders."""
        self.store.set("look", look)
        self.film = self._looked(look)
        self._place_dots()
        self._tell_look(None)

    def set_shot_look(self, shot: Shot, given: Any) -> None:
        """Move a shot's sliders; of a long shot, those of all its parts.

        Args:
            shot: which.
            given: values by name as in a file of looks; None is as the film.

        Raises:
            UsageError: one cannot be used.
        """
        if not isinstance(given, dict) or given.keys() & {"first", "frames"}:
            raise UsageError("There is no such setting.", "Load the page again.")
        first, count = self.timeline.whole(shot)
        before = self.store.looks.at(first) or ShotLook(first, count)
        entry = before.as_entry() | {"first": first, "frames": count} | given
        look = read_look(entry, f"shot {shot.number}")
        self.store.set_look(look, self.film.frame_count)
        self._tell_look(range(first, first + count))

    def add_still(self, taken: Path, frame: int) -> None:
        """Lay a picture over a frame as a still, or refuse it; as `Stills.lay`."""
        self._stills.lay(taken, frame, self.film)
        self._scan_stills()

    def put_stills(self, given: Sequence[Any]) -> None:
        """Take stills away, and bring them back; errors as of `Put.read` and `Stills.put`."""
        changes = [Put.read(one) for one in given]
        try:
            self._stills.put(changes)
        finally:
            self._scan_stills()

    # What is said of it, for shots and for the film.

    def film_of(self, shot: Shot) -> Opened:
        """The film as a shot is to look."""
        return self.film.looking(self.store.looks.over(shot.first, shot.stop))

    def leaves(self, shot: Shot) -> bool:
        """Whether a shot is to keep the colour that it has."""
        look = self.store.looks.over(shot.first, shot.stop)
        return look is not None and look.leave

    def handed(self, shot: Shot) -> Shot | None:
        """The part of the same long shot before, where people's colour reached that."""
        before = self.timeline.at(shot.first - 1)
        if before is None or before.number != shot.number:
            return None
        reached = self.direction.within(before.first, before.stop) or self.handed(before)
        return before if reached else None

    def digest(self, shot: Shot) -> str:
        """Of all that reaches a shot now."""
        look, before = self.store.look, self.handed(shot)
        words = self.direction.digest(shot.first, shot.stop, self.digest(before) if before else "")
        words += f"|{look.saturation}|{look.vividness}|{look.steady}|{shot.count}"
        words += f"|{self.store.looks.over(shot.first, shot.stop)}"
        return hashlib.sha256(words.encode()).hexdigest()[:16]

    def digests(self) -> dict[str, str]:
        """Of all that reaches each shot now."""
        return {str(one.first): self.digest(one) for one in self.timeline.shots}

    def said_in(self, shot: Shot) -> int:
        """On how many of a shot's frames something was said."""
        return len(self.direction.within(shot.first, shot.stop))

    def is_filmed(self, shot: Shot) -> bool:
        """Whether a shot is in the finished film as it is now."""
        filmed = self.store.setting("film") or {}
        return bool(filmed.get("digests", {}).get(str(shot.first)) == self.digest(shot))

    def close(self) -> None:
        """End the threads and let go of all."""
        self._closed.set()
        self._maker.close()
        for thread in self._threads:
            thread.join(5)
        self._stills.forget()

    def _looked(self, look: Look) -> Opened:
        """The film as its sliders have it, by a network that remembers."""
        plain = self._plain
        return replace(
            plain,
            predictor=plain.predictor.vivid(look.vividness),
            saturation=plain.saturation if look.saturation is None else float(look.saturation),
            steady=replace(plain.steady, strength=float(look.steady)),
        )

    def _film_at(self, frame: int) -> Opened:
        shot = self.timeline.at(frame)
        return self.film_of(shot) if shot else self.film

    # Colour of a frame.

    def _color(self, frame: int, whole: bool) -> FrameColor:
        shot = self.timeline.at(frame)
        if shot is not None:
            settled = self._maker.settled(shot)
            if settled:
                chroma = settled.chroma[frame - shot.first].astype(np.float32)
                return FrameColor(chroma, "settled")
        return self._told(frame, self.direction, whole)

    def _told(self, frame: int, direction: Direction, whole: bool) -> FrameColor:
        shot = self.timeline.at(frame)
        if shot and self.leaves(shot):
            return FrameColor(next(self.film.read(frame, 1)).own(), "own")
        color = told(self._film_at(frame), self.frames, frame, shot, direction, whole)
        if shot and color.kind == "alone" and self.handed(shot):
            return replace(color, more=True)
        return color

    def _place_dots(self) -> None:
        self.direction = self.said.direction(self.store.dots, self.store.look.reach)

    def _color_thumb(self, shot: Shot) -> None:
        if not shot.made and not self.leaves(shot):
            self.timeline.draw(shot, self.film_of(shot).alone(shot.middle))
            self.timeline.tell(shot)

    # Telling windows.

    def _tell_look(self, frames: range | None) -> None:
        self.tell(self.look_message())
        self.timeline.mark(frames)
        self._tell_trouble()

    def _trouble(self) -> str | None:
        error = self.problem or self.store.trouble
        return f"{error.sentence} {error.remedy}" if error else None

    def _tell_trouble(self) -> None:
        self.tell({"trouble": self._trouble()})

    # Threads.

    def _survey(self) -> None:
        self._seen.wait(FIRST_FRAME_S)
        self._worker.ask(THUMB, self._warm)
        try:
            self.timeline.walk(self._closed)
        except VidcolorError as error:
            self.problem = self._walking_problem = error
            self._tell_trouble()

    def _watch(self) -> None:
        while not self._closed.is_set():
            with contextlib.suppress(OSError):
                self._scan_stills()
            self._look_after()
            self._closed.wait(WATCHED_EVERY_S)

    def _look_after(self) -> None:
        """What others changed on the disk, and what it refused before."""
        trouble = self._trouble()
        try:
            self._identity.check(self.source)
            if self.store.refresh():
                self._place_dots()
                self.tell(self.dots_message() | self.look_message())
                self.timeline.mark(None)
            self.problem = self._walking_problem
        except VidcolorError as error:
            self.problem = error
        self.store.save()
        if self._trouble() != trouble:
            self._tell_trouble()

    def _scan_stills(self) -> None:
        if self.said.scan(self.store.stills, lambda: not self._closed.is_set()):
            self._place_dots()
            self.tell(self.stills_message())
            self.timeline.mark(None)

    def _warm(self) -> None:
        """What the first dot would wait for: networks, and a package that is slow to import."""
        from scipy.sparse.linalg import spsolve  # type: ignore[import-untyped]  # noqa: F401

        self.colorizer.description  # noqa: B018 - loads it
        self.film.votes()
