"""A run of a batch as one page: each file before and after, what needs a look first."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import datetime
from html import escape
from pathlib import Path
from urllib.parse import quote

from vidcolor.run.exhibit import Shown
from vidcolor.run.results import Result, Status, counts, with_notes
from vidcolor.run.sheet import inline, page

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
    body = "".join(_row(result, shown(result), target) for result in rows)
    return page(
        f"vidcolor batch, {began:%Y-%m-%d %H:%M}", _head(results, began) + _main(body), "batch.css"
    )


def _kind(result: Result) -> str:
    return "noted" if result.status == Status.DONE and result.notes else str(result.status)


def _head(results: Sequence[Result], began: datetime) -> str:
    """Title, sums, and switches that work without a script."""
    found = counts(results)
    words = ", ".join(f"{number} {status}" for status, number in found.items())
    kinds = [kind for kind in _KINDS if any(_kind(result) == kind for result in results)]
    switches = "".join(
        f'<label><input type="checkbox" id="show-{kind}" checked>'
        f" {_KINDS[kind]} ({_count(results, kind)})</label>"
        for kind in kinds
    )
    return (
        f"<header><h1>Batch of {began:%Y-%m-%d %H:%M}</h1>"
        f"<p>{words}; {with_notes(results)} with notes. Left before, right after.</p>"
        f'<p class="switches">{switches}</p></header>'
    )


def _count(results: Sequence[Result], kind: str) -> int:
    return sum(_kind(result) == kind for result in results)


def _main(rows: str) -> str:
    return f'<main class="rows">{rows}</main>'


def _row(result: Result, shown: Shown, target: Path) -> str:
    kind = _kind(result)
    said = [f'<p class="error">{escape(result.error)}</p>'] if result.error else []
    said += [f"<p>{escape(note)}</p>" for note in result.notes]
    return (
        f'<article class="{kind}">{_pictures(shown)}<div><h2>{_name(result, target)}</h2>'
        f'<p class="facts"><b>{result.status}</b> {_facts(result)}</p>{"".join(said)}</div>'
        "</article>"
    )


def _pictures(shown: Shown) -> str:
    if not shown.before:
        return ""
    pair = ((shown.before, "before"), (shown.after, "after"))
    return "".join(
        f'<img src="{inline(jpeg)}" alt="{when}" loading="lazy" decoding="async">'
        for jpeg, when in pair
    )


def _name(result: Result, target: Path) -> str:
    """The source, as a link to what was made of it where that is there."""
    name = escape(result.source)
    if result.status == Status.FAILED or not result.output:
        return name
    beside = quote(Path(os.path.relpath(result.output, target)).as_posix())
    return f'<a href="{beside}">{name}</a>'


def _facts(result: Result) -> str:
    if not result.frames:
        return ""
    frames = f"{result.frames} frame{'s' * (result.frames != 1)}"
    resumed = f" ({result.resumed} from an earlier run)" if result.resumed else ""
    return f"{frames}{resumed}, {result.seconds:.1f} s"
