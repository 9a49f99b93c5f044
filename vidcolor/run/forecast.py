"""What a batch would do and take, file by file; nothing is written."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from vidcolor.errors import InputError, OutputError, VidcolorError, as_flags
from vidcolor.media.codecs import segment_suffix
from vidcolor.media.picture import check_picture_output
from vidcolor.media.probe import kind_of
from vidcolor.media.suffixes import CONTAINERS
from vidcolor.run.folder import check_job, is_joined, job_folder, records_in
from vidcolor.run.inputs import Inputs, Pair
from vidcolor.run.ledger import Ledger, Standing
from vidcolor.run.one import Task, film_plan
from vidcolor.run.order import Order, checked, look
from vidcolor.run.pictures import check_output
from vidcolor.run.records import LEDGER, MEMORY
from vidcolor.run.settings import ColorizeSettings
from vidcolor.run.space import check_space, film_bytes

STATED_PIXELS_A_SECOND = 10e6
STATED_PHOTOGRAPH_S = 2.0
LEAST_FRAMES = 240
"""Frames that must have been made before their rate means anything: the first run loads a model."""


class Fate(StrEnum):
    """What would be done with a file."""

    COLOR = "colour"
    GO_ON = "go on"
    SKIP = "skip"
    REFUSE = "refuse"


@dataclass(frozen=True)
class Forecast:
    """What would become of one file.

    Attributes:
        source: where it is.
        output: where its colour would go.
        fate: what would be done.
        frames: of the film, 1 for a photograph, 0 where that is not known.
        resumed: that an earlier run has made.
        bytes: of the encoded film, at least; 0 for a photograph.
        seconds: estimated, of one worker.
        error: why it would be refused, with the remedy.
        code: exit code that this would have alone.
        notes: sentences on what would be mended, converted or left out.
    """

    source: str
    output: str
    fate: Fate
    frames: int = 0
    resumed: int = 0
    bytes: int = 0
    seconds: float = 0.0
    error: str = ""
    code: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rate:
    """How fast colouring is thought to be.

    Attributes:
        films_a_second: frames, None where only `STATED_PIXELS_A_SECOND` is known.
        photograph_s: seconds of a photograph.
        basis: where this is from, in words.
    """

    films_a_second: float | None
    photograph_s: float
    basis: str

    def seconds(self, frames: int, pixels: int) -> float:
        """What so many frames of so many pixels each take."""
        if self.films_a_second is None:
            return frames * pixels / STATED_PIXELS_A_SECOND
        return frames / self.films_a_second


def rate_of(ledger: Ledger) -> Rate:
    """The rate of what was made into this folder, or one that was measured elsewhere."""
    made = ledger.all_made().items()
    films = [one for name, one in made if Path(name).suffix.lower() in CONTAINERS]
    pictures = [one for name, one in made if Path(name).suffix.lower() not in CONTAINERS]
    frames, seconds = sum(m.frames - m.resumed for m in films), sum(m.seconds for m in films)
    shared = sum(m.seconds for m in pictures)
    photograph_s = shared / len(pictures) if shared else STATED_PHOTOGRAPH_S
    if frames >= LEAST_FRAMES and seconds:
        rate = frames / seconds
        basis = f"the {rate:.1f} frames a second of {frames} frames that were made into this folder"
        return Rate(rate, photograph_s, basis)
    stated = f"{STATED_PIXELS_A_SECOND / 1e6:.0f} megapixels of film a second"
    return Rate(None, photograph_s, f"{stated}, as two cores do; nothing was measured here yet")


class Prophet:
    """Says what a batch would do.

    Args:
        order: what is asked.
        inputs: what was found for it.

    Attributes:
        rate: that estimates are made with.

    Raises:
        ModelError, UsageError: as `run_batch`.
    """

    def __init__(self, order: Order, inputs: Inputs) -> None:
        self._order, self._inputs = order, inputs
        self._settings, key = checked(order)
        self._ledger = Ledger(order.target / MEMORY / LEDGER, order.target, key)
        self.rate = rate_of(self._ledger)

    def forecasts(self) -> Iterator[Forecast]:
        """One a file, in the order of the batch; each is looked at as it is asked for."""
        for folder in self._inputs.closed:
            error = InputError(f"The folder {folder} may not be read.", "Change its permissions.")
            yield _refused(Forecast(str(folder), "", Fate.REFUSE), error)
        for pair in self._inputs.pairs:
            empty = Forecast(str(pair.source), str(pair.output), Fate.COLOR)
            try:
                yield self._forecast(pair, empty)
            except VidcolorError as error:
                yield _refused(empty, error)

    def _forecast(self, pair: Pair, empty: Forecast) -> Forecast:
        found = look(pair, self._order, self._ledger)
        if found.standing == Standing.DONE:
            made = self._ledger.made(pair.output)
            return replace(empty, fate=Fate.SKIP, frames=made.frames, notes=made.notes)
        task = _task(pair, self._settings, replaces=found.standing == Standing.OWN)
        if kind_of(pair.source) == "picture":
            check_picture_output(task.output)
            return replace(empty, frames=1, seconds=self.rate.photograph_s)
        return self._film(pair, task, empty)

    def _film(self, pair: Pair, task: Task, empty: Forecast) -> Forecast:
        plan = film_plan(task)
        folder = job_folder(pair.output)
        done = []
        if not self._order.restart:
            check_job(plan, folder)
            done = records_in(folder, segment_suffix(plan.encoder.codec))
        check_space(plan, done)
        resumed = sum(record.count for record in done)
        return replace(
            empty,
            fate=Fate.GO_ON if done else Fate.COLOR,
            frames=plan.count,
            resumed=resumed,
            bytes=film_bytes(plan, done),
            seconds=round(
                self.rate.seconds(plan.count - resumed, plan.clip.width * plan.clip.height), 1
            ),
            notes=tuple(map(as_flags, plan.notes)),
        )


def _task(pair: Pair, settings: ColorizeSettings, replaces: bool) -> Task:
    """The task of a pair; where its folder is not there yet, as if it went into the one above.

    Raises:
        OutputError: something is in the way, or nothing may be written there.
    """
    folder = pair.output.parent
    if folder.is_dir():
        check_output(pair.source, pair.output, replaces or is_joined(pair.output))
        return Task(pair.source, pair.output, settings)
    above = next(one for one in folder.absolute().parents if one.exists())
    if not above.is_dir() or not os.access(above, os.W_OK):
        raise OutputError(f"{folder} cannot be made.", "Choose another folder.")
    return Task(pair.source, above / pair.output.name, settings)


def _refused(forecast: Forecast, error: VidcolorError) -> Forecast:
    words = as_flags(f"{error.sentence} {error.remedy}")
    return replace(forecast, fate=Fate.REFUSE, error=words, code=error.exit_code)


@dataclass(frozen=True)
class Sum:
    """What all files together would take.

    Attributes:
        counts: files by fate.
        frames: to be made.
        bytes: of the films at least, and once more of the largest while it is joined.
        seconds: estimated.
    """

    counts: dict[str, int]
    frames: int
    bytes: int
    seconds: float


def sum_of(forecasts: Sequence[Forecast], jobs: int) -> Sum:
    """All together, with so many files at a time."""
    work = [f for f in forecasts if f.fate in (Fate.COLOR, Fate.GO_ON)]
    largest = sorted((f.bytes for f in work), reverse=True)[:jobs]
    return Sum(
        counts={str(fate): sum(f.fate == fate for f in forecasts) for fate in Fate},
        frames=sum(f.frames - f.resumed for f in work),
        bytes=sum(f.bytes for f in work) + sum(largest),
        seconds=round(sum(f.seconds for f in work) / jobs, 1),
    )
