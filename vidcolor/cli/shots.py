"""`vidcolor shots`: list the shots of a film."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from vidcolor.cli.colorize import colorize
from vidcolor.cli.options import ANY_PATH, grouped, options_of


@click.command(cls=grouped)
@click.argument("clip", type=ANY_PATH)
@options_of(colorize, ("stream", "frame_rate", "resize"))
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="[Words] Print one JSON object.",
)
def shots(clip: Path, as_json: bool, **options: Any) -> None:
    """List the shots of CLIP: first frame, number of frames, start and duration."""
    from vidcolor.colorizer import Colorizer
    from vidcolor.run.film import clock

    found = Colorizer().shots(clip, **options)
    if as_json:
        listed = [asdict(shot) for shot in found]
        frames = sum(shot.frames for shot in found)
        click.echo(json.dumps({"clip": str(clip), "frames": frames, "shots": listed}))
        return
    click.echo(f"{'shot':>5} {'first':>7} {'frames':>7} {'start':>12} {'seconds':>9}")
    for number, shot in enumerate(found, start=1):
        click.echo(
            f"{number:>5} {shot.first:>7} {shot.frames:>7}"
            f" {clock(shot.start_s):>12} {shot.duration_s:>9.3f}"
        )
