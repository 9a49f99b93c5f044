"""What a user can do about a part that is not installed."""

from __future__ import annotations


def install_hint(extra: str) -> str:
    """The command that adds an extra to this installation."""
    return f"pip install 'vidcolor[{extra}]'"
