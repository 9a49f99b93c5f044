"""torch on CUDA, MPS and CPU: the reference that every backend is tested against."""

from __future__ import annotations

import logging
from contextlib import AbstractContextManager
from copy import copy
from dataclasses import replace
from typing import Any

import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from vidcolor.errors import MachineError
from vidcolor.infer.predictor import (
    QUARTER,
    STRIDE,
    FloatArray,
    LumaBatch,
    Prediction,
    Statistics,
)
from vidcolor.network.checkpoint import Model

LOG = logging.getLogger("vidcolor")
AT_ONCE, AT_ONCE_ON_CUDA = 4, 32
"""Frames that the network calculates at once; some tens of MB each."""
_FIRST_WITH_BF16 = 8
"""Of CUDA's compute capabilities: Ampere."""


class TorchPredictor:
    """A network on a torch device.

    A batch goes there as it is, luma in 8 bits, and what comes back is a quarter as large. A batch
    that does not fit the device's memory is halved until it does.

    Args:
        model: from a checkpoint.
        statistics: calibration and temperature.
        device: of torch.
        precision: "float32" (without TF32), "bf16" or "auto": float16 autocast on CUDA, float32
            elsewhere.

    Raises:
        MachineError: bf16 is asked of a GPU that has none.
    """

    def __init__(
        self, model: Model, statistics: Statistics, device: str, precision: str = "auto"
    ) -> None:
        self._device = torch.device(device)
        self._is_cuda = self._device.type == "cuda"
        self._cast: torch.dtype | None = None
        if precision == "bf16":
            self._check_bf16()
            self._cast = torch.bfloat16
        elif precision == "auto" and self._is_cuda:
            self._cast = torch.float16
        self._statistics = statistics
        self._decoder = model.decoder().to(self._device).to(memory_format=torch.channels_last)
        self._at_once = AT_ONCE_ON_CUDA if self._is_cuda else AT_ONCE
        self._is_short_of_memory = False

    def _check_bf16(self) -> None:
        if self._is_cuda and torch.cuda.get_device_capability(self._device)[0] < _FIRST_WITH_BF16:
            card = torch.cuda.get_device_name(self._device)
            raise MachineError(
                f"{card} does not calculate in bf16.",
                "Leave `precision` out, which is float16 there, or give `precision=float32`.",
            )

    @property
    def description(self) -> str:
        """ "CUDA (NVIDIA …), torch, float16"."""
        name = self._device.type.upper()
        if self._is_cuda:
            name = f"CUDA ({torch.cuda.get_device_name(self._device)})"
        precisions = {torch.float16: "float16", torch.bfloat16: "bf16"}
        return f"{name}, torch, {precisions[self._cast] if self._cast else 'float32'}"

    def predict(self, luma: LumaBatch, hints: FloatArray | None = None) -> Prediction:
        """See `Predictor.predict`."""
        planes = self._fetched(self._planes(luma, hints))
        return self._statistics.prediction(planes, luma.shape[1:])

    def vivid(self, vividness: float) -> TorchPredictor:
        """See `Predictor.vivid`."""
        other = copy(self)
        other._statistics = replace(self._statistics, sharpness=vividness)
        return other

    @torch.inference_mode()
    def _planes(self, luma: LumaBatch, hints: FloatArray | None) -> torch.Tensor:
        """What `Statistics.prediction` takes, on the device."""
        size = min(self._at_once, len(luma))
        parts = [slice(begin, begin + size) for begin in range(0, len(luma), size)]
        try:
            return torch.cat(
                [self._forward(luma[p], None if hints is None else hints[p]) for p in parts]
            )
        except torch.OutOfMemoryError:
            if size == 1:
                raise MachineError(
                    f"The memory of {self._device} does not hold even one frame.",
                    "Give a smaller `render_size`, or `device=cpu`.",
                ) from None
        if not self._is_short_of_memory:
            LOG.warning("The memory of %s is full; going on with smaller batches.", self._device)
        self._at_once, self._is_short_of_memory = size // 2, True
        if self._is_cuda:
            torch.cuda.empty_cache()
        return self._planes(luma, hints)

    def _forward(self, luma: LumaBatch, hints: FloatArray | None) -> torch.Tensor:
        given = None if hints is None else self._sent(hints, torch.float32)
        batch = input_of(self._sent(luma, torch.uint8), given)
        with self._arithmetic():
            logits = self._decoder.generator(batch).logits
            planes: torch.Tensor = self._decoder.decoding(
                logits.float(), self._statistics.sharpness
            )
        return planes

    def _arithmetic(self) -> AbstractContextManager[None]:
        if self._cast:
            return torch.autocast(self._device.type, self._cast)
        # By itself cuDNN rounds what a convolution multiplies to 10 bits.
        return torch.backends.cudnn.flags(enabled=True, allow_tf32=False)

    # What CUDA is to copy beside its other work lies in pinned memory, which torch keeps for later
    # batches, and in use until it is copied.

    def _sent(self, array: NDArray[Any], kind: torch.dtype) -> torch.Tensor:
        here = torch.empty(array.shape, dtype=kind, pin_memory=self._is_cuda)
        here.numpy()[...] = array
        return here.to(self._device, non_blocking=self._is_cuda)

    def _fetched(self, planes: torch.Tensor) -> FloatArray:
        here = torch.empty(planes.shape, pin_memory=self._is_cuda)
        here.copy_(planes, non_blocking=self._is_cuda)
        if self._is_cuda:
            torch.cuda.current_stream(self._device).synchronize()
        fetched: FloatArray = here.numpy()
        return fetched


def input_of(luma: torch.Tensor, hints: torch.Tensor | None) -> torch.Tensor:
    """`network_input`, bit for bit, where the tensors are.

    Args:
        luma: uint8 (frames, height, width).
        hints: float32 (frames, 3, height / 4, width / 4), or None.
    """
    frames, height, width = luma.shape
    stacked = torch.zeros((frames, 4, height, width), device=luma.device)
    stacked[:, 0] = (luma.float() - 127.0) / 128.0
    if hints is not None:
        given = hints[:, 2:] > 0
        color = torch.where(given, (hints[:, :2] - 128.0) / 64.0, 0.0)
        small = torch.cat([color, hints[:, 2:]], 1)
        stacked[:, 1:] = small.repeat_interleave(QUARTER, 2).repeat_interleave(QUARTER, 3)
    bottom, right = -height % STRIDE, -width % STRIDE
    if not bottom and not right:
        return stacked
    mode = "reflect" if height > bottom and width > right else "replicate"
    return F.pad(stacked, (0, right, 0, bottom), mode)
