"""Libraries that say nothing of their own on stderr."""

from __future__ import annotations

import contextlib
import logging
import threading
import warnings
from collections.abc import Iterator

import PIL.Image


class _Quiet:
    """For all threads alike: set by the first that wants it, put back by the last."""

    def __init__(self) -> None:
        self._alone = threading.Lock()
        self._wanted = 0
        self._set = contextlib.ExitStack()

    def enter(self) -> None:
        with self._alone:
            if not self._wanted:
                self._set.enter_context(_set())
            self._wanted += 1

    def leave(self) -> None:
        with self._alone:
            self._wanted -= 1
            if not self._wanted:
                self._set.close()


_QUIET = _Quiet()


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Libraries say nothing of their own on stderr, and no size is too large for Pillow."""
    _QUIET.enter()
    try:
        yield
    finally:
        _QUIET.leave()


@contextlib.contextmanager
def _set() -> Iterator[None]:
    bound, logger = PIL.Image.MAX_IMAGE_PIXELS, logging.getLogger("tifffile")
    level = logger.level
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        PIL.Image.MAX_IMAGE_PIXELS = None
        logger.setLevel(logging.CRITICAL + 1)
        try:
            yield
        finally:
            PIL.Image.MAX_IMAGE_PIXELS = bound
            logger.setLevel(level)
