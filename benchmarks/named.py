"""`vidcolor` with its threads named for the system by what they do, for `speed.py` to look at.

python benchmarks/named.py colorize IN OUT ...

What a library's own threads do is told by who began them: they inherit the name.
"""

from __future__ import annotations

import ctypes
import functools
import threading
from collections.abc import Callable
from typing import Any

from vidcolor.cli.main import main
from vidcolor.run import loading

PR_SET_NAME = 15


def name_thread(name: str) -> None:
    """Name the calling thread; 15 bytes of it are kept (prctl(2))."""
    ctypes.CDLL(None).prctl(PR_SET_NAME, name.encode()[:15], 0, 0, 0)


def named(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    """The same, with the calling thread so named meanwhile."""

    @functools.wraps(function)
    def called(*given: Any, **options: Any) -> Any:
        name_thread(name)
        try:
            return function(*given, **options)
        finally:
            name_thread("encode")

    return called


def run(self: threading.Thread) -> None:
    """As `threading.Thread.run`, under its name."""
    name_thread(self.name.split("_")[0])
    plain_run(self)


if __name__ == "__main__":
    plain_run = threading.Thread.run
    threading.Thread.run = run  # type: ignore[method-assign]
    loading.load = named(loading.load, "network")
    name_thread("encode")
    main()
