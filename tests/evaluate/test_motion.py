from __future__ import annotations

import numpy as np
import pytest
from motion import Path, Scene, scenes

from tests.evaluate.conftest import panning, scenery
from vidcolor.color.srgb import to_planes
from vidcolor.evaluate.clips import score_rows
from vidcolor.evaluate.coloring import each, treated
from vidcolor.evaluate.flow import Estimated
from vidcolor.evaluate.smoothings import average, carried, smoothings, two_way

SHAPE = (72, 96)


@pytest.fixture(scope="module")
def made():
    photographs = [scenery(1, 120, 160), scenery(2, 120, 160)]
    return scenes(photographs, SHAPE, 6, np.random.default_rng(3))


def test_a_pan_moves_every_pixel_by_its_pan():
    scene = Scene("pan", SHAPE, 3, scenery(1, 120, 160), Path(pan=(2.0, -1.0)))
    assert np.abs(scene.flow(0, 2) - [4.0, -2.0]).max() < 1e-5


def test_a_turn_moves_a_pixel_as_trigonometry_has_it():
    scene = Scene("turn", SHAPE, 3, scenery(1, 120, 160), Path(turn=0.1))
    flow = scene.flow(0, 1)
    # 40 pixels right of the middle, which lies between pixels 47 and 48, 35 and 36.
    x, y = 39.5, 0.5
    expected = (
        x * np.cos(0.1) - y * np.sin(0.1) - x,
        x * np.sin(0.1) + y * np.cos(0.1) - y,
    )
    assert flow[36, 87] == pytest.approx(expected, abs=1e-4)


def test_frames_follow_their_true_flow(made):
    for scene in made:
        first, later = scene.picture(0), scene.picture(4)
        motion = scene.motion(0, 4, first[..., 0], later[..., 0])
        brought = motion.warp @ later.reshape(-1, 3).astype(np.float32)
        difference = np.abs(brought - first[motion.visible])
        # Both are interpolated from the photograph, each in its own way: fine grain differs.
        assert difference.mean() < 6, scene.name
        still = np.abs(later.astype(np.float32) - first)[motion.visible].mean()
        assert difference.mean() < 0.5 * still, scene.name


def test_what_the_cut_out_hides_is_not_visible_and_what_it_leaves_is_uncovered(made):
    scene = next(s for s in made if s.name.endswith("cut-out"))
    here, there = scene.covered(0), scene.covered(5)
    motion = scene.motion(0, 5, np.zeros(SHAPE, np.uint8), np.zeros(SHAPE, np.uint8))
    flow = scene.flow(0, 5)
    for y, x in np.argwhere(~here & motion.visible)[::37]:
        to = round(y + flow[y, x, 1]), round(x + flow[y, x, 0])
        assert not there[to]
    left_bare = here & ~there
    assert left_bare.sum() > 50
    # Behind the cut-out the camera's pan is small: what it leaves was under it, but for the rim.
    assert motion.uncovered[left_bare].mean() > 0.8


def test_estimated_flow_finds_a_known_pan():
    frames = [to_planes(f).luma_bytes for f in panning(3, step=3, height=96, width=128)]
    motion = Estimated()(0, 1, frames[0], frames[1])
    inner = motion.flow[16:-16, 16:-16]
    assert np.median(np.abs(inner - [-3, 0])) < 0.3
    assert motion.visible[16:-16, 16:-16].mean() > 0.9
    assert not motion.visible[:, 0].any()


def test_average_takes_five_frames_and_fewer_at_the_ends():
    values = [np.full((2, 4, 4), v, np.float32) for v in (1, 2, 4, 8, 16, 32)]
    found = [float(c[0, 0, 0]) for c in average(iter(()), iter(values), None)]
    expected = [7 / 3, 15 / 4, 31 / 5, 62 / 5, 60 / 4, 56 / 3]
    assert found == pytest.approx(expected)
    for count in (1, 2, 3, 4):
        assert len(list(average(iter(()), iter(values[:count]), None))) == count


def test_carried_colour_stays_the_first_frame_s_along_the_motion():
    scene = Scene("pan", SHAPE, 4, scenery(1, 160, 200), Path(pan=(2.0, 0.0)))
    luma = [to_planes(scene.picture(t)).luma_bytes for t in range(4)]
    chroma = [np.full((2, *SHAPE), 100 + 10 * t, np.float32) for t in range(4)]
    results = list(carried(iter(luma), iter(chroma), scene.motion))
    assert np.abs(results[3][:, :, 8:] - 100).max() < 1e-3
    assert (results[3][:, :, :1] == 130).all()


def test_two_way_recursion_by_hand():
    scene = Scene("still", SHAPE, 3, scenery(1, 120, 160), Path())
    luma = [to_planes(scene.picture(t)).luma_bytes for t in range(3)]
    chroma = [np.full((2, *SHAPE), v, np.float32) for v in (100, 120, 140)]
    results = list(two_way(iter(luma), iter(chroma), scene.motion))
    # Forward: 100, 110, 125; backward: 125, 117.5, 108.75.
    assert [float(r[0, 30, 30]) for r in results] == pytest.approx([108.75, 117.5, 125])


def test_smoothings_and_the_row_they_smooth_share_one_colouring():
    calls = []

    def wavering(luma):
        for index, frame in enumerate(luma):
            calls.append(index)
            yield np.full((2, *frame.shape), 120 + 8 * (index % 2), np.float32)

    frames = panning(6)
    rows = score_rows(iter(frames), treated(wavering, smoothings(), "model: "))
    assert list(rows)[:3] == ["grey", "model: per frame", "model: 5-frame average"]
    assert calls == list(range(6))
    assert rows["model: 5-frame average"].flicker[0] < rows["model: per frame"].flicker[0]
    alone = score_rows(iter(frames), each({"row": wavering}))["row"]
    assert alone.flicker == rows["model: per frame"].flicker or np.isnan(alone.flicker[1])
