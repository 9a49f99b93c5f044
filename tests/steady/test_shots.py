import json
import subprocess
import sys

import numpy as np
import pytest

from tests.steady.conftest import texture
from vidcolor.steady.shots import find_cuts


def shot(seed, frames, drift=1):
    wide = texture(seed, 96, 128 + frames * drift, 30, 220)
    return np.stack([wide[:, i * drift : i * drift + 128] for i in range(frames)])


def blend(first, second, share):
    return ((1 - share) * first + share * second).astype(np.uint8)


def test_one_shot_has_no_cut():
    assert find_cuts(shot(1, 40)) == []


def test_hard_cuts():
    luma = np.concatenate([shot(1, 20), shot(2, 30), shot(3, 15)])
    assert find_cuts(luma) == [20, 50]


def test_frames_may_come_one_by_one():
    assert find_cuts(frame for frame in np.concatenate([shot(1, 20), shot(2, 20)])) == [20]


def test_low_contrast_film_has_cuts_too():
    luma = np.concatenate([shot(1, 20), shot(2, 20)])
    assert find_cuts((100 + luma // 6).astype(np.uint8)) == [20]


@pytest.mark.parametrize("length", [5, 8])
def test_short_shots(length):
    luma = np.concatenate([shot(seed, length) for seed in range(1, 6)])
    assert find_cuts(luma) == [length, 2 * length, 3 * length, 4 * length]


@pytest.mark.parametrize("length", [1, 2, 4])
def test_a_flash_is_no_cut(length):
    luma = shot(1, 40).astype(np.int32)
    luma[20 : 20 + length] += 120
    assert find_cuts(np.clip(luma, 0, 255).astype(np.uint8)) == []


def test_a_white_frame_is_no_cut():
    luma = shot(1, 40)
    luma[20] = 255
    assert find_cuts(luma) == []


def test_a_dissolve_is_a_cut_near_its_middle():
    first, second = shot(1, 40, 0), shot(2, 40, 0)
    between = [blend(first[0], second[0], i / 17) for i in range(1, 17)]
    cuts = find_cuts(np.concatenate([first, between, second]))
    assert len(cuts) == 1
    assert abs(cuts[0] - 48) <= 3


def test_a_fade_through_black_is_one_cut():
    first, second = shot(1, 30), shot(2, 30)
    out = [blend(first[-1], np.zeros_like(first[0]), i / 10) for i in range(1, 11)]
    back = [blend(np.zeros_like(first[0]), second[0], i / 10) for i in range(1, 11)]
    cuts = find_cuts(np.concatenate([first, out, back, second]))
    assert len(cuts) == 1
    assert abs(cuts[0] - 40) <= 6


def test_fast_motion_is_no_cut():
    assert find_cuts(shot(1, 40, drift=8)) == []


def test_grain_and_flicker_are_no_cuts():
    random = np.random.default_rng(3)
    luma = shot(1, 60).astype(np.float32)
    luma *= random.uniform(0.85, 1.15, (60, 1, 1))
    luma += random.normal(0, 14, luma.shape)
    assert find_cuts(np.clip(luma, 0, 255).astype(np.uint8)) == []


def test_no_frames_no_cuts():
    assert find_cuts([]) == []


def test_the_command_lists_shots(film):
    path = film()
    run = subprocess.run(
        [sys.executable, "-m", "vidcolor", "shots", str(path), "--json"],
        capture_output=True,
        text=True,
        check=True,
    )
    listed = json.loads(run.stdout)
    assert listed["frames"] == 24
    assert sum(row["frames"] for row in listed["shots"]) == 24
    assert listed["shots"][0]["start_s"] == 0
