import numpy as np
import pytest

from vidcolor.color.shade import in_light
from vidcolor.color.srgb import luma_and_chroma, to_picture


def lit(rgb: tuple[int, int, int], luma: float) -> np.ndarray:
    own, chroma = luma_and_chroma(np.array([[rgb]], np.uint8))
    plane = np.full((1, 1), luma, np.float32)
    return to_picture(plane, in_light(chroma, own, plane))[0, 0].astype(int)


@pytest.mark.parametrize(
    ("picked", "luma", "seen"),
    [
        ((201, 154, 128), 60, (74, 57, 47)),  # skin on a dark face: darker skin, not orange
        ((140, 180, 230), 40, (33, 42, 53)),  # light blue on a dark coat: dark blue
        ((32, 48, 80), 90, (61, 92, 154)),  # navy on a grey coat: a brighter navy
        ((255, 0, 0), 230, (255, 219, 219)),  # what cannot be as strong goes towards grey
    ],
)
def test_a_picked_colour_keeps_hue_and_saturation_in_another_light(picked, luma, seen):
    assert np.abs(lit(picked, luma) - seen).max() <= 2


@pytest.mark.parametrize("rgb", [(201, 154, 128), (30, 60, 30), (250, 240, 200)])
def test_a_colour_that_was_picked_there_stays_itself(rgb):
    own = float(luma_and_chroma(np.array([[rgb]], np.uint8))[0][0, 0])
    assert np.abs(lit(rgb, own) - rgb).max() <= 1


def test_grey_stays_grey_and_black_does_no_harm():
    assert np.ptp(lit((90, 90, 90), 200)) <= 1
    assert np.ptp(lit((0, 0, 0), 200)) <= 1
