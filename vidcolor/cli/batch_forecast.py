"""`vidcolor batch --dry-run` in words: what would be done with each file, what it would take."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vidcolor.cli.batch_table import Notes, roughly
from vidcolor.cli.talk import Talk
from vidcolor.errors import BatchError

if TYPE_CHECKING:
    from vidcolor.run.forecast import Forecast, Sum
    from vidcolor.run.inputs import Inputs
    from vidcolor.run.order import Order


def say_forecast(order: Order, inputs: Inputs, talk: Talk) -> None:
    """Say what a batch would do.

    Raises:
        BatchError: some files would be refused.
        ModelError, UsageError: nothing could be done at all.
    """
    from vidcolor.run.forecast import Prophet, sum_of

    prophet, notes, forecasts = Prophet(order, inputs), Notes(), []
    for forecast in prophet.forecasts():
        forecasts.append(forecast)
        talk.say(_line(forecast))
        for line in notes.lines(forecast.notes if forecast.fate != "skip" else ()):
            talk.say(line)
    total = sum_of(forecasts, order.jobs)
    free = _free(order.target)
    for line in (*notes.summary(), *_closing(total, free, prophet.rate.basis)):
        talk.say(line)
    if talk.as_json:
        result = {
            "dry_run": True,
            **dataclasses.asdict(total),
            "basis": prophet.rate.basis,
            "free_bytes": free,
            "files": [dataclasses.asdict(forecast) for forecast in forecasts],
            "left_alone": [str(path) for path in inputs.others],
        }
        click.echo(json.dumps(result))
    _raise_refusals(forecasts)


def _line(forecast: Forecast) -> str:
    frames = f"{forecast.frames} frame{'s' * (forecast.frames != 1)}"
    about = f"about {roughly(forecast.seconds)}"
    detail = {
        "colour": f"to {forecast.output}, {frames}, {about}",
        "go on": f"to {forecast.output}, at {forecast.resumed} of {frames}, {about}",
        "skip": "done by an earlier run",
        "refuse": forecast.error,
    }[forecast.fate]
    return f"{forecast.fate}: {forecast.source}: {detail}"


def _closing(total: Sum, free: int, basis: str) -> list[str]:
    from vidcolor.run.space import size_words

    counts = total.counts
    disk = f"disk: films at least {size_words(total.bytes)}, {size_words(free)} free"
    return [
        f"nothing was written; {counts['colour']} to colour, {counts['go on']} to go on with,"
        f" {counts['skip']} to skip, {counts['refuse']} refused",
        disk + ("; that is too little" if total.bytes > free else ""),
        f"time: {total.frames} frames, about {roughly(total.seconds)}, an estimate from {basis}",
    ]


def _free(target: Path) -> int:
    """Bytes free where the output folder is or will be."""
    absolute = target.absolute()
    there = next(path for path in (absolute, *absolute.parents) if path.exists())
    return shutil.disk_usage(there).free


def _raise_refusals(forecasts: Sequence[Forecast]) -> None:
    refused = sum(forecast.fate == "refuse" for forecast in forecasts)
    if refused:
        raise BatchError(
            f"{refused} of {len(forecasts)} files would be refused.",
            "The lines above say why; the rest would be coloured all the same.",
        )
