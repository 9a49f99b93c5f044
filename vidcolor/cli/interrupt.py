"""Ctrl-C and SIGTERM: what is done is kept, and the command to go on is printed."""

from __future__ import annotations

import shlex
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import click

INTERRUPTED = 130
BEGIN_ANEW = "--restart"
"""Not part of a command that goes on."""


def _nothing() -> str:
    return "nothing was written. Again"


@contextmanager
def may_be_interrupted(left: Callable[[], str] = _nothing) -> Iterator[None]:
    """Run a block; an interruption ends with exit code 130.

    Args:
        left: says what the block leaves behind, and what the same command is good for.
    """
    main = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGTERM, _interrupt) if main else None
    try:
        yield
    except KeyboardInterrupt:
        command = shlex.join(["vidcolor", *(word for word in sys.argv[1:] if word != BEGIN_ANEW)])
        click.echo(f"interrupted; {left()}: {command}", err=True)
        click.get_current_context().exit(INTERRUPTED)
    finally:
        if main:
            signal.signal(signal.SIGTERM, before)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
