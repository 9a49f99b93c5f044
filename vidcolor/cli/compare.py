"""`vidcolor compare`: two films in one picture."""

from __future__ import annotations

from pathlib import Path

import click

from vidcolor.cli.options import ANY_PATH, grouped

FILE = ANY_PATH


@click.command(cls=grouped, short_help="Set two films side by side, for people.")
@click.argument("first", type=FILE)
@click.argument("second", type=FILE)
@click.option("-o", "--output", type=FILE, help="[Output] The film to write; named after both.")
@click.option(
    "--layout",
    default="beside",
    show_default=True,
    type=click.Choice(["beside", "split"]),
    help="[Output] Beside each other, or half of one and half of the other.",
)
@click.option(
    "--labels",
    nargs=2,
    metavar="LEFT RIGHT",
    help="[Output] Words on the pictures; the files' names if not given.",
)
@click.option("--no-labels", is_flag=True, help="[Output] No words on the pictures.")
@click.option("--overwrite", is_flag=True, help="[Output] Replace a film that is there.")
def compare(
    first: Path,
    second: Path,
    output: Path | None,
    layout: str,
    labels: tuple[str, str] | None,
    no_labels: bool,
    overwrite: bool,
) -> None:
    """Show FIRST and SECOND in one picture, with the sound of the first."""
    from vidcolor.files import check_output, with_ending
    from vidcolor.media.side_by_side import Layout
    from vidcolor.media.side_by_side import compare as join

    target = output or with_ending(first, ".mp4", f"{first.stem}-{second.stem}")
    for film in (first, second):
        check_output(film, target, overwrite)
    words = ("", "") if no_labels else labels or (first.stem, second.stem)
    count = join(first, second, target, Layout(layout, words))
    click.echo(f"{target}: {count} frames", err=True)
