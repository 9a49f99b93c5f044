"""Processes that colour files for a batch: each loads the model once and takes task after task."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import FrameType

from vidcolor.errors import MachineError
from vidcolor.files import leftovers
from vidcolor.run.bench import Bench, Model, abreast, is_photograph
from vidcolor.run.exhibit import Shown
from vidcolor.run.messages import Failure, Message
from vidcolor.run.one import Outcome, Task
from vidcolor.run.settings import ColorizeSettings

ASK_EVERY_S = 0.2
"""How often a free worker asks whether there is a task."""
STOP_PATIENCE_S = 60.0
PR_SET_PDEATHSIG = 1


@dataclass(eq=False)
class _Worker:
    """A process and the tasks in its hands, all of which but the pictures of the first are to do.

    Attributes:
        process: of it.
        channel: to it.
        tasks: in the order in which it speaks of them.
        made: whether the first one's output is there.
    """

    process: BaseProcess
    channel: Connection
    tasks: deque[Task] = field(default_factory=deque)
    made: bool = False

    @property
    def left(self) -> list[Task]:
        """What is not made yet."""
        return list(self.tasks)[self.made :]


class Crew:
    """At most `size` worker processes.

    Args:
        size: how many.
        settings: equal for all tasks; its `threads` are each worker's.
    """

    def __init__(self, size: int, settings: ColorizeSettings) -> None:
        self._size = size
        self._settings = settings
        self._abreast = abreast(settings) + 1  # one more, so that no thread waits for the next
        self._workers: list[_Worker] = []
        self._next: deque[Task] = deque()
        self._alone: set[Path] = set()
        self._context = multiprocessing.get_context("spawn")

    def run(self, tasks: Iterator[Task | None]) -> Iterator[tuple[Task, Message]]:
        """Do all tasks; messages come as they are sent, the last of each is `Shown` or `Failure`.

        `tasks` is asked for the next one when a worker has room for a photograph; None means that
        there is none yet. A worker that dies fails its task alone: where it had several in hand,
        each is done again with none beside it. When this generator is closed or interrupted the
        workers are stopped.
        """
        try:
            more = True
            while more or self._next or self._busy():
                more = self._hand_out(tasks, more)
                if not more and not self._next:
                    self._dismiss_idle()
                asking = more and not self._next and self._has_room()
                for worker in self._ready(ASK_EVERY_S if asking else None):
                    yield from self._attend(worker)
        finally:
            self.stop()

    def _busy(self) -> list[_Worker]:
        return [worker for worker in self._workers if worker.tasks]

    def _hand_out(self, tasks: Iterator[Task | None], more: bool) -> bool:
        """Give workers that have room tasks; False if there will be no more."""
        while self._next or (more and self._has_room()):
            if not self._next:
                try:
                    task = next(tasks)
                except StopIteration:
                    return False
                if task is None:
                    break
                self._next.append(task)
            if not self._give(self._next[0]):
                break
            self._next.popleft()
        return more

    def _has_room(self) -> bool:
        """Whether a photograph would find a worker."""
        return len(self._workers) < self._size or any(map(self._takes_one_more, self._workers))

    def _takes_one_more(self, worker: _Worker) -> bool:
        left = worker.left
        return not left or (len(left) < self._abreast and all(map(self._shares, left)))

    def _shares(self, task: Task) -> bool:
        """Whether a task may be in hand with others."""
        return is_photograph(task) and task.output not in self._alone

    def _give(self, task: Task) -> bool:
        """Put a task into a worker's hands, if one has room for it."""
        able = [worker for worker in self._workers if self._takes_one_more(worker)]
        if not self._shares(task):
            able = [worker for worker in able if not worker.left]
        worker = min(able, key=lambda one: len(one.left), default=None)
        if (worker is None or worker.left) and len(self._workers) < self._size:
            worker = self._start()
        if worker is None:
            return False
        worker.tasks.append(task)
        with suppress(BrokenPipeError):  # then its death is noticed at the next turn
            worker.channel.send(task)
        return True

    def _ready(self, patience: float | None) -> list[_Worker]:
        """Workers that have something to say, after so many seconds at the latest."""
        busy = self._busy()
        if not busy:
            time.sleep(patience or 0)
            return []
        ready = wait([worker.channel for worker in busy], patience)
        return [worker for worker in busy if worker.channel in ready]

    def _attend(self, worker: _Worker) -> Iterator[tuple[Task, Message]]:
        try:
            message: Message = worker.channel.recv()
        except (EOFError, ConnectionError):
            yield from self._bury(worker)
            return
        task = worker.tasks[0]
        if isinstance(message, Outcome):
            worker.made = True
        elif isinstance(message, Shown | Failure):
            worker.tasks.popleft()
            worker.made = False
        yield task, message

    def _bury(self, worker: _Worker) -> Iterator[tuple[Task, Message]]:
        """See which task a worker died of, or have them done one at a time to find out."""
        self._workers.remove(worker)
        worker.channel.close()
        worker.process.join(STOP_PATIENCE_S)
        _clear_away(worker.left)
        if worker.made:
            yield worker.tasks[0], Shown()
        if len(worker.left) == 1:
            yield worker.left[0], _death(worker.process, worker.left[0])
            return
        self._alone.update(task.output for task in worker.left)
        self._next.extendleft(replace(task, overwrite=True) for task in reversed(worker.left))

    def _start(self) -> _Worker:
        ours, theirs = self._context.Pipe()
        given = (theirs, self._settings)
        process = self._context.Process(target=work, args=given, daemon=True)
        _check_here()
        process.start()
        theirs.close()
        self._workers.append(_Worker(process, ours))
        return self._workers[-1]

    def _dismiss_idle(self) -> None:
        idle = [worker for worker in self._workers if not worker.tasks]
        for worker in idle:
            with suppress(BrokenPipeError):
                worker.channel.send(None)
        for worker in idle:
            worker.process.join(STOP_PATIENCE_S)
            worker.channel.close()
            self._workers.remove(worker)

    def stop(self) -> None:
        """Stop what is still at work; finished segments are kept."""
        busy = self._busy()
        for worker in busy:
            worker.process.terminate()
        for worker in busy:
            worker.process.join(STOP_PATIENCE_S)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join(STOP_PATIENCE_S)
            worker.channel.close()
            _clear_away(worker.left)
            self._workers.remove(worker)
        self._dismiss_idle()


def _clear_away(tasks: Iterable[Task]) -> None:
    """What a process that is gone had begun of photographs; films keep theirs in their folders."""
    for task in filter(is_photograph, tasks):
        with suppress(OSError):
            for path in list(leftovers(task.output)):
                path.unlink(missing_ok=True)


def _check_here() -> None:
    """A process is not started from a folder that is gone."""
    try:
        Path.cwd()
    except OSError as error:
        raise MachineError(
            "The folder that this was started in is gone.", "Change to another one first."
        ) from error


def _death(process: BaseProcess, task: Task) -> Failure:
    code = process.exitcode or 0
    cause = f"by signal {-code}" if code < 0 else f"with code {code}"
    return Failure(
        MachineError,
        f"The process that coloured {task.source} ended {cause}.",
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
    bench = Bench(Model(settings), settings)
    try:
        with suppress(EOFError, ConnectionError):
            while (task := channel.recv()) is not None:
                bench.do(task, channel)
        bench.finish()
    except KeyboardInterrupt:
        os._exit(0)  # photographs that threads are at are not waited for


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _die_with_parent() -> None:
    """Have the system kill this process when the first one dies, so that its locks are free.

    Jobs stand that by design. Elsewhere than on Linux it ends when it next reports.
    """
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
