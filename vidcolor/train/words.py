"""What a run says while it goes on: lines and bars for people, on stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator, Sized
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeVar

from tqdm import tqdm

PLAIN_EVERY_S = 30.0

Thing = TypeVar("Thing")


class Bar:
    """Progress: a bar on a terminal, a line every half minute elsewhere."""

    def __init__(self, words: Words, what: str, unit: str, total: int | None = None) -> None:
        self._words, self._what, self._unit, self._total = words, what, unit, total
        self._terminal = sys.stderr.isatty()
        self._done, self._last = 0, time.monotonic()
        hidden = words.quiet or not self._terminal
        self._bar: Any = tqdm(desc=what, total=total, unit=f" {unit}", disable=hidden)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.close()

    def update(self, count: int, note: str = "") -> None:
        """Count things that are done; the note says more."""
        self._done += count
        self._bar.set_postfix_str(note, refresh=False)
        self._bar.update(count)
        now = time.monotonic()
        if not self._terminal and now - self._last >= PLAIN_EVERY_S:
            self._last = now
            of = "" if self._total is None else f" of {self._total}"
            more = f", {note}" if note else ""
            self._words.say(f"{self._what}: {self._done}{of} {self._unit}{more}")


@dataclass(frozen=True)
class Words:
    """How much a run says.

    Attributes:
        quiet: nothing but errors.
    """

    quiet: bool = False

    def say(self, line: str) -> None:
        """A line, above the bar where there is one."""
        if not self.quiet:
            tqdm.write(line, file=sys.stderr)

    def note(self, sentence: str) -> None:
        """A line that deserves attention."""
        self.say(f"note: {sentence}")

    def counted(
        self, things: Iterable[Thing], what: str, unit: str, total: int | None = None
    ) -> Iterator[Thing]:
        """Pass things on and show how many there were."""
        known = len(things) if total is None and isinstance(things, Sized) else total
        with Bar(self, what, unit, known) as bar:
            for thing in things:
                yield thing
                bar.update(1)


SILENT = Words(quiet=True)
