"""The server's life: an address, a browser, Ctrl-C."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import sys
import threading
import webbrowser
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn

from vidcolor.errors import MachineError
from vidcolor.studio.app import make_app
from vidcolor.studio.guard import LOOPBACK, Guard, new_token
from vidcolor.studio.house import House
from vidcolor.studio.shelf import items_of

_CLOSING_S = 2
_EVERYWHERE = ("0.0.0.0", "::", "")


@dataclass(frozen=True)
class Opening:
    """How a studio is opened.

    Attributes:
        source: a film, a photograph, or a folder of them.
        folder: where studios are kept; None for beside each film.
        host: the address to listen at.
        port: likewise, 0 for any that is free.
        browser: whether a browser is opened.
        network: options of `Colorizer`.
    """

    source: Path
    folder: Path | None
    host: str
    port: int
    browser: bool
    network: dict[str, Any]

    @property
    def is_open_to_others(self) -> bool:
        """Whether other machines can reach it."""
        return self.host not in LOOPBACK


def serve(opening: Opening, say: Callable[[str], None]) -> None:
    """Run a studio until somebody interrupts it.

    Args:
        opening: how.
        say: given lines for the terminal.

    Raises:
        InputError: there is nothing to open.
        MachineError: the address is taken, or none of this machine's.
    """
    items = items_of(opening.source, opening.folder)
    token = new_token()
    with contextlib.closing(_bound(opening.host, opening.port)) as listener:
        port = listener.getsockname()[1]
        shown = "localhost" if opening.host in (*LOOPBACK, *_EVERYWHERE) else opening.host
        if opening.host == "127.0.0.1":
            shown = opening.host
        address = f"http://{_bracketed(shown)}:{port}/?token={token}"
        house = House(items, os.path.isdir(opening.source), opening.network)  # noqa: PTH112
        names = (opening.host, socket.gethostname())
        everywhere = opening.host in _EVERYWHERE

        def guard(app: Any) -> Guard:
            return Guard(app, token, names, any_address=everywhere)

        config = uvicorn.Config(
            make_app(house, guard),
            log_level="error",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_CLOSING_S,
            ws="websockets-sansio",
        )
        server = uvicorn.Server(config)
        try:
            with contextlib.suppress(KeyboardInterrupt), _quiet():
                say(f"the studio is open: {address}")
                if opening.browser:
                    threading.Thread(target=_open_browser, args=(address, say), daemon=True).start()
                server.run(sockets=[listener])
        finally:
            if house.is_filming:
                say("the film in work is stopped; what is finished is kept: press the button again")
            house.close()


def _bound(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM)
        if sys.platform != "win32":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(128)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise MachineError(
            f"The studio cannot listen at {host}, port {port} ({reason}).",
            "Give another `port`, or leave it out.",
        ) from error
    return listener


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _open_browser(address: str, say: Callable[[str], None]) -> None:
    if not _has_screen() or not webbrowser.open(address):
        say("no browser could be opened: open that address; docs/studio.md says how over SSH")


def _has_screen() -> bool:
    """Whether a browser could show something; text browsers in the terminal could not."""
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Libraries say nothing of connections that end."""
    loggers = [logging.getLogger(name) for name in ("uvicorn.error", "asyncio", "websockets")]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)
