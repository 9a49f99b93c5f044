"""`vidcolor average A B -o OUT`: the mean of models that were trained from one beginning."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from vidcolor.cli.options import ANY_PATH, grouped


@click.command(cls=grouped, short_help="Average the weights of models.")
@click.argument("models", nargs=-1, required=True)
@click.option(
    "-o",
    "--output",
    type=ANY_PATH,
    required=True,
    help="[Output] The model to be written, a .safetensors file.",
)
@click.option(
    "--weights",
    metavar="W,W,...",
    show_default="all alike",
    help="[What] How much each counts.",
)
@click.option("--overwrite", is_flag=True, help="[Output] Replace a file that is there.")
def average(models: Sequence[str], output: Path, weights: str | None, overwrite: bool) -> None:
    """Write the mean of MODELS (names or paths), which must be networks of one kind.

    Models that were trained from one beginning, such as stages and candidates of a run, are often
    better together. Try it by `vidcolor evaluate` before you believe it.
    """
    from vidcolor.errors import UsageError
    from vidcolor.files import check_output
    from vidcolor.needs import TORCH, need
    from vidcolor.network.registry import SUFFIX, find_model

    if len(models) < 2:
        raise UsageError("One model has no average.", "Give two or more.")
    if output.suffix != SUFFIX:
        raise UsageError(f"{output} is no name of a model.", f"Let it end in {SUFFIX}.")
    paths = [find_model(name) for name in models]
    for path in paths:
        check_output(path, output, overwrite)
    counts = _numbers(weights) if weights else [1.0] * len(paths)
    need("vidcolor average", "gpu", *TORCH)
    from vidcolor.network.average import average as write_average

    write_average(paths, counts, output)
    click.echo(f"{output}: the mean of {len(paths)} models", err=True)


def _numbers(text: str) -> list[float]:
    from vidcolor.errors import UsageError

    try:
        return [float(word) for word in text.split(",")]
    except ValueError:
        raise UsageError(f"--weights {text} are no numbers.", "Give 0.7,0.3, say.") from None
