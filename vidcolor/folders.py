"""The folders of user and system, which a container may not have."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from platformdirs import user_cache_path

from vidcolor.errors import MachineError


def home() -> Path | None:
    """The home folder, whether it is there or not; None for a user without a name and $HOME."""
    try:
        return Path.home()
    except RuntimeError:
        return None


def cache_folder() -> Path | None:
    """$VIDCOLOR_CACHE, else where the system keeps such things for this user, else None.

    Whether it is there, or can be made, is not looked at.
    """
    if own := os.environ.get("VIDCOLOR_CACHE"):
        return Path(own)
    try:
        folder = user_cache_path("vidcolor", appauthor=False)
    except RuntimeError:
        return None
    # Before 4.14 platformdirs gives "~/.cache" as it stands to a user without a home.
    return folder if folder.is_absolute() else None


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
