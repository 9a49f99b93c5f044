"""`vidcolor stills FILM DIR`: one still of each shot, to be coloured by hand."""

from __future__ import annotations

import dataclasses
import json
import time
from pathlib import Path
from typing import Any

import click

from vidcolor.cli.colorize import colorize
from vidcolor.cli.interrupt import may_be_interrupted
from vidcolor.cli.options import ANY_PATH, grouped, options_of
from vidcolor.cli.preview import CHOSEN, SHARED
from vidcolor.cli.talk import Bar, Talk

FOLDER = ANY_PATH


@click.command(cls=grouped, short_help="Take one still of each shot, to be coloured by hand.")
@click.argument("film", type=FOLDER)
@click.argument("folder", type=FOLDER, metavar="DIR")
@click.option(
    "--per-shot",
    type=click.IntRange(1, 9),
    default=1,
    show_default=True,
    help="[What] Stills of each shot, at most.",
)
@options_of(colorize, SHARED)
def stills(film: Path, folder: Path, per_shot: int, **options: Any) -> None:
    """Take a still of each shot of FILM, in automatic colour, into DIR.

    Each is the frame that sees most of its shot, named ref_NNNNNN.png by its number; index.html
    shows them all. Colour them, keep their names, and give DIR to colorize --reference.
    """
    from vidcolor.network import registry
    from vidcolor.run.place import whole_film
    from vidcolor.run.settings import ColorizeSettings
    from vidcolor.run.stills import check_folder, take_stills

    talk = Talk(options["quiet"], False, options["as_json"])
    began = time.perf_counter()
    check_folder(folder, options["overwrite"])
    asked = ColorizeSettings(**{name: options[name] for name in CHOSEN})
    chosen = asked.for_model(registry.load_info(registry.find_model(asked.model)))
    talk.machine(options)
    whole = whole_film(film, chosen.reading, chosen.render_size, chosen.threads)
    predictor = talk.load(chosen)
    bar = Bar(whole.frame_count, 0, talk)
    with may_be_interrupted():
        taken = take_stills(
            whole,
            folder,
            predictor,
            chosen.saturation,
            per_shot,
            lambda frames: bar.update(frames, ""),
        )
    bar.close()
    seconds = round(time.perf_counter() - began, 3)
    shots = len({still.shot for still in taken})
    talk.say(
        f"{folder}: {len(taken)} still{'s' * (len(taken) != 1)} of {shots}"
        f" shot{'s' * (shots != 1)}, {whole.frame_count} frames in {seconds:.1f} s"
    )
    if talk.as_json:
        listed = [dataclasses.asdict(still) for still in taken]
        result = {"folder": str(folder), "device": predictor.description, "stills": listed}
        click.echo(json.dumps(result | {"frames": whole.frame_count, "seconds": seconds}))
