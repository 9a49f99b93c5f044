"""RAFT as the flow, for those who have torchvision's weights and time; imports torch when asked."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from vidcolor.errors import ModelError
from vidcolor.needs import need

FloatArray = NDArray[np.float32]
LumaPlane = NDArray[np.uint8]

WEIGHTS = "raft_small_C_T_V1-ad48884c.pth"
# RAFT was trained on pictures of some 400 pixels and matches at 1/8; its four-level correlation
# pyramid needs 16 cells of 8 pixels on each side.
SHORT_SIDE = 192
STRIDE, SMALLEST = 8, 128


class RaftFlow:
    """RAFT-small (Teed and Deng 2020) by torchvision, with its default of 12 refinements.

    Raises:
        ModelError: the weights are not under `TORCH_HOME`. Nothing is downloaded.
    """

    def __init__(self) -> None:
        path = find_weights()
        import torch
        from torchvision.models.optical_flow import raft_small

        self._torch = torch
        self._network: Any = raft_small(weights=None)
        self._network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
        self._network.eval()

    def __call__(self, first: LumaPlane, second: LumaPlane) -> FloatArray:
        """See `vidcolor.steady.flow.Flow`."""
        height, width = first.shape
        scale = max(1.0, SHORT_SIDE / min(height, width))
        tall, wide = (_fitting(side * scale) for side in (height, width))
        pair = [self._picture(plane, (wide, tall)) for plane in (first, second)]
        with self._torch.inference_mode():
            found = self._network(*pair)[-1][0]
        flow = found.numpy().transpose(1, 2, 0)
        back = np.array([width / wide, height / tall], np.float32)
        return np.asarray(cv2.resize(flow, (width, height)) * back, np.float32)

    def _picture(self, plane: LumaPlane, size: tuple[int, int]) -> Any:
        enlarged = cv2.resize(plane, size).astype(np.float32) / 127.5 - 1.0
        return self._torch.from_numpy(np.repeat(enlarged[None, None], 3, axis=1))


def find_weights() -> Path:
    """Where torchvision keeps the weights.

    Raises:
        MachineError: torch or torchvision is not installed.
        ModelError: the weights are not there. Nothing is downloaded.
    """
    need("`flow=raft`", "gpu", "torch", "torchvision")
    # As torch finds it: unlike Path's own, this leaves "~" where nobody knows what it stands for.
    folder = os.path.expanduser(os.environ.get("TORCH_HOME", "~/.cache/torch"))  # noqa: PTH111
    path = Path(folder) / "hub" / "checkpoints" / WEIGHTS
    if not path.is_file():
        raise ModelError(
            f"RAFT's weights are not at {path}.",
            f"Put {WEIGHTS} there, or set TORCH_HOME; or leave the flow at its default.",
        )
    return path


def _fitting(side: float) -> int:
    return max(SMALLEST, round(side / STRIDE) * STRIDE)
