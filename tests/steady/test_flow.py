import gc
import weakref

import cv2
import numpy as np
import pytest

from tests.steady.conftest import crossing, texture
from vidcolor.errors import ModelError
from vidcolor.steady import raft
from vidcolor.steady.flow import DisFlow
from vidcolor.steady.links import Link, link_pair, link_pairs, links_of, view
from vidcolor.steady.paths import steps_of


def test_a_known_shift_is_found_both_ways():
    wide = texture(1, 96, 160)
    first, second = wide[:, 8:136], wide[:, 16:144]
    there, back = link_pair(DisFlow(), view(first), view(second))
    columns = np.arange(32, dtype=np.float32)
    picture = np.repeat(columns[None], 24, axis=0)
    assert np.allclose(there.bring(picture)[4:-4, 6:-6], picture[4:-4, 6:-6] - 2, atol=0.3)
    assert np.allclose(back.bring(picture)[4:-4, 6:-6], picture[4:-4, 6:-6] + 2, atol=0.3)
    assert there.trust[4:-4, 6:-6].min() > 0.5


@pytest.mark.parametrize("shape", [(24, 32), (12, 2100)])
@pytest.mark.parametrize("method", [cv2.INTER_LINEAR, cv2.INTER_CUBIC])
def test_a_packed_link_brings_what_opencv_brings(shape, method):
    rng = np.random.default_rng(3)
    places = (rng.integers(-1280, 32 * size + 1280, shape) for size in shape[::-1])
    column, row = (place.astype(np.float32) / 32 for place in places)
    trust = rng.random(shape, np.float32)
    link = Link.of(column, row, trust)
    planes = rng.uniform(0, 255, (*shape, 2)).astype(np.float32)
    wanted = cv2.remap(planes, column, row, method, borderMode=cv2.BORDER_REPLICATE)
    assert np.abs(link.bring(planes, method) - wanted).max() < 1e-3
    assert np.abs(np.sqrt(link.trust) - np.sqrt(trust)).max() < 0.501 / 255


def test_pairs_know_nothing_of_each_other():
    views = [view(texture(seed)) for seed in range(4)]
    together = link_pairs(DisFlow(), views[:2], views[2:])
    for first, second, pair in zip(views[:2], views[2:], together, strict=True):
        for one, other in zip(pair, link_pair(DisFlow(), first, second), strict=True):
            assert np.array_equal(one.way, other.way)
            assert np.array_equal(one.sure, other.sure)


def test_the_motion_of_a_shot_is_let_go_of_with_it():
    luma = np.stack([texture(1)] * 3)
    gc.disable()
    try:
        with links_of(luma, DisFlow()) as book:
            link = weakref.ref(book.link(0, 2))
        del book
        with steps_of(luma, DisFlow(), DisFlow()) as steps:
            step = weakref.ref(steps._exact.begin(0, 1))
        del steps
        assert link() is None
        assert step() is None
    finally:
        gc.enable()


def test_what_left_the_picture_is_not_trusted():
    wide = texture(1, 96, 160)
    there, _ = link_pair(DisFlow(), view(wide[:, :128]), view(wide[:, 12:140]))
    assert np.median(there.trust[:, :2]) < 0.3
    assert there.trust[4:-4, 10:-2].mean() > 0.8


def test_what_was_covered_is_not_trusted():
    luma = crossing(2, lambda i: (20, 52)[i])
    after, _ = link_pair(DisFlow(), view(luma[1]), view(luma[0]))
    uncovered = after.trust[10:14, 7:11]
    assert uncovered.max() < 0.2
    assert after.trust[19:].mean() > 0.6


def test_brightness_that_all_share_is_no_doubt():
    luma = texture(1)
    brighter = np.clip(luma.astype(int) + 60, 0, 255).astype(np.uint8)
    there, _ = link_pair(DisFlow(), view(luma), view(brighter))
    assert there.trust.mean() > 0.8


def test_nothing_resembles_another_picture():
    there, _ = link_pair(DisFlow(), view(texture(1)), view(texture(2)))
    assert there.trust.mean() < 0.3


def test_missing_raft_weights_are_named(monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(ModelError, match="raft_small"):
        raft.RaftFlow()
