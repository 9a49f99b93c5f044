"""Eight pictures can be learnt by heart: the losses pull to the truth, and the decoder finds it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from tests.train.conftest import run_settings
from vidcolor.color.chroma import bins_from_histogram
from vidcolor.network.build import build_generator
from vidcolor.network.config import GeneratorConfig
from vidcolor.network.picture import compose
from vidcolor.train.data import open_store
from vidcolor.train.draw import Order
from vidcolor.train.group import ALONE
from vidcolor.train.learner import Learner, Pace
from vidcolor.train.samples import Maker
from vidcolor.train.schedule import Phase
from vidcolor.train.settings import Simulation
from vidcolor.train.tensors import to_device
from vidcolor.truth.figures import psnr


def test_two_hundred_steps_learn_eight_pictures_to_30_db(
    data: Path, cache: Path, tmp_path: Path
) -> None:
    torch.manual_seed(0)
    torch.set_num_threads(1)
    store = open_store([data], cache)
    bins = bins_from_histogram(store.histogram)
    clean = Simulation(damaged=0.0, hinted=0.0)
    maker = Maker(store, Order(range(8), 0), 0, clean)
    config = GeneratorConfig(kind="unet-plain", width=24, depth=3, bins=bins.count)
    settings = run_settings(
        data, tmp_path, None, recipe="default", losses={"l1": 30.0}, decoder_rate=4e-3
    )
    learner = Learner(settings, build_generator(config), bins, torch.device("cpu"), ALONE)
    batch = to_device(maker.batch(0, 32, 8), learner.device)
    for step in range(200):
        rate = min(1.0, (step + 1) / 10) * (0.5 + 0.5 * np.cos(np.pi * step / 200))
        learner.step([batch], Pace(Phase.SUPERVISED, rate, 0.9))
    with torch.inference_mode():
        planes = learner.decoder(batch.inputs, torch.ones(1))
        luma = batch.luma.float().unsqueeze(1)
        found, true = (
            compose(luma, chroma).clamp(0, 255).round().byte().numpy()
            for chroma in (planes[:, :2], batch.target.float())
        )
    assert psnr(found, true) > 30
