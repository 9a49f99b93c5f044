"""Pictures a second of the default recipe against a bare forward and backward of its network.

    python benchmarks/training.py --data DIR [--cache DIR] [--turns 3] [--steps 5]

Both run in turns in one process, so that what else the machine does hits both alike. Before a turn
of the recipe the making of samples is brought up to its steady state; after it nothing of it is
left running. Prints a table; with --out it is written as Markdown as well.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import numpy as np
import torch

from vidcolor.train.draw import Order
from vidcolor.train.learner import Pace
from vidcolor.train.loop import Trainer, start
from vidcolor.train.samples import AHEAD, Maker, batches
from vidcolor.train.schedule import Phase
from vidcolor.train.settings import TrainSettings
from vidcolor.train.tensors import TensorBatch, to_device


def main() -> None:
    asked = _arguments()
    with tempfile.TemporaryDirectory() as folder:
        settings = TrainSettings(
            data=tuple(asked.data), out=folder, steps=10**6, size=asked.size, batch=asked.batch
        )
        trainer = start(settings, asked.cache)
        loops, bares, waits = [], [], []
        for turn in range(asked.turns):
            seconds, waited, last = _loop(trainer, asked.steps, turn)
            loops.append(seconds)
            waits.append(waited)
            bares.append(_bare(trainer, last, asked.steps))
    ratios = [bare / loop for loop, bare in zip(loops, bares, strict=True)]
    pictures = asked.batch * asked.steps
    lines = [
        f"| {asked.size} pixels, batch {asked.batch}, {torch.get_num_threads()} threads"
        " | pictures a second |",
        "|---|---:|",
        f"| bare forward and backward | {pictures / np.median(bares):.1f} |",
        f"| the recipe, samples included | {pictures / np.median(loops):.1f} |",
        f"| share of the bare speed (median of {asked.turns} turns) | {np.median(ratios):.1%} |",
        f"| share of the time waiting for samples | {sum(waits) / sum(loops):.1%} |",
    ]
    print("\n".join(lines))
    if asked.out is not None:
        asked.out.write_text("\n".join(lines) + "\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", action="append", required=True)
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "pictures")
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--out", type=Path)
    return parser.parse_args()


def _loop(trainer: Trainer, steps: int, turn: int) -> tuple[float, float, TensorBatch]:
    """Seconds of some steps of the recipe, how much of it was waiting, the last batch."""
    settings = trainer.settings
    order = Order(trainer.split.train, settings.seed)
    maker = Maker(trainer.split.store, order, settings.seed, settings.simulation)
    sizes = iter([(settings.size, settings.batch)] * (steps + AHEAD + 1))
    made = batches(maker, turn * 10000, sizes)
    trainer.learner.step([to_device(next(made), trainer.device)], _PACE)
    begin, waited = time.perf_counter(), 0.0
    for _ in range(steps):
        asked = time.perf_counter()
        batch = to_device(next(made), trainer.device)
        waited += time.perf_counter() - asked
        trainer.learner.step([batch], _PACE)
    seconds = time.perf_counter() - begin
    made.close()
    return seconds, waited, batch


def _bare(trainer: Trainer, batch: TensorBatch, steps: int) -> float:
    """Seconds of as many forward and backward passes of the network alone."""
    trainer.generator.train()
    begin = time.perf_counter()
    for _ in range(steps):
        trainer.generator.zero_grad(set_to_none=True)
        output = trainer.generator(batch.inputs)
        (output.logits.mean() + output.regression.mean()).backward()
    return time.perf_counter() - begin


_PACE = Pace(Phase.SUPERVISED, 1e-3, 0.999)

if __name__ == "__main__":
    main()
