"""Libraries that say nothing of their own on stderr."""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Iterator

import PIL.Image


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Libraries say nothing of their own on stderr, and no size is too large for Pillow."""
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
