"""Two processes with half the batch each are one with the whole batch."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tests.train.conftest import run_settings
from vidcolor.network.config import GeneratorConfig
from vidcolor.train.loop import start
from vidcolor.train.settings import Simulation
from vidcolor.train.state import read_state


@pytest.mark.parametrize("recipe", [pytest.param("default", marks=pytest.mark.slow), "gan+l1"])
def test_two_processes_equal_one_with_the_doubled_batch(
    recipe: str, data: Path, cache: Path, tmp_path: Path
) -> None:
    # Batch norm would see other batches (on CUDA it is shared); group norm sees single pictures.
    network = GeneratorConfig(kind="unet-plain", width=8, depth=3, norm="group")
    alone = run_settings(
        data,
        tmp_path / "alone",
        None,
        recipe=recipe,
        network=network,
        final_batch=4,
        final_size=32,
        simulation=Simulation(hinted=0.8, own=0.5),
    )
    start(alone, cache).fit()
    half = replace(alone, out=str(tmp_path / "two"), batch=2, final_batch=2)
    half.save(tmp_path / "half.json")
    launch = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    told = ["train", "--config", str(tmp_path / "half.json"), "--cache", str(cache)]
    command = [sys.executable, *launch, "-m", "vidcolor", *told]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    one, two = read_state(tmp_path / "alone"), read_state(tmp_path / "two")
    assert two["progress"]["samples"] == one["progress"]["samples"] == 24
    parts = [("generator", one["generator"], two["generator"])]
    if one["adversary"]:
        networks = (state["adversary"]["discriminator"] for state in (one, two))
        parts.append(("discriminator", *networks))
    for name, first, second in parts:
        for key, value in first.items():
            assert torch.allclose(value, second[key], rtol=1e-3, atol=2e-4), (name, key)
    rows = (tmp_path / "two" / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(row)["step"] for row in rows] == [0, 3, 6]
