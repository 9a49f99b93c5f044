"""A photograph and its mirror image get the same colours."""

import numpy as np

from vidcolor.infer.choose import load_predictor
from vidcolor.infer.mirror import Mirrored


def test_a_mirrored_picture_gets_mirrored_colour() -> None:
    rng = np.random.default_rng(0)
    luma = rng.integers(0, 256, (1, 64, 72), np.uint8)
    hints = np.zeros((1, 3, 16, 18), np.float32)
    hints[0, :, 3:6, 2:5] = np.array([90, 170, 1], np.float32)[:, None, None]
    predictor = Mirrored(load_predictor("vidcolor-base"))
    there = predictor.predict(luma, hints)
    back = predictor.predict(luma[..., ::-1].copy(), hints[..., ::-1].copy())
    assert np.array_equal(there.chroma, back.chroma[..., ::-1])
    assert np.array_equal(there.confidence, back.confidence[..., ::-1])
    assert np.abs(there.chroma - 128).max() > 5
