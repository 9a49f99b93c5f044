"""What is evaluated: the settings, and the pictures and clips that are found at a path."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from vidcolor.errors import InputError, UsageError
from vidcolor.evaluate.given import STILLS
from vidcolor.evaluate.read import search
from vidcolor.evaluate.samples import Preparation
from vidcolor.machine import cores
from vidcolor.media.suffixes import may_be_film, may_be_picture

SPLITS = ("all", "even", "odd")


@dataclass(frozen=True)
class Settings:
    """What is measured, and on how much.

    Attributes:
        side: working size of the quarter-size truth and of dots spread by luma.
        hints: numbers of dots, on pictures and on a clip's first frame; 0 is none.
        stills: true frames that a clip is directed by: first, middle.
        preparation: crop of pictures, damage of pictures and clips.
        split: "all", or the pictures with an "even" or "odd" index, sorted by path.
        limit: pictures at most, evenly spaced, and clips at most.
        skip: patterns of file names that are left out.
        frames: frames of each clip at most.
        curve: whether to vary saturation and vividness.
        threads: of the processor; 0 is one a core.
    """

    side: int = 256
    hints: tuple[int, ...] = (0,)
    stills: tuple[str, ...] = ()
    preparation: Preparation = field(default_factory=Preparation)
    split: str = "all"
    limit: int | None = None
    skip: tuple[str, ...] = ()
    frames: int | None = None
    curve: bool = False
    threads: int = 0

    def __post_init__(self) -> None:
        if self.split not in SPLITS:
            raise UsageError(f"There is no split '{self.split}'.", f"Choose {', '.join(SPLITS)}.")
        for place in self.stills:
            if place not in STILLS:
                raise UsageError(f"There is no still '{place}'.", f"Choose {', '.join(STILLS)}.")

    @property
    def jobs(self) -> int:
        """How many threads that is."""
        return self.threads or cores()

    def wanted(self, paths: Sequence[Path]) -> list[Path]:
        """All that no pattern of `skip` leaves out."""
        return [path for path in paths if not any(path.match(pattern) for pattern in self.skip)]

    def chosen(self, paths: Sequence[Path]) -> list[Path]:
        """The split and the limit, applied to sorted paths."""
        start, step = {"all": (0, 1), "even": (0, 2), "odd": (1, 2)}[self.split]
        kept = list(paths[start::step])
        if self.limit is None or self.limit >= len(kept):
            return kept
        return [kept[i] for i in np.linspace(0, len(kept) - 1, self.limit).round().astype(int)]

    def describe(self) -> dict[str, str]:
        """What changes figures, as text; threads do not."""
        described = {
            "working size": str(self.side),
            "hints": ",".join(map(str, self.hints)),
            "crop": str(self.preparation.crop or "none"),
            "degrade": f"{self.preparation.degrade:g}",
            "split": self.split,
            "limit": str(self.limit or "none"),
            "frames": str(self.frames or "all"),
        }
        return described | ({"stills": ",".join(self.stills)} if self.stills else {})


@dataclass(frozen=True)
class Data:
    """What is to be judged: pictures and clips at a path, and what was passed over, in words."""

    root: Path
    pictures: list[Path]
    clips: list[Path]
    notes: list[str]


def find_data(root: Path, settings: Settings) -> Data:
    """Pictures and clips under a path, but for what is to be skipped.

    Raises:
        InputError: there are neither.
        UsageError: stills are asked for, and there are no clips.
    """
    found = search(root)
    pictures, clips = (settings.wanted(found.of(kind)) for kind in (may_be_picture, may_be_film))
    data = Data(root, pictures, clips, found.notes())
    if not data.pictures and not data.clips:
        passed_over = "".join(f" {note}" for note in data.notes)
        raise InputError(
            f"{root} holds neither pictures nor clips.{passed_over}",
            "Give a folder with colour pictures (.png, .jpg, .webp ...) or clips (.mp4, .mkv ...).",
        )
    if settings.stills and not data.clips:
        raise UsageError(f"Stills are of clips, and {root} holds none.", "Leave --stills off.")
    return data
