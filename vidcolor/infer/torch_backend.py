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
    """A network on a torch device; float16 autocast on CUDA, float32 elsewhere.

    A batch that does not fit the device's memory is halved until it does.
    """

    def __init__(self, model: Model, statistics: Statistics, device: str) -> None:
        self._device = torch.device(device)
        self._statistics = statistics
        self._decoder = model.decoder().to(self._device).to(memory_format=torch.channels_last)
        self._half = self._device.type == "cuda"
        self.reduced_to: int | None = None

    @property
    def description(self) -> str:
        """ "CUDA (NVIDIA …), torch, float16"."""
        name = self._device.type.upper()
        if self._device.type == "cuda":
            name = f"CUDA ({torch.cuda.get_device_name(self._device)})"
        return f"{name}, torch, {'float16' if self._half else 'float32'}"

    def predict(self, luma: LumaBatch, hints: FloatArray | None = None) -> Prediction:
        """See `Predictor.predict`."""
        batch = torch.from_numpy(network_input(luma, hints))
        if self._half:
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
        if self._device.type == "cuda":
            torch.cuda.empty_cache()
        return self._run(batch)

    def _forward(self, part: torch.Tensor) -> torch.Tensor:
        moved = part.to(self._device, non_blocking=True)
        sharpness = torch.tensor([self._statistics.sharpness], device=self._device)
        autocast = torch.autocast("cuda", torch.float16) if self._half else nullcontext()
        with autocast:
            logits = self._decoder.generator(moved).logits
        planes: torch.Tensor = self._decoder.decoding(logits.float(), sharpness)
        return planes
