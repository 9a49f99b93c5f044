"""A still's colour in films of other matrices."""

import numpy as np
import pytest

from vidcolor.color.convert import BLUE_SCALE, LUMA_COEFFICIENTS, NEUTRAL, RED_SCALE
from vidcolor.color.srgb import luma_and_chroma
from vidcolor.direct.colors import for_matrix


@pytest.mark.parametrize("matrix", LUMA_COEFFICIENTS)
def test_a_player_shows_the_colour_that_was_given(matrix: str) -> None:
    rgb = np.random.default_rng(1).uniform(0, 255, (5, 7, 3)).astype(np.float32)
    red, blue = LUMA_COEFFICIENTS[matrix]
    luma = rgb @ np.array([red, 1 - red - blue, blue])
    chroma = for_matrix(luma_and_chroma(rgb)[1], matrix) - NEUTRAL
    assert np.allclose(luma + BLUE_SCALE * chroma[0], rgb[..., 2], atol=1e-3)
    assert np.allclose(luma + RED_SCALE * chroma[1], rgb[..., 0], atol=1e-3)
