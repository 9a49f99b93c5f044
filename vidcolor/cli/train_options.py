"""The options of `vidcolor train`, and which field of which record each of them sets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from typing import Any, TypeVar

import click

from vidcolor.cli.options import ANY_PATH
from vidcolor.network.config import FUSIONS, INITS, KINDS, NORMS, SIZES, UPSAMPLINGS
from vidcolor.train.recipes import DISCRIMINATORS, GANS, PIXEL, RECIPES
from vidcolor.train.settings import (
    PRECISIONS,
    SCHEDULES,
    VALIDATION_SHARE,
    WARM_SHARE,
    NoGan,
    Simulation,
    TrainSettings,
)

Command = TypeVar("Command", bound=Callable[..., Any])

NETWORK = {
    "generator": "kind",
    "encoder": "encoder",
    "width": "width",
    "depth": "depth",
    "blocks": "blocks",
    "upsample": "upsample",
    "norm": "norm",
    "initialisation": "init",
    "fusion": "fusion",
    "fusion_network": "fusion_network",
}
SIMULATION = {"degrade": "damage", "hint_share": "hinted"}
OLD_NAMES = {"old_hints": "hint_share", "old_every": "every"}
"""What options were called when the same words meant other things than in other commands."""
NOGAN = {
    "critic_share": "critic",
    "joint_share": "joint",
    "joint_rate": "rate",
    "joint_every": "every",
}

_FOLDER = ANY_PATH
_defaults: dict[str, Any] = {
    entry.name: entry.default
    for entry in fields(TrainSettings)
    if entry.name not in ("data", "out")
}


def _default(name: str) -> Any:
    if name in SIMULATION:
        return getattr(Simulation(), SIMULATION[name])
    return getattr(NoGan(), NOGAN[name]) if name in NOGAN else _defaults[name]


def _option(flag: str, help_text: str, **more: Any) -> click.Option:
    """An option whose default stands in the settings' records, and whose type is the default's."""
    name = flag.lstrip("-").replace("-", "_")
    value = _default(name)
    kind = {} if value is None or "type" in more else {"type": type(value)}
    return click.Option(
        [flag], default=value, help=help_text, **{"show_default": True} | kind | more
    )


def _pixel_weights() -> str:
    """The weights of the pixel losses that recipes have: "l1 100 in ..."."""
    found: dict[str, list[str]] = {}
    for recipe, weights in RECIPES.items():
        for loss in set(weights) & set(PIXEL):
            found.setdefault(f"{loss} {weights[loss]:g}", []).append(recipe)
    return "; ".join(f"{weight} in {', '.join(recipes)}" for weight, recipes in found.items())


OPTIONS: tuple[click.Option, ...] = (
    click.Option(
        ["--data"],
        multiple=True,
        type=_FOLDER,
        help="[Data] Folder of colour pictures and clips, with all below it; repeatable.",
    ),
    click.Option(
        ["--val"],
        multiple=True,
        type=_FOLDER,
        show_default=f"{VALIDATION_SHARE:.1%} of the data, by content",
        help="[Data] Folder to validate on; repeatable.",
    ),
    _option("--least-color", "[Data] Mean chroma (of 255) under which a picture counts as grey."),
    click.Option(
        ["--share", "shares"],
        multiple=True,
        metavar="NAME=PART",
        help="[Data] Part of the samples that comes from the folder of this name, 0 to 1;"
        " repeatable. The other folders share what is left by their size.",
    ),
    _option("--colorful", "[Data] Above 0 pictures with more colour are shown more often."),
    _option("--limit", "[Data] At most this many files.", type=int, show_default="all"),
    click.Option(
        ["--cache"],
        type=_FOLDER,
        show_default="~/.cache/vidcolor/pictures",
        help="[Data] Where decoded pictures are kept; $VIDCOLOR_CACHE moves it as well.",
    ),
    _option("--degrade", "[Data] Greatest damage to luma, 0 to 1."),
    _option("--hint-share", "[Data] Share of the samples with hints, 0 to 1."),
    click.Option(["--hints", "old_hints"], type=float, hidden=True),
    click.Option(["--out"], type=_FOLDER, help="[Output] Folder of the run."),
    click.Option(
        ["--resume"],
        type=_FOLDER,
        help="[Output] Go on with the interrupted run in this folder.",
    ),
    click.Option(
        ["--config"],
        type=_FOLDER,
        help="[Output] Settings of a run (settings.json) to begin from; options come on top.",
    ),
    click.Option(
        ["--plan"],
        is_flag=True,
        help="[Output] Say what the run would take, and do not train.",
    ),
    click.Option(
        ["--save-every", "every"],
        type=int,
        default=_default("every"),
        show_default=True,
        help="[Output] Steps between checkpoints, figures and sheets.",
    ),
    click.Option(["--every", "old_every"], type=int, hidden=True),
    _option("--hours", "[Schedule] Train this long; or give --steps.", type=float),
    _option("--steps", "[Schedule] Train this many steps; or give --hours.", type=int),
    _option("--size", "[Schedule] Side of the crops, a multiple of 32."),
    _option("--batch", "[Schedule] Pictures a step and process."),
    _option("--accumulate", "[Schedule] Batches whose gradients make one step."),
    _option("--final-size", "[Schedule] Side of the crops in the last part."),
    _option("--final-batch", "[Schedule] Pictures a step in the last part."),
    _option("--final-share", "[Schedule] How large the last part is."),
    _option("--encoder-rate", "[Schedule] Peak learning rate of the encoder."),
    _option("--decoder-rate", "[Schedule] Peak learning rate of the rest."),
    _option("--discriminator-rate", "[Schedule] Learning rate of the discriminator."),
    _option("--warm-up", f"[Schedule] Steps until the peak, {WARM_SHARE:.0%} of the run at most."),
    _option("--schedule", "[Schedule] How rates fall.", type=click.Choice(SCHEDULES)),
    _option("--weight-decay", "[Schedule] AdamW's."),
    _option("--clip", "[Schedule] Largest norm of the gradient."),
    _option("--ema", "[Schedule] Decay of the averaged weights."),
    _option("--seed", "[Schedule] Of all chance."),
    _option("--recipe", "[Loss] Which losses.", type=click.Choice(list(RECIPES))),
    click.Option(
        ["--loss", "losses"],
        multiple=True,
        metavar="NAME=WEIGHT",
        help="[Loss] Add a loss to the recipe's, or weigh it anew (0: leave it out); repeatable.",
    ),
    click.Option(
        ["--lambda", "pixel_weight"],
        type=float,
        show_default=_pixel_weights(),
        help="[Loss] Weight of the pixel loss, as in pix2pix.",
    ),
    _option("--gan", "[Loss] Form of the adversarial loss.", type=click.Choice(GANS)),
    _option(
        "--discriminator",
        "[Loss] patch learns from scratch; features judges what the perceptual network sees, and"
        " needs hundreds of steps where patch needs thousands.",
        type=click.Choice(DISCRIMINATORS),
    ),
    _option("--discriminator-width", "[Loss] Its channels after the first convolution."),
    _option(
        "--discriminator-layers", "[Loss] Halvings of patch: 3 sees 70 x 70 pixels, 2 34, 1 16."
    ),
    _option(
        "--adversary-from",
        "[Loss] The discriminator is heard where the true colour is so far from neutral, of 255:"
        " what is pale is left to the other losses.",
    ),
    _option(
        "--perceptual-network",
        "[Loss] Whose features the perceptual loss compares: tf_efficientnet_lite1, _lite2, vgg16"
        " or mobilenet_v2.",
    ),
    click.Option(
        ["--critic", "critics"],
        multiple=True,
        metavar="NETWORK",
        show_default="the perceptual network",
        help="[Loss] Whose features the discriminator features judges: tf_efficientnet_lite1,"
        " _lite2 or vgg16; repeatable, and then all have their say.",
    ),
    click.Option(
        ["--perceptual-layer", "perceptual_layers"],
        multiple=True,
        show_default="blocks.0 blocks.1 blocks.2 blocks.4",
        help="[Loss] Layer it compares; repeatable. vgg16 has relu1_2 to relu5_3, by default all.",
    ),
    _option(
        "--teacher",
        "[Loss] Model to learn from, for the losses distillation (its colour) and votes (its"
        " distribution): name or path.",
        type=str,
    ),
    _option("--critic-share", "[Loss] nogan: share of the run for the discriminator alone."),
    _option("--joint-share", "[Loss] nogan: share of the run for both."),
    _option(
        "--joint-rate", "[Loss] nogan: the generator's rate at its begin, a share of the peak."
    ),
    _option("--joint-every", "[Loss] nogan: steps between the checkpoints to choose from."),
    click.Option(
        ["--network", "size_name"],
        type=click.Choice(list(SIZES)),
        default="base",
        show_default=True,
        help="[Network] A unet by its name; what --init names grows into it, saying the same at"
        " first.",
    ),
    click.Option(
        ["--generator"],
        type=click.Choice(KINDS),
        default=KINDS[0],
        show_default=True,
        help="[Network] Kind of generator.",
    ),
    click.Option(
        ["--encoder"],
        show_default="tf_efficientnet_lite2",
        help="[Network] unet: a timm network to build on.",
    ),
    click.Option(
        ["--width"],
        type=int,
        show_default="unet 96, unet-plain and resnet 64",
        help="[Network] Base width.",
    ),
    click.Option(
        ["--depth"],
        type=int,
        show_default="unet-plain 5, resnet 3",
        help="[Network] unet-plain, resnet: halvings down to the bottleneck.",
    ),
    click.Option(
        ["--blocks"], type=int, show_default="9", help="[Network] resnet: residual blocks."
    ),
    click.Option(
        ["--upsample"],
        type=click.Choice(UPSAMPLINGS),
        default=UPSAMPLINGS[0],
        show_default=True,
        help="[Network] How features are enlarged.",
    ),
    click.Option(
        ["--norm"],
        type=click.Choice(NORMS),
        default=NORMS[0],
        show_default=True,
        help="[Network] Normalisation outside the encoder.",
    ),
    click.Option(
        ["--initialisation"],
        type=click.Choice(INITS),
        default=INITS[0],
        show_default=True,
        help="[Network] Of weights that are not pretrained.",
    ),
    click.Option(
        ["--fusion"],
        type=click.Choice(FUSIONS),
        default=FUSIONS[0],
        show_default=True,
        help="[Network] Of a frozen pretrained network's features at the bottleneck.",
    ),
    click.Option(
        ["--fusion-network"],
        show_default="tf_efficientnet_lite1",
        help="[Network] Whose features: a timm network.",
    ),
    _option(
        "--init",
        "[Network] Model to begin with: name or path.",
        type=str,
        show_default="ImageNet weights for a unet's encoder, the rest at random",
    ),
    _option("--frozen-levels", "[Network] Finest levels of the encoder kept as they are."),
    _option("--frozen-norm", "[Network] Keep batch norm's statistics.", is_flag=True),
    _option("--precision", "[Machine] Of the networks.", type=click.Choice(PRECISIONS)),
    _option("--compile", "[Machine] Run the generator through torch.compile.", is_flag=True),
    _option("--device", "[Machine] torch device: cpu, cuda, mps."),
    click.Option(
        ["--threads"],
        type=click.IntRange(0),
        default=0,
        show_default=True,
        help="[Machine] CPU threads; 0 leaves it to torch, which takes one a core.",
    ),
    click.Option(["--quiet"], is_flag=True, help="[Words] Say nothing but errors."),
    click.Option(
        ["--json", "as_json"], is_flag=True, help="[Words] Print one JSON object at the end."
    ),
)


def train_options(command: click.Command) -> click.Command:
    """Add all options to the command."""
    command.params += OPTIONS
    return command


def as_record(told: Mapping[str, Any], base: Mapping[str, Any]) -> dict[str, Any]:
    """A record of settings from what was told on the command line, over a base.

    Raises:
        UsageError: a loss or a share is not given with a number.
    """
    told, record = dict(told), dict(base)
    size = told.pop("size_name", None)
    if size is not None:
        record |= {"network": asdict(SIZES[size]), "grow": True}
    # Another kind of generator has other options: those of the base's kind don't go with it.
    anew = "generator" in told and size is None
    network = {} if anew else dict(record.get("network", {}))
    starts = {part: dict(record.get(part, {})) for part in ("simulation", "nogan")}
    starts["network"] = network
    names = {"network": NETWORK, "simulation": SIMULATION, "nogan": NOGAN}
    nested = {option for part in names.values() for option in part}
    for part, fields_of in names.items():
        own = {fields_of[option]: told[option] for option in fields_of if option in told}
        record[part] = starts[part] | own
    record |= {name: value for name, value in told.items() if name not in nested}
    for name in ("data", "val"):
        record[name] = [str(folder) for folder in record.get(name, ())]
    if "out" in told:
        record["out"] = str(told["out"])
    if "losses" in told:
        record["losses"] = dict(_weight("loss", text) for text in told["losses"])
    if "shares" in told:
        record["shares"] = dict(_weight("share", text) for text in told["shares"])
    return record


def _weight(option: str, text: str) -> tuple[str, float]:
    from vidcolor.errors import UsageError

    name, _, weight = text.rpartition("=")
    form, example = {
        "loss": ("NAME=WEIGHT", "consistency=5"),
        "share": ("NAME=PART", "people=0.2"),
    }[option]
    try:
        return name, float(weight)
    except ValueError:
        raise UsageError(
            f"--{option} {text} gives no number.",
            f"Give {form}, for example --{option} {example}.",
        ) from None
