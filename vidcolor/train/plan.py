"""What a run would take: parameters, operations, hours at the speed measured here."""

from __future__ import annotations

import time

import numpy as np
import torch

from vidcolor.color.chroma import Bins
from vidcolor.network.build import build_generator
from vidcolor.network.checkpoint import load_model
from vidcolor.network.cost import generator_cost
from vidcolor.network.generator import Generator
from vidcolor.network.shelf import find_model
from vidcolor.train.group import ALONE
from vidcolor.train.learner import Learner, Pace
from vidcolor.train.samples import Batch
from vidcolor.train.schedule import Phase
from vidcolor.train.settings import TrainSettings
from vidcolor.train.tensors import to_device

MEASURED_STEPS = 3


def plan(settings: TrainSettings) -> str:
    """Lines for people, one a figure; a few steps are measured on noise, nothing is written."""
    if settings.threads:
        torch.set_num_threads(settings.threads)
    generator, bins = _network(settings)
    config = generator.config
    cost = generator_cost(config, settings.size, settings.size)
    device = torch.device(settings.device)
    learner = Learner(settings, generator, bins, device, ALONE)
    early = _seconds(learner, settings.size, settings.batch * settings.accumulate)
    late = _seconds(learner, settings.final_size, settings.final_batch * settings.accumulate)
    lines = [
        f"generator    {config.kind}, {cost.parameters / 1e6:.2f} million parameters,"
        f" {cost.trained / 1e6:.2f} of them learn",
        f"losses       {', '.join(f'{k} {v:g}' for k, v in settings.weights.items())}",
        f"operations   {cost.gflop:.2f} GFLOP a picture of {settings.size} pixels, forward",
        f"speed        {settings.batch * settings.accumulate / early:.1f} pictures a second at"
        f" {settings.size} pixels, {settings.final_batch * settings.accumulate / late:.1f} at"
        f" {settings.final_size} (making samples not counted)",
    ]
    if settings.steps is not None:
        share = settings.final_share
        hours = settings.steps * ((1 - share) * early + share * late) / 3600
        lines.append(f"length       {settings.steps} steps, some {hours:.2f} hours")
    else:
        seconds = 3600 * (settings.hours or 0)
        first, last = (1 - settings.final_share) * seconds, settings.final_share * seconds
        steps = first / early + last / late
        lines.append(f"length       {settings.hours:g} hours, some {steps:.0f} steps")
    return "\n".join(lines)


def _network(settings: TrainSettings) -> tuple[Generator, Bins]:
    if settings.init is not None:
        model = load_model(find_model(settings.init))
        return model.generator, model.bins
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
