from __future__ import annotations

import numpy as np
import pytest
from training_mean import measure

from tests.evaluate.conftest import scenery
from tests.evaluate.fakes import FakeJudge, Tint, figure_of
from vidcolor.color.spread import spread
from vidcolor.color.srgb import scale_chroma, to_planes
from vidcolor.evaluate.baselines import baselines, training_mean, truth
from vidcolor.evaluate.models import Model
from vidcolor.evaluate.picture_table import picture_table
from vidcolor.evaluate.pictures import Bench, evaluate_pictures, find_root
from vidcolor.evaluate.rows import picture_rows
from vidcolor.evaluate.samples import Preparation, Sample, dots, load
from vidcolor.evaluate.settings import Settings


def sample(seed, height=64, width=80):
    truth = scenery(seed, height, width)
    return Sample(f"wood/{seed}.png", "wood", truth, to_planes(truth).luma_bytes)


@pytest.fixture(scope="module")
def table():
    bench = Bench([sample(seed) for seed in range(5)], [FakeJudge()], jobs=2)
    rows = {**baselines(64), "pale": lambda s: scale_chroma(s.planes.chroma, 0.4)}
    scores = evaluate_pictures(bench, rows)
    return picture_table("five", scores), scores


def test_truth_has_the_perfect_figures_exactly(table):
    def value(key):
        return figure_of(table[0], "truth", key).value

    assert value("psnr") == np.inf
    assert value("delta_e") == value("delta_cf") == value("kid") == 0
    assert value("recognition") == value("closeness") == 1


def test_lpips_is_a_column_where_it_is_installed():
    def distance(result, truth):
        return float(np.abs(result.astype(float) - truth).mean() / 255)

    bench = Bench([sample(seed) for seed in range(3)], [FakeJudge()], lpips=distance)
    scores = evaluate_pictures(bench, baselines(64))
    made = picture_table("three", scores)
    grey = np.mean([distance(np.dstack([s.planes.luma_bytes] * 3), s.truth) for s in bench.samples])
    assert figure_of(made, "grey", "lpips").value == pytest.approx(grey, abs=1e-3)
    assert figure_of(made, "truth", "lpips").value == 0


def test_grey_has_no_colour_and_no_kid_share(table):
    assert figure_of(table[0], "grey", "cf").value == 0
    assert figure_of(table[0], "grey", "kid_share").value == 0
    assert np.isnan(figure_of(table[0], "grey", "psnr_85").value)
    assert figure_of(table[0], "quarter-size truth", "kid_share").value == 1


def test_pale_truth_is_as_good_as_the_truth_at_equal_colourfulness(table):
    pale, truth = (next(s for s in table[1] if s.row == row) for row in ("pale", "truth"))
    # Clipping at the gamut's edge is all that separates them.
    assert pale.factor * 0.4 == pytest.approx(truth.factor, rel=0.02)
    assert pale.psnr_85.mean() == pytest.approx(truth.psnr_85.mean(), abs=0.3)
    assert pale.psnr.mean() < truth.psnr_85.mean()


def test_scaled_to_85_percent_of_the_truth_s_colourfulness(table):
    truth = next(s for s in table[1] if s.row == "truth")
    assert truth.factor == pytest.approx(0.85, abs=0.02)


def test_every_baseline_stands_in_the_table(table):
    wanted = ["grey", "mean chroma", "mean chroma by luma", "quarter-size truth", "pale", "truth"]
    assert [row.name for row in table[0].rows] == wanted


def test_grey_pictures_are_left_out_of_colour_figures():
    grey = np.repeat(scenery(9)[..., :1], 3, axis=2)
    odd = Sample("grey.png", "", grey, grey[..., 0])
    bench = Bench([sample(1), odd])
    scores, _ = bench.score("truth", truth)
    assert np.isnan(scores.cf[1])
    assert np.isnan(scores.delta_e[1])
    assert not np.isnan(scores.psnr[1])


def test_root_is_found_or_refused():
    assert find_root(lambda x: 10 * x - 20, 1.0) == pytest.approx(2.0, abs=1e-2)
    assert np.isnan(find_root(lambda x: x - 100, 1.0))


def test_hints_reach_the_model_and_ten_are_the_first_of_a_hundred():
    tint = Tint()
    model = Model("tint", tint, still_side=64)
    rows = picture_rows([model], (0, 10), 64)
    assert {"tint", "tint, 10 hints", "10 hints by luma alone"} < rows.keys()
    rows["tint, 10 hints"](sample(1))
    few, many = (dots(sample(1), (64, 80), count) for count in (10, 100))
    assert np.array_equal(tint.hints[0][0], few)
    assert (many[2][few[2] > 0] == 1).all()
    assert 9 <= few[2].sum() <= 90
    assert not dots(sample(1), (64, 80), 0).any()


def test_spreading_by_luma_stops_at_edges_of_luma():
    luma = np.full((64, 64), 60, np.uint8)
    luma[:, 32:] = 180
    hints = np.zeros((3, 16, 16), np.float32)
    hints[:, 8, 3], hints[:, 8, 12] = (100, 150, 1), (150, 90, 1)
    chroma = spread(luma, hints)
    assert np.abs(chroma[:, :, :7] - np.array([100, 150])[:, None, None]).max() < 3
    assert np.abs(chroma[:, :, 9:] - np.array([150, 90])[:, None, None]).max() < 3
    assert (spread(luma, np.zeros_like(hints)) == 128).all()


def test_training_mean_by_plain_loops(photographs):
    paths = sorted(photographs.rglob("*.png"))[:2]
    found = measure(paths)
    sums, count = np.zeros(2), 0
    for seed in (0, 1):
        planes = to_planes(scenery(seed))
        sums += planes.chroma.reshape(2, -1).sum(1, dtype=np.float64)
        count += planes.luma.size
    assert found.chroma == pytest.approx(sums / count, abs=1e-3)
    assert training_mean().pictures == 24770


def test_preparation_crops_and_degrades_the_same_each_time(photographs):
    path = photographs / "town" / "1.png"
    worn = [load(path, photographs, Preparation(32, 0.5)) for _ in range(2)]
    clean = load(path, photographs, Preparation(32))
    assert clean.truth.shape == (32, 32, 3)
    assert clean.category == "town"
    assert np.array_equal(worn[0].seen, worn[1].seen)
    assert not np.array_equal(worn[0].seen, clean.seen)
    assert np.array_equal(worn[0].truth, clean.truth)


def test_splits_and_limits_take_what_they_say():
    paths = list(range(10))
    assert Settings(split="even").chosen(paths) == [0, 2, 4, 6, 8]
    assert Settings(split="odd", limit=2).chosen(paths) == [1, 9]
