"""The adversary: is the colour of each patch that of a photograph, given its luma?"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from vidcolor.errors import UsageError

CONDITION, PICTURE = 1, 3
MOST_WIDENING = 8


class PatchDiscriminator(nn.Module):
    """PatchGAN (Isola et al. 2017) with spectral normalisation (Miyato et al. 2018) and no other.

    Args:
        width: channels after the first convolution.
        layers: halvings; 3 makes patches of 70 x 70 pixels, 2 of 34, 1 of 16.

    Raises:
        UsageError: fewer than one layer.
    """

    def __init__(self, width: int = 64, layers: int = 3) -> None:
        super().__init__()
        if layers < 1:
            raise UsageError(f"A discriminator of {layers} layers sees nothing.", "Give 1 to 5.")
        widths = [width * min(2**level, MOST_WIDENING) for level in range(layers + 1)]
        steps: list[nn.Module] = []
        inputs = CONDITION + PICTURE
        for level, outputs in enumerate(widths):
            stride = 2 if level < layers else 1
            steps.append(spectral_norm(nn.Conv2d(inputs, outputs, 4, stride, padding=1)))
            steps.append(nn.LeakyReLU(0.2, inplace=True))
            inputs = outputs
        steps.append(spectral_norm(nn.Conv2d(inputs, 1, 4, 1, padding=1)))
        self.body = nn.Sequential(*steps)

    def forward(self, luma: Tensor, picture: Tensor) -> Tensor:
        """Judge pictures.

        Args:
            luma: (n, 1, height, width) on 0..255, what the colour is to fit; sides of 32 at least.
            picture: (n, 3, height, width) on 0..255, as `compose` makes it, of generated chroma or
                of true chroma, at the same quarter size (else sharpness alone tells them apart).

        Returns:
            (n, 1, rows, columns): a score a patch, the higher the truer; not squashed.
        """
        scores: Tensor = self.body((torch.cat([luma, picture], 1) - 127.5) / 127.5)
        return scores
