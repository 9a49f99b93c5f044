"""The training loop: batches in, averaged weights out, whole after any interruption."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from vidcolor.color.chroma import Bins, bins_from_histogram, count_chroma
from vidcolor.errors import InputError, MachineError, OutputError
from vidcolor.network.build import build_generator
from vidcolor.network.checkpoint import load_model, save_model
from vidcolor.network.config import GeneratorConfig, ModelInfo
from vidcolor.network.encoders import frozen_modules
from vidcolor.network.generator import Decoder, Generator
from vidcolor.network.shelf import find_model
from vidcolor.train.data import PictureStore, open_store
from vidcolor.train.losses import SupervisedLoss
from vidcolor.train.samples import Batch, batches
from vidcolor.train.settings import TrainSettings
from vidcolor.train.validate import validate

STATE = "state.pt"
SETTINGS = "settings.json"
BEST = "model.safetensors"
LEAST_RATE = 0.01
VALIDATION_PICTURES = 200
SMOOTHING = 0.98


@dataclass
class Progress:
    """How far a run has come."""

    step: int = 0
    samples: int = 0
    seconds: float = 0.0


class Trainer:
    """A run: network, optimiser, averaged weights, and how far they have come."""

    def __init__(self, settings: TrainSettings, cache: Path) -> None:
        self.settings = settings
        self.run = Path(settings.out)
        if settings.threads:
            torch.set_num_threads(settings.threads)
        torch.manual_seed(settings.seed)
        self.store = open_store([Path(d) for d in settings.data], cache, settings.limit)
        self.train, held_out = self.store.split()
        self.held_out = (held_out or self.train)[:VALIDATION_PICTURES]
        self.generator, self.bins = self._begin()
        self.device = torch.device(settings.device)
        self.frozen = frozen_modules(self.generator.encoder, settings.frozen_levels)
        for module in self.frozen:
            module.requires_grad_(False)
        self.generator.to(self.device).to(memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.generator).eval().requires_grad_(False)
        self.loss = SupervisedLoss(self.bins, settings.regression_weight).to(self.device)
        self.optimizer = _optimizer(self.generator, settings)
        self.progress = Progress()

    def _begin(self) -> tuple[Generator, Bins]:
        if self.settings.init is not None:
            model = load_model(find_model(self.settings.init))
            return model.generator, model.bins
        bins = _count_bins(self.store, self.train)
        config = GeneratorConfig(encoder=self.settings.encoder, bins=bins.count)
        return build_generator(config, pretrained=True), bins

    def fit(self) -> None:
        """Train to the end of the schedule, saving on the way.

        Raises:
            MachineError: the loss is no longer a number; the last good state is named.
        """
        last = time.perf_counter()
        with tqdm(desc="training", unit=" pictures", mininterval=10) as bar:
            shown = 0.0
            for batch in batches(
                self.store, self.train, self.settings.seed, self.progress.step, self._sizes()
            ):
                terms = self._step(batch)
                now = time.perf_counter()
                self.progress.seconds += now - last
                last = now
                shown = terms["loss"] + SMOOTHING * (shown - terms["loss"]) * bool(shown)
                bar.update(len(batch.inputs))
                bar.set_postfix_str(f"loss {shown:.3f}, done {self.done():.1%}", refresh=False)
                if self.progress.step % self.settings.every == 0:
                    self._report(terms | {"smoothed": shown})
                    self.save()
                    last = time.perf_counter()
        if self.progress.step % self.settings.every:
            self._report({"smoothed": shown})
            self.save()

    def done(self) -> float:
        """Share of the schedule that is behind, 0..1."""
        if self.settings.steps is not None:
            return min(1.0, self.progress.step / self.settings.steps)
        return min(1.0, self.progress.seconds / 3600 / (self.settings.hours or 1))

    def _sizes(self) -> Iterator[tuple[int, int]]:
        planned = self.progress.step
        while self.done() < 1 and (self.settings.steps is None or planned < self.settings.steps):
            planned += 1
            if self.done() >= 1 - self.settings.final_share:
                yield self.settings.final_size, self.settings.final_batch
            else:
                yield self.settings.size, self.settings.batch

    def _step(self, batch: Batch) -> dict[str, float]:
        inputs = torch.from_numpy(batch.inputs).to(
            self.device, memory_format=torch.channels_last, non_blocking=True
        )
        target = torch.from_numpy(batch.target).to(self.device, non_blocking=True)
        self._set_rates()
        self.generator.train()
        for module in self.frozen:
            module.eval()
        self.optimizer.zero_grad(set_to_none=True)
        with self._autocast():
            output = self.generator(inputs)
        terms: dict[str, Tensor] = self.loss(output, target)
        loss = torch.stack(list(terms.values())).sum()
        value = loss.item()
        if not np.isfinite(value):
            raise MachineError(
                f"The loss is not a number at step {self.progress.step}.",
                f"Go on from {self.run / STATE} with a lower learning rate.",
            )
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.generator.parameters(), self.settings.clip)
        self.optimizer.step()
        self.progress.step += 1
        self.progress.samples += len(batch.inputs)
        self._follow()
        return {name: term.item() for name, term in terms.items()} | {"loss": value}

    def _autocast(self) -> AbstractContextManager[Any]:
        if self.settings.precision == "float32":
            return nullcontext()
        return torch.autocast(self.device.type, torch.bfloat16)

    def _set_rates(self) -> None:
        warm = min(1.0, (self.progress.step + 1) / max(1, self.settings.warm_up))
        cosine = 0.5 + 0.5 * np.cos(np.pi * self.done())
        for group in self.optimizer.param_groups:
            group["lr"] = float(group["peak"] * warm * max(LEAST_RATE, cosine))

    @torch.no_grad()
    def _follow(self) -> None:
        decay = min(self.settings.ema, (1 + self.progress.step) / (10 + self.progress.step))
        own = self.generator.state_dict()
        for key, value in self.average.state_dict().items():
            if value.is_floating_point():
                value.lerp_(own[key], 1 - decay)
            else:
                value.copy_(own[key])

    def _report(self, terms: dict[str, float]) -> None:
        decoder = Decoder(self.average, self.bins).to(self.device)
        result = validate(decoder.eval(), self.store, self.held_out)
        row = {
            "step": self.progress.step,
            "samples": self.progress.samples,
            "hours": round(self.progress.seconds / 3600, 4),
            **{name: round(value, 5) for name, value in terms.items()},
            "error": round(result.error, 4),
            "grey_error": round(result.grey_error, 4),
            "gain_db": round(result.gain_db, 4),
            "strength": round(result.strength, 4),
        }
        with (self.run / "metrics.jsonl").open("a") as stream:
            stream.write(json.dumps(row) + "\n")
        tqdm.write(json.dumps(row))
        cv2.imwrite(str(self.run / "sheet.png"), result.sheet)
        info = ModelInfo(
            generator=self.generator.config,
            calibration=result.calibration,
            recipe={key: row[key] for key in ("step", "samples", "hours")}
            | {"init": self.settings.init, "size": self.settings.size},
            data=self.store.fingerprint,
        )
        save_model(self.run / BEST, self.average, self.bins, info)

    def save(self) -> None:
        """Write the whole state, under a temporary name first."""
        state = {
            "generator": self.generator.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "progress": vars(self.progress),
            "bins": (torch.from_numpy(self.bins.centers), torch.from_numpy(self.bins.prior)),
            "torch_rng": torch.get_rng_state(),
        }
        temporary = self.run / f"{STATE}.part"
        try:
            torch.save(state, temporary)
            temporary.replace(self.run / STATE)
        except OSError as problem:
            temporary.unlink(missing_ok=True)
            raise OutputError(
                f"The state of the training could not be saved: {problem.strerror}.",
                f"Make room; the state before it is whole in {self.run / STATE}.",
            ) from problem

    def restore(self) -> None:
        """Go on from the state in the run's folder."""
        state = torch.load(self.run / STATE, map_location="cpu", weights_only=True)
        self.generator.load_state_dict(state["generator"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.progress = Progress(**state["progress"])
        torch.set_rng_state(state["torch_rng"])


def start(settings: TrainSettings, cache: Path) -> Trainer:
    """A new run in an empty folder."""
    run = Path(settings.out)
    if (run / STATE).exists():
        raise OutputError(
            f"The folder {run} already holds a run.",
            f"Go on with it by vidcolor train --resume {run}, or give another --out.",
        )
    run.mkdir(parents=True, exist_ok=True)
    settings.save(run / SETTINGS)
    return Trainer(settings, cache)


def resume(run: Path, cache: Path, hours: float | None = None) -> Trainer:
    """Go on with an interrupted run; `hours` may lengthen or shorten its schedule."""
    if not (run / STATE).is_file():
        raise InputError(f"There is no run to go on with in {run}.", "Check the folder.")
    settings = TrainSettings.load(run / SETTINGS)
    if hours is not None:
        settings = replace(settings, hours=hours, steps=None)
    # The state holds the weights, so nothing is to be taken from where the run began.
    trainer = Trainer(settings, cache)
    trainer.restore()
    return trainer


def _count_bins(store: PictureStore, train: list[int]) -> Bins:
    histogram = np.zeros((256, 256), np.int64)
    for index in train:
        count_chroma(store.picture(index)[::4, ::4, 1:], histogram)
    return bins_from_histogram(histogram)


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
    return torch.optim.AdamW(groups)
