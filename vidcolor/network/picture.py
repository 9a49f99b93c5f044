"""From luma and chroma to the RGB picture that losses and discriminators see, differentiable."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from vidcolor.color.convert import BLUE_SCALE, NEUTRAL, RED_SCALE
from vidcolor.color.srgb import GREEN_OF_BLUE, GREEN_OF_RED


def compose(luma: Tensor, chroma: Tensor) -> Tensor:
    """RGB of full luma with chroma that is enlarged bilinearly to its size.

    Not clipped to the RGB cube: a clipped colour would have no gradient that brings it back.

    Args:
        luma: (n, 1, height, width) on 0..255.
        chroma: (n, 2, h, w), Cb and Cr of full-range BT.601 on 0..255, neutral 128.

    Returns:
        (n, 3, height, width) on 0..255, R, G, B of sRGB (JFIF's equations).
    """
    size = (luma.shape[2], luma.shape[3])
    large = F.interpolate(chroma, size=size, mode="bilinear", align_corners=False) - NEUTRAL
    blue, red = large[:, :1], large[:, 1:]
    green = -GREEN_OF_BLUE * blue - GREEN_OF_RED * red
    return luma + torch.cat([RED_SCALE * red, green, BLUE_SCALE * blue], 1)
