"""The user's home folder, which a container's user may not have."""

from __future__ import annotations

from pathlib import Path


def home() -> Path | None:
    """The home folder, whether it is there or not; None for a user without a name and $HOME."""
    try:
        return Path.home()
    except RuntimeError:
        return None
