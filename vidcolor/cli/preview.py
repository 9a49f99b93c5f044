"""`vidcolor preview FILM --at TIME`: one frame in colour."""

from __future__ import annotations

import dataclasses
import json
import time
from pathlib import Path
from typing import Any

import click

from vidcolor.cli.colorize import DIRECTIONS, colorize
from vidcolor.cli.options import ANY_PATH, Time, grouped, options_of
from vidcolor.cli.talk import Talk
from vidcolor.errors import as_flags

FILE = ANY_PATH
CHOSEN = (
    *("stream", "frame_rate", "resize", "model", "saturation", "vividness", "render_size"),
    *("device", "backend", "precision", "threads"),
)
SHARED = (*CHOSEN, "overwrite", "quiet", "as_json")


@click.command(cls=grouped, short_help="Colour one frame of a film, at once.")
@click.argument("film", type=FILE)
@click.option("--at", type=Time(), help="[What] The frame shown at this time: 83.5 or 1:23.5.")
@click.option("--frame", type=int, help="[What] The frame of this number, from 0 on.")
@click.option(
    "-o",
    "--output",
    type=FILE,
    show_default="beside the film, FILM-NNNNNN.png",
    help="[Output] The picture: PNG, JPEG, WebP or TIFF.",
)
@options_of(colorize, (*DIRECTIONS, *SHARED))
def preview(
    film: Path, at: float | None, frame: int | None, output: Path | None, **options: Any
) -> None:
    """Colour one frame of FILM and write it at full size.

    The network sees this frame alone, so its colour may differ a little from that on which a whole
    shot agrees in `colorize`. Stills and hints of its shot are carried to it; stills of other shots
    reach it as far as --reach lets them.
    """
    from vidcolor.direct.prepare import Request
    from vidcolor.run.place import Place
    from vidcolor.run.preview import preview as make
    from vidcolor.run.settings import ColorizeSettings

    talk = Talk(options["quiet"], False, options["as_json"])
    place = Place(frame, at)
    settings = ColorizeSettings(**{name: options[name] for name in CHOSEN})
    began = time.perf_counter()
    talk.machine(options)
    request = Request(**{name: options[name] for name in DIRECTIONS})
    with talk.loading(settings) as load:
        made = make(film, place, output, settings, load, options["overwrite"], request)
    for sentence in made.notes:
        talk.say(f"note: {sentence}")
    if request and not made.directed:
        talk.say("note: nothing that was said reaches this frame; its colour is automatic")
    seconds = round(time.perf_counter() - began, 3)
    talk.say(f"{made.output}: frame {made.frame} at {made.time_s:.3f} s, in {seconds:.1f} s")
    if talk.as_json:
        notes = [as_flags(note) for note in made.notes]
        result = dataclasses.asdict(made) | {"output": str(made.output), "notes": notes}
        result["seconds"] = seconds
        click.echo(json.dumps(result))
