"""What the files of a studio are called."""

from __future__ import annotations

from pathlib import Path

from vidcolor.files import with_ending

ENDING = ".vidcolor-studio"
HINTS, SHOTS, STILLS, SETTINGS = "hints.json", "shots.json", "stills", "studio.json"
REMOVED = "removed"
"""Stills that were taken away, kept for undo while the studio is open."""


def folder_of(source: Path) -> Path:
    """Where a film's studio is kept unless somebody names a folder: beside it."""
    return with_ending(source, ENDING, source.name)
