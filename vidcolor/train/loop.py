"""The training loop: batches in, averaged weights out, whole after any interruption."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch

from vidcolor.color.chroma import Bins, bins_from_histogram
from vidcolor.errors import InputError, MachineError, OutputError
from vidcolor.files import write_text
from vidcolor.network.build import build_generator
from vidcolor.network.checkpoint import save_model
from vidcolor.network.config import Calibration, ModelInfo
from vidcolor.network.generator import Generator
from vidcolor.train.begin import begun_with, bins_of_teacher
from vidcolor.train.candidates import Candidates
from vidcolor.train.draw import Order
from vidcolor.train.group import ALONE, Group, same_everywhere
from vidcolor.train.learner import Learner, Pace
from vidcolor.train.log import PAGE, Log
from vidcolor.train.needs import missed
from vidcolor.train.outcome import Ends, Outcome, figures
from vidcolor.train.progress import Progress
from vidcolor.train.resident import ResidentMaker, fits, resident_batches
from vidcolor.train.samples import Maker, batches
from vidcolor.train.schedule import Phase, Schedule
from vidcolor.train.settings import SETTINGS, TrainSettings, config_from_record
from vidcolor.train.sources import names
from vidcolor.train.split import divide
from vidcolor.train.state import STATE, read_state, write_state
from vidcolor.train.stop import Stop, StoppedError, stoppable
from vidcolor.train.tensors import TensorBatch, to_device
from vidcolor.train.validate import CALIBRATION_KNOTS, validate
from vidcolor.train.words import SILENT, Bar, Words

MODEL = "model.safetensors"
SKIPPED = "skipped.txt"
BEFORE = -1
"""The step of a run that has not begun: no row of an earlier one in its folder is older."""
SMOOTHING = 0.98


class Trainer:
    """A run: its pictures, its learner, and how far it has come.

    Args:
        settings: of the run.
        cache: folder of decoded pictures.
        state: to go on from, as `read_state` gives it; None to begin.
        group: the processes that train together.
        device: of this process; None for the one the settings name.
        words: how much is said.
    """

    def __init__(
        self,
        settings: TrainSettings,
        cache: Path,
        state: dict[str, Any] | None = None,
        group: Group = ALONE,
        device: torch.device | None = None,
        words: Words = SILENT,
    ) -> None:
        self.settings, self.group = settings, group
        self.words = words if group.leads else SILENT
        self.run = Path(settings.out)
        if settings.threads:
            torch.set_num_threads(settings.threads)
        torch.manual_seed(settings.seed)
        self.split = divide(settings, cache, group, self.words)
        self._check_pictures(state)
        generator, self.bins = self._begin(state)
        self.device = device or torch.device(settings.device)
        self.learner = Learner(settings, generator, self.bins, self.device, group)
        self.progress = Progress()
        if state is not None:
            self.learner.restore(state)
            self.progress = Progress(**state["progress"])
            torch.set_rng_state(state["torch_rng"])
        self.schedule = Schedule(settings, self.progress)
        if group.leads:
            self._open_folder()
        last = BEFORE if state is None else self.progress.step
        self.log = Log(self.run, last) if group.leads else None
        self.candidates: Candidates | None = None
        if settings.has_phases and group.leads:
            self.candidates = Candidates(
                self.run, settings.nogan, self.split.judged, self.split.held_out, last
            )

    @property
    def generator(self) -> Generator:
        """The network that learns."""
        return self.learner.generator

    @property
    def average(self) -> Generator:
        """The averaged network, which is the one that is kept."""
        return self.learner.average

    def fit(self) -> Outcome | None:
        """Train to the end of the schedule, saving on the way.

        Returns:
            what it came to; None in processes that do not lead.

        Raises:
            MachineError: the loss is no longer a number; the last good state is named.
            StoppedError: Ctrl-C or SIGTERM; the state is saved.
        """
        self.words.say(self._summary())
        notes = [*missed(), *self.split.doubts()] if self.group.leads else []
        for note in notes:
            self.words.note(note)
        with stoppable() as stop, Bar(self.words, "training", "pictures") as bar:
            self._enter(self.schedule.phase())
            clock = time.perf_counter()
            for parts in self._batches():
                waited = time.perf_counter() - clock
                terms = self._step(parts)
                now = time.perf_counter()
                over = self._count(parts, now - clock, waited, stop)
                self._show(bar, parts, terms["loss"])
                if self.progress.step % self.schedule.every() == 0:
                    self._look(terms)
                    self.save()
                if over:
                    self.save()
                    raise StoppedError
                self._enter(self.schedule.phase())
                clock = time.perf_counter()
            return self._finish(notes)

    def _finish(self, notes: Sequence[str]) -> Outcome | None:
        """The last figures and the last state, and which checkpoint is to ship."""
        kept = self.progress.step
        if kept % self.schedule.every():
            self._look({})
            self.save()
        if self.candidates is not None:
            with _writing(self.run):
                kept, words = self.candidates.ship(self.run / MODEL)
            self.words.say(words)
        return None if self.log is None else self._outcome(self.log, kept, notes)

    def _outcome(self, log: Log, kept: int, notes: Sequence[str]) -> Outcome:
        """What the run came to, its weights being those of step `kept`."""
        ends, progress = Ends.of(log.rows, kept), self.progress
        return Outcome(
            output=str(self.run / MODEL),
            run=str(self.run),
            report=str(self.run / PAGE),
            steps=progress.step,
            samples=progress.samples,
            hours=round(progress.seconds / 3600, 4),
            pictures=len(self.split.train),
            validation_pictures=len(self.split.held_out),
            began=None if ends.began is None else figures(ends.began),
            ended=figures(ends.ended),
            best=figures(ends.best),
            notes=(*notes, *ends.warnings(self.settings)),
        )

    def _summary(self) -> str:
        """One line: device, precision, network, recipe, pictures."""
        settings, config = self.settings, self.generator.config
        millions = sum(value.numel() for value in self.generator.parameters()) / 1e6
        devices = f"{self.group.world} x " if self.group.world > 1 else ""
        return (
            f"{devices}{self.device}, {settings.precision}; {config.kind}"
            f" {config.encoder or 'from scratch'}, {millions:.1f} million parameters;"
            f" recipe {settings.recipe}; {len(self.split.train)} pictures,"
            f" {len(self.split.held_out)} for validation; from step {self.progress.step}"
        )

    def save(self) -> None:
        """Write the whole state; the leading process does."""
        if not self.group.leads:
            return
        state = self.learner.state() | {
            "progress": asdict(self.progress),
            "config": asdict(self.generator.config),
            "bins": (torch.from_numpy(self.bins.centers), torch.from_numpy(self.bins.prior)),
            "fingerprint": self.split.store.fingerprint,
            "torch_rng": torch.get_rng_state(),
        }
        write_state(self.run, state)

    def _begin(self, state: dict[str, Any] | None) -> tuple[Generator, Bins]:
        if state is not None and "config" in state:
            centers, prior = (column.numpy() for column in state["bins"])
            return build_generator(config_from_record(state["config"])), Bins(centers, prior)
        begun = begun_with(self.settings)
        if begun is not None:
            return begun
        taught = bins_of_teacher(self.settings)
        bins = bins_from_histogram(self.split.store.histogram) if taught is None else taught
        config = config_from_record(asdict(self.settings.network) | {"bins": bins.count})
        return build_generator(config, pretrained=True), bins

    def _open_folder(self) -> None:
        """Write the settings, and which files are not used and why; say how many."""
        skipped, path = self.split.store.skipped, self.run / SKIPPED
        try:
            self.run.mkdir(parents=True, exist_ok=True)
            self.settings.save(self.run / SETTINGS)
            lines = "".join(f"{file}: {reason}\n" for file, reason in skipped)
            write_text(path, lines, errors="surrogateescape")
        except OSError as problem:
            raise OutputError(
                f"The run's folder {self.run} cannot be written: {problem.strerror}.",
                "Give another --out.",
            ) from problem
        if skipped:
            words = names(reason for _, reason in skipped)
            self.words.say(f"{len(self.split.store)} pictures; not used: {words} ({path})")

    def _check_pictures(self, state: dict[str, Any] | None) -> None:
        before = None if state is None else state.get("fingerprint")
        now = self.split.store.fingerprint
        if before is not None and before != now:
            raise InputError(
                f"The pictures of this run have changed: {before}; now {now}.",
                "Bring them back, or begin a new run with --init and this run's model.safetensors.",
            )

    def _batches(self) -> Iterator[list[TensorBatch]]:
        """The batches of each step to come."""
        made = self._made()
        while parts := list(islice(made, self.settings.accumulate)):
            yield parts

    def _made(self) -> Iterator[TensorBatch]:
        settings, store = self.settings, self.split.store
        paired = settings.is_paired
        order = Order(self.split.train, settings.seed, self.split.weights(settings))
        sizes, share = self.schedule.sizes(), self.group.share
        first = self.progress.samples
        if fits(store, self.device):
            pixels = torch.from_numpy(np.array(store.pixels)).to(self.device)
            resident = ResidentMaker(
                store, pixels, order, settings.seed, settings.simulation, paired
            )
            yield from resident_batches(resident, first, sizes, share)
            return
        maker = Maker(store, order, settings.seed, settings.simulation, paired)
        for batch in batches(maker, first, sizes, share):
            yield to_device(batch, self.device)

    def _step(self, parts: Sequence[TensorBatch]) -> dict[str, float]:
        schedule = self.schedule
        pace = Pace(schedule.phase(), schedule.rate(), schedule.ema())
        terms = self.learner.step(parts, pace)
        if not all(np.isfinite(value) for value in terms.values()):
            raise MachineError(
                f"The loss is not a number at step {self.progress.step}.",
                self._last_good(),
            )
        return terms

    def _last_good(self) -> str:
        if not (self.run / STATE).is_file():
            return "Begin anew with lower learning rates or in float32."
        return (
            f"The last good state is {self.run / STATE}, its weights {self.run / MODEL}: begin a"
            f" new run with --init {self.run / MODEL}, lower learning rates or in float32."
        )

    def _count(
        self, parts: Sequence[TensorBatch], seconds: float, waited: float, stop: Stop
    ) -> bool:
        """Bring the progress up to date; true where any process was asked to stop."""
        progress = self.progress
        shared = self.group.mean([seconds, waited, float(stop.asked)], self.device)
        progress.step += 1
        progress.samples += self.group.world * sum(len(part) for part in parts)
        progress.seconds += shared[0]
        progress.waited += shared[1]
        return shared[2] > 0

    def _show(self, bar: Bar, parts: Sequence[TensorBatch], loss: float) -> None:
        progress = self.progress
        first = progress.smoothed == 0.0
        progress.smoothed = loss if first else loss + SMOOTHING * (progress.smoothed - loss)
        done = f"{progress.phase}, loss {progress.smoothed:.3f}, done {self.schedule.done():.1%}"
        bar.update(self.group.world * sum(len(part) for part in parts), done)

    def _enter(self, phase: Phase) -> None:
        """Set the networks up for a phase, once."""
        if phase.value == self.progress.phase:
            return
        before, self.progress.phase = self.progress.phase, phase.value
        phased = self.settings.has_phases
        learnt_freely = not self.learner.norms_fixed or before in ("", Phase.SUPERVISED.value)
        if phased and phase is not Phase.SUPERVISED and learnt_freely:
            self.learner.settle()
        if not self.progress.step or (phased and phase is Phase.JOINT):
            self._look({})
        self.progress.smoothed = 0.0

    def _look(self, terms: dict[str, float]) -> None:
        """Validate, write the figures and the averaged weights; the leading process does."""
        if self.group.leads:
            self._write(terms)
        else:
            knots = (0.0,) * CALIBRATION_KNOTS
            self.learner.set_calibration(Calibration(knots, knots))
        same_everywhere(self.learner.table, self.group)

    def _write(self, terms: dict[str, float]) -> None:
        assert self.log is not None
        progress = self.progress
        result = validate(self.learner.decoder, self.split.judged, self.split.held_out)
        self.learner.set_calibration(result.calibration)
        row: dict[str, Any] = {
            "step": progress.step,
            "samples": progress.samples,
            "hours": round(progress.seconds / 3600, 4),
            "phase": progress.phase,
            "rate": round(self.schedule.rate(), 5),
            **{name: round(value, 5) for name, value in terms.items()},
            **({"smoothed": round(progress.smoothed, 5)} if progress.smoothed else {}),
            "waiting": round(progress.waited / max(progress.seconds, 1e-9), 4),
            **{name: round(value, 4) for name, value in result.figures().items()},
        }
        info = self._info(result.calibration)
        with _writing(self.run):
            save_model(self.run / MODEL, self.average, self.bins, info)
            if self.candidates is not None and progress.phase == Phase.JOINT.value:
                row |= self.candidates.add(self.learner.decoder, progress.step, self.run / MODEL)
            self.log.add(row, result.sheet)
        self.words.say(" ".join(f"{name} {value}" for name, value in row.items()))

    def _info(self, calibration: Calibration) -> ModelInfo:
        settings, progress = self.settings, self.progress
        recipe = {
            "name": settings.recipe,
            "losses": settings.weights,
            "step": progress.step,
            "samples": progress.samples,
            "hours": round(progress.seconds / 3600, 4),
            "init": settings.init,
            "teacher": settings.teacher,
            "size": settings.size,
        }
        return ModelInfo(
            generator=self.generator.config,
            calibration=calibration,
            recipe=recipe,
            data=self.split.store.fingerprint,
        )


def start(
    settings: TrainSettings,
    cache: Path,
    group: Group = ALONE,
    device: torch.device | None = None,
    words: Words = SILENT,
) -> Trainer:
    """A new run in an empty folder.

    Raises:
        OutputError: the folder holds a run, or cannot be written.
    """
    run = Path(settings.out)
    if (run / STATE).exists():
        raise OutputError(
            f"The folder {run} already holds a run.",
            f"Go on with it by vidcolor train --resume {run}, or give another --out.",
        )
    return Trainer(settings, cache, group=group, device=device, words=words)


def resume(
    run: Path,
    cache: Path,
    group: Group = ALONE,
    device: torch.device | None = None,
    words: Words = SILENT,
    **changes: Any,
) -> Trainer:
    """Go on with an interrupted run.

    Args:
        run: its folder.
        cache: folder of decoded pictures.
        group: the processes that train together.
        device: of this process.
        words: how much is said.
        changes: settings told anew; None for what was not told.

    Raises:
        UsageError: a change that is not safe.
        InputError: there is no run, its state is damaged, or its pictures have changed.
    """
    state = read_state(run)
    settings = TrainSettings.load(run / SETTINGS).resumed(**changes)
    return Trainer(settings, cache, state, group, device, words)


@contextmanager
def _writing(run: Path) -> Iterator[None]:
    """Say what failed to be written, and that the state is whole."""
    try:
        yield
    except (OSError, OutputError) as problem:
        raise OutputError(
            f"The run's folder {run} cannot be written any more ({problem}).",
            f"Make room; what was saved is whole. Then: vidcolor train --resume {run}",
        ) from problem
