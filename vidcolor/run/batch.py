"""Many files: what is done is skipped, what fails stops nothing else, all is reported."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Protocol

from vidcolor.errors import VidcolorError, as_flags
from vidcolor.files import check_length, leftovers, write_error
from vidcolor.run.exhibit import Shown
from vidcolor.run.hands import Hands
from vidcolor.run.inputs import Inputs, Pair, collision
from vidcolor.run.ledger import Event, Ledger, Made, Standing
from vidcolor.run.lock import Lock
from vidcolor.run.messages import Failure, Message, Moved, Noted, Took
from vidcolor.run.one import Outcome, Task
from vidcolor.run.order import Look, Order, checked, look
from vidcolor.run.painters import Where
from vidcolor.run.progress import Gauge, Progress, Scales, Weight, weigh
from vidcolor.run.records import LEDGER, MEMORY, Records
from vidcolor.run.results import REPORT, Result, Status
from vidcolor.run.settings import ColorizeSettings
from vidcolor.run.workers import Crew

ADVANCED_EVERY_S = 0.2


class Watcher(Protocol):
    """Who is told how a batch goes."""

    def note(self, sentence: str) -> None:
        """Something a person should know."""

    def moved(self, source: Path, share: float) -> None:
        """A file is being worked on; `share` of it is done, 0..1."""

    def advanced(self, progress: Progress) -> None:
        """The batch as a whole is so far."""

    def ended(self, result: Result) -> None:
        """A file is done with."""


def run_batch(order: Order, watcher: Watcher) -> list[Result]:
    """Colour all files of an order and write the reports, also where it is interrupted.

    Files that come are waited for until an interruption, which is none if nothing is at work then.

    Raises:
        OutputError: another batch works there, or the folder cannot be written.
        ModelError, MachineError: no file could be coloured at all.
        UsageError: as `shared_out`, and as `Directions.check`.
    """
    settings, key = checked(order)
    check_length(order.target)
    try:
        order.target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_error(order.target / REPORT, error) from error
    lock = Lock(order.target / MEMORY / "lock", "batch")
    try:
        if lock.taken_from:
            watcher.note(f"the batch of {lock.taken_from}, which is gone, is taken over")
        if not lock.is_guarded:
            watcher.note(
                f"the disk of {order.target} knows no locks; see that no other batch works there"
            )
        ledger = Ledger(order.target / MEMORY / LEDGER, order.target, key)
        return _Batch(order, settings, ledger, watcher).run()
    finally:
        lock.release()


class _Batch:
    """One run of an order."""

    def __init__(
        self, order: Order, settings: ColorizeSettings, ledger: Ledger, watcher: Watcher
    ) -> None:
        self._order, self._settings = order, settings
        self._ledger, self._watcher = ledger, watcher
        sources, where = order.sources(), order.cluster
        self._hands = Hands(Where(where), settings, sources) if where else None
        self._results: list[Result] = []
        self._known: dict[Path, Look] = {}
        self._began: dict[Path, float] = {}
        self._took: dict[Path, float] = {}
        self._notes: dict[Path, list[str]] = {}
        self._sources: dict[str, Path] = {}
        self._advanced = 0.0
        inputs = order.inputs
        there = inputs if isinstance(inputs, Inputs) else replace(inputs.search.look(), pairs=())
        self._records = Records(order.target, settings, there.others)
        self._scales = Scales(there.pairs, self._weight)
        self._gauge = Gauge(self._scales, sources or ())

    def run(self) -> list[Result]:
        crew = self._hands or Crew(self._order.jobs, self._settings)
        inputs = self._order.inputs
        interrupted = True
        try:
            for folder in inputs.closed if isinstance(inputs, Inputs) else ():
                error = f"The folder {folder} may not be read. Change its permissions."
                self._end(Result(str(folder), "", Status.FAILED, error=error, code=3))
            for task, message in crew.run(self._tasks()):
                self._hear(task, message)
            interrupted = False
        except KeyboardInterrupt:
            if isinstance(inputs, Inputs) or self._began:
                raise
            interrupted = False
        finally:
            self._scales.stop()
            crew.stop()
            self._watcher.advanced(self._progress())
            self._records.write(self._results, interrupted)
        return self._results

    def _weight(self, pair: Pair) -> Weight:
        """Of what is to be done about a file."""
        if look(pair, self._order, self._ledger).standing == Standing.DONE:
            return Weight(0.0)
        return weigh(pair, self._order.restart, self._settings.stream)

    def _tasks(self) -> Iterator[Task | None]:
        """What is to be done, None where that is nothing yet; the rest is reported on the way."""
        inputs = self._order.inputs
        for pair in inputs.pairs if isinstance(inputs, Inputs) else inputs:
            if pair is None:
                self._records.write(self._results)
                yield None
                continue
            try:
                task = self._task(pair)
            except VidcolorError as error:
                self._fail(pair, error)
                continue
            if task is None:
                self._skip(pair)
                continue
            self._scales.put(pair)
            self._began[pair.output] = perf_counter()
            self._move(pair.source, 0.0)
            yield task

    def _task(self, pair: Pair) -> Task | None:
        """The task of a pair, None if it is done."""
        order = self._order
        other = self._sources.setdefault(os.path.normcase(pair.output), pair.source)
        if other != pair.source:
            shared = [[Pair(other, pair.output), pair]]
            raise collision(shared, "Rename one of them, or give --keep-suffix.")
        found = look(pair, order, self._ledger)
        if found.standing == Standing.DONE:
            return None
        try:
            pair.output.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise write_error(pair.output, error) from error
        if self._ledger.was_stopped(pair.output):
            # Of photographs: films keep theirs in the job's folder.
            for path in list(leftovers(pair.output)):
                path.unlink(missing_ok=True)
        self._known[pair.output] = found
        self._ledger.write(Event.BEGUN, found.identity, pair.output, found.said)
        replaces = found.standing == Standing.OWN
        task = Task(pair.source, pair.output, self._settings, replaces, order.restart)
        return replace(task, request=order.directions.of(pair.source))

    def _hear(self, task: Task, message: Message) -> None:
        if isinstance(message, Moved):
            self._scales.correct(task.source, message.frames)
            self._move(task.source, message.share)
        elif isinstance(message, Noted):
            self._notes.setdefault(task.output, []).append(as_flags(message.sentence))
        elif isinstance(message, Took):
            self._took[task.output] = message.seconds
        elif isinstance(message, Shown):
            self._records.keep(task.output, message)
        elif task.output in self._known:  # a process may also die when its file is done
            self._finish(task, message)

    def _move(self, source: Path, share: float) -> None:
        self._watcher.moved(source, share)
        self._gauge.moved(source, share)
        self._advance()

    def _finish(self, task: Task, message: Outcome | Failure) -> None:
        since = round(perf_counter() - self._began.pop(task.output), 3)
        seconds = self._took.pop(task.output, since)
        found, notes = self._known.pop(task.output), tuple(self._notes.pop(task.output, ()))
        result = Result(str(task.source), str(task.output), Status.DONE, seconds=seconds)
        result = replace(result, notes=notes)
        if isinstance(message, Outcome):
            made = Made(message.frames, seconds, message.resumed, notes)
            self._ledger.write(Event.DONE, found.identity, task.output, found.said, made)
            self._end(replace(result, frames=message.frames, resumed=message.resumed))
            return
        self._ledger.write(Event.FAILED, found.identity, task.output, found.said)
        if message.hopeless:
            raise message.kind(message.sentence, message.remedy)
        self._end(_failed(result, message))

    def _skip(self, pair: Pair) -> None:
        made = self._ledger.made(pair.output)
        result = Result(str(pair.source), str(pair.output), Status.SKIPPED, notes=made.notes)
        self._end(replace(result, frames=made.frames, seconds=made.seconds, resumed=made.resumed))

    def _fail(self, pair: Pair, error: VidcolorError) -> None:
        result = Result(str(pair.source), str(pair.output), Status.FAILED)
        self._end(_failed(result, Failure(type(error), error.sentence, error.remedy)))

    def _end(self, result: Result) -> None:
        self._results.append(result)
        self._gauge.ended(Path(result.source), result.own_frames)
        self._watcher.ended(result)
        self._advance()

    def _advance(self) -> None:
        """Adding up thousands of files takes milliseconds, so it is not done for each."""
        now = perf_counter()
        if now - self._advanced >= ADVANCED_EVERY_S:
            self._advanced = now
            self._watcher.advanced(self._progress())

    def _progress(self) -> Progress:
        far = self._gauge.read()
        hands = self._hands
        return replace(far, workers=hands.machines, busy=hands.busy) if hands else far


def _failed(result: Result, failure: Failure) -> Result:
    return replace(
        result,
        status=Status.FAILED,
        error=as_flags(f"{failure.sentence} {failure.remedy}"),
        code=failure.kind.exit_code,
        trace=failure.trace,
    )
