"""`vidcolor train --data DIR --out RUN`: options to settings, and the run."""

from __future__ import annotations

import json
import os
import shlex
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from vidcolor.cli.interrupt import INTERRUPTED
from vidcolor.cli.options import grouped
from vidcolor.cli.talk import Talk
from vidcolor.cli.train_options import as_record, train_options
from vidcolor.needs import TORCH, need

PICTURES = "pictures"
"""Where in the user's cache folder decoded pictures lie."""

if TYPE_CHECKING:
    from vidcolor.train.loop import Trainer
    from vidcolor.train.settings import TrainSettings

# Threads that wait by spinning slow each other down four times where cores are shared; OpenMP reads
# this when torch is imported.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")


@train_options
@click.command(cls=grouped)
@click.pass_context
def train(context: click.Context, /, **options: Any) -> None:
    """Fit a model on folders of colour pictures and clips.

    The run's folder holds the settings, the whole state (to go on from), the averaged weights as
    model.safetensors, the figures in metrics.jsonl, sheets of grey, coloured and true pictures, and
    report.html. On many devices: torchrun --nproc-per-node N -m vidcolor train ...
    """
    need("vidcolor train", "train", *TORCH)
    told = {
        name: value
        for name, value in options.items()
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE
    }
    talk = Talk(told.pop("quiet", False), False, told.pop("as_json", False))
    given: Path | None = told.pop("cache", None)
    context.obj = [] if given is None else ["--cache", str(given)]
    cache = _cache(given)
    run: Path | None = told.pop("resume", None)
    config: Path | None = told.pop("config", None)
    plan = bool(told.pop("plan", False))
    if run is not None:
        _resume(context, run, cache, told, talk)
        return
    base = {} if config is None else _read(config)
    record = as_record(told, base)
    if plan:
        _plan(record, talk)
        return
    _start(context, record, cache, talk)


def _cache(folder: Path | None) -> Path:
    from vidcolor.infer.openvino_backend import CacheFolder

    return folder or (CacheFolder.of_user().path or Path()) / PICTURES


def _read(config: Path) -> dict[str, Any]:
    from vidcolor.train.settings import TrainSettings

    TrainSettings.load(config)
    stored: dict[str, Any] = json.loads(config.read_text())
    return stored


def _start(context: click.Context, record: dict[str, Any], cache: Path, talk: Talk) -> None:
    from vidcolor.errors import UsageError

    if not record["data"] or "out" not in record:
        raise UsageError(
            "A training needs pictures and a folder for the run.", "Give --data and --out."
        )
    settings = _checked(record)

    from vidcolor.train.group import joined
    from vidcolor.train.loop import start
    from vidcolor.train.words import Words

    with joined(settings.device) as (group, device):
        words = Words(talk.quiet)
        _fit(context, lambda: start(settings, cache, group, device, words), talk)


def _checked(record: dict[str, Any], begins: bool = True) -> TrainSettings:
    """The settings of a record, when all that such a run needs is there; without torch so far."""
    from vidcolor.train.needs import check_needs
    from vidcolor.train.settings import TrainSettings

    settings = TrainSettings.from_record(record)
    check_needs(settings, begins)
    return settings


def _resume(
    context: click.Context, run: Path, cache: Path, told: dict[str, Any], talk: Talk
) -> None:
    from vidcolor.train.settings import SETTINGS, TrainSettings

    before = TrainSettings.load(run / SETTINGS)
    record = as_record(told, json.loads((run / SETTINGS).read_text()))
    changes = before.changes(_checked(_with_one_length(record, told), begins=False))

    from vidcolor.train.group import joined
    from vidcolor.train.loop import resume
    from vidcolor.train.words import Words

    with joined(before.device) as (group, device):
        words = Words(talk.quiet)
        _fit(context, lambda: resume(run, cache, group, device, words, **changes), talk)


def _with_one_length(record: dict[str, Any], told: dict[str, Any]) -> dict[str, Any]:
    """The record with the length that was told now, in place of the one before."""
    if "hours" in told and "steps" not in told:
        return record | {"steps": None}
    if "steps" in told and "hours" not in told:
        return record | {"hours": None}
    return record


def _fit(context: click.Context, prepare: Callable[[], Trainer], talk: Talk) -> None:
    from vidcolor.train.stop import StoppedError

    began = time.perf_counter()
    trainer = prepare()
    try:
        outcome = trainer.fit()
    except StoppedError:
        if trainer.group.leads:
            command = shlex.join(["vidcolor", "train", "--resume", str(trainer.run), *context.obj])
            click.echo(f"stopped, all is saved. To go on: {command}", err=True)
        context.exit(INTERRUPTED)
    if outcome is None:
        return
    talk.say(outcome.line())
    for note in outcome.notes:
        talk.say(f"note: {note}")
    if talk.as_json:
        seconds = round(time.perf_counter() - began, 3)
        click.echo(json.dumps({**asdict(outcome), "seconds": seconds}))


def _plan(record: dict[str, Any], talk: Talk) -> None:
    settings = _checked({"out": "", **record})

    from vidcolor.train.plan import plan
    from vidcolor.train.words import Words

    forecast = plan(settings, Words(talk.quiet))
    click.echo(json.dumps(asdict(forecast)) if talk.as_json else forecast.lines())
