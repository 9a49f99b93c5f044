"""Everything a training run is told, checked once and stored beside the run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from vidcolor.errors import InputError, UsageError
from vidcolor.files import write_text
from vidcolor.network.config import GeneratorConfig
from vidcolor.train.recipes import DISCRIMINATORS, GANS, NOGAN, PAIRED, TAUGHT, resolve

SETTINGS = "settings.json"
PRECISIONS = ("float32", "bf16", "fp16")
SCHEDULES = ("cosine", "step", "constant")
VALIDATION_SHARE = 0.015
"""The share of the data that is held out where no folder is given for validation."""
WARM_SHARE = 0.05
"""The largest share of a run that may go into warming up, whatever number of steps is asked for."""
SAFE = ("hours", "steps", "every", "threads")
"""What a resumed run may be told anew: nothing that changes what the state means."""


@dataclass(frozen=True)
class Simulation:
    """What is done to a picture before the network sees it.

    Attributes:
        damage: greatest strength of the damage to luma, 0..1.
        damaged: share of the samples with any.
        hinted: share of the samples with hints.
        recoloured: share of those whose hues are turned, in hints and target alike.
        own: share of the hinted ones whose hints are the averaged network's own colour, warped.
    """

    damage: float = 0.5
    damaged: float = 0.35
    hinted: float = 0.25
    recoloured: float = 0.15
    own: float = 0.15

    def __post_init__(self) -> None:
        for entry in fields(self):
            if not 0 <= getattr(self, entry.name) <= 1:
                raise UsageError(
                    f"The {entry.name} of the simulation must lie in 0..1.", "Give 0.25, say."
                )


@dataclass(frozen=True)
class NoGan:
    """The phases of the recipe nogan, and how the checkpoint to ship is chosen.

    Attributes:
        critic: share of the run in which the discriminator alone learns.
        joint: share, at the end, in which both learn.
        rate: the generator's learning rate when both begin, as a share of its peak; it falls by
            the schedule.
        every: steps between candidates then.
        floor_db: how far a candidate's PSNR may fall below the supervised network's.
        flicker: how many times the supervised network's flicker a candidate may have.
        saturation: what expected chroma is multiplied by before the discriminator or the judge of
            the candidates sees it: they look at colour as users are shown it.
    """

    critic: float = 0.15
    joint: float = 0.15
    rate: float = 0.1
    every: int = 20
    floor_db: float = 0.3
    flicker: float = 1.15
    saturation: float = 1.3

    def __post_init__(self) -> None:
        if self.critic < 0 or self.joint <= 0 or self.critic + self.joint > 1:
            raise UsageError(
                "The phases of nogan don't fit into the run.",
                "Give shares above 0 that sum to 1 or less.",
            )


@dataclass(frozen=True)
class TrainSettings:
    """A training run.

    Attributes:
        data: folders of colour pictures and clips.
        out: folder of the run.
        val: folders for validation; empty to hold back a share of the data.
        least_color: least mean distance from neutral (of 255) of a picture that is used.
        shares: of the samples, by the last name of a folder of the data; the other folders share
            what is left by the number of their pictures.
        colorful: power of a picture's mean distance from neutral by which it is shown more often
            than others of its folder; 0 for all alike.
        hours: hours of training; the schedule follows the clock. Give this or `steps`.
        steps: number of steps; the schedule follows them.
        size: side of the crops in pixels, a multiple of 32.
        batch: pictures a step and process.
        accumulate: such batches a step.
        final_size: side of the crops in the last part of the run.
        final_batch: pictures a step there.
        final_share: how large that last part is, 0..1.
        recipe: a key of `recipes.RECIPES`.
        losses: weights that replace the recipe's or come on top.
        pixel_weight: lambda, the weight of the recipe's pixel loss.
        gan: lsgan, hinge or vanilla.
        discriminator: "patch" learns from scratch, "features" on frozen networks' features.
        critics: those networks; none for the perceptual network alone.
        discriminator_rate: learning rate of the discriminator.
        discriminator_width: its channels after the first convolution.
        discriminator_layers: halvings of "patch"; 3 sees 70 x 70 pixels, 2 sees 34, 1 sees 16.
        adversary_from: distance from neutral, of 255, that a place's true colour has where the
            generator hears of the discriminator; 0 for all places.
        perceptual_network: whose features the perceptual loss compares.
        perceptual_layers: which of them; none for a sensible choice.
        teacher: model whose colour distillation, and whose distribution votes asks for: name or
            path.
        nogan: phases of that recipe.
        simulation: damage and hints.
        network: what the generator is built of, where no `init` says it; the number of bins is
            counted from the data.
        init: checkpoint to begin with.
        grow: let it grow into `network`, saying at first what it said.
        frozen_levels: levels of the encoder's pyramid, finest first, that are kept as they are
            (batch norm's statistics too): 2 saves a quarter of the time when fine-tuning.
        frozen_norm: keep all statistics of batch norm as they are.
        encoder_rate: peak learning rate of the encoder.
        decoder_rate: peak learning rate of all else.
        warm_up: steps until the peak; never more than a twentieth of the run.
        schedule: cosine to 1 %, step (a tenth after 60 % and again after 85 %), or constant.
        weight_decay: AdamW's.
        clip: largest norm of the gradient.
        ema: decay of the averaged weights.
        precision: float32, bf16 or fp16 (which needs CUDA).
        compile: run the generator through torch.compile.
        device: torch device.
        threads: CPU threads, 0 for torch's choice.
        every: steps between checkpoints, validation figures and sheets.
        seed: of everything random.
        limit: at most this many pictures.
    """

    data: tuple[str, ...]
    out: str
    val: tuple[str, ...] = ()
    least_color: float = 3.0
    shares: Mapping[str, float] = field(default_factory=dict)
    colorful: float = 0.0
    hours: float | None = None
    steps: int | None = None
    size: int = 128
    batch: int = 32
    accumulate: int = 1
    final_size: int = 192
    final_batch: int = 16
    final_share: float = 0.25
    recipe: str = "default"
    losses: Mapping[str, float] = field(default_factory=dict)
    pixel_weight: float | None = None
    gan: str = "lsgan"
    discriminator: str = "patch"
    critics: tuple[str, ...] = ()
    discriminator_rate: float = 2e-4
    discriminator_width: int = 64
    discriminator_layers: int = 3
    adversary_from: float = 0.0
    perceptual_network: str = "tf_efficientnet_lite1"
    perceptual_layers: tuple[str, ...] = ()
    teacher: str | None = None
    nogan: NoGan = NoGan()
    simulation: Simulation = Simulation()
    network: GeneratorConfig = field(default_factory=GeneratorConfig)
    init: str | None = None
    grow: bool = False
    frozen_levels: int = 0
    frozen_norm: bool = False
    encoder_rate: float = 3e-4
    decoder_rate: float = 1.5e-3
    warm_up: int = 200
    schedule: str = "cosine"
    weight_decay: float = 0.02
    clip: float = 1.0
    ema: float = 0.9995
    precision: str = "float32"
    compile: bool = False
    device: str = "cpu"
    threads: int = 0
    every: int = 500
    seed: int = 0
    limit: int | None = None

    def __post_init__(self) -> None:
        if (self.hours is None) == (self.steps is None):
            raise UsageError("The length of a training is not clear.", "Give --hours or --steps.")
        self._check_sizes()
        self._check_choices()
        if (self.teacher is None) != TAUGHT.isdisjoint(self.weights):
            raise UsageError(
                "A teacher and the losses distillation and votes go together.",
                "Give --teacher MODEL and --loss votes=1 or distillation=20, or neither.",
            )
        if self.is_paired and (self.batch % 2 or self.final_batch % 2):
            raise UsageError(
                "The losses consistency, distillation and votes set two views of each photograph"
                " side by side in a batch.",
                "Give even --batch and --final-batch.",
            )
        if self.critics and self.discriminator != "features":
            raise UsageError(
                "Critics look through networks, which --discriminator patch does not.",
                "Give --discriminator features as well, or no --critic.",
            )
        if self.precision == "fp16" and not self.device.startswith("cuda"):
            raise UsageError("fp16 needs a CUDA device.", "Choose bf16 or float32.")

    def _check_sizes(self) -> None:
        for name in ("size", "final_size"):
            if getattr(self, name) % 32 or getattr(self, name) <= 0:
                raise UsageError(
                    f"--{name.replace('_', '-')} {getattr(self, name)} is no multiple of 32.",
                    "Give 96, 128, 160, 192 or the like.",
                )
        for name in ("batch", "final_batch", "accumulate", "every", "steps", "limit"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise UsageError(f"--{name.replace('_', '-')} must be at least 1.", "Raise it.")
        if self.hours is not None and not self.hours > 0:
            raise UsageError("--hours must be above 0.", "Give 0.5 for half an hour, say.")
        if min(self.shares.values(), default=0) < 0 or sum(self.shares.values()) > 1:
            raise UsageError(
                "The shares of the data must be 0 or more and sum to 1 or less.",
                "Give --share people=0.2 --share rooms=0.2, say.",
            )
        for name, example in (("colorful", 0.5), ("adversary_from", 12)):
            if getattr(self, name) < 0:
                raise UsageError(
                    f"--{name.replace('_', '-')} must not be negative.",
                    f"Give {example}, for example.",
                )
        if not 0 <= self.final_share <= 1:
            raise UsageError("--final-share must lie in 0..1.", "Give 0.25, for example.")

    def _check_choices(self) -> None:
        for name, known in (
            ("gan", GANS),
            ("discriminator", DISCRIMINATORS),
            ("precision", PRECISIONS),
            ("schedule", SCHEDULES),
        ):
            if getattr(self, name) not in known:
                raise UsageError(
                    f"--{name} {getattr(self, name)} is not known.",
                    f"Choose one of {', '.join(known)}.",
                )

    @property
    def weights(self) -> dict[str, float]:
        """Weight of each loss of the run, all above zero."""
        return resolve(self.recipe, self.losses, self.pixel_weight)

    @property
    def looked_through(self) -> tuple[str, ...]:
        """Networks whose features the discriminator "features" judges."""
        return self.critics or (self.perceptual_network,)

    @property
    def is_paired(self) -> bool:
        """Whether a batch holds two views of each photograph."""
        return not PAIRED.isdisjoint(self.weights)

    @property
    def has_phases(self) -> bool:
        """Whether the run goes through the phases of nogan."""
        return self.recipe == NOGAN

    def save(self, path: Path) -> None:
        """Write all settings as JSON."""
        write_text(path, json.dumps(asdict(self), indent=2) + "\n")

    @classmethod
    def load(cls, path: Path) -> TrainSettings:
        """Read what `save` wrote.

        Raises:
            InputError: the file is missing or is no such record.
        """
        try:
            return cls.from_record(json.loads(path.read_text()))
        except OSError as problem:
            raise InputError(
                f"The settings {path} cannot be read: {problem.strerror}.", "Check the path."
            ) from problem
        except (ValueError, TypeError, AttributeError) as problem:
            raise InputError(
                f"The file {path} holds no settings of a training ({problem}).",
                "Give a settings.json that vidcolor train has written.",
            ) from problem

    @classmethod
    def from_record(cls, stored: Mapping[str, Any]) -> TrainSettings:
        """Settings from the dictionary that JSON gives."""
        found = dict(stored)
        # Runs begun by 0.1.0 have these two beside the rest.
        encoder = found.pop("encoder", None)
        regression = found.pop("regression_weight", None)
        if regression is not None:
            found["losses"] = {"regression": regression}
        if encoder is not None:
            found["network"] = {"encoder": encoder}
        for name, record in (("nogan", NoGan), ("simulation", Simulation)):
            found[name] = record(**found.get(name, {}))
        found["network"] = config_from_record(found.get("network", {}))
        for name in ("data", "val", "perceptual_layers", "critics"):
            found[name] = tuple(found.get(name, ()))
        return cls(**found)

    def changes(self, other: TrainSettings) -> dict[str, Any]:
        """Fields in which other settings differ from these, with the others' values."""
        pairs = ((entry.name, getattr(other, entry.name)) for entry in fields(self))
        return {name: value for name, value in pairs if value != getattr(self, name)}

    def resumed(self, **changes: Any) -> TrainSettings:
        """These settings with those that a resumed run is told anew.

        Raises:
            UsageError: one of them would change what the saved state means; all are named.
        """
        unsafe = [
            f"{name} ({getattr(self, name)}, now {value})"
            for name, value in changes.items()
            if name not in SAFE and value != getattr(self, name)
        ]
        if unsafe:
            raise UsageError(
                f"A resumed run keeps its settings, but these differ: {'; '.join(unsafe)}.",
                f"Leave them off ({', '.join(SAFE)} may change), or begin a new run with --init.",
            )
        if changes.get("hours") is not None:
            changes = {"steps": None} | changes
        elif changes.get("steps") is not None:
            changes = {"hours": None} | changes
        return replace(self, **changes)


def config_from_record(stored: Mapping[str, Any]) -> GeneratorConfig:
    """A generator's configuration from the dictionary that JSON gives."""
    found: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in stored.items()}
    return GeneratorConfig(**found)
