"""Many files: what is done is skipped, what fails stops nothing else, all is reported."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from time import perf_counter
from typing import Protocol

from vidcolor import __version__
from vidcolor.errors import UsageError, VidcolorError
from vidcolor.media.files import finished_file, write_error
from vidcolor.network import shelf
from vidcolor.run.cluster import Cluster, Where
from vidcolor.run.directions import Directions, digest
from vidcolor.run.identity import Identity, identify
from vidcolor.run.inputs import Inputs, Pair, collision
from vidcolor.run.ledger import Event, Ledger, Standing, settings_key
from vidcolor.run.lock import Lock
from vidcolor.run.one import Outcome, Task
from vidcolor.run.plan import ColorizeSettings
from vidcolor.run.watch import Arrivals
from vidcolor.run.workers import Crew, Failure, Message, Moved

MEMORY = ".vidcolor-batch"
"""Folder in the output folder: the ledger and the lock."""
REPORT = "report.json"


class Status(StrEnum):
    """What became of a file."""

    DONE = "done"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True)
class Result:
    """What became of one file.

    Attributes:
        source: where it is.
        output: where its colour went or should have gone.
        status: done, skipped (an earlier run had done it) or failed.
        frames: of the film, 1 for a photograph, 0 where nothing was made.
        seconds: on the clock.
        error: the cause of a failure, with the remedy.
        code: exit code that this failure would have alone.
        trace: of a defect.
        notes: sentences on stills that were left out or say grey.
    """

    source: str
    output: str
    status: Status
    frames: int = 0
    seconds: float = 0.0
    error: str = ""
    code: int = 0
    trace: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Order:
    """A batch to be done.

    Attributes:
        inputs: what was found, or what comes as long as the batch runs.
        target: the output folder; made if it is missing.
        settings: for every file.
        jobs: worker processes.
        overwrite: whether other files at the outputs' names are replaced.
        restart: whether unfinished jobs with other settings are thrown away.
        cluster: address of one that colours, None for this machine alone.
        directions: where stills and hints of the files are.
    """

    inputs: Inputs | Arrivals
    target: Path
    settings: ColorizeSettings
    jobs: int = 1
    overwrite: bool = False
    restart: bool = False
    cluster: str | None = None
    directions: Directions = field(default_factory=Directions)

    def sources(self) -> list[Path] | None:
        """All files to be coloured; None where more may come."""
        if not isinstance(self.inputs, Inputs):
            return None
        return [pair.source for pair in self.inputs.pairs]


class Watcher(Protocol):
    """Who is told how a batch goes."""

    def note(self, sentence: str) -> None:
        """Something a person should know."""

    def moved(self, source: Path, share: float) -> None:
        """A file is being worked on; `share` of it is done, 0..1."""

    def ended(self, result: Result) -> None:
        """A file is done with."""


def cores() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def shared_out(settings: ColorizeSettings, jobs: int) -> ColorizeSettings:
    """Settings with each worker's threads: jobs times threads is never over the cores.

    Raises:
        UsageError: that many jobs, or jobs with that many threads, are over the cores.
    """
    threads = settings.threads or max(1, cores() // jobs)
    if jobs * threads > cores():
        each = f" with --threads {threads}" if settings.threads else ""
        raise UsageError(
            f"--jobs {jobs}{each} is more than this machine's {cores()} cores.",
            f"Give at most --jobs {max(1, cores() // (settings.threads or 1))}.",
        )
    return replace(settings, threads=threads)


def run_batch(order: Order, watcher: Watcher) -> list[Result]:
    """Colour all files of an order and write `report.json`, also where it is interrupted.

    Files that come are waited for until an interruption, which is none if nothing is at work then.

    Raises:
        OutputError: another batch works there, or the folder cannot be written.
        ModelError, MachineError: no file could be coloured at all.
        UsageError: as `shared_out`, and as `Directions.check`.
    """
    order.directions.check(order.sources())
    settings = shared_out(order.settings, order.jobs)
    model_hash = shelf.verified_hash(shelf.find_model(settings.model))
    try:
        order.target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_error(order.target / REPORT, error) from error
    lock = Lock(order.target / MEMORY / "lock", "batch")
    try:
        if lock.taken_from:
            watcher.note(f"the batch of {lock.taken_from}, which is gone, is taken over")
        path = order.target / MEMORY / "ledger.jsonl"
        ledger = Ledger(path, order.target, settings_key(settings, model_hash))
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
        self._where = Where(order.cluster) if order.cluster else None
        # Painters live as long as the first who asked for them, so that is not a worker.
        self._painters = Cluster(self._where, settings) if self._where else None
        self._results: list[Result] = []
        self._reported = -1
        self._known: dict[Path, tuple[Identity, str]] = {}
        self._began: dict[Path, float] = {}
        self._sources: dict[str, Path] = {}

    def run(self) -> list[Result]:
        crew = Crew(self._order.jobs, self._settings, self._where)
        inputs = self._order.inputs
        try:
            for folder in inputs.closed if isinstance(inputs, Inputs) else ():
                error = f"The folder {folder} may not be read. Change its permissions."
                self._end(Result(str(folder), "", Status.FAILED, error=error, code=3))
            for task, message in crew.run(self._tasks()):
                self._hear(task, message)
        except KeyboardInterrupt:
            if isinstance(inputs, Inputs) or self._began:
                raise
        finally:
            crew.stop()
            self._report()
        return self._results

    def _tasks(self) -> Iterator[Task | None]:
        """What is to be done, None where that is nothing yet; the rest is reported on the way."""
        inputs = self._order.inputs
        for pair in inputs.pairs if isinstance(inputs, Inputs) else inputs:
            if pair is None:
                self._report()
                yield None
                continue
            try:
                task = self._task(pair)
            except VidcolorError as error:
                self._fail(pair, error)
                continue
            if task is None:
                self._end(Result(str(pair.source), str(pair.output), Status.SKIPPED))
                continue
            self._began[pair.output] = perf_counter()
            yield task

    def _report(self) -> None:
        """Bring `report.json` up to date."""
        if self._reported != len(self._results):
            self._reported = len(self._results)
            write_report(self._order.target / REPORT, self._settings, self._results)

    def _task(self, pair: Pair) -> Task | None:
        """The task of a pair, None if it is done."""
        order = self._order
        other = self._sources.setdefault(os.path.normcase(pair.output), pair.source)
        if other != pair.source:
            raise collision(other, pair)
        identity = identify(pair.source)
        request = order.directions.of(pair.source)
        said = digest(request)
        standing = self._ledger.standing(identity, pair.output, order.overwrite, said)
        if standing == Standing.DONE:
            return None
        try:
            pair.output.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise write_error(pair.output, error) from error
        if self._ledger.was_stopped(pair.output):
            _remove_rubble(pair.output)
        self._known[pair.output] = identity, said
        self._ledger.write(Event.BEGUN, identity, pair.output, said)
        replaces = standing == Standing.OWN
        task = Task(pair.source, pair.output, self._settings, replaces, order.restart)
        return replace(task, request=request)

    def _hear(self, task: Task, message: Message) -> None:
        if isinstance(message, Moved):
            self._watcher.moved(task.source, message.share)
            return
        seconds = round(perf_counter() - self._began.pop(task.output), 3)
        identity, said = self._known.pop(task.output)
        result = Result(str(task.source), str(task.output), Status.DONE, seconds=seconds)
        if isinstance(message, Outcome):
            self._ledger.write(Event.DONE, identity, task.output, said)
            self._end(replace(result, frames=message.frames, notes=message.notes))
            return
        self._ledger.write(Event.FAILED, identity, task.output, said)
        if message.hopeless:
            raise message.kind(message.sentence, message.remedy)
        self._end(_failed(result, message))

    def _fail(self, pair: Pair, error: VidcolorError) -> None:
        result = Result(str(pair.source), str(pair.output), Status.FAILED)
        self._end(_failed(result, Failure(type(error), error.sentence, error.remedy)))

    def _end(self, result: Result) -> None:
        self._results.append(result)
        self._watcher.ended(result)


def _remove_rubble(output: Path) -> None:
    """Take away half-written photographs of a killed run; films keep theirs in the job's folder."""
    for path in output.parent.iterdir():
        if path.name.startswith(f".{output.stem}.") and path.name.endswith(f".part{output.suffix}"):
            path.unlink(missing_ok=True)


def _failed(result: Result, failure: Failure) -> Result:
    return replace(
        result,
        status=Status.FAILED,
        error=f"{failure.sentence} {failure.remedy}",
        code=failure.kind.exit_code,
        trace=failure.trace,
    )


def counts(results: Sequence[Result]) -> dict[str, int]:
    """How many files were done, skipped and failed."""
    return {str(status): sum(r.status == status for r in results) for status in Status}


def write_report(path: Path, settings: ColorizeSettings, results: Sequence[Result]) -> None:
    """Write what became of every file as JSON."""
    report = {
        "version": __version__,
        "settings": asdict(settings),
        "counts": counts(results),
        "files": [asdict(result) for result in results],
    }
    with finished_file(path) as temporary:
        temporary.write_text(json.dumps(report, indent=2))
