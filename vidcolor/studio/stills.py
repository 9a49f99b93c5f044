"""The stills of a studio as files: laid down, taken away, and brought back by what they hold."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vidcolor.errors import InputError, UsageError
from vidcolor.files import publish, write_error
from vidcolor.media.suffixes import may_be_picture
from vidcolor.run.opened import Opened
from vidcolor.studio.names import REMOVED
from vidcolor.studio.said import contents, look_at
from vidcolor.studio.store import Store

_HOLDS = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True)
class Put:
    """A still is to hold something, or to be no more.

    Attributes:
        name: of its file.
        holds: what `contents` gives of a picture that it held before; None takes it away.
    """

    name: str
    holds: str | None

    @classmethod
    def read(cls, given: Any) -> Put:
        """As the page sends it.

        Raises:
            UsageError: it is none.
        """
        if isinstance(given, dict) and given.keys() == {"still", "holds"}:
            name, holds = given["still"], given["holds"]
            plain = isinstance(name, str) and name == Path(name).name and _may_be_still(name)
            known = holds is None or (isinstance(holds, str) and _HOLDS.fullmatch(holds))
            if plain and known:
                return cls(name, holds)
        raise UsageError("This is no change of a still.", "Load the page again.")


def _may_be_still(name: str) -> bool:
    plain = not name.startswith((".", "hint_")) and "\0" not in name
    return plain and may_be_picture(Path(name))


class Stills:
    """What is done to the folder of stills.

    What is taken away is kept beside it until `forget`, so that it can be undone.

    Args:
        store: whose.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._removed = store.folder / REMOVED

    def lay(self, taken: Path, frame: int, film: Opened) -> Path:
        """Lay a picture over a frame, in the place of what lies there.

        Args:
            taken: a file in the studio's folder, which is moved or removed.
            frame: which frame it is meant for.
            film: as it is to look.

        Returns:
            the still.

        Raises:
            VidcolorError: it is no picture, or does not show that frame.
        """
        path = self._store.make_stills() / f"ref_{frame:06d}{taken.suffix}"
        trial = taken.with_name(path.name)
        taken.replace(trial)
        try:
            seen = look_at(trial, film)
            if seen.problem:
                raise InputError(
                    f"This picture does not fit frame {frame}: {seen.problem}",
                    "Go to the frame that it shows, and drop it there.",
                )
            for other in self._store.stills.glob(f"ref_{frame:06d}.*"):
                self._take(other)
            publish(trial, path)
        except OSError as error:
            raise write_error(path, error) from error
        finally:
            trial.unlink(missing_ok=True)
        return path

    def put(self, changes: Sequence[Put]) -> None:
        """Take stills away, and bring back what they held.

        Raises:
            InputError: what one held is not kept any more.
            OutputError: the folder cannot be written.
        """
        folder = self._store.make_stills()
        for one in changes:
            kept = next(self._removed.glob(f"{one.holds}.*"), None) if one.holds else None
            path = folder / one.name
            try:
                if one.holds and kept is None:
                    if path.is_file() and contents(path) == one.holds:
                        continue
                    raise InputError("That still is not kept any more.", "Drop it here again.")
                if path.is_file():
                    self._take(path)
                if kept:
                    kept.replace(path)
            except OSError as error:
                raise write_error(path, error) from error

    def forget(self) -> None:
        """Let go of what was taken away."""
        shutil.rmtree(self._removed, ignore_errors=True)

    def _take(self, path: Path) -> None:
        self._removed.mkdir(exist_ok=True)
        path.replace(self._removed / f"{contents(path)}{path.suffix}")
