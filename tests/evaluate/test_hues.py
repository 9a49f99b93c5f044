"""The study of hues, `benchmarks/hues.py`."""

from __future__ import annotations

from pathlib import Path

import cv2
import hues
import numpy as np
import pytest


def chroma(*rgb: int) -> np.ndarray:
    """Cb and Cr of a colour, by OpenCV: float32 (2, 1, 1)."""
    patch = np.array([[rgb]], np.uint8)
    _, cr, cb = cv2.cvtColor(patch, cv2.COLOR_RGB2YCrCb)[0, 0].astype(np.float32)
    return np.array([cb, cr], np.float32).reshape(2, 1, 1)


@pytest.mark.parametrize(
    ("rgb", "name"),
    [
        ((200, 30, 30), "red"),
        ((90, 20, 25), "red"),
        ((224, 172, 140), "orange"),
        ((230, 210, 40), "yellow"),
        ((60, 120, 50), "green"),
        ((60, 190, 190), "cyan"),
        ((80, 120, 220), "blue"),
        ((120, 60, 200), "violet"),
        ((230, 90, 180), "pink"),
    ],
)
def test_colours_are_called_as_people_call_them(rgb: tuple[int, ...], name: str) -> None:
    assert list(hues.HUES)[int(hues.named(chroma(*rgb))[0, 0])] == name


def test_hue_is_that_of_hsv_whatever_the_luma() -> None:
    rgb = np.array([[[90, 140, 60]]], np.float32) / 255
    expected = cv2.cvtColor(rgb, cv2.COLOR_RGB2HSV)[0, 0, 0]
    assert hues.hue(chroma(90, 140, 60))[0, 0] == pytest.approx(expected, abs=8)


def test_confusion_weighs_by_true_chroma_and_tells_pale_from_wrong() -> None:
    red, grey, green = chroma(255, 0, 0), chroma(99, 99, 99), chroma(0, 200, 0)
    true = np.concatenate([red, red, red, grey], 2)
    found = hues.confusion(true, np.concatenate([red, green, grey, red], 2))
    weight = np.hypot(*(red[:, 0, 0] - 128))
    row = found[list(hues.HUES).index("red")] / weight
    assert found.sum() == pytest.approx(3 * weight)
    assert row[list(hues.HUES).index("green")] == pytest.approx(1)
    assert row[-1] == pytest.approx(1)


def test_the_likeliest_colour_of_a_segment_is_one_and_not_the_mean_of_two() -> None:
    centers = np.array([[100, 180], [100, 80]], np.float32)
    luma = np.repeat(np.array([[40, 200]], np.uint8), 8, 1).repeat(8, 0)
    shares = np.zeros((2, 8, 16), np.float16)
    shares[0, :, :8], shares[0, :, 8:] = 0.6, 0.4
    shares[1] = 1 - shares[0]
    shares[:, 0, 0] = 0.1, 0.9  # Of the left segment, but alone in its opinion.
    made = hues.by_segments(centers)(hues.Said(shares, luma, np.zeros((2, 8, 16), np.float32)))
    assert np.abs(made[1, :, :8] - 180).max() < 3
    assert np.abs(made[1, :, 8:] - 80).max() < 3


def test_a_cooler_distribution_comes_nearer_to_its_likeliest_colour() -> None:
    centers = np.array([[128, 128], [128, 188]], np.float32)
    shares = np.array([0.4, 0.6], np.float16).reshape(2, 1, 1)
    said = hues.Said(shares, np.zeros((1, 1), np.uint8), np.zeros((2, 1, 1), np.float32))
    warm, cool = (hues.annealed(centers, t)(said)[1, 0, 0] for t in (1.0, 0.38))
    assert warm == pytest.approx(128 + 0.6 * 60, abs=0.1)
    assert cool == pytest.approx(128 + 60 * 0.6**2.632 / (0.6**2.632 + 0.4**2.632), abs=0.1)


def test_the_study_runs_by_kind_of_thing(
    photographs: Path, tiny_model: Path, tmp_path: Path
) -> None:
    out = tmp_path / "hues.md"
    told = [str(photographs), "--model", str(tiny_model), "--split", "all", "--unjudged"]
    hues.main([*told, "--out", str(out)])
    text = out.read_text()
    for word in ("## town (3 pictures)", "## wood (3 pictures)", "## all (6 pictures)"):
        assert word in text
    for word in ("T 0.38", "likeliest of segments", "saturation 1.45", "PSNR at 85 %"):
        assert word in text
