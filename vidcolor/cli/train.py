"""`vidcolor train --data DIR --out RUN`: options to settings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from vidcolor.cli.options import grouped


@click.command(cls=grouped)
@click.option(
    "--data",
    multiple=True,
    type=click.Path(path_type=Path),
    help="[Data] Folder of colour pictures, searched with all below it; repeatable.",
)
@click.option("--limit", type=int, help="[Data] At most this many pictures.")
@click.option(
    "--cache",
    type=click.Path(path_type=Path),
    show_default="the user's cache folder",
    help="[Data] Where decoded pictures are kept.",
)
@click.option("--out", type=click.Path(path_type=Path), help="[Output] Folder of the run.")
@click.option(
    "--resume",
    "resumed",
    type=click.Path(path_type=Path),
    help="[Output] Go on with the interrupted run in this folder.",
)
@click.option(
    "--every",
    type=int,
    default=500,
    show_default=True,
    help="[Output] Steps between checkpoints, validation figures and sheets.",
)
@click.option("--hours", type=float, help="[Schedule] Train this long; or give --steps.")
@click.option("--steps", type=int, help="[Schedule] Train this many steps; or give --hours.")
@click.option(
    "--size",
    type=int,
    default=128,
    show_default=True,
    help="[Schedule] Side of the crops, a multiple of 32.",
)
@click.option(
    "--batch", type=int, default=32, show_default=True, help="[Schedule] Pictures a step."
)
@click.option(
    "--final-size",
    type=int,
    default=192,
    show_default=True,
    help="[Schedule] Side of the crops in the last part.",
)
@click.option(
    "--final-batch",
    type=int,
    default=16,
    show_default=True,
    help="[Schedule] Pictures a step in the last part.",
)
@click.option(
    "--final-share",
    type=float,
    default=0.25,
    show_default=True,
    help="[Schedule] How large the last part is.",
)
@click.option(
    "--encoder-rate",
    type=float,
    default=3e-4,
    show_default=True,
    help="[Schedule] Peak learning rate of the encoder.",
)
@click.option(
    "--decoder-rate",
    type=float,
    default=1.5e-3,
    show_default=True,
    help="[Schedule] Peak learning rate of the rest.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="[Schedule] Of all chance.")
@click.option(
    "--encoder",
    default="tf_efficientnet_lite2",
    show_default=True,
    help="[Network] A timm network to build on.",
)
@click.option("--init", help="[Network] Model to begin with: name or path.")
@click.option(
    "--frozen-levels",
    type=int,
    default=0,
    show_default=True,
    help="[Network] Finest levels of the encoder that are kept as they are.",
)
@click.option(
    "--precision",
    type=click.Choice(["float32", "bf16"]),
    default="float32",
    show_default=True,
    help="[Machine] Of the forward pass.",
)
@click.option("--device", default="cpu", show_default=True, help="[Machine] torch device.")
@click.option(
    "--threads", type=int, default=0, show_default="torch's choice", help="[Machine] CPU threads."
)
def train(
    data: tuple[Path, ...],
    out: Path | None,
    resumed: Path | None,
    cache: Path | None,
    **options: Any,
) -> None:
    """Fit a model on folders of colour pictures.

    The run's folder holds the settings, the whole state (to go on from), the best weights as
    model.safetensors, the figures in metrics.jsonl and a sheet of grey, coloured and true pictures.
    """
    from vidcolor.errors import UsageError
    from vidcolor.infer.openvino_backend import CacheFolder
    from vidcolor.train.loop import resume, start
    from vidcolor.train.settings import TrainSettings

    folder = cache or (CacheFolder.of_user().path or Path()) / "pictures"
    if resumed is not None:
        resume(resumed, folder, options["hours"]).fit()
        return
    if not data or out is None:
        raise UsageError(
            "A training needs pictures and a folder for the run.", "Give --data and --out."
        )
    settings = TrainSettings(data=tuple(map(str, data)), out=str(out), **options)
    start(settings, folder).fit()
