"""`vidcolor export MODEL OUT`: a model for other programs, or for where torch is not."""

from __future__ import annotations

from pathlib import Path

import click

from vidcolor.cli.options import ANY_PATH, grouped


@click.command(cls=grouped, short_help="Write a model as an ONNX file.")
@click.argument("model")
@click.argument("output", type=ANY_PATH)
@click.option(
    "--opset",
    type=click.IntRange(14, 20),
    default=17,
    show_default=True,
    help="[Output] Version of ONNX's operators.",
)
@click.option("--overwrite", is_flag=True, help="[Output] Replace a file that is there.")
def export(model: str, output: Path, opset: int, overwrite: bool) -> None:
    """Write MODEL (name or path) as OUTPUT, an ONNX file.

    The graph holds the network and its decoding; number, height and width of the pictures are free,
    sides being multiples of 32. It gets its name only after ONNX Runtime gave torch's colours.

    MODEL.graph as OUTPUT is for checkpoints of older versions: it holds what they lack to colour
    without torch, and is looked for beside the checkpoint.
    """
    from vidcolor.errors import UsageError
    from vidcolor.files import check_output
    from vidcolor.needs import TORCH, need
    from vidcolor.network.graph import SUFFIX
    from vidcolor.network.registry import find_model

    kind = output.suffix.lower()
    if kind not in (".onnx", SUFFIX):
        raise UsageError(f"{output} is no name of an ONNX file.", "Let it end in .onnx.")
    found = find_model(model)
    check_output(found, output, overwrite)
    need("vidcolor export", "export", *TORCH)
    from vidcolor.infer.export import export_graph, export_onnx

    if kind == SUFFIX:
        export_graph(found, output)
        said = "lay it beside the checkpoint under the checkpoint's name"
    else:
        difference = export_onnx(found, output, opset)
        said = f"opset {opset}, within {difference:.4f} of 255 of torch"
    click.echo(f"{output}: {output.stat().st_size / 1e6:.2f} MB, {said}", err=True)
