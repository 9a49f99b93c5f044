"""What the files of a studio are called."""

from __future__ import annotations

from pathlib import Path

from vidcolor.files import with_ending

ENDING = ".vidcolor-studio"
HINTS, STILLS, SETTINGS = "hints.json", "stills", "studio.json"


def folder_of(source: Path) -> Path:
    """Where a film's studio is kept unless somebody names a folder: beside it."""
    return with_ending(source, ENDING, source.name)
