"""One film or photograph on the desk: what is seen of it, what was said, what is made of that.

Its own thread walks through the film for the shots, another makes the shots that somebody wants to
play; a single frame is coloured by the thread that owns the network.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from vidcolor.color.hint import Hint
from vidcolor.colorizer import Colorizer
from vidcolor.direct.direction import Direction
from vidcolor.direct.scene import recalled
from vidcolor.errors import InputError, VidcolorError
from vidcolor.files import publish, write_error
from vidcolor.media.picture import write_rgb
from vidcolor.run.identity import identify
from vidcolor.run.opened import Opened, SeenFrame
from vidcolor.studio import wire
from vidcolor.studio.fragment import played_size, write_fragment
from vidcolor.studio.remembering import Kept, Remembering
from vidcolor.studio.said import Said, look_at
from vidcolor.studio.store import Change, Look, Store, read_change
from vidcolor.studio.worker import FRAME, POINT, SHOT, THUMB, Lent, StaleError, Worker

FloatArray = NDArray[np.float32]
Tell = Callable[[dict[str, Any]], None]

WATCHED_EVERY_S = 1.0
SMALL_BYTES, LUMA_BYTES, SETTLED_BYTES, PLAYED = 256 << 20, 96 << 20, 384 << 20, 40
STEPPED = 12
"""Frames that are decoded at once where somebody steps from one to the next."""
FIRST_FRAME_S = 2.0
"""Walking through the film waits so long for the first frame to be shown."""
TOLD_EVERY_S = 0.25
IDLE_S = 0.7
"""A shot is settled when nobody has changed it for so long."""


@dataclass(eq=False)
class Shot:
    """A shot on the time line; one that is too long to be settled at once is several.

    Attributes:
        first: index of its first frame.
        count: how many frames.
        number: of the shot, from 1 on.
        middle: luma of its middle frame as the network sees it, uint8 (height, width).
        state: "plain" (only guessed frame by frame), "making", "ready" or "stale".
        share: of its making, 0..1.
        made: digest of all that reached it when it was settled last.
        thumb: its picture, and how often that changed.
    """

    first: int
    count: int
    number: int
    middle: NDArray[np.uint8]
    state: str = "plain"
    share: float = 0.0
    made: str = ""
    thumb: tuple[bytes, int] = (b"", 0)

    @property
    def stop(self) -> int:
        """Index of the frame behind its last."""
        return self.first + self.count

    def __contains__(self, frame: int) -> bool:
        return self.first <= frame < self.stop


@dataclass(frozen=True, eq=False)
class Settled:
    """A shot's colour: uint8 (frames, 2, h, w), of all that `digest` stands for."""

    digest: str
    chroma: NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class FrameColor:
    """A frame's colour for the page.

    Attributes:
        chroma: float32 (2, h, w) on 0..255.
        kind: "settled" with its shot, "told" by dots and stills, or "alone".
        more: whether asking for the whole of it gives more than this.
    """

    chroma: FloatArray
    kind: str
    more: bool = False


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
        self._colorizer, self._worker, self._tell = colorizer, worker, tell
        self._identity = identify(source)
        opened = colorizer.open(source)
        self.store = Store(folder, opened.view.clip)
        self._plain = opened
        self.tuned = colorizer
        self._vividness = 1.0
        self._predictor = Remembering(opened.predictor)
        self._small: Kept[NDArray[np.uint8]] = Kept(SMALL_BYTES, lambda one: one.nbytes)
        self._luma: Kept[bytes] = Kept(LUMA_BYTES, len)
        self._settled: Kept[Settled] = Kept(SETTLED_BYTES, lambda one: one.chroma.nbytes)
        self._played: Kept[Path] = Kept(PLAYED)
        self.film = self._looked(self.store.look)
        self.said = Said(self.film)
        self.shots: list[Shot] = []
        self.surveyed = False
        self.problem: VidcolorError | None = None
        self._changing = threading.RLock()
        self._direction = Direction()
        self._wanted: list[tuple[Shot, str | None]] = []
        self._changed_at = 0.0
        self._waking = threading.Condition()
        self._seen = threading.Event()
        self._closed = threading.Event()
        self._temporary = Path(tempfile.mkdtemp(prefix="vidcolor-studio-"))
        self._threads = [
            threading.Thread(target=work, daemon=True, name=f"studio-{work.__name__}")
            for work in (self._survey, self._make_shots, self._watch)
        ]
        self._place_dots()
        for thread in self._threads:
            thread.start()
        worker.ask(THUMB, self._warm)

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
        look = self.store.look
        return {
            "look": {
                "saturation": look.saturation,
                "vividness": look.vividness,
                "steady": look.steady,
                "reach": look.reach,
                "keep_colored": look.keep_colored,
            }
        }

    def luma(self, frame: int) -> bytes:
        """A frame's luma as a JPEG.

        Raises:
            InputError: it cannot be decoded, or the film changed.
        """
        found = self._luma.get(frame)
        if found is None:
            steps = STEPPED if self._luma.get(frame - 1) else 1
            self._read(frame, min(steps, self.film.frame_count - frame))
            found = self._luma.get(frame)
        self._seen.set()
        if found is None:
            raise _undecodable(frame)
        return found

    def color(self, frame: int, window: str) -> Future[FrameColor]:
        """A frame's colour; whoever asks from the same window again is served instead."""

        def made() -> FrameColor:
            color = self._color(frame, whole=False)
            shot = self.shot_at(frame)
            if color.more and shot:
                self._want(shot, None)
            return color

        return self._worker.ask(FRAME, made, (window, "frame"))

    def chroma_file(self, frame: int, color: FrameColor) -> bytes:
        """A frame's colour for the page."""
        guide = self._small.get(("guide", frame))
        if guide is None:
            self._read(frame, 1)
            guide = self._small.get(("guide", frame))
        if guide is None:
            raise _undecodable(frame)
        return wire.chroma_file(color.chroma, guide)

    def mask(self, frame: int, without: str, window: str) -> Future[bytes]:
        """Where a dot went, or all that people said where none is named, as a picture.

        A still that is named shows where it is trusted.
        """

        def made() -> bytes:
            still = next((one for one in self.said.stills if one.name == without), None)
            if still and still.hint:
                return wire.confidence_file(still.hint.confidence, self.film.size)
            after = self._told(frame, self._direction, whole=True)
            kept = tuple(one for one in self.store.dots if one.id != without) if without else ()
            before = self.film.alone(self._small_of(frame))
            if kept:
                said = self.said.direction(kept, self.store.look.reach)
                before = self._told(frame, said, whole=True).chroma
            return wire.mask_file(before, after.chroma, self.film.size)

        return self._worker.ask(FRAME, made, (window, "mask"))

    def likely(self, frame: int, x: float, y: float, window: str) -> Future[list[dict[str, Any]]]:
        """The colours that the network holds likeliest at a place, 0..1 of width and height."""
        matrix = self.film.view.clip.resolved_matrix()

        def made() -> list[dict[str, Any]]:
            small = self._small_of(frame)
            height, width = small.shape
            light = float(small[min(int(y * height), height - 1), min(int(x * width), width - 1)])
            found = self.film.likely(small, x, y)
            factor = self.film.saturation or 1.0
            strong = [tuple((value - 128) * factor + 128 for value in one.chroma) for one in found]
            return [
                {
                    "colour": wire.color_at(light, (cb, cr), matrix),
                    "share": round(one.share, 3),
                }
                for one, (cb, cr) in zip(found, strong, strict=True)
            ]

        return self._worker.ask(POINT, made, (window, "likely"))

    def png(self, frame: int) -> bytes:
        """A frame in colour at full size, to be painted on: a PNG."""
        color = self._worker.ask(FRAME, lambda: self._color(frame, whole=True)).result()
        seen = next(self.film.read(frame, 1))
        rgb = wire.rgb(seen.luma, color.chroma, self.film.view.clip.resolved_matrix())
        return wire.png(rgb)

    # What the page changes.

    def change_by(self, given: Sequence[Any]) -> None:
        """Put or remove dots, as the page says it; errors as of `read_change`."""
        self.change([read_change(one, self.film.view.clip) for one in given])

    def change(self, changes: Sequence[Change]) -> None:
        """Put or remove dots."""
        before = {one.id: one.frame for one in self.store.dots}
        self.store.change(changes)
        frames = {c.dot.frame for c in changes if c.dot}
        frames |= {before[c.id] for c in changes if c.id in before}
        self._place_dots()
        self._tell(self.dots_message())
        self._mark(frames)
        for shot in {one for frame in frames if (one := self.shot_at(frame))}:
            self._want(shot, None)
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
        self._tell(self.look_message())
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
            self._draw_thumb(shot, None)
            self._worker.ask(THUMB, lambda: self._color_thumb(shot))
        return shot.thumb[0]

    def play(self, shot: Shot, kind: str) -> str | None:
        """The file of a shot in settled colour; None where it is yet to be made.

        Args:
            shot: which.
            kind: of `fragment.KINDS`.
        """
        name = f"{shot.first}-{self._digest(shot)}.{kind}"
        path = self._played.get(name)
        if path and path.exists():
            return name
        self._want(shot, kind)
        return None

    def played(self, name: str) -> Path | None:
        """Where a file is that `play` named."""
        path = self._played.get(name)
        return path if path and path.exists() else None

    def digests(self) -> dict[str, str]:
        """Of all that reaches each shot now."""
        return {str(one.first): self._digest(one) for one in list(self.shots)}

    def close(self) -> None:
        """End the threads and let go of all."""
        self._closed.set()
        with self._waking:
            self._waking.notify()
        for thread in self._threads:
            thread.join(5)
        shutil.rmtree(self._temporary, ignore_errors=True)

    # Reading.

    def _read(self, first: int, count: int) -> None:
        try:
            for index, seen in enumerate(self.film.read(first, count), first):
                self._keep(index, seen)
        except VidcolorError:
            self._identity.check(self.source)
            raise

    def _keep(self, frame: int, seen: SeenFrame) -> None:
        self._small.put(frame, seen.small)
        self._small.put(("guide", frame), wire.guide_of(seen.luma))
        self._luma.put(frame, wire.luma_file(seen.luma))

    def _small_of(self, frame: int) -> NDArray[np.uint8]:
        found = self._small.get(frame)
        if found is None:
            self._read(frame, 1)
            found = self._small.get(frame)
        if found is None:
            raise _undecodable(frame)
        return found

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
            view=replace(self._plain.view, look=self._small_of),
            predictor=self._predictor,
            saturation=float(saturation),
            steady=steady,
        )

    # Colour of a frame.

    def _color(self, frame: int, whole: bool) -> FrameColor:
        shot = self.shot_at(frame)
        if shot is not None:
            settled = self._settled.get(shot.first)
            if settled and settled.digest == self._digest(shot):
                chroma = settled.chroma[frame - shot.first].astype(np.float32)
                return FrameColor(chroma, "settled")
        return self._told(frame, self._direction, whole)

    def _told(self, frame: int, direction: Direction, whole: bool) -> FrameColor:
        small = self._small_of(frame)
        shot = self.shot_at(frame)
        first, stop = (shot.first, shot.stop) if shot else (frame, frame + 1)
        people: list[Hint] = list(direction.within(first, stop))
        if not people:
            found = recalled(direction, small) if direction.roaming else None
            if found is None:
                return FrameColor(self.film.alone(small), "alone")
            people = [Hint(frame, *found)]
        here = [hint for hint in people if hint.frame == frame]
        if here and (not whole or len(here) == len(people)):
            told = self.film.told(frame, here, self._small_of)
            return FrameColor(told, "told", more=len(here) < len(people))
        if not whole:
            return FrameColor(self.film.alone(small), "alone", more=True)
        # What lies between is decoded in one go.
        self._ready(min(frame, people[0].frame), max(frame, people[-1].frame) + 1)
        return FrameColor(self.film.told(frame, people, self._small_of), "told")

    def _ready(self, first: int, stop: int) -> None:
        missing = [frame for frame in range(first, stop) if self._small.get(frame) is None]
        if missing:
            for index, seen in enumerate(
                self.film.read(missing[0], missing[-1] - missing[0] + 1), missing[0]
            ):
                self._small.put(index, seen.small)

    def _place_dots(self) -> None:
        with self._changing:
            self._direction = self.said.direction(self.store.dots, self.store.look.reach)

    def _digest(self, shot: Shot) -> str:
        look = self.store.look
        words = self._direction.digest(shot.first, shot.stop)
        words += f"|{look.saturation}|{look.vividness}|{look.steady}|{shot.count}"
        return hashlib.sha256(words.encode()).hexdigest()[:16]

    # Telling windows.

    def _shot(self, shot: Shot) -> list[Any]:
        said = len(self._direction.within(shot.first, shot.stop))
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
        return bool(filmed.get("digests", {}).get(str(shot.first)) == self._digest(shot))

    def _show(self, shot: Shot, state: str, share: float) -> None:
        shot.state, shot.share = state, share
        self._tell({"shot": self._shot(shot)})

    def tell_shots(self) -> None:
        """Tell windows how all shots stand."""
        self._tell({"shots_now": [self._shot(one) for one in list(self.shots)]})

    def _mark(self, frames: set[int] | None) -> None:
        """Mark shots whose colour is no longer what was made; None looks at all."""
        marked = [
            shot
            for shot in list(self.shots)
            if frames is None or any(frame in shot for frame in frames)
        ]
        for shot in marked:
            if shot.made and shot.state != "making":
                shot.state = "ready" if shot.made == self._digest(shot) else "stale"
        self._tell({"shots_now": [self._shot(shot) for shot in marked]})

    def _trouble(self) -> str | None:
        error = self.problem or self.store.trouble
        return f"{error.sentence} {error.remedy}" if error else None

    def _tell_trouble(self) -> None:
        self._tell({"trouble": self._trouble()})

    # Threads.

    def _survey(self) -> None:
        self._seen.wait(FIRST_FRAME_S)
        number, told = 0, time.monotonic()
        fresh: list[Shot] = []
        try:
            for found in self.film.survey():
                if self._closed.is_set():
                    return
                number += 1
                fresh += self._parts(found, number)
                if time.monotonic() - told > TOLD_EVERY_S:
                    self._append(fresh)
                    fresh, told = [], time.monotonic()
        except VidcolorError as error:
            self.problem = error
            self._tell_trouble()
        self._append(fresh)
        self.surveyed = True
        self._tell({"surveyed": True})

    def _parts(self, found: Any, number: int) -> Iterator[Shot]:
        pieces = -(-found.count // self.film.longest)
        edges = np.linspace(found.first, found.first + found.count, pieces + 1).astype(int)
        for first, stop in itertools.pairwise(edges):
            place = ((int(first) + int(stop)) // 2 - found.first) // found.stride
            middle = found.frames[min(place, len(found.frames) - 1)]
            yield Shot(int(first), int(stop - first), number, middle)

    def _append(self, fresh: list[Shot]) -> None:
        if fresh:
            self.shots = [*self.shots, *fresh]
            self._tell({"more_shots": [self._shot(one) for one in fresh]})

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
            if self.problem is not None and isinstance(self.problem, InputError):
                self.problem = None
            if self.store.refresh():
                self._place_dots()
                self._tell(self.dots_message())
                self._mark(None)
        except VidcolorError as error:
            self.problem = error
        self.store.save()
        if self._trouble() != trouble:
            self._tell_trouble()

    def _scan_stills(self) -> None:
        if self.said.scan(self.store.stills, lambda: not self._closed.is_set()):
            self._place_dots()
            self._tell(self.stills_message())
            self._mark(None)

    def _want(self, shot: Shot, kind: str | None) -> None:
        """Have a shot settled, and made to be played where a kind is named."""
        if not self.film.is_film:
            return
        with self._waking:
            before = next((k for one, k in self._wanted if one is shot), None)
            self._wanted = [(one, k) for one, k in self._wanted if one is not shot]
            self._wanted.append((shot, kind or before))
            self._changed_at = 0.0 if kind else time.monotonic()
            self._waking.notify()
        self._show(shot, "making", 0.0)

    def _next_wanted(self) -> tuple[Shot, str | None] | None:
        """The newest, when nobody has changed anything for a moment; None at the end."""
        with self._waking:
            while not self._closed.is_set():
                left = self._changed_at + IDLE_S - time.monotonic()
                if self._wanted and left <= 0:
                    return self._wanted.pop()
                self._waking.wait(left if self._wanted else None)
        return None

    def _make_shots(self) -> None:
        while wanted := self._next_wanted():
            shot, kind = wanted
            try:
                self._make(shot, kind)
            except StaleError:
                self._show(shot, "stale" if shot.made else "plain", 0.0)
            except (VidcolorError, OSError) as error:
                words = (
                    f"{error.sentence} {error.remedy}"
                    if isinstance(error, VidcolorError)
                    else f"The shot could not be played ({error})."
                )
                self._show(shot, "stale" if shot.made else "plain", 0.0)
                self._tell({"notice": words})

    def _make(self, shot: Shot, kind: str | None) -> None:
        digest = self._digest(shot)

        def wanted() -> bool:
            with self._waking:
                newer = any(one is not shot for one, _ in self._wanted)
            return not (self._closed.is_set() or newer or digest != self._digest(shot))

        settled = self._settled.get(shot.first)
        if not settled or settled.digest != digest:
            settled = self._settle(shot, digest, wanted)
        shot.made = digest
        if kind:
            self._encode(shot, settled, kind, wanted)
        self._draw_thumb(shot, settled.chroma[shot.count // 2].astype(np.float32))
        self._show(shot, "ready", 1.0)

    def _encode(self, shot: Shot, settled: Settled, kind: str, wanted: Callable[[], bool]) -> None:
        path = self._temporary / f"{shot.first}-{settled.digest}.{kind}"
        if not path.exists():
            for old in self._temporary.glob(f"{shot.first}-*"):
                old.unlink()
            write_fragment(path, self._pictures(shot, settled, wanted), self.film.rate)
            self._played.put(path.name, path)
        self._tell({"play": {"first": shot.first, "name": path.name}})

    def _warm(self) -> None:
        """What the first dot would wait for."""
        from scipy.sparse.linalg import spsolve  # type: ignore[import-untyped]  # noqa: F401

        self.film.votes()

    def _settle(self, shot: Shot, digest: str, wanted: Callable[[], bool]) -> Settled:
        self._show(shot, "making", 0.02)
        frames: list[NDArray[np.uint8]] = []
        for seen in self.film.read(shot.first, shot.count):
            frames.append(seen.small)
            if not wanted():
                raise StaleError
        luma = np.stack(frames)
        self._show(shot, "making", 0.1)
        film = replace(self.film, predictor=Lent(self._worker, self.film.predictor, SHOT, wanted))
        people: list[Hint] = [
            hint.moved(-shot.first) for hint in self._direction.within(shot.first, shot.stop)
        ]
        if not people and self._direction.roaming:
            middle = shot.count // 2
            found = recalled(self._direction, luma[middle])
            people = [] if found is None else [Hint(middle, *found)]
        made = [
            wire.quantised(_halved(chroma, luma[0].shape)) for chroma in film.settled(luma, people)
        ]
        self._show(shot, "making", 0.7)
        return self._settled.put(shot.first, Settled(digest, np.stack(made)))

    def _pictures(
        self, shot: Shot, settled: Settled, wanted: Callable[[], bool]
    ) -> Iterator[NDArray[np.uint8]]:
        size, matrix = played_size(self.film.size), self.film.view.clip.resolved_matrix()
        told = time.monotonic()
        for place, seen in enumerate(self.film.read(shot.first, shot.count)):
            if not wanted():
                raise StaleError
            chroma = settled.chroma[place].astype(np.float32)
            yield wire.rgb(wire.fitted(seen.luma, size), chroma, matrix)
            if time.monotonic() - told > TOLD_EVERY_S:
                told = time.monotonic()
                self._show(shot, "making", 0.7 + 0.3 * place / shot.count)

    def _color_thumb(self, shot: Shot) -> None:
        if not shot.made:
            self._draw_thumb(shot, self.film.alone(shot.middle))
            self._tell({"shot": self._shot(shot)})

    def _draw_thumb(self, shot: Shot, chroma: FloatArray | None) -> None:
        matrix = self.film.view.clip.resolved_matrix()
        shot.thumb = wire.thumb_file(shot.middle, chroma, matrix), shot.thumb[1] + 1


def _undecodable(frame: int) -> InputError:
    return InputError(f"Frame {frame} cannot be decoded.", "Choose another.")


def _halved(chroma: FloatArray, working: tuple[int, ...]) -> FloatArray:
    """Chroma at half the working size where it is finer."""
    height, width = working[0] // 2, working[1] // 2
    if chroma.shape[1] <= height:
        return chroma
    planes = [cv2.resize(p, (width, height), interpolation=cv2.INTER_AREA) for p in chroma]
    return np.stack(planes).astype(np.float32)
