"""Random numbers on a device, found from a seed and a number alone."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor


class Chance:
    """Random tensors of one batch.

    Args:
        seed: of the run.
        number: of the batch's first sample.
        device: where the tensors are to lie.
    """

    def __init__(self, seed: int, number: int, device: torch.device) -> None:
        self.device = device
        mixed = np.random.SeedSequence([seed, 2, number]).generate_state(1, np.uint64)[0]
        self._generator = torch.Generator(device).manual_seed(int(mixed >> 1))

    def uniform(self, *shape: int) -> Tensor:
        """Float32 of a shape, even on 0..1."""
        return torch.rand(shape, generator=self._generator, device=self.device)

    def normal(self, *shape: int) -> Tensor:
        """Float32 of a shape, of mean 0 and deviation 1."""
        return torch.randn(shape, generator=self._generator, device=self.device)

    def share(self, count: int, share: float) -> Tensor:
        """Bool (count,), true with a probability."""
        return self.uniform(count) < share

    def between(self, low: float, high: Tensor | float, count: int) -> Tensor:
        """Float32 (count, 1, 1, 1), even between two numbers or tensors of that shape."""
        return low + (high - low) * self.uniform(count, 1, 1, 1)
