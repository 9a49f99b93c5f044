"""Training samples a second, as NumPy and OpenCV make them and as torch makes them on a CPU.

python benchmarks/training_samples.py PICTURES

Both on one thread, in turns, seconds of the processor and not of the clock: the network trains on
the same cores meanwhile. Prints the rates and the median over the rounds of torch's rate as a share
of NumPy's.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import cv2
import numpy as np
import torch

from vidcolor.train.data import open_store
from vidcolor.train.draw import Order
from vidcolor.train.resident import ResidentMaker
from vidcolor.train.samples import Maker
from vidcolor.train.settings import Simulation

SIZE, BATCH, BATCHES, ROUNDS = 128, 16, 4, 7


def rate_of(maker, round_number):
    began = time.process_time()
    for number in range(BATCHES):
        maker.batch((round_number * BATCHES + number) * BATCH, SIZE, BATCH)
    return BATCHES * BATCH / (time.process_time() - began)


def main():
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as cache:
        store = open_store([Path(sys.argv[1])], Path(cache))
        order = Order(range(len(store.entries)), seed=1)
        pixels = torch.from_numpy(np.array(store.pixels))
        for paired in (False, True):
            makers = (
                Maker(store, order, 1, Simulation(), paired),
                ResidentMaker(store, pixels, order, 1, Simulation(), paired),
            )
            for maker in makers:
                rate_of(maker, 0)
            rounds = [[rate_of(maker, turn) for maker in makers] for turn in range(ROUNDS)]
            numpy_rate, torch_rate = (median(column) for column in zip(*rounds, strict=True))
            shares = [100 * second / first for first, second in rounds]
            kind = "pairs" if paired else "single"
            print(
                f"{kind}: NumPy {numpy_rate:.0f}, torch {torch_rate:.0f} samples a CPU second;"
                f" torch {median(shares):.0f} % ({min(shares):.0f} to {max(shares):.0f})"
            )


if __name__ == "__main__":
    main()
