"""One film or photograph on the desk: what is seen of it, what was said, what is made of that.

Its own thread walks through the film for the shots, another makes the shots that somebody wants to
play; a single frame is coloured by the thread that owns the network.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vidcolor.colorizer import Colorizer
from vidcolor.direct.direction import Direction
from vidcolor.errors import InputError, VidcolorError
from vidcolor.files import publish, write_error
from vidcolor.media.picture import write_rgb
from vidcolor.run.identity import identify
from vidcolor.run.opened import Opened
from vidcolor.studio import wire
from vidcolor.studio.coloring import FrameColor, likely, told
from vidcolor.studio.frames import Frames
from vidcolor.studio.making import Maker
from vidcolor.studio.remembering import Remembering
from vidcolor.studio.said import Said, look_at
from vidcolor.studio.shot import Shot, parts
from vidcolor.studio.store import Change, Look, Store, read_change
from vidcolor.studio.worker import FRAME, POINT, THUMB, Worker

FloatArray = NDArray[np.float32]
Tell = Callable[[dict[str, Any]], None]

WATCHED_EVERY_S = 1.0
FIRST_FRAME_S = 2.0
"""Walking through the film waits so long for the first frame to be shown."""
TOLD_EVERY_S = 0.25


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
        self.source = source
        self._colorizer, self._worker, self.tell = colorizer, worker, tell
        self._identity = identify(source)
        opened = colorizer.open(source)
        self.store = Store(folder, opened.view)
        self._plain = opened
        self.tuned = colorizer
        self._vividness = 1.0
        self._predictor = Remembering(opened.predictor)
        self.frames = Frames(opened, lambda: self._identity.check(source))
        self.film = self._looked(self.store.look)
        self.said = Said(self.film)
        self.shots: list[Shot] = []
        self.surveyed = False
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
        self._maker = Maker(self, worker)
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
            "shots": [self._shot(one) for one in list(self.shots)],
            "surveyed": self.surveyed,
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
                }
                for one in self.said.stills
            ]
        }

    def look_message(self) -> dict[str, Any]:
        """How the sliders stand."""
        return {"look": asdict(self.store.look)}

    def luma(self, frame: int) -> bytes:
        """A frame's luma as a JPEG; errors as of `Frames.luma`."""
        found = self.frames.luma(frame)
        self._seen.set()
        return found

    def color(self, frame: int, window: str) -> Future[FrameColor]:
        """A frame's colour; whoever asks from the same window again is served instead."""

        def made() -> FrameColor:
            color = self._color(frame, whole=False)
            shot = self.shot_at(frame)
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
            before = self.film.alone(self.frames.small(frame))
            if kept:
                said = self.said.direction(kept, self.store.look.reach)
                before = self._told(frame, said, whole=True).chroma
            return wire.mask_file(before, after.chroma, self.film.size)

        return self._worker.ask(FRAME, made, (window, "mask"))

    def likely(self, frame: int, x: float, y: float, window: str) -> Future[list[dict[str, Any]]]:
        """The colours that the network holds likeliest at a place, 0..1 of width and height."""
        made = functools.partial(self._likely, frame, x, y)
        return self._worker.ask(POINT, made, (window, "likely"))

    def png(self, frame: int) -> bytes:
        """A frame in colour at full size, to be painted on: a PNG."""
        color = self._worker.ask(FRAME, lambda: self._color(frame, whole=True)).result()
        seen = next(self.film.read(frame, 1))
        rgb = wire.rgb(seen.luma, color.chroma, self.film.view.matrix)
        return wire.png(rgb)

    # What the page changes.

    def change_by(self, given: Sequence[Any]) -> None:
        """Put or remove dots, as the page says it; errors as of `read_change`."""
        self.change([read_change(one, self.film.view) for one in given])

    def change(self, changes: Sequence[Change]) -> None:
        """Put or remove dots."""
        before = {one.id: one.frame for one in self.store.dots}
        self.store.change(changes)
        frames = {c.dot.frame for c in changes if c.dot}
        frames |= {before[c.id] for c in changes if c.id in before}
        self._place_dots()
        self.tell(self.dots_message())
        self._mark(frames)
        if self.film.is_film:
            for shot in {one for frame in frames if (one := self.shot_at(frame))}:
                self._maker.want(shot, None)
        self._tell_trouble()

    def set_look(self, look: Look) -> None:
        """Move the sliders."""
        before = self.store.look
        self.store.set("look", look)
        if (look.saturation, look.vividness, look.steady) != (
            before.saturation,
            before.vividness,
            before.steady,
        ):
            self.film = self._looked(look)
        self._place_dots()
        self.tell(self.look_message())
        self._mark(None)
        self._tell_trouble()

    def add_still(self, taken: Path, frame: int) -> None:
        """Lay a picture over a frame as a still, or refuse it.

        Args:
            taken: a file in the studio's folder, which is moved or removed.
            frame: which frame it is meant for.

        Raises:
            VidcolorError: it is no picture, or does not show that frame.
        """
        path = self.store.make_stills() / f"ref_{frame:06d}{taken.suffix}"
        trial = taken.with_name(path.name)
        taken.replace(trial)
        try:
            seen = look_at(trial, self.film)
            if seen.problem:
                raise InputError(
                    f"This picture does not fit frame {frame}: {seen.problem}",
                    "Go to the frame that it shows, and drop it there.",
                )
            for other in self.store.stills.glob(f"ref_{frame:06d}.*"):
                other.unlink()
            publish(trial, path)
        except OSError as error:
            raise write_error(path, error) from error
        finally:
            trial.unlink(missing_ok=True)
        self._scan_stills()

    def grey(self, shot: Shot) -> None:
        """Leave a shot grey: by a still of its middle frame that has no colour.

        Raises:
            VidcolorError: it cannot be written.
        """
        taken = {one.frame for one in self.said.stills}
        middle = shot.first + shot.count // 2
        free = (frame for frame in range(shot.first, shot.stop) if frame not in taken)
        frame = min(free, key=lambda one: abs(one - middle), default=None)
        if frame is None:
            raise InputError("Every frame of this shot has a still.", "Remove one.")
        seen = next(self.film.read(frame, 1))
        path = self.store.make_stills() / f"ref_{frame:06d}.png"
        write_rgb(path, np.dstack([seen.luma] * 3), {"Software": "vidcolor studio: grey"})
        self._scan_stills()

    def remove_still(self, name: str) -> None:
        """Take a still away.

        Raises:
            InputError: there is none of that name.
        """
        if name not in {one.name for one in self.said.stills}:
            raise InputError(f"There is no still {name}.", "Load the page again.")
        (self.store.stills / name).unlink(missing_ok=True)
        self._scan_stills()

    def shot_at(self, frame: int) -> Shot | None:
        """The shot of a frame, as far as the film was walked through."""
        return next((one for one in list(self.shots) if frame in one), None)

    def shot_from(self, first: int) -> Shot:
        """The shot that begins at a frame.

        Raises:
            InputError: none does.
        """
        found = next((one for one in list(self.shots) if one.first == first), None)
        if found is None:
            raise InputError(f"No shot begins at frame {first}.", "Load the page again.")
        return found

    def thumb(self, first: int) -> bytes:
        """A shot's picture."""
        shot = self.shot_from(first)
        if not shot.thumb[1]:
            self.draw_thumb(shot, None)
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

    def digests(self) -> dict[str, str]:
        """Of all that reaches each shot now."""
        return {str(one.first): self.digest(one) for one in list(self.shots)}

    def close(self) -> None:
        """End the threads and let go of all."""
        self._closed.set()
        self._maker.close()
        for thread in self._threads:
            thread.join(5)

    def _looked(self, look: Look) -> Opened:
        """The film as the sliders have it, by a network that remembers."""
        if look.vividness != self._vividness:
            self._vividness = look.vividness
            self.tuned = self._colorizer.tuned(saturation=None, vividness=look.vividness)
            self._predictor = Remembering(self.tuned.taking_over(self._plain).predictor)
        steady = replace(self._plain.steady, strength=float(look.steady))
        saturation = self._plain.saturation if look.saturation is None else look.saturation
        return replace(
            self._plain,
            predictor=self._predictor,
            saturation=float(saturation),
            steady=steady,
        )

    # Colour of a frame.

    def _color(self, frame: int, whole: bool) -> FrameColor:
        shot = self.shot_at(frame)
        if shot is not None:
            settled = self._maker.settled(shot)
            if settled:
                chroma = settled.chroma[frame - shot.first].astype(np.float32)
                return FrameColor(chroma, "settled")
        return self._told(frame, self.direction, whole)

    def _told(self, frame: int, direction: Direction, whole: bool) -> FrameColor:
        return told(self.film, self.frames, frame, self.shot_at(frame), direction, whole)

    def _likely(self, frame: int, x: float, y: float) -> list[dict[str, Any]]:
        return likely(self.film, self.frames.small(frame), x, y)

    def _place_dots(self) -> None:
        self.direction = self.said.direction(self.store.dots, self.store.look.reach)

    def digest(self, shot: Shot) -> str:
        """Of all that reaches a shot now."""
        look = self.store.look
        words = self.direction.digest(shot.first, shot.stop)
        words += f"|{look.saturation}|{look.vividness}|{look.steady}|{shot.count}"
        return hashlib.sha256(words.encode()).hexdigest()[:16]

    # Telling windows.

    def _shot(self, shot: Shot) -> list[Any]:
        said = len(self.direction.within(shot.first, shot.stop))
        return [
            shot.first,
            shot.count,
            shot.number,
            shot.state,
            round(shot.share, 2),
            shot.thumb[1],
            said,
            self._is_filmed(shot),
        ]

    def _is_filmed(self, shot: Shot) -> bool:
        filmed = self.store.setting("film") or {}
        return bool(filmed.get("digests", {}).get(str(shot.first)) == self.digest(shot))

    def show(self, shot: Shot, state: str, share: float) -> None:
        """Say how far a shot is."""
        shot.state, shot.share = state, share
        self.tell({"shot": self._shot(shot)})

    def tell_shots(self) -> None:
        """Tell windows how all shots stand."""
        self.tell({"shots_now": [self._shot(one) for one in list(self.shots)]})

    def _mark(self, frames: set[int] | None) -> None:
        """Mark shots whose colour is no longer what was made; None looks at all."""
        marked = [
            shot
            for shot in list(self.shots)
            if frames is None or any(frame in shot for frame in frames)
        ]
        for shot in marked:
            if shot.made and shot.state != "making":
                shot.state = "ready" if shot.made == self.digest(shot) else "stale"
        self.tell({"shots_now": [self._shot(shot) for shot in marked]})

    def _trouble(self) -> str | None:
        error = self.problem or self.store.trouble
        return f"{error.sentence} {error.remedy}" if error else None

    def _tell_trouble(self) -> None:
        self.tell({"trouble": self._trouble()})

    # Threads.

    def _survey(self) -> None:
        self._seen.wait(FIRST_FRAME_S)
        self._worker.ask(THUMB, self._warm)
        number, told = 0, time.monotonic()
        fresh: list[Shot] = []
        try:
            for found in self.film.survey():
                if self._closed.is_set():
                    return
                number += 1
                fresh += parts(found, number, self.film.longest)
                if time.monotonic() - told > TOLD_EVERY_S:
                    self._append(fresh)
                    fresh, told = [], time.monotonic()
        except VidcolorError as error:
            self.problem = self._walking_problem = error
            self._tell_trouble()
        self._append(fresh)
        self.surveyed = True
        self.tell({"surveyed": True})

    def _append(self, fresh: list[Shot]) -> None:
        if fresh:
            self.shots = [*self.shots, *fresh]
            self.tell({"more_shots": [self._shot(one) for one in fresh]})

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
                self.tell(self.dots_message())
                self._mark(None)
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
            self._mark(None)

    def _warm(self) -> None:
        """What the first dot would wait for: networks, and a package that is slow to import."""
        from scipy.sparse.linalg import spsolve  # type: ignore[import-untyped]  # noqa: F401

        self.tuned.description  # noqa: B018 - loads it
        self.film.votes()

    def _color_thumb(self, shot: Shot) -> None:
        if not shot.made:
            self.draw_thumb(shot, self.film.alone(shot.middle))
            self.tell({"shot": self._shot(shot)})

    def draw_thumb(self, shot: Shot, chroma: FloatArray | None) -> None:
        """Make a shot's picture anew, in colour where there is some."""
        matrix = self.film.view.matrix
        shot.thumb = wire.thumb_file(shot.middle, chroma, matrix), shot.thumb[1] + 1
