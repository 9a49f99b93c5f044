"""The folders of user and system, which a container may not have."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from vidcolor.errors import MachineError


def home() -> Path | None:
    """The home folder, whether it is there or not; None for a user without a name and $HOME."""
    try:
        return Path.home()
    except RuntimeError:
        return None


def cache_folder() -> Path | None:
    """$VIDCOLOR_CACHE, else $XDG_CACHE_HOME/vidcolor, else ~/.cache/vidcolor, else None.

    Whether it is there, or can be made, is not looked at.
    """
    if own := os.environ.get("VIDCOLOR_CACHE"):
        return Path(own)
    if base := os.environ.get("XDG_CACHE_HOME"):
        return Path(base) / "vidcolor"
    user = home()
    return user / ".cache" / "vidcolor" if user else None


def need_temporary_folder() -> None:
    """Refuse to go on where no temporary folder can be written; torch is not imported there.

    Raises:
        MachineError: there is none.
    """
    try:
        tempfile.gettempdir()
    except FileNotFoundError as error:
        raise MachineError(
            "There is no temporary folder that can be written, which torch wants.",
            "Set TMPDIR to one, such as TMPDIR=/data.",
        ) from error
