"""The `vidcolor` command: finds the command's file, runs it, turns errors into words and codes."""

from __future__ import annotations

import errno
import importlib
import os
import sys
import tempfile
import traceback
from collections.abc import Sequence

import click

from vidcolor import __version__
from vidcolor.cli.streams import prepare_streams
from vidcolor.errors import InputError, VidcolorError, as_flags
from vidcolor.machine import limit_libraries, share_heaps

COMMANDS = {
    "average": "Average the weights of models.",
    "batch": "Colour folders of films and photographs.",
    "colorize": "Colour a film or a photograph.",
    "completion": "Print what has a shell complete commands and options.",
    "compare": "Set two films side by side, for people.",
    "evaluate": "Say with numbers how good and how still colour is.",
    "export": "Write a model as an ONNX file.",
    "preview": "Colour one frame of a film, at once.",
    "shots": "List the shots of a film.",
    "stills": "Take one still of each shot, to be coloured by hand.",
    "studio": "Point at things in the browser, see their colour, colour the film.",
    "train": "Fit a model on folders of pictures.",
}
VARIABLES = {
    "VIDCOLOR_CACHE": "Folder of what is prepared once; else the user's cache folder: on Linux"
    " $XDG_CACHE_HOME/vidcolor, else ~/.cache/vidcolor.",
    "VIDCOLOR_MODELS": "Folder of your own models; else ~/.local/share/vidcolor/models.",
    "VIDCOLOR_DEBUG": "Any value: show the traceback of an error.",
}
DEFECT, INTERRUPTED = 1, 130


class _Commands(click.Group):
    """Imports a command's file only when that command is called: `--help` stays fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"vidcolor.cli.{cmd_name}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))
        with formatter.section("Environment"):
            formatter.write_dl(list(VARIABLES.items()))


def _version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        from vidcolor.cli.version import lines

        click.echo("\n".join(lines()))
        ctx.exit()


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_version,
    help="Show the version, those of what it stands on, and the model's digest.",
)
def cli() -> None:
    """Colour black-and-white film and photographs."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the program and leave with its exit code."""
    prepare_streams()
    limit_libraries()
    share_heaps()
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the program; returns its exit code."""
    try:
        code = cli.main(arguments, prog_name="vidcolor", standalone_mode=False)
    except VidcolorError as problem:
        _say(as_flags(f"error: {problem.sentence} {problem.remedy}"))
        if os.environ.get("VIDCOLOR_DEBUG"):
            traceback.print_exc()
        return problem.exit_code
    except click.ClickException as problem:
        problem.show()
        return problem.exit_code
    except (KeyboardInterrupt, click.Abort):
        _say("interrupted; nothing was written")
        return INTERRUPTED
    except MemoryError:
        _say("error: The memory is used up. Close other programs, or give a smaller --render-size.")
        return 6
    except OSError as problem:
        if problem.errno != errno.ENAMETOOLONG:
            return _report_defect()
        # Of what is written this is known before: see check_length.
        _say(f"error: The name {problem.filename} is too long for the disk. Give a shorter one.")
        return InputError.exit_code
    except Exception:
        return _report_defect()
    return code if isinstance(code, int) else 0


def _report_defect() -> int:
    report = f"vidcolor {__version__}, Python {sys.version}\n{sys.argv}\n\n"
    report += traceback.format_exc()
    if os.environ.get("VIDCOLOR_DEBUG"):
        traceback.print_exc()
    try:
        place = f"the file {_kept(report)}"
    except OSError:
        _say(report)
        place = "the lines above"
    _say(f"error: This is a defect of vidcolor itself. Please report it, with {place}.")
    return DEFECT


def _kept(report: str) -> str:
    """The name of a new file that holds a report; raises OSError where none can be made."""
    descriptor, name = tempfile.mkstemp(".log", "vidcolor-")
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as log:
        log.write(report)
    return name


def _say(line: str) -> None:
    click.echo(line, err=True)
