"""Where one process colours files: photographs side by side, films one after the other.

While the network has one photograph, others are read, enlarged and written; and while a film is
coloured, the pictures of the one before are made for the page.
"""

from __future__ import annotations

import threading
import time
import traceback
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from vidcolor.errors import MachineError, VidcolorError
from vidcolor.infer.predictor import FloatArray, LumaBatch, Prediction, Wrapper
from vidcolor.media.frame_file import is_of_pictures
from vidcolor.media.picture import pixels_of
from vidcolor.media.suffixes import PICTURE_WRITERS
from vidcolor.run.cluster import Cluster
from vidcolor.run.executor import Executor
from vidcolor.run.exhibit import Exhibit, Shown
from vidcolor.run.here import Here
from vidcolor.run.messages import Channel, Failure, Message, Moved, Noted, Took
from vidcolor.run.one import Outcome, Task, colorize_file
from vidcolor.run.painters import Where
from vidcolor.run.plan import Plan
from vidcolor.run.settings import ColorizeSettings

MOVED_EVERY_S = 0.5
MOST_ABREAST = 4
"""Photographs: one is with the network, and three threads more than feed it."""
MOST_PIXELS = 1 << 24
"""Of photographs that are at work together; a larger one has the bench to itself."""


def is_photograph(task: Task) -> bool:
    """Whether a task makes one picture, by its output's name."""
    return task.output.suffix.lower() in PICTURE_WRITERS and not is_of_pictures(task.output)


def abreast(settings: ColorizeSettings) -> int:
    """How many photographs are at work together: as many as there are threads, four at most."""
    return max(1, min(MOST_ABREAST, settings.threads))


class Model:
    """What colours, loaded when it is first wanted.

    Attributes:
        failed: whether that failed.

    Args:
        settings: of all files.
        where: the cluster that colours, None for this process.
    """

    def __init__(self, settings: ColorizeSettings, where: Where | None = None) -> None:
        self._settings, self._where = settings, where
        self._executor: Executor | None = None
        self._alone = threading.Lock()
        self.failed = False

    def load(self) -> Executor:
        """The same each time."""
        from vidcolor.run.loading import load

        with self._alone:
            if self._executor is None:
                s = self._settings
                self.failed = True
                if self._where:
                    self._executor = Cluster(self._where, s)
                else:
                    self._executor = Here(_InTurns(load(s)))
                self.failed = False
            return self._executor


@dataclass(frozen=True)
class _InTurns(Wrapper):
    """A predictor that several threads may ask, one call at a time."""

    alone: threading.Lock = field(default_factory=threading.Lock)

    def predict(self, luma: LumaBatch, hints: FloatArray | None = None) -> Prediction:
        """See `Predictor.predict`."""
        with self.alone:
            return self.predictor.predict(luma, hints)


class Bench:
    """Does task after task.

    What is said of them goes out in their order, the last of each being `Shown` or `Failure`.

    Args:
        model: what colours.
        settings: of all files.
    """

    def __init__(self, model: Model, settings: ColorizeSettings) -> None:
        self._model, self._settings = model, settings
        self._threads = ThreadPoolExecutor(abreast(settings), "photograph")
        self._room = _Room(MOST_PIXELS)
        self._queue = _Queue()

    def do(self, task: Task, channel: Channel) -> None:
        """Do a film, whose pictures come later, or only begin a photograph."""
        said = self._queue.join(channel)
        if is_photograph(task):
            self._threads.submit(self._photograph, task, said)
            return
        exhibit = self._exhibit(task)
        with self._room.taken(MOST_PIXELS):
            result = self._result(task, said, exhibit)
        self._threads.submit(_end, result, exhibit, said)

    def finish(self) -> None:
        """Wait until all is done."""
        self._threads.shutdown()

    def _photograph(self, task: Task, said: Channel) -> None:
        exhibit = self._exhibit(task)
        pixels = 0
        with suppress(Exception):  # who reads it says what is wrong with it
            pixels = pixels_of(task.source)
        with self._room.taken(pixels or MOST_PIXELS):
            result = self._result(task, said, exhibit)
        _end(result, exhibit, said)

    def _exhibit(self, task: Task) -> Exhibit:
        return Exhibit(task.source, task.output, self._settings)

    def _result(self, task: Task, said: Channel, exhibit: Exhibit) -> Outcome | Failure:
        began = time.perf_counter()
        result = _result(task, self._model, said, exhibit)
        said.send(Took(round(time.perf_counter() - began, 3)))
        said.send(result)
        return result


def _end(result: Outcome | Failure, exhibit: Exhibit, said: Channel) -> None:
    if isinstance(result, Outcome):
        shown = Shown()
        with suppress(Exception):  # the file is made: a page without its pictures is no failure
            shown = exhibit.shown()
        said.send(shown)


def _result(task: Task, model: Model, channel: Channel, exhibit: Exhibit) -> Outcome | Failure:
    try:
        return colorize_file(task, model.load, _Reporter(channel), exhibit)
    except ConnectionError:
        raise  # the first process is gone
    except VidcolorError as error:
        return Failure(type(error), error.sentence, error.remedy, model.failed)
    except MemoryError:
        remedy = "Give fewer --jobs or a smaller --render-size."
        return Failure(MachineError, "The memory is used up.", remedy)
    except Exception as error:
        return Failure(
            VidcolorError,
            f"This is a defect of vidcolor itself ({type(error).__name__}: {error}).",
            "Please report it, with report.json.",
            trace=traceback.format_exc(),
        )


class _Room:
    """What threads may hold together.

    Args:
        most: of it.
    """

    def __init__(self, most: int) -> None:
        self._left = self._most = most
        self._changed = threading.Condition()

    @contextmanager
    def taken(self, amount: int) -> Iterator[None]:
        """Hold so much, once there is so much; who wants more than there is gets all of it."""
        amount = min(amount, self._most)
        with self._changed:
            self._changed.wait_for(lambda: self._left >= amount)
            self._left -= amount
        try:
            yield
        finally:
            with self._changed:
                self._left += amount
                self._changed.notify_all()


class _Queue:
    """Tasks whose messages wait until all of the task before are out."""

    def __init__(self) -> None:
        self._places: deque[_Place] = deque()
        self._alone = threading.Lock()

    def join(self, channel: Channel) -> _Place:
        """A place at the end."""
        place = _Place(self, channel)
        with self._alone:
            self._places.append(place)
        return place

    def send(self, place: _Place, message: Message) -> None:
        """Send what can go out by now."""
        with self._alone:
            place.held.append(message)
            while self._places and self._places[0].sends_last():
                self._places.popleft()


@dataclass(eq=False)
class _Place:
    queue: _Queue
    channel: Channel
    held: list[Message] = field(default_factory=list)

    def send(self, message: Message) -> None:
        """See `Channel.send`; from any thread."""
        self.queue.send(self, message)

    def sends_last(self) -> bool:
        """Send what is held, and say whether that was all of it."""
        held, self.held = self.held, []
        for message in held:
            self.channel.send(message)
        return bool(held) and isinstance(held[-1], Shown | Failure)


class _Reporter:
    """Sends notes, and how far a film is now and then."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._frames, self._done = 1, 0.0
        self._last = time.monotonic()

    def opened(self, device: str, model: str, size: str) -> None:
        """Nothing to say: the batch has said it."""

    def planned(self, plan: Plan) -> None:
        """Nothing to say: what a person should know comes as notes."""

    def note(self, sentence: str) -> None:
        """Send it."""
        self._channel.send(Noted(sentence))

    def begun(self, frames: int, standing: int) -> None:
        """Send the whole, since a header may be wrong about it, and what is there."""
        self._frames, self._done = frames, float(standing)
        self._channel.send(Moved(self._done / frames, frames))

    def progress(self, frames: float, limit: str) -> None:
        """Send the share that is done."""
        self._done += frames
        if time.monotonic() - self._last >= MOVED_EVERY_S:
            self._last = time.monotonic()
            self._channel.send(Moved(self._done / self._frames, self._frames))

    def kept(self, frames: int) -> None:
        """Nothing to say."""
