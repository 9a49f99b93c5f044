"""Everything a training run is told, checked once and stored beside the run."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from vidcolor.errors import UsageError


@dataclass(frozen=True)
class TrainSettings:
    """A training run.

    Attributes:
        data: folders of colour pictures.
        out: folder of the run.
        hours: hours of training; the schedule follows the clock. Give this or `steps`.
        steps: number of steps; the schedule follows them.
        size: side of the crops in pixels, a multiple of 32.
        batch: pictures a step.
        final_size: side of the crops in the last part of the run.
        final_batch: pictures a step there.
        final_share: how large that last part is, 0..1.
        encoder: timm network to build on.
        init: checkpoint to begin with.
        frozen_levels: levels of the encoder's pyramid, finest first, that are kept as they are
            (batch norm's statistics too): 2 saves a quarter of the time when fine-tuning.
        encoder_rate: peak learning rate of the encoder.
        decoder_rate: peak learning rate of all else.
        warm_up: steps until the peak.
        weight_decay: AdamW's.
        clip: largest norm of the gradient.
        ema: decay of the averaged weights.
        regression_weight: weight of the regression head's loss.
        precision: float32 or bf16.
        device: torch device.
        threads: CPU threads, 0 for torch's choice.
        every: steps between checkpoints, validation figures and sheets.
        seed: of everything random.
        limit: at most this many pictures.
    """

    data: tuple[str, ...]
    out: str
    hours: float | None = None
    steps: int | None = None
    size: int = 128
    batch: int = 32
    final_size: int = 192
    final_batch: int = 16
    final_share: float = 0.25
    encoder: str = "tf_efficientnet_lite2"
    init: str | None = None
    frozen_levels: int = 0
    encoder_rate: float = 3e-4
    decoder_rate: float = 1.5e-3
    warm_up: int = 200
    weight_decay: float = 0.02
    clip: float = 1.0
    ema: float = 0.9995
    regression_weight: float = 0.125
    precision: str = "float32"
    device: str = "cpu"
    threads: int = 0
    every: int = 500
    seed: int = 0
    limit: int | None = None

    def __post_init__(self) -> None:
        if (self.hours is None) == (self.steps is None):
            raise UsageError("The length of a training is not clear.", "Give --hours or --steps.")
        for name in ("size", "final_size"):
            if getattr(self, name) % 32:
                raise UsageError(
                    f"--{name.replace('_', '-')} {getattr(self, name)} is no multiple of 32.",
                    "Give 96, 128, 160, 192 or the like.",
                )
        if not 0 <= self.final_share <= 1:
            raise UsageError("--final-share must lie in 0..1.", "Give 0.25, for example.")

    def save(self, path: Path) -> None:
        """Write all settings as JSON."""
        path.write_text(json.dumps(asdict(self), indent=2) + "\n")

    @classmethod
    def load(cls, path: Path) -> TrainSettings:
        """Read what `save` wrote."""
        stored: dict[str, Any] = json.loads(path.read_text())
        stored["data"] = tuple(stored["data"])
        return cls(**stored)
