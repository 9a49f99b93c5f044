"""Dots beside stills: a dot rules its thing, and not what a still knows better."""

import numpy as np

from tests.steady.conftest import GREEN, crossing
from vidcolor.infer.predictor import Prediction
from vidcolor.steady.directed import settle_directed
from vidcolor.steady.people import Said
from vidcolor.steady.settings import SteadySettings

STILL, DOT = (150.0, 90.0), (90.0, 190.0)


class _Blushing:
    """A network that turns all of a picture a little red as soon as it is given a dot."""

    description = "fake"

    def predict(self, luma, hints=None):
        frames, height, width = luma.shape
        chroma = np.empty((frames, 2, height // 4, width // 4), np.float32)
        chroma[:] = np.array(GREEN, np.float32)[:, None, None]
        if hints is not None:
            few = (hints[:, 2] > 0).mean(axis=(1, 2)) < 0.2
            chroma[few, 1] += 8.0
        return Prediction(chroma, np.full((frames, height // 4, width // 4), 0.5, np.float32))


def test_the_faint_edge_of_a_dot_gives_way_to_a_far_still():
    luma = crossing(40, lambda i: 48)
    still = Said(
        0,
        np.broadcast_to(np.array(STILL, np.float32)[:, None, None], (2, 48, 64)).copy(),
        np.ones((48, 64), np.float32),
    )
    chroma = np.broadcast_to(np.array(DOT, np.float32)[:, None, None], (2, 48, 64)).copy()
    sure = np.zeros((48, 64), np.float32)
    sure[22:26, 30:34] = 1
    dot = Said(39, chroma, sure, is_hint=True)
    made = settle_directed(luma, _Blushing(), SteadySettings(), [still, dot]).astype(np.float32)
    there = made[39, :, 44:52, 60:68].mean(axis=(1, 2))
    far = made[39, :, 4:28, 4:40].mean(axis=(1, 2))
    assert np.abs(there - DOT).max() < 12
    assert np.abs(far - STILL).max() < 4
