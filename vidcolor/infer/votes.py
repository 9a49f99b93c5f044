"""What the network holds possible at a place: its distribution over chroma bins, on the CPU.

The network that colours gives out the distribution's mean alone. This one is the same with the
distribution as an output of its own; it is made when somebody first asks.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open

from vidcolor.infer.openvino_backend import compiled, network_of
from vidcolor.infer.predictor import QUARTER, FloatArray, network_input

_MARK = "votes-"
"""Begins the name of this network in the cache."""
_AROUND = 1
"""So many places on each side of the one that is asked for are heard too."""


class Votes:
    """A network whose distribution can be asked for.

    Args:
        checkpoint: path of the .safetensors file.
        digest: its sha256.
        threads: CPU threads, 0 for all.
    """

    def __init__(self, checkpoint: Path, digest: str, threads: int = 0) -> None:
        options: dict[str, Any] = {"PERFORMANCE_HINT": "LATENCY"}
        if threads:
            options["INFERENCE_NUM_THREADS"] = threads
        self._compiled = compiled(_MARK + digest, lambda: _opened(checkpoint), options)
        with safe_open(checkpoint, "np") as stored:
            self._centers: FloatArray = stored.get_tensor("bins.centers").astype(np.float32)

    @property
    def centers(self) -> FloatArray:
        """The bins, float32 (bins, 2): Cb and Cr on 0..255."""
        return self._centers

    def at(self, luma: NDArray[np.uint8], x: float, y: float) -> FloatArray:
        """The share of each bin at a place of a frame, float32 (bins,); they sum to 1.

        Args:
            luma: uint8 (height, width), as `Predictor.predict` takes it.
            x: from the left edge, 0..1 of the width.
            y: from the upper edge, 0..1 of the height.
        """
        height, width = (side // QUARTER for side in luma.shape)
        answer = self._compiled([network_input(luma[None], None), np.ones(1, np.float32)])
        shares = answer[1][0, :height, :width]
        row, column = min(int(y * height), height - 1), min(int(x * width), width - 1)
        rows = slice(max(0, row - _AROUND), row + _AROUND + 1)
        columns = slice(max(0, column - _AROUND), column + _AROUND + 1)
        return np.asarray(shares[rows, columns].mean(axis=(0, 1)), np.float32)


def _opened(checkpoint: Path) -> Any:
    """The network with its distribution, (frames, height / 4, width / 4, bins), as an output."""
    network = network_of(checkpoint)
    kinds = ((node.get_type_name(), node) for node in network.get_ordered_ops())
    # The decoding ends the graph, and its softmax is the last.
    *_, distribution = (node for kind, node in kinds if kind == "Softmax")
    network.add_outputs(distribution.output(0))
    return network
