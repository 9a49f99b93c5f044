"""What changes as a run goes on: phase, learning rate, size of the crops."""

from __future__ import annotations

import enum
import math
from collections.abc import Iterator

from vidcolor.train.progress import Progress
from vidcolor.train.settings import WARM_SHARE, TrainSettings

LEAST_RATE = 0.01
STEPS = ((0.6, 0.1), (0.85, 0.01))


class Phase(enum.Enum):
    """Who learns: the generator without an adversary, the discriminator alone, or both."""

    SUPERVISED = "supervised"
    CRITIC = "critic"
    JOINT = "joint"


class Schedule:
    """A run's settings and progress, as what is to be done now."""

    def __init__(self, settings: TrainSettings, progress: Progress) -> None:
        self.settings = settings
        self.progress = progress
        self._weights = settings.weights

    def done(self, step: int | None = None) -> float:
        """Share of the run that is behind at a step (now, if None), 0..1."""
        settings = self.settings
        if settings.steps is not None:
            now = self.progress.step if step is None else step
            return min(1.0, now / settings.steps)
        return min(1.0, self.progress.seconds / 3600 / (settings.hours or 1))

    def phase(self) -> Phase:
        """Who learns now."""
        if not self.settings.has_phases:
            return Phase.JOINT if "adversarial" in self._weights else Phase.SUPERVISED
        nogan, done = self.settings.nogan, self.done()
        if done >= 1 - nogan.joint:
            return Phase.JOINT
        return Phase.CRITIC if done >= 1 - nogan.joint - nogan.critic else Phase.SUPERVISED

    def rate(self) -> float:
        """What the generator's peak learning rates are multiplied by now."""
        done, settings = self.done(), self.settings
        if settings.has_phases:
            if self.phase() is Phase.JOINT:
                joint = settings.nogan.joint
                within = (done - (1 - joint)) / joint
                return settings.nogan.rate * _decay(settings.schedule, within)
            done /= max(1e-9, 1 - settings.nogan.joint - settings.nogan.critic)
        by_steps = (self.progress.step + 1) / max(1, settings.warm_up)
        warm = min(1.0, max(by_steps, done / WARM_SHARE))
        return warm * _decay(settings.schedule, min(1.0, done))

    def ema(self) -> float:
        """Decay of the averaged weights now; the short joint phase of nogan has a short memory."""
        step = self.progress.step
        decay = min(self.settings.ema, (1 + step) / (10 + step))
        joint = self.settings.has_phases and self.phase() is Phase.JOINT
        return min(decay, 1 - 1 / self.settings.nogan.every) if joint else decay

    def every(self) -> int:
        """Steps between validations now."""
        if self.settings.has_phases and self.phase() is Phase.JOINT:
            return self.settings.nogan.every
        return self.settings.every

    def sizes(self) -> Iterator[tuple[int, int]]:
        """(pixels, pictures) of the batches to come, until the run is over."""
        settings = self.settings
        step = self.progress.step
        while settings.steps is None or step < settings.steps:
            done = self.done(step)
            if done >= 1:
                return
            late = done >= 1 - settings.final_share
            for _ in range(settings.accumulate):
                yield (
                    (settings.final_size, settings.final_batch)
                    if late
                    else (settings.size, settings.batch)
                )
            step += 1


def _decay(kind: str, done: float) -> float:
    if kind == "constant":
        return 1.0
    if kind == "step":
        passed = [factor for start, factor in STEPS if done >= start]
        return passed[-1] if passed else 1.0
    return max(LEAST_RATE, 0.5 + 0.5 * math.cos(math.pi * done))
