"""Files of a batch on the machines of a cluster: who gives the command hands out, and hears.

Where there are more films than machines, each goes out whole to one of them, which does all that
`colorize` does; photographs go out so in hundreds. The last films, fewer than machines, are each
followed by a foreman, who needs no machine of his own: their segments go to all painters.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from vidcolor.errors import InputError, MachineError
from vidcolor.media.suffixes import may_be_picture
from vidcolor.run.bench import Bench, Model
from vidcolor.run.exhibit import Shown
from vidcolor.run.identity import identify
from vidcolor.run.messages import Failure, Message, Moved
from vidcolor.run.nodes import (
    RETRIES,
    check_storage,
    connected,
    cpus_each,
    gpus_of,
    machines_in,
    understood,
)
from vidcolor.run.one import Task
from vidcolor.run.painter import Introduction, introduction
from vidcolor.run.painters import Painters, Where, check_alike, first_ready
from vidcolor.run.settings import ColorizeSettings
from vidcolor.run.workers import ASK_EVERY_S

TELL_EVERY_S = 5.0
"""So often a machine says how far it is: hundreds of them talk to one process."""
LOOK_EVERY_S = 2.0
PHOTOGRAPHS = 200
"""At most so many go out at once."""
SPREAD = 7919
"""So many painters after the one before each foreman begins, counted round: else hundreds of them
would all lade the same ones first."""
SHARES = 2
"""Of few photographs each machine gets so many such loads."""

Said = tuple[int, Message]


class Hand:
    """One worker of the cluster that does files by itself, or as a foreman.

    Args:
        settings: of all files.
        where: the cluster whose painters colour, for a foreman; None for the worker itself.
        cpus: threads for all that is not the network.
    """

    def __init__(self, settings: ColorizeSettings, where: Where | None, cpus: int) -> None:
        import cv2

        cv2.setNumThreads(cpus)
        self._settings = settings
        self._model = Model(settings, where)

    def introduce(self) -> Introduction:
        """Say what works here, before any file is begun."""
        return introduction(self._settings, self._model.load().description)

    def work(self, tasks: Sequence[Task]) -> Iterator[list[Said]]:
        """Do files in their order; what is to be said of each, by its place, now and then."""
        told: queue.SimpleQueue[Said | None] = queue.SimpleQueue()

        def do_all() -> None:
            bench = Bench(self._model, self._settings)
            for number, task in enumerate(tasks):
                bench.do(task, _Channel(number, told))
            bench.finish()
            told.put(None)

        threading.Thread(target=do_all, daemon=True).start()
        yield from _gathered(told)


@dataclass(frozen=True)
class _Channel:
    number: int
    told: queue.SimpleQueue[Said | None]

    def send(self, message: Message) -> None:
        self.told.put((self.number, message))


def _gathered(told: queue.SimpleQueue[Said | None]) -> Iterator[list[Said]]:
    """What was said within some seconds, at the end at once; of how far a file is the latest."""
    more = True
    while more:
        said: list[Said] = []
        until = time.monotonic() + TELL_EVERY_S
        while more and (left := until - time.monotonic()) > 0:
            try:
                one = told.get(timeout=left)
            except queue.Empty:
                break
            if one is None:
                more = False
            else:
                said = [s for s in said if not _outdates(one, s)] + [one]
        if said:
            yield said


def _outdates(later: Said, earlier: Said) -> bool:
    same = later[0] == earlier[0]
    return same and isinstance(later[1], Moved) and isinstance(earlier[1], Moved)


@dataclass(eq=False)
class _Load:
    """Files that go to one worker, and how often they did."""

    tasks: list[Task]
    tries: int = 0
    ended: set[int] = field(default_factory=set)

    def rest(self) -> _Load:
        """What is to be done by another one; what was begun may be there by now."""
        left = [task for number, task in enumerate(self.tasks) if number not in self.ended]
        return _Load([replace(task, overwrite=True) for task in left], self.tries + 1)


@dataclass(eq=False)
class _Busy:
    """A worker at its load."""

    hand: Any
    whole: bool
    load: _Load
    coming: Any


class Hands:
    """As `Crew`, of a cluster's machines.

    Args:
        where: which cluster.
        settings: for all files; `threads` are each worker's.
        sources: all files in the order of their tasks, None where more may come.

    Raises:
        MachineError: Ray is not installed, there is no such cluster, or it is too small.
    """

    def __init__(
        self, where: Where, settings: ColorizeSettings, sources: Sequence[Path] | None
    ) -> None:
        self._ray = connected(where.address)
        self._where, self._settings = where, settings
        self._cpus = cpus_each(self._ray, settings.threads)
        self._gpus = bool(gpus_of(self._ray, settings.device))
        self._left = _Left(sources or ())
        self._painters: Painters | None = None
        self._busy: list[_Busy] = []
        self._idle: dict[bool, list[Any]] = {True: [], False: []}
        self._known: Introduction | None = None
        self._spare: Any = None
        self._ahead: Task | None = None
        self._foremen = 0
        self._checked: frozenset[str] = frozenset()
        self._looked, self._machines = -LOOK_EVERY_S, 0

    @property
    def machines(self) -> int:
        """How many workers the cluster has room for."""
        now = time.monotonic()
        if now - self._looked >= LOOK_EVERY_S:
            self._looked = now
            self._machines = max(1, machines_in(self._ray, self._gpus, self._cpus))
        return self._machines

    @property
    def busy(self) -> float:
        """Share of them that are at work, 0..1; whoever is ready to do a part is taken to be."""
        ready = len(self._painters) if self._painters else 0
        return min(1.0, (self._held() + ready) / self.machines)

    def _held(self) -> int:
        return sum(one.whole for one in self._busy)

    def run(self, tasks: Iterator[Task | None]) -> Iterator[tuple[Task, Message]]:
        """See `Crew.run`."""
        try:
            more = True
            while more or self._busy:
                more = more and self._hand_out(tasks)
                if not self._busy:
                    time.sleep(ASK_EVERY_S)
                for one in self._ready():
                    yield from self._attend(one)
        finally:
            self.stop()

    def _hand_out(self, tasks: Iterator[Task | None]) -> bool:
        """Give out what there is room for; False if there will be no more."""
        while self._room():
            try:
                load = self._next(tasks)
            except StopIteration:
                return False
            if load is None:
                break
            self._give(load)
        return True

    def _room(self) -> bool:
        held = self._held()
        if self._painters is None:
            return held < self.machines
        return len(self._busy) - held < max(1, (self.machines - held) // 2)

    def _is_whole(self, task: Task) -> bool:
        """Whether at least as many loads are left as there are machines, this one among them."""
        if self._painters is not None:
            return False
        films, photographs = self._left.after(task.source)
        left = films + photographs // self._at_once() + 1
        return may_be_picture(task.source) or left >= self.machines

    def _at_once(self) -> int:
        """How many photographs go out together."""
        return max(1, min(PHOTOGRAPHS, self._left.photographs // (SHARES * self.machines)))

    def _next(self, tasks: Iterator[Task | None]) -> _Load | None:
        """A film, or photographs that follow each other."""
        task, self._ahead = self._ahead or next(tasks), None
        if task is None:
            return None
        load = _Load([task])
        while may_be_picture(task.source) and len(load.tasks) < self._at_once():
            following = next(tasks, None)
            if following is None:
                break
            if not may_be_picture(following.source):
                self._ahead = following
                break
            load.tasks.append(following)
        return load

    def _give(self, load: _Load) -> None:
        whole = self._is_whole(load.tasks[0])
        self._check_storage(load.tasks[0])
        if not whole and self._painters is None:
            self._painters = self._called_painters()
        idle = self._idle[whole]
        start = self._whole_one if whole else self._foreman
        hand = idle.pop() if idle else start()
        self._busy.append(_Busy(hand, whole, load, hand.work.remote(load.tasks)))

    def _whole_one(self) -> Any:
        """A worker for whole files; one more is always asked for, so that Ray asks for room."""
        hand = self._spare or self._started()
        if self._known is None:
            call = first_ready(self._ray, [hand.introduce.remote()])
            with understood():
                self._known = self._ray.get(call)
            check_alike(self._known, self._settings)
        self._spare = self._started()
        return hand

    def _started(self) -> Any:
        gpus, cpus = self._gpus, 2 * self._cpus
        hand = self._ray.remote(Hand).options(num_cpus=1 if gpus else cpus, num_gpus=int(gpus))
        # Films are encoded with as many threads as their tasks say, wherever that is.
        threads = min(self._settings.threads, cpus)
        settings = replace(self._settings, device="cuda" if gpus else "cpu", threads=threads)
        return hand.remote(settings, None, cpus)

    def _foreman(self) -> Any:
        where = replace(self._where, starts=False, first=self._foremen * SPREAD)
        self._foremen += 1
        return self._ray.remote(Hand).options(num_cpus=0).remote(self._settings, where, 1)

    def _called_painters(self) -> Painters:
        """Painters in place of the workers that have nothing to do any more."""
        self._dismiss()
        return Painters(self._ray, self._where, self._settings, self._held())

    def _check_storage(self, task: Task) -> None:
        """Once, and whenever a machine has come."""
        nodes = frozenset(node["NodeID"] for node in self._ray.nodes() if node["Alive"])
        if not nodes <= self._checked:
            source = task.source
            with suppress(InputError):  # a file that went away fails alone
                check_storage(self._ray, source, identify(source), task.output.parent)
                self._checked = nodes

    def _dismiss(self) -> None:
        for hand in [*self._idle[True], *([self._spare] if self._spare else [])]:
            self._ray.kill(hand)
        self._idle[True].clear()
        self._spare = None

    def _ready(self) -> list[_Busy]:
        if self._painters is not None:
            self._painters.held = self._held()
            self._painters.look()
        coming = [one.coming for one in self._busy]
        if not coming:
            return []
        ready = self._ray.wait(coming, num_returns=len(coming), timeout=ASK_EVERY_S)[0]
        return [one for one in self._busy if one.coming in ready]

    def _attend(self, one: _Busy) -> Iterator[tuple[Task, Message]]:
        try:
            said: list[Said] = self._ray.get(next(one.coming))
        except StopIteration:
            self._busy.remove(one)
            self._idle[one.whole].append(one.hand)
            if self._painters is not None:
                self._dismiss()
            return
        except self._ray.exceptions.RayError as error:
            self._busy.remove(one)
            yield from self._lost(one.load, error)
            return
        for number, message in said:
            if isinstance(message, Shown | Failure):
                one.load.ended.add(number)
            yield one.load.tasks[number], message

    def _lost(self, load: _Load, error: Exception) -> Iterator[tuple[Task, Message]]:
        """Have another one do what a worker did not end; at last say that it failed."""
        rest = load.rest()
        if rest.tasks and rest.tries <= RETRIES:
            self._give(rest)
            return
        for task in rest.tasks:
            sentence = f"Workers of the cluster were lost {rest.tries} times at {task.source}"
            why = f" ({str(error).splitlines()[0]})."
            yield task, Failure(MachineError, sentence + why, "Look at `ray status`.")

    def stop(self) -> None:
        """Stop what is still at work; finished segments are kept."""
        for one in self._busy:
            self._ray.kill(one.hand)
        for hand in self._idle[False]:
            self._ray.kill(hand)
        self._busy.clear()
        self._idle[False].clear()
        self._dismiss()


class _Left:
    """How much lies behind each file of a batch.

    Args:
        sources: in the order of their tasks.
    """

    def __init__(self, sources: Sequence[Path]) -> None:
        self.photographs = sum(map(may_be_picture, sources))
        self._after: dict[Path, tuple[int, int]] = {}
        films = photographs = 0
        for source in reversed(sources):
            self._after[source] = films, photographs
            if may_be_picture(source):
                photographs += 1
            else:
                films += 1

    def after(self, source: Path) -> tuple[int, int]:
        """Films and photographs."""
        return self._after.get(source, (0, 0))
