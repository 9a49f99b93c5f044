"""What the studio was opened with: one film or photograph, or a folder of them."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vidcolor.errors import InputError, VidcolorError
from vidcolor.files import check_length
from vidcolor.media.suffixes import may_be_film, may_be_picture
from vidcolor.studio.names import ENDING, HINTS, SETTINGS, SHOTS, STILLS, folder_of

MOST_OPEN = 3
"""Films that are open at once; the one opened first is closed for another."""


@dataclass(frozen=True)
class Item:
    """A film or photograph.

    Attributes:
        key: what the page calls it.
        source: its file.
        folder: of its studio.
        film: whether it looks like a film by its name.
    """

    key: str
    source: Path
    folder: Path
    film: bool

    def facts(self) -> dict[str, Any]:
        """What the grid shows of it."""
        stills = self.folder / STILLS
        record: dict[str, Any] = {}
        try:
            held = json.loads((self.folder / SETTINGS).read_text(encoding="utf-8"))
            record = held.get("film") or {}
        except (OSError, ValueError, AttributeError):
            pass
        return {
            "key": self.key,
            "name": self.source.name,
            "film": self.film,
            "said": any((self.folder / name).is_file() for name in (HINTS, SHOTS))
            or (stills.is_dir() and any(stills.iterdir())),
            "made": record.get("state"),
            "output": Path(record.get("output", "")).name,
            "problem": record.get("problem"),
        }


def items_of(source: Path, folder: Path | None) -> tuple[Item, ...]:
    """The films and photographs that a studio is opened with.

    Args:
        source: one of them, or a folder.
        folder: where studios are kept; None for beside each.

    Raises:
        InputError: there is nothing of the kind.
        OutputError: its path leaves no room for the studio's.
    """
    # Path's own raises where the name is too long.
    if not os.path.isdir(source):  # noqa: PTH112
        if not os.path.exists(source):  # noqa: PTH110
            raise InputError(f"{source} does not exist.", "Check the name.")
        kept = folder or folder_of(source)
        check_length(kept)
        return (Item("0", source, kept, not may_be_picture(source)),)
    try:
        files = sorted(path for path in source.iterdir() if _is_known(path))
    except OSError as error:
        raise InputError(
            f"{source} cannot be read ({error.strerror}).", "Change its permissions."
        ) from error
    if not files:
        raise InputError(
            f"The folder {source} holds no film and no photograph.", "Give another folder."
        )
    return tuple(
        Item(
            hashlib.sha256(path.name.encode(errors="replace")).hexdigest()[:12],
            path,
            folder_of(path) if folder is None else folder / f"{path.name}{ENDING}",
            not may_be_picture(path),
        )
        for path in files
    )


def _is_known(path: Path) -> bool:
    shown = not path.name.startswith(".") and path.is_file()
    return shown and (may_be_film(path) or may_be_picture(path))


class Desks:
    """The items that are open, each opened when somebody first asks for it.

    Args:
        items: all of them.
        open_item: opens one.
    """

    def __init__(self, items: tuple[Item, ...], open_item: Callable[[Item], Any]) -> None:
        self.items = items
        self._open_item = open_item
        self._by_key = {item.key: item for item in items}
        self._locks = {item.key: threading.Lock() for item in items}
        self._open: dict[str, Any] = {}
        self._failed: dict[str, VidcolorError] = {}

    def item(self, key: str) -> Item:
        """An item by its key.

        Raises:
            InputError: there is none.
        """
        found = self._by_key.get(key)
        if found is None:
            raise InputError("There is no such film here.", "Load the page again.")
        return found

    def get(self, key: str) -> Any:
        """The desk of an item, opened if it is not.

        Raises:
            VidcolorError: it cannot be opened.
        """
        item = self.item(key)
        with self._locks[key]:
            if key not in self._open:
                self._open[key] = self._open_item(item)
                self._close_first(key)
            return self._open[key]

    def open_one(self, key: str) -> Any | None:
        """The desk of an item if it is open."""
        return self._open.get(key)

    def close(self) -> None:
        """Close all."""
        for desk in list(self._open.values()):
            desk.close()
        self._open.clear()

    def _close_first(self, kept: str) -> None:
        others = [key for key in self._open if key != kept]
        for key in others[: max(0, len(self._open) - MOST_OPEN)]:
            self._open.pop(key).close()
