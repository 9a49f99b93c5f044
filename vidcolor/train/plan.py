"""What a run would take: parameters, operations, hours at the speed measured here."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np
import torch

from vidcolor.color.chroma import Bins
from vidcolor.network.build import build_generator
from vidcolor.network.cost import generator_cost
from vidcolor.network.generator import Generator
from vidcolor.train.begin import begun_with, bins_of_teacher
from vidcolor.train.group import ALONE
from vidcolor.train.learner import Learner, Pace
from vidcolor.train.needs import missed
from vidcolor.train.samples import Batch
from vidcolor.train.schedule import Phase
from vidcolor.train.settings import TrainSettings
from vidcolor.train.split import foreseen_doubts
from vidcolor.train.tensors import to_device
from vidcolor.train.words import SILENT, Words

MEASURED_STEPS = 3


@dataclass(frozen=True)
class Forecast:
    """What a run would take.

    Attributes:
        kind: of the generator.
        million_parameters: of it, and
        million_trained: those of them that learn.
        losses: weights by name.
        gflop: a picture of `size` pixels, forward.
        size: side of the crops, and
        pictures_per_s: speed at it; making samples is not counted.
        final_size: side of the crops in the last part, and
        final_pictures_per_s: speed at it.
        steps: of the run, foreseen where hours were given.
        hours: of the run, foreseen where steps were given.
        notes: what a person should know, a sentence each.
    """

    kind: str
    million_parameters: float
    million_trained: float
    losses: dict[str, float]
    gflop: float
    size: int
    pictures_per_s: float
    final_size: int
    final_pictures_per_s: float
    steps: int
    hours: float
    notes: tuple[str, ...]

    def lines(self) -> str:
        """Lines for people, one a figure."""
        losses = ", ".join(f"{name} {weight:g}" for name, weight in self.losses.items())
        found = [
            f"generator    {self.kind}, {self.million_parameters:.2f} million parameters,"
            f" {self.million_trained:.2f} of them learn",
            f"losses       {losses}",
            f"operations   {self.gflop:.2f} GFLOP a picture of {self.size} pixels, forward",
            f"speed        {self.pictures_per_s:.1f} pictures a second at {self.size} pixels,"
            f" {self.final_pictures_per_s:.1f} at {self.final_size} (making samples not counted)",
            f"length       {self.steps} steps, some {self.hours:.2f} hours",
        ]
        return "\n".join(found + [f"note         {note}" for note in self.notes])


def plan(settings: TrainSettings, words: Words = SILENT) -> Forecast:
    """Measure a few steps on noise, and look at the pictures' files; nothing is written.

    Raises:
        InputError: a folder of pictures is missing, or none lie in it.
    """
    notes = missed() + (foreseen_doubts(settings, words) if settings.data else [])
    if settings.threads:
        torch.set_num_threads(settings.threads)
    generator, bins = _network(settings)
    cost = generator_cost(generator.config, settings.size, settings.size)
    learner = Learner(settings, generator, bins, torch.device(settings.device), ALONE)
    count, final = (n * settings.accumulate for n in (settings.batch, settings.final_batch))
    early = _seconds(learner, settings.size, count)
    late = _seconds(learner, settings.final_size, final)
    steps, hours = _length(settings, early, late)
    return Forecast(
        kind=generator.config.kind,
        million_parameters=cost.parameters / 1e6,
        million_trained=cost.trained / 1e6,
        losses=settings.weights,
        gflop=cost.gflop,
        size=settings.size,
        pictures_per_s=count / early,
        final_size=settings.final_size,
        final_pictures_per_s=final / late,
        steps=steps,
        hours=hours,
        notes=tuple(notes),
    )


def _length(settings: TrainSettings, early: float, late: float) -> tuple[int, float]:
    """Steps and hours of a run whose steps take so many seconds, at first and in the last part."""
    share = settings.final_share
    if settings.steps is not None:
        return settings.steps, settings.steps * ((1 - share) * early + share * late) / 3600
    hours = settings.hours or 0.0
    return round(3600 * hours * ((1 - share) / early + share / late)), hours


def _network(settings: TrainSettings) -> tuple[Generator, Bins]:
    begun = begun_with(settings)
    if begun is not None:
        return begun
    taught = bins_of_teacher(settings)
    if taught is not None:
        return build_generator(replace(settings.network, bins=taught.count)), taught
    count = settings.network.bins
    grid = np.linspace(40, 215, count, dtype=np.float32)
    bins = Bins(np.stack([grid, grid], 1), np.full(count, 1 / count, np.float32))
    return build_generator(settings.network), bins


def _seconds(learner: Learner, size: int, count: int) -> float:
    """Seconds a step takes, the first one not counted."""
    rng = np.random.default_rng(0)
    batch = Batch(
        rng.standard_normal((count, 4, size, size), np.float32),
        rng.integers(0, 255, (count, size, size), np.uint8),
        rng.integers(90, 160, (count, 2, size // 4, size // 4), np.uint8),
    )
    adversarial = learner.adversary is not None
    pace = Pace(Phase.JOINT if adversarial else Phase.SUPERVISED, 1e-6, 0.999)
    times = []
    for _ in range(MEASURED_STEPS):
        begin = time.perf_counter()
        learner.step([to_device(batch, learner.device)], pace)
        times.append(time.perf_counter() - begin)
    return float(np.median(times[1:]))
