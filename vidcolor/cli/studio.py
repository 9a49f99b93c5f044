"""`vidcolor studio FILM|PHOTO|FOLDER`: a page in the browser to point at things and colour them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from vidcolor.cli.colorize import colorize
from vidcolor.cli.options import ANY_PATH, grouped, options_of
from vidcolor.cli.talk import Talk

SHARED = ("model", "render_size", "device", "backend", "precision", "threads")


@click.command(cls=grouped)
@click.argument("source", type=ANY_PATH, metavar="FILM|PHOTO|FOLDER")
@click.option(
    "--folder",
    type=ANY_PATH,
    show_default="beside the film, FILM.vidcolor-studio",
    help="[Output] Where dots, stills and settings are kept.",
)
@click.option("--no-browser", is_flag=True, help="[Page] Only say the address.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    show_default="any that is free",
    help="[Page] Port to listen at.",
)
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="[Page] Address to listen at; any other than this machine's own lets others in who know"
    " the page's address.",
)
@options_of(colorize, SHARED)
def studio(
    source: Path, folder: Path | None, no_browser: bool, port: int, host: str, **options: Any
) -> None:
    """Open a page in the browser on which SOURCE is directed and coloured.

    Point at a thing, pick its colour, see it; play the shot; colour the film. What you say is kept
    beside the film, in files that --hints and --reference of `colorize` read. Ctrl-C ends it.
    """
    from vidcolor.studio.server import Opening, serve

    talk = Talk(False, False, False)
    opening = Opening(source, folder, host, port, not no_browser, options)
    if opening.is_open_to_others:
        talk.say(
            "note: other machines may reach this studio. Whoever has its address sees the film and"
            " may change what is said of it; the way there is not encrypted"
        )
    serve(opening, talk.say)
    talk.say("the studio is closed; what was said is kept")
