"""One step of learning: networks, optimisers, averaged weights; no files, no clock."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from vidcolor.color.chroma import Bins
from vidcolor.errors import UsageError
from vidcolor.network.checkpoint import load_model
from vidcolor.network.config import Calibration
from vidcolor.network.discriminator import (
    Discriminator,
    FeatureDiscriminator,
    JointDiscriminator,
    PatchDiscriminator,
)
from vidcolor.network.encoders import frozen_modules
from vidcolor.network.generator import Decoder, Generator
from vidcolor.network.perceptual import PerceptualFeatures
from vidcolor.network.registry import find_model
from vidcolor.train.adversary import Adversary, Views
from vidcolor.train.group import Group, same_everywhere, share_norms
from vidcolor.train.objective import Objective, total
from vidcolor.train.schedule import Phase
from vidcolor.train.settings import TrainSettings
from vidcolor.train.teacher import Teacher
from vidcolor.train.tensors import TensorBatch, with_own_hints

NORMS = (nn.BatchNorm2d, nn.SyncBatchNorm)


@dataclass(frozen=True)
class Pace:
    """How a step is to be taken.

    Attributes:
        phase: who learns.
        rate: what the generator's peak learning rates are multiplied by.
        ema: decay of the averaged weights.
    """

    phase: Phase
    rate: float
    ema: float


class Learner:
    """The networks of a run and how they learn.

    Args:
        settings: of the run.
        generator: to be trained; moved to the device.
        bins: of the generator.
        device: of this process.
        group: the processes that train together.
    """

    def __init__(
        self,
        settings: TrainSettings,
        generator: Generator,
        bins: Bins,
        device: torch.device,
        group: Group,
    ) -> None:
        self.settings, self.bins, self.device, self.group = settings, bins, device, group
        self.frozen = _frozen(generator, settings.frozen_levels)
        for module in self.frozen:
            module.requires_grad_(False)
        for module in generator.modules():
            _keep_depthwise_exact(module)
        self.generator: Generator = share_norms(generator, group, device)  # type: ignore[assignment]
        self.generator.to(device).to(memory_format=torch.channels_last)
        same_everywhere(self.generator.state_dict().values(), group)
        self.average = copy.deepcopy(self.generator).eval().requires_grad_(False)
        self.decoder = Decoder(self.average, bins).to(device).eval()
        weights = settings.weights
        perceptual = None
        if "perceptual" in weights:
            names = settings.perceptual_network, settings.perceptual_layers
            perceptual = PerceptualFeatures(*names)
        teacher = None
        if settings.teacher is not None:
            teacher = _teacher(settings.teacher, "votes" in weights, bins, self._precision)
        self.objective = Objective(bins, weights, perceptual, teacher).to(device)
        self.adversary: Adversary | None = None
        if "adversarial" in weights:
            self.adversary = Adversary(
                settings.gan,
                _discriminator(settings),
                settings.discriminator_rate,
                settings.nogan.saturation if settings.has_phases else 1.0,
                settings.adversary_from,
                device,
            )
            same_everywhere(self.adversary.discriminator.state_dict().values(), group)
        self.optimizer = _optimizer(self.generator, settings)
        self.scaler = torch.amp.GradScaler(device.type, enabled=settings.precision == "fp16")
        self.norms_fixed = settings.frozen_norm
        self.forward = torch.compile(self.generator) if settings.compile else self.generator
        self.set_calibration(Calibration())

    def set_calibration(self, calibration: Calibration) -> None:
        """How far the averaged network's own colour is trusted where it serves as hints."""
        rows = calibration.spread, calibration.confidence
        spread, confidence = (torch.tensor(row, device=self.device) for row in rows)
        self.table = spread, confidence

    def settle(self) -> None:
        """Let the generator be the averaged one, batch norm fixed: before an adversary comes."""
        self.generator.load_state_dict(self.average.state_dict())
        self.norms_fixed = True

    def step(self, batches: Sequence[TensorBatch], pace: Pace) -> dict[str, float]:
        """Learn from some batches at once.

        Returns:
            the weighted terms by name, and "loss", their sum; means over batches and processes. The
            networks stay as they are where it is not finite.
        """
        for group in self.optimizer.param_groups:
            group["lr"] = float(group["peak"] * pace.rate)
        self._set_modes()
        self.optimizer.zero_grad(set_to_none=True)
        if self.adversary is not None:
            self.adversary.optimizer.zero_grad(set_to_none=True)
        sums: dict[str, float] = {}
        for batch in batches:
            for name, value in self._learn(batch, pace, len(batches)).items():
                sums[name] = sums.get(name, 0.0) + value / len(batches)
        names = sorted(sums)
        means = self.group.mean([sums[name] for name in names], self.device)
        terms = dict(zip(names, means, strict=True))
        judged = [value for name, value in terms.items() if name != "discriminator"]
        terms["loss"] = sum(judged) if judged else terms["discriminator"]
        if torch.tensor([*terms.values()]).isfinite().all():
            self._update(pace)
        return terms

    def _learn(self, batch: TensorBatch, pace: Pace, parts: int) -> dict[str, float]:
        """Add one batch's gradients; returns its terms."""
        batch = with_own_hints(batch, self.decoder, self.table)
        terms: dict[str, Tensor] = {}
        generates = pace.phase is not Phase.CRITIC
        with torch.set_grad_enabled(generates), self._autocast():
            output = self.forward(batch.inputs)
        sight = self.objective.see(output, batch)
        adversary = None if pace.phase is Phase.SUPERVISED else self.adversary
        with self._autocast():
            views = None if adversary is None else adversary.look(sight)
        if generates:
            terms = self.objective(sight, batch)
            if adversary is not None and views is not None:
                terms |= self._judged(adversary, views)
            self._backward(total(terms) / parts)
        if adversary is not None and views is not None:
            with self._autocast():
                learnt = adversary.learn(views)
            (learnt / parts).backward()  # type: ignore[no-untyped-call]
            terms["discriminator"] = learnt
        values = torch.stack([term.detach().float() for term in terms.values()]).tolist()
        return dict(zip(terms, values, strict=True))

    def _judged(self, adversary: Adversary, views: Views) -> dict[str, Tensor]:
        """What the generator hears of the discriminator, weighted."""
        weights = self.settings.weights
        with self._autocast():
            terms = {"adversarial": weights["adversarial"] * adversary.judge(views)}
            if "matching" in weights:
                terms["matching"] = weights["matching"] * views.distance()
        return terms

    def _backward(self, loss: Tensor) -> None:
        self.scaler.scale(loss).backward()  # type: ignore[no-untyped-call]

    def _update(self, pace: Pace) -> None:
        if pace.phase is not Phase.CRITIC:
            parameters = [p for p in self.generator.parameters() if p.requires_grad]
            self.group.average_gradients(parameters)
            self.scaler.unscale_(self.optimizer)
            nn.utils.clip_grad_norm_(parameters, self.settings.clip)
            self.scaler.step(self.optimizer)
            self.scaler.update()
            self._follow(pace.ema)
        if self.adversary is not None and pace.phase is not Phase.SUPERVISED:
            self.group.average_gradients(self.adversary.parameters)
            self.adversary.optimizer.step()

    def _set_modes(self) -> None:
        self.generator.train()
        for module in self.frozen:
            module.eval()
        if self.norms_fixed:
            for module in self.generator.modules():
                if isinstance(module, NORMS):
                    module.eval()

    @property
    def _precision(self) -> torch.dtype | None:
        """Of convolutions; None for float32."""
        kinds = {"bf16": torch.bfloat16, "fp16": torch.float16}
        return kinds.get(self.settings.precision)

    def _autocast(self) -> AbstractContextManager[Any]:
        kind = self._precision
        return nullcontext() if kind is None else torch.autocast(self.device.type, kind)

    @torch.no_grad()
    def _follow(self, decay: float) -> None:
        own = self.generator.state_dict()
        moving, towards = [], []
        for key, value in self.average.state_dict().items():
            if value.is_floating_point():
                moving.append(value)
                towards.append(own[key])
            else:
                value.copy_(own[key])
        torch._foreach_lerp_(moving, towards, 1 - decay)

    def state(self) -> dict[str, Any]:
        """All that `restore` needs: tensors, numbers and text alone."""
        return {
            "generator": self.generator.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "adversary": None if self.adversary is None else self.adversary.state(),
            "scaler": self.scaler.state_dict(),
            "norms_fixed": self.norms_fixed,
            "calibration": [column.tolist() for column in self.table],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` gave."""
        self.generator.load_state_dict(state["generator"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        if "norms_fixed" not in state:  # A run begun by 0.1.0 had none of what follows.
            return
        if self.adversary is not None:
            self.adversary.restore(state["adversary"])
        self.scaler.load_state_dict(state["scaler"])
        self.norms_fixed = state["norms_fixed"]
        spread, confidence = state["calibration"]
        self.set_calibration(Calibration(tuple(spread), tuple(confidence)))


def _frozen(generator: Generator, levels: int) -> list[nn.Module]:
    if levels and generator.encoder is None:
        raise UsageError(
            f"--frozen-levels freezes a pretrained encoder; {generator.config.kind} has none.",
            "Leave it off, or choose --generator unet.",
        )
    return [] if generator.encoder is None else frozen_modules(generator.encoder, levels)


def _teacher(name: str, votes: bool, bins: Bins, precision: torch.dtype | None) -> Teacher:
    model = load_model(find_model(name))
    if votes and not np.array_equal(model.bins.centers, bins.centers):
        raise UsageError(
            f"The teacher {name} votes on other chroma bins than the model that is to learn.",
            "Take --loss distillation in place of votes, or begin without --init.",
        )
    for module in model.generator.modules():
        _keep_depthwise_exact(module)
    return Teacher(model, votes, precision)


def _discriminator(settings: TrainSettings) -> Discriminator:
    if settings.discriminator == "features":
        width = settings.discriminator_width
        members = [FeatureDiscriminator(network, width) for network in settings.looked_through]
        return members[0] if len(members) == 1 else JointDiscriminator(members)
    return PatchDiscriminator(settings.discriminator_width, settings.discriminator_layers)


def _keep_depthwise_exact(module: nn.Module) -> None:
    """Let a depthwise convolution compute in float32 under autocast.

    In half precision it is no faster, and the sums over its few products lose most.
    """
    if isinstance(module, nn.Conv2d) and module.groups == module.in_channels > 1:
        module.__class__ = _exact(type(module))


def _exact(kind: type[nn.Conv2d]) -> type[nn.Conv2d]:
    class Exact(kind):  # type: ignore[misc, valid-type]
        def forward(self, features: Tensor) -> Tensor:
            with torch.autocast(features.device.type, enabled=False):
                result: Tensor = super().forward(features.float())
            return result

    return Exact


def _optimizer(generator: Generator, settings: TrainSettings) -> torch.optim.AdamW:
    groups: list[dict[str, Any]] = []
    for prefix_is_encoder, rate in ((True, settings.encoder_rate), (False, settings.decoder_rate)):
        for decays in (True, False):
            parameters = [
                value
                for key, value in generator.named_parameters()
                if key.startswith("encoder.") == prefix_is_encoder
                and (value.ndim > 1) == decays
                and value.requires_grad
            ]
            decay = settings.weight_decay if decays else 0.0
            groups.append({"params": parameters, "peak": rate, "weight_decay": decay, "lr": rate})
    return torch.optim.AdamW(groups, fused=True)
