"""Ctrl-C and SIGTERM: what is done is kept, and the command to go on is printed."""

from __future__ import annotations

import shlex
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import click

INTERRUPTED = 130


@contextmanager
def may_be_interrupted(kept: bool = True) -> Iterator[None]:
    """Run a block; an interruption ends with exit code 130.

    Args:
        kept: whether the block leaves what is finished behind.
    """
    main = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGTERM, _interrupt) if main else None
    try:
        yield
    except KeyboardInterrupt:
        command = shlex.join(["vidcolor", *sys.argv[1:]])
        words = "what is finished is kept. To go on" if kept else "nothing was written. Again"
        click.echo(f"interrupted; {words}: {command}", err=True)
        click.get_current_context().exit(INTERRUPTED)
    finally:
        if main:
            signal.signal(signal.SIGTERM, before)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
