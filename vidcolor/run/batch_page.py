"""A run of a batch as one page: each file before and after, what needs a look first."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from vidcolor.pages.render import inline, page
from vidcolor.run.exhibit import Shown
from vidcolor.run.results import Result, Status, counts, with_notes

_KINDS = {"failed": "failed", "noted": "done, with notes", "done": "done", "skipped": "skipped"}
"""What a row can be, in the order of the page."""


def batch_page(
    results: Sequence[Result],
    shown: Callable[[Result], Shown],
    target: Path,
    began: datetime,
) -> str:
    """The whole page as HTML text: no script, nothing loaded from elsewhere.

    Args:
        results: of the run.
        shown: gives a file's pictures.
        target: the output folder, where the page will lie.
        began: when the run began.
    """
    order = list(_KINDS)
    rows = sorted(results, key=lambda one: (order.index(_kind(one)), not one.notes))
    kinds = [(kind, words, _count(results, kind)) for kind, words in _KINDS.items()]
    return page(
        "batch.html",
        began=f"{began:%Y-%m-%d %H:%M}",
        counted=", ".join(f"{number} {status}" for status, number in counts(results).items()),
        with_notes=with_notes(results),
        kinds=[entry for entry in kinds if entry[2]],
        rows=[_row(result, shown(result), target) for result in rows],
    )


@dataclass(frozen=True)
class _Row:
    """A file as the page shows it; `link` is empty where nothing was made of it."""

    kind: str
    source: str
    link: str
    status: str
    facts: str
    error: str
    notes: Sequence[str]
    pictures: Sequence[tuple[str, str]]


def _row(result: Result, shown: Shown, target: Path) -> _Row:
    pair = ((shown.before, "before"), (shown.after, "after")) if shown.before else ()
    return _Row(
        kind=_kind(result),
        source=result.source,
        link=_link(result, target),
        status=str(result.status),
        facts=_facts(result),
        error=result.error,
        notes=result.notes,
        pictures=[(inline(jpeg), when) for jpeg, when in pair],
    )


def _kind(result: Result) -> str:
    return "noted" if result.status == Status.DONE and result.notes else str(result.status)


def _count(results: Sequence[Result], kind: str) -> int:
    return sum(_kind(result) == kind for result in results)


def _link(result: Result, target: Path) -> str:
    """From the page to what was made of the source, where that is there."""
    if result.status == Status.FAILED or not result.output:
        return ""
    return quote(Path(os.path.relpath(result.output, target)).as_posix())


def _facts(result: Result) -> str:
    if not result.frames:
        return ""
    frames = f"{result.frames} frame{'s' * (result.frames != 1)}"
    resumed = f" ({result.resumed} from an earlier run)" if result.resumed else ""
    return f"{frames}{resumed}, {result.seconds:.1f} s"
