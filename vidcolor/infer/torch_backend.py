"""torch on CUDA, MPS and CPU: the reference that every backend is tested against."""

from __future__ import annotations

import logging
from contextlib import nullcontext
from copy import copy
from dataclasses import replace

import torch

from vidcolor.errors import MachineError
from vidcolor.infer.predictor import FloatArray, LumaBatch, Prediction, Statistics, network_input
from vidcolor.network.checkpoint import Model

LOG = logging.getLogger("vidcolor")


class TorchPredictor:
    """A network on a torch device.

    A batch that does not fit the device's memory is halved until it does.

    Args:
        model: from a checkpoint.
        statistics: calibration and temperature.
        device: of torch.
        precision: "float32", "bf16" or "auto": float16 autocast on CUDA, float32 elsewhere.
    """

    def __init__(
        self, model: Model, statistics: Statistics, device: str, precision: str = "auto"
    ) -> None:
        self._device = torch.device(device)
        self._statistics = statistics
        self._decoder = model.decoder().to(self._device).to(memory_format=torch.channels_last)
        self._is_cuda = self._device.type == "cuda"
        self._cast: torch.dtype | None = None
        if precision == "bf16":
            self._cast = torch.bfloat16
        elif precision == "auto" and self._is_cuda:
            self._cast = torch.float16
        self.reduced_to: int | None = None

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
        batch = torch.from_numpy(network_input(luma, hints))
        if self._is_cuda:
            batch = batch.pin_memory()
        planes = self._run(batch).float().cpu().numpy()
        return self._statistics.prediction(planes, luma.shape[1:])

    def vivid(self, vividness: float) -> TorchPredictor:
        """See `Predictor.vivid`."""
        other = copy(self)
        other._statistics = replace(self._statistics, sharpness=vividness)
        return other

    @torch.inference_mode()
    def _run(self, batch: torch.Tensor) -> torch.Tensor:
        size = min(len(batch), self.reduced_to or len(batch))
        try:
            parts = [self._forward(part) for part in torch.split(batch, size)]
        except torch.OutOfMemoryError:
            if size == 1:
                raise MachineError(
                    f"The memory of {self._device} does not hold even one frame.",
                    "Give a smaller `render_size`, or `device=cpu`.",
                ) from None
            if self.reduced_to is None:
                LOG.warning(
                    "The memory of %s is full; going on with smaller batches.", self._device
                )
            self.reduced_to = size // 2
        else:
            return torch.cat(parts)
        if self._is_cuda:
            torch.cuda.empty_cache()
        return self._run(batch)

    def _forward(self, part: torch.Tensor) -> torch.Tensor:
        moved = part.to(self._device, non_blocking=True)
        sharpness = torch.tensor([self._statistics.sharpness], device=self._device)
        cast = self._cast
        with torch.autocast(self._device.type, cast) if cast else nullcontext():
            logits = self._decoder.generator(moved).logits
        planes: torch.Tensor = self._decoder.decoding(logits.float(), sharpness)
        return planes
