"""Processes that colour files for a batch: each loads the model once and takes task after task."""

from __future__ import annotations

import multiprocessing
import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import FrameType
from typing import Protocol

from vidcolor.errors import MachineError, VidcolorError
from vidcolor.run.cluster import Cluster
from vidcolor.run.executor import Executor
from vidcolor.run.exhibit import Shown, before_and_after
from vidcolor.run.here import Here
from vidcolor.run.one import Outcome, Task
from vidcolor.run.painters import Where
from vidcolor.run.plan import Plan
from vidcolor.run.settings import ColorizeSettings

MOVED_EVERY_S = 0.5
ASK_EVERY_S = 0.2
"""How often a free worker asks whether there is a task."""
STOP_PATIENCE_S = 60.0
PR_SET_PDEATHSIG = 1


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


Message = Moved | Noted | Outcome | Shown | Failure
"""`Outcome` comes as soon as the output is there, so that nothing delays its being written down."""


@dataclass(frozen=True)
class _Worker:
    process: BaseProcess
    channel: Connection
    task: Task


class Crew:
    """At most `size` worker processes.

    Args:
        size: how many.
        settings: equal for all tasks; its `threads` are each worker's.
    """

    def __init__(self, size: int, settings: ColorizeSettings) -> None:
        self._size = size
        self._settings = settings
        self._busy: list[_Worker] = []
        self._idle: list[_Worker] = []
        self._context = multiprocessing.get_context("spawn")

    def run(self, tasks: Iterator[Task | None]) -> Iterator[tuple[Task, Message]]:
        """Do all tasks; messages come as they are sent, the last of each is `Shown` or `Failure`.

        `tasks` is asked for the next one when a worker is free; None means that there is none yet.
        A worker that dies fails its task alone. When this generator is closed or interrupted the
        workers are stopped.
        """
        try:
            more = True
            while more or self._busy:
                more = more and self._hand_out(tasks)
                if not more:
                    self._dismiss_idle()
                patience = ASK_EVERY_S if more and len(self._busy) < self._size else None
                for worker in self._ready(patience):
                    yield from self._attend(worker)
        finally:
            self.stop()

    def _hand_out(self, tasks: Iterator[Task | None]) -> bool:
        """Give free workers tasks; False if there will be no more."""
        while len(self._busy) < self._size:
            try:
                task = next(tasks)
            except StopIteration:
                return False
            if task is None:
                break
            self._busy.append(self._give(task))
        return True

    def _ready(self, patience: float | None) -> list[_Worker]:
        """Workers that have something to say, after so many seconds at the latest."""
        if not self._busy:
            time.sleep(patience or 0)
            return []
        ready = wait([worker.channel for worker in self._busy], patience)
        return [worker for worker in self._busy if worker.channel in ready]

    def _attend(self, worker: _Worker) -> Iterator[tuple[Task, Message]]:
        alive = True
        try:
            message: Message = worker.channel.recv()
        except (EOFError, ConnectionError):
            alive, message = False, _death(worker)
        if isinstance(message, Shown | Failure):
            self._busy.remove(worker)
            if alive:
                self._idle.append(worker)
            else:
                worker.channel.close()
        yield worker.task, message

    def _give(self, task: Task) -> _Worker:
        worker = replace(self._idle.pop(), task=task) if self._idle else self._start(task)
        with suppress(BrokenPipeError):  # then its death is noticed at the next turn
            worker.channel.send(task)
        return worker

    def _start(self, task: Task) -> _Worker:
        ours, theirs = self._context.Pipe()
        given = (theirs, self._settings)
        process = self._context.Process(target=work, args=given, daemon=True)
        _check_here()
        process.start()
        theirs.close()
        return _Worker(process, ours, task)

    def _dismiss_idle(self) -> None:
        for worker in self._idle:
            with suppress(BrokenPipeError):
                worker.channel.send(None)
        for worker in self._idle:
            worker.process.join(STOP_PATIENCE_S)
            worker.channel.close()
        self._idle.clear()

    def stop(self) -> None:
        """Stop what is still at work; finished segments are kept."""
        for worker in self._busy:
            worker.process.terminate()
        for worker in self._busy:
            worker.process.join(STOP_PATIENCE_S)
            if worker.process.is_alive():
                worker.process.kill()
            worker.channel.close()
        self._busy.clear()
        self._dismiss_idle()


def _check_here() -> None:
    """A process is not started from a folder that is gone."""
    try:
        Path.cwd()
    except OSError as error:
        raise MachineError(
            "The folder that this was started in is gone.", "Change to another one first."
        ) from error


def _death(worker: _Worker) -> Failure:
    worker.process.join(STOP_PATIENCE_S)
    code = worker.process.exitcode or 0
    cause = f"by signal {-code}" if code < 0 else f"with code {code}"
    return Failure(
        MachineError,
        f"The process that coloured {worker.task.source} ended {cause}.",
        "If memory was short, give fewer --jobs or a smaller --render-size.",
    )


def work(channel: Connection, settings: ColorizeSettings) -> None:
    """Take tasks from `channel` until None comes; the life of one worker process."""
    import cv2

    # Ctrl-C reaches all processes of a terminal; the first one decides what becomes of it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _interrupt)
    _die_with_parent()
    cv2.setNumThreads(settings.threads)
    model = Model(settings)
    with suppress(EOFError, ConnectionError, KeyboardInterrupt):
        while (task := channel.recv()) is not None:
            do_file(task, model, channel, settings)


class Channel(Protocol):
    """What brings messages to who gave the tasks."""

    def send(self, message: Message, /) -> None:
        """Send one."""


def do_file(task: Task, model: Model, channel: Channel, settings: ColorizeSettings) -> None:
    """Do a task and say what becomes of it; as `Crew.run` has the messages."""
    result = _result(task, model, channel)
    channel.send(result)
    if isinstance(result, Outcome):
        channel.send(before_and_after(task.source, task.output, settings))


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _die_with_parent() -> None:
    """Have the system kill this process when the first one dies, so that its locks are free.

    Jobs stand that by design. Elsewhere than on Linux it ends when it next reports.
    """
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


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
        self.failed = False

    def load(self) -> Executor:
        """The same each time."""
        from vidcolor.run.loading import load

        if self._executor is None:
            s = self._settings
            self.failed = True
            self._executor = Cluster(self._where, s) if self._where else Here(load(s))
            self.failed = False
        return self._executor


def _result(task: Task, model: Model, channel: Channel) -> Outcome | Failure:
    from vidcolor.run.one import colorize_file

    try:
        return colorize_file(task, model.load, _Reporter(channel))
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


class _Reporter:
    """Sends notes, and how far a film is now and then; a channel takes one sender at a time."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._alone = threading.Lock()
        self._frames, self._done = 1, 0.0
        self._last = time.monotonic()

    def opened(self, device: str, model: str, size: str) -> None:
        """Nothing to say: the batch has said it."""

    def planned(self, plan: Plan) -> None:
        """Nothing to say: what a person should know comes as notes."""

    def note(self, sentence: str) -> None:
        """Send it."""
        with self._alone:
            self._channel.send(Noted(sentence))

    def begun(self, frames: int, standing: int) -> None:
        """Send the whole, since a header may be wrong about it, and what is there."""
        self._frames, self._done = frames, float(standing)
        with self._alone:
            self._channel.send(Moved(self._done / frames, frames))

    def progress(self, frames: float, limit: str) -> None:
        """Send the share that is done."""
        with self._alone:
            self._done += frames
            if time.monotonic() - self._last >= MOVED_EVERY_S:
                self._last = time.monotonic()
                self._channel.send(Moved(self._done / self._frames, self._frames))

    def kept(self, frames: int) -> None:
        """Nothing to say."""
