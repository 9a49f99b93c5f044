"""`vidcolor completion SHELL`: what has a shell complete commands and options."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

SHELLS = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print what has SHELL complete vidcolor's commands and options.

    \b
    bash:  echo 'eval "$(vidcolor completion bash)"' >> ~/.bashrc
    zsh:   echo 'eval "$(vidcolor completion zsh)"' >> ~/.zshrc
    fish:  vidcolor completion fish > ~/.config/fish/completions/vidcolor.fish
    """
    made = get_completion_class(shell)
    if made is None:
        raise click.UsageError(f"{shell} is not known to click {click.__version__}.")
    root = ctx.find_root().command
    click.echo(made(root, {}, "vidcolor", "_VIDCOLOR_COMPLETE").source())
