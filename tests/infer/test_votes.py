"""The distribution behind a colour: its mean is what the predictor says."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from vidcolor.infer.choose import load_predictor
from vidcolor.infer.votes import Votes
from vidcolor.network import registry


def test_the_mean_of_the_votes_is_the_networks_colour(tiny_model: Path) -> None:
    luma = np.random.default_rng(0).integers(0, 255, (64, 96), np.uint8)
    votes = Votes(tiny_model, registry.verified_hash(tiny_model))
    predictor = load_predictor(str(tiny_model), device="cpu", precision="float32")
    chroma = predictor.predict(luma[None]).chroma[0]
    for x, y in ((0.0, 0.0), (0.5, 0.5), (1.0, 1.0)):
        share = votes.at(luma, x, y)
        assert abs(share.sum() - 1) < 1e-3
        row, column = min(int(y * 16), 15), min(int(x * 24), 23)
        around = chroma[:, max(0, row - 1) : row + 2, max(0, column - 1) : column + 2]
        assert np.abs(share @ votes.centers - around.mean(axis=(1, 2))).max() < 1.5
