from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from tests.evaluate.conftest import panning, scenery
from tests.evaluate.fakes import figure_of
from vidcolor.color.convert import NEUTRAL
from vidcolor.color.srgb import scale_chroma, to_picture, to_planes
from vidcolor.evaluate.clip_table import clip_table
from vidcolor.evaluate.clips import ClipResult, score_rows
from vidcolor.evaluate.coloring import each
from vidcolor.evaluate.flow import Motion
from vidcolor.evaluate.temporal import score_clip
from vidcolor.evaluate.wear import Wear


def still(start, end, luma, other):
    """Nothing moves."""
    nothing = np.zeros(luma.shape, bool)
    return Motion(np.zeros((*luma.shape, 2), np.float32), ~nothing, nothing)


def panned(step):
    """The true motion of `panning`."""

    def motion(start, end, luma, other):
        flow = np.zeros((*luma.shape, 2), np.float32)
        flow[..., 0] = -step * (end - start)
        columns = np.arange(luma.shape[1])
        seen = np.broadcast_to(columns + flow[0, 0, 0] >= 0, luma.shape)
        bare = np.broadcast_to(columns >= luma.shape[1] + flow[0, 0, 0], luma.shape)
        return Motion(flow, seen, bare)

    return motion


def chromas(frames):
    return [to_planes(frame).chroma for frame in frames]


def turned(chroma, angle):
    cb, cr = chroma - np.float32(NEUTRAL)
    cos, sin = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    return np.stack([cos * cb - sin * cr, sin * cb + cos * cr]) + np.float32(NEUTRAL)


def test_truth_against_truth_is_perfect_exactly():
    frames = panning(27)
    scores = score_clip(frames, {"copy": chromas(frames), "file": frames})
    for name in ("copy", "file", "truth"):
        score = scores[name]
        assert score.flicker == (0, 0, 0)
        assert score.psnr == np.inf
        assert score.delta_e == 0
        assert score.uncovered_delta_e == 0
        assert score.cdc == scores["truth"].cdc


def test_grey_has_no_colour_and_no_flicker_share():
    frames = panning(10)
    vary = np.random.default_rng(0).uniform(0.5, 1.5, 10)

    def wavering(luma):
        for frame, factor in zip(chromas(frames), vary, strict=True):
            yield scale_chroma(frame, factor)

    scores = score_rows(iter(frames), each({"per frame": wavering}))
    table = clip_table("one clip", [ClipResult("pan", scores)])
    assert figure_of(table, "grey", "cf").value == 0
    assert figure_of(table, "grey", "share_1").value == 0
    assert figure_of(table, "grey", "share_8").value == 0
    assert figure_of(table, "per frame", "share_1").value == 1
    assert figure_of(table, "truth", "flicker_1").value == 0


def test_flicker_and_warp_error_agree_with_plain_loops():
    frames = [scenery(seed, 9, 12) for seed in range(3)]
    rng = np.random.default_rng(1)
    flow = rng.uniform(-1.5, 1.5, (9, 12, 2)).astype(np.float32)
    mask = rng.random((9, 12)) < 0.7
    ys, xs = np.mgrid[:9, :12]
    mask &= (xs + flow[..., 0] >= 0) & (xs + flow[..., 0] <= 11)
    mask &= (ys + flow[..., 1] >= 0) & (ys + flow[..., 1] <= 8)
    colors = [scale_chroma(chroma, 0.7) for chroma in chromas(frames)]
    motion = Motion(flow, mask, ~mask)
    score = score_clip(frames, {"row": colors}, lambda *_: motion)["row"]

    def sample(plane, y, x):
        top, left = min(int(y), 7), min(int(x), 10)
        v, u = y - top, x - left
        upper = plane[top][left] * (1 - u) + plane[top][left + 1] * u
        lower = plane[top + 1][left] * (1 - u) + plane[top + 1][left + 1] * u
        return upper * (1 - v) + lower * v

    planes = [to_planes(frame) for frame in frames]
    errors = [c.astype(np.float64) - p.chroma for c, p in zip(colors, planes, strict=True)]
    results = [to_picture(p.luma, c) / 255.0 for c, p in zip(colors, planes, strict=True)]
    lengths, squares = [], []
    for t in range(2):
        for y in range(9):
            for x in range(12):
                if not mask[y, x]:
                    continue
                at = y + float(flow[y, x, 1]), x + float(flow[y, x, 0])
                change = [sample(errors[t + 1][c], *at) - errors[t][c][y, x] for c in range(2)]
                lengths.append((change[0] ** 2 + change[1] ** 2) ** 0.5)
                for c in range(3):
                    squares.append((sample(results[t + 1][..., c], *at) - results[t][y, x, c]) ** 2)
    assert score.flicker[0] == pytest.approx(sum(lengths) / len(lengths), rel=1e-6)
    assert score.warp_error == pytest.approx(sum(squares) / len(squares), abs=1e-6)
    assert score.visible[0] == pytest.approx(mask.mean())


def test_colour_that_pulses_ranks_worse_while_psnr_barely_moves():
    frames = panning(16)
    true = chromas(frames)
    smooth = [scale_chroma(chroma, 0.8) for chroma in true]
    pulsing = [scale_chroma(c, 0.8 if t % 2 else 1.2) for t, c in enumerate(true)]
    scores = score_clip(frames, {"smooth": smooth, "pulsing": pulsing}, panned(2))
    near = scores["truth"].cdc
    steady, unsteady = scores["smooth"], scores["pulsing"]
    assert abs(unsteady.psnr - steady.psnr) < 1.0
    assert unsteady.flicker[0] > 10 * steady.flicker[0]
    assert abs(unsteady.cdc - near) > 3 * abs(steady.cdc - near)


def test_a_slow_drift_of_hue_shows_at_24_frames_and_not_at_one():
    frames = [scenery(4)] * 30
    true = chromas(frames)
    drifting = [turned(c, 0.01 * t) for t, c in enumerate(true)]
    rng = np.random.default_rng(2)
    jumping = [turned(c, rng.normal(0, 0.05)) for c in true]
    rows = {"drifting": drifting, "jumping": jumping}
    scores = score_clip(frames, rows, still)
    slow, fast = scores["drifting"].flicker, scores["jumping"].flicker
    assert slow[0] < 0.2 * fast[0]
    assert slow[2] > 1.5 * fast[2]
    assert slow[2] > 15 * slow[0]


def test_only_uncovered_pixels_count_as_uncovered():
    frames = panning(4, step=3)
    wrong = []
    for chroma in chromas(frames):
        chroma[:, :, -3:] = NEUTRAL
        wrong.append(chroma)
    score = score_clip(frames, {"row": wrong}, panned(3))["row"]
    assert score.uncovered_delta_e > 5
    assert score.uncovered_delta_e > 10 * score.delta_e


def test_one_frame_has_no_temporal_figures():
    score = score_clip([scenery(1)], {})["truth"]
    assert score.frames == 1
    assert np.isnan(score.flicker).all()
    assert np.isnan(score.cdc)


def test_grey_truth_is_left_out_of_delta_e_and_colourfulness():
    grey = np.repeat(scenery(1)[..., :1], 3, axis=2)
    score = score_clip([grey, grey], {}, still)["truth"]
    assert np.isnan(score.delta_e)
    assert np.isnan(score.cf)
    assert score.psnr == np.inf


def test_a_long_clip_takes_no_more_memory_than_a_short_one():
    def peak(count):
        base = panning(30, 1, 32, 48)
        frames = (base[t % 30] for t in range(count))
        rows = each({"row": lambda luma: (scale_chroma(np.full((2, *f.shape), 120, np.float32), 1)
                                          for f in luma)})  # fmt: skip
        tracemalloc.start()
        score_rows(frames, rows, still)
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    assert peak(90) < 1.1 * peak(35)


def test_a_cut_after_which_nothing_is_visible_breaks_nothing():
    black = np.zeros_like(scenery(2))
    frames = [black, black + np.uint8(255), scenery(2), black]
    score = score_clip(frames, {"row": chromas(frames)})["row"]
    assert score.flicker[1] == 0 or np.isnan(score.flicker[1])


def test_worn_clips_flicker_jump_and_repeat_but_their_truth_is_clean():
    frames = panning(60, step=1)
    shown = list(Wear(0.5, 2)(iter(frames)))
    again = list(Wear(0.5, 2)(iter(frames)))
    assert all(np.array_equal(a[1], b[1]) for a, b in zip(shown, again, strict=True))
    inner = np.s_[8:-8, 8:-8]
    jumps, repeats = set(), 0
    for index, (picture, luma) in enumerate(shown):
        assert luma.shape == picture.shape[:2]
        if index and picture is shown[index - 1][0]:
            assert luma is shown[index - 1][1]
            repeats += 1
            continue
        found = [
            (y, x)
            for y in range(-4, 5)
            for x in range(-4, 5)
            if np.array_equal(np.roll(frames[index], (y, x), (0, 1))[inner], picture[inner])
        ]
        assert len(found) == 1
        jumps.update(found)
    assert len(jumps) > 5
    assert 0 < repeats < 12
    brightness = [float(luma.mean()) for _, luma in shown]
    clean = [float(to_planes(picture).luma.mean()) for picture, _ in shown]
    assert np.std(brightness) > 3 * np.std(clean)


def test_on_worn_clips_grey_still_has_no_flicker_share_and_truth_is_perfect():
    frames = panning(10)

    def shining(luma):
        for frame in luma:
            yield np.stack([np.full(frame.shape, 128.0, np.float32), frame.astype(np.float32)])

    rows = each({"per frame": shining})
    worn = score_rows(iter(frames), rows, wear=Wear(0.5, 1))
    clean = score_rows(iter(frames), rows)
    assert worn["truth"].psnr == np.inf
    assert worn["truth"].flicker[0] == 0
    assert worn["grey"].cf == 0
    # Colour that follows brightness flickers with the film's brightness.
    share = [s["per frame"].flicker[0] - s["grey"].flicker[0] for s in (worn, clean)]
    assert share[0] > 2 * abs(share[1])
