"""From luma and chroma to the RGB picture that losses and discriminators see, differentiable."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


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
    large = F.interpolate(chroma, size=size, mode="bilinear", align_corners=False) - 128.0
    blue, red = large[:, :1], large[:, 1:]
    green = -0.344136 * blue - 0.714136 * red
    return luma + torch.cat([1.402 * red, green, 1.772 * blue], 1)
