"""A batch in words while it runs: a line a file, its notes below, and how far the whole is."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from vidcolor.cli.talk import PLAIN_EVERY_S, Talk

if TYPE_CHECKING:
    from vidcolor.run.progress import Progress
    from vidcolor.run.results import Result

_SHOWN = 3
_LISTED = 8
_LONGEST = 20
_BAR_FORMAT = "{percentage:3.0f}%|{bar:8}| {desc}{postfix}"


class Notes:
    """Numbers sentences, so that what is said of many files is read once."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._counts: Counter[str] = Counter()

    def lines(self, sentences: Sequence[str]) -> list[str]:
        """What to say below a file's line: new sentences in full, others by their numbers."""
        said = dict.fromkeys(sentences)
        known = sorted(self._numbers[one] for one in said if one in self._numbers)
        fresh = [one for one in said if one not in self._numbers]
        self._counts.update(said.keys())
        for one in fresh:
            self._numbers[one] = len(self._numbers) + 1
        lines = [f"  note {self._numbers[one]}: {one}" for one in fresh]
        if known:
            numbers = ", ".join(map(str, known))
            lines.append(f"  note{'s' * (len(known) > 1)} {numbers} again")
        return lines

    def summary(self) -> list[str]:
        """Sentences that were said of more than one file, the most frequent first."""
        often = [(one, count) for one, count in self._counts.most_common(_LISTED) if count > 1]
        return [f"note {self._numbers[one]} ({count} files): {one}" for one, count in often]


class Table:
    """A line for each file that ends; below it, on a terminal, how far the whole is.

    Args:
        files: how many there are, None where more may come.
        talk: how much is said.
    """

    def __init__(self, files: int | None, talk: Talk) -> None:
        from tqdm import tqdm

        self._talk = talk
        self._terminal = sys.stderr.isatty()
        self._shares: dict[str, float] = {}
        self._files, self._ended = files, 0
        self._last = time.monotonic()
        self._notes = Notes()
        self._bar = tqdm(
            total=1.0,
            disable=talk.quiet or not self._terminal,
            bar_format=_BAR_FORMAT,
            dynamic_ncols=True,
        )

    def __enter__(self) -> Table:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()
        for line in self._notes.summary():
            self._talk.say(line)

    def note(self, sentence: str) -> None:
        """A line of its own."""
        self._say(f"note: {sentence}")

    def moved(self, source: Path, share: float) -> None:
        """Remember what is at work."""
        self._shares[str(source)] = share

    def ended(self, result: Result) -> None:
        """A line with what became of the file, and its notes."""
        self._shares.pop(result.source, None)
        self._ended += 1
        resumed = f" ({result.resumed} from an earlier run)" if result.resumed else ""
        frames = f"{result.frames} frame{'s' * (result.frames != 1)}{resumed}"
        detail = {
            "done": f"{result.output}, {frames} in {result.seconds:.1f} s",
            "skipped": "done by an earlier run",
            "failed": result.error,
        }[result.status]
        self._say(f"{result.status}: {result.source}: {detail}")
        if result.status != "skipped":
            for line in self._notes.lines(result.notes):
                self._say(line)

    def advanced(self, progress: Progress) -> None:
        """Show how far the whole is, and what is at work."""
        words = self._words(progress)
        if self._terminal:
            self._bar.n = round(progress.share, 4)
            self._bar.set_description_str(words, refresh=False)
            self._bar.set_postfix_str(self._at_work(), refresh=True)
        now = time.monotonic()
        if not self._terminal and now - self._last >= PLAIN_EVERY_S:
            self._last = now
            self._talk.say(f"{progress.share:.0%}, {words}; at work: {self._at_work()}")

    def _words(self, progress: Progress) -> str:
        of_all = f"{self._ended} of {self._files}" if self._files else f"{self._ended}"
        files = f"{of_all} files"
        if progress.workers:
            files += f", {progress.workers} workers, {progress.busy:.0%} busy"
        if progress.remaining_s is None or not progress.left:
            return files
        return f"{files}, {roughly(progress.remaining_s)} left"

    def _at_work(self) -> str:
        at_work = [f"{_short(name)} {share:.0%}" for name, share in self._shares.items()]
        return ", ".join(at_work[:_SHOWN])

    def _say(self, line: str) -> None:
        if self._terminal and not self._talk.quiet:
            self._bar.write(line, file=sys.stderr)
        else:
            self._talk.say(line)


def _short(path: str) -> str:
    """The name of a file, the middle left out of a long one."""
    name = Path(path).name
    half = _LONGEST // 2
    return name if len(name) <= _LONGEST else f"{name[:half]}…{name[-half:]}"


def roughly(seconds: float) -> str:
    """Time in words that do not jump: about two digits of it."""
    if seconds < 60:
        return f"{5 * max(1, round(seconds / 5))} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(5 * round(minutes / 5), 60)
    return f"{hours} h {rest} min" if hours < 10 else f"{round(seconds / 3600)} h"
