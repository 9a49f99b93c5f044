"""Stills of a film to be coloured by hand: each shot's most telling frames, a folder of pictures.

A shot's colour is settled over a few frames spread across it, as `colorize` settles it over all. At
nine frames it lies a third as far from that of `colorize` as the colour of a frame alone does (0.20
against 0.58 of 255 on average), and costs those nine frames.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vidcolor.direct.unchanged import pixels_field
from vidcolor.errors import OutputError
from vidcolor.files import check_length, publish, write_error
from vidcolor.infer.predictor import Predictor
from vidcolor.media.clip import ClipInfo
from vidcolor.media.decode import read_frames
from vidcolor.media.picture import write_rgb
from vidcolor.run.film import Film, SmallLuma
from vidcolor.run.preview import text_of
from vidcolor.run.segment import segments
from vidcolor.run.sheet import Shown, contact_sheet
from vidcolor.run.stages import ahead
from vidcolor.run.thumbnail import thumbnail
from vidcolor.steady.consensus import consensus
from vidcolor.steady.flow import DisFlow
from vidcolor.steady.keyframes import ask
from vidcolor.steady.links import links_of
from vidcolor.steady.vivid import keep_vivid

SAMPLED = 9
"""Frames of a shot that are coloured and compared."""
KEPT = 64
"""Frames of a shot, evenly spread, that are remembered until it has ended."""
FRAMES_AHEAD, BATCH = 16, 4
INDEX = "index.html"

FloatArray = NDArray[np.float32]


@dataclass
class Shot:
    """A shot while it is walked through.

    Attributes:
        first: index of its first frame in the film.
        count: how many frames so far.
        stride: distance of the frames that are remembered.
        frames: small luma of every `stride`-th frame, at most `KEPT`.
    """

    first: int
    count: int = 0
    stride: int = 1
    frames: list[SmallLuma] = field(default_factory=list)

    def add(self, luma: SmallLuma) -> None:
        """The next frame."""
        if self.count % self.stride == 0:
            self.frames.append(luma)
            if len(self.frames) > KEPT:
                self.frames = self.frames[::2]
                self.stride *= 2
        self.count += 1

    def sample(self) -> tuple[list[int], NDArray[np.uint8]]:
        """Indexes in the film and luma (frames, height, width) of at most `SAMPLED` frames.

        They lie in the middles of equal parts: a shot's ends may be dissolves.
        """
        held = len(self.frames)
        parts = min(SAMPLED, held)
        places = ((np.arange(parts) + 0.5) * held / parts).astype(int)
        indexes = [self.first + int(place) * self.stride for place in places]
        return indexes, np.stack([self.frames[place] for place in places])


@dataclass(frozen=True)
class Taken:
    """A still that was taken.

    Attributes:
        name: of its file.
        frame: index in the film.
        time_s: seconds from the film's start.
        shot: number of its shot, from 1 on.
    """

    name: str
    frame: int
    time_s: float
    shot: int


@dataclass(frozen=True, eq=False)
class _Chosen:
    """A frame that stands for its shot, and its colour."""

    frame: int
    chroma: FloatArray


def shots_of(film: Film, frames: Iterator[SmallLuma]) -> Iterator[Shot]:
    """The shots as `colorize` cuts them, each when it has ended.

    Args:
        film: what is walked through.
        frames: its small luma from its first frame on.
    """
    shot: Shot | None = None
    for segment in segments(film.segment_limits, frames, film.first):
        begins = segment.beginnings()
        for place in range(segment.lead, segment.lead + segment.count):
            frame = segment.first + place - segment.lead
            if shot is None or frame in begins:
                if shot is not None:
                    yield shot
                shot = Shot(frame)
            shot.add(segment.luma[place])
    if shot is not None:
        yield shot


def choose(seen: FloatArray, wanted: int) -> list[int]:
    """The frames that together see most of all frames, the one that alone sees most first.

    Args:
        seen: float32 (frames, frames, h, w), how surely each pixel of the first frame is seen in
            the second one, 0..1.
        wanted: how many at most.
    """
    chosen: list[int] = []
    best = np.zeros_like(seen[:, 0])
    for _ in range(min(wanted, len(seen))):
        gains = np.maximum(seen, best[:, None]).mean(axis=(0, 2, 3))
        gains[chosen] = -1
        chosen.append(int(gains.argmax()))
        best = np.maximum(best, seen[:, chosen[-1]])
    return chosen


def _standing_for(shot: Shot, wanted: int, predictor: Predictor) -> list[_Chosen]:
    """The frames of a shot that see most of it along the motion, with the shot's colour."""
    indexes, luma = shot.sample()
    everything = range(len(luma))
    said = ask(luma, everything, predictor, BATCH)
    seen = np.ones((len(luma), len(luma), *said[0].mass.shape), np.float32)
    with links_of(luma, DisFlow()) as book:
        for frame in everything:
            for other in everything:
                if other != frame:
                    seen[frame, other] = book.link(frame, other).trust
        settled = keep_vivid(said, consensus(list(everything), said, book))
    return [
        _Chosen(indexes[place], settled[place].color.transpose(2, 0, 1))
        for place in sorted(choose(seen, wanted))
    ]


def take_stills(
    film: Film,
    folder: Path,
    predictor: Predictor,
    saturation: float,
    per_shot: int,
    walked: Callable[[int], None],
) -> list[Taken]:
    """Write stills of every shot and a contact sheet; all appear together, when all are made.

    A still is `ref_NNNNNN.png` by its frame's index in the film, at full size, with frame, pts,
    time, shot and a hash of its pixels in its text fields.

    Args:
        film: all frames are walked through.
        folder: where they go; made if it is missing.
        predictor: what colours.
        saturation: factor on chroma.
        per_shot: how many stills of a shot, at most.
        walked: called with numbers of frames as they are done.

    Raises:
        InputError, OutputError: the film cannot be read, the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".stills-", dir=folder) as name:
            taken = _take(film, Path(name), predictor, saturation, per_shot, walked)
            for path in sorted(Path(name).iterdir()):
                publish(path, folder / path.name)
    except OSError as error:
        raise write_error(folder / INDEX, error) from error
    return taken


def _take(
    film: Film,
    folder: Path,
    predictor: Predictor,
    saturation: float,
    per_shot: int,
    walked: Callable[[int], None],
) -> list[Taken]:
    taken, shown = [], []
    for shot, stills in stills_of(film, predictor, saturation, per_shot):
        for still, rgb in stills:
            text = text_of(film.clip, still.frame, still.shot)
            write_rgb(folder / still.name, rgb, {**text, **pixels_field(rgb)})
            taken.append(still)
            shown.append(_shown(film.clip, still, shot, rgb))
        walked(shot.count)
    (folder / INDEX).write_text(contact_sheet(film.clip, shown), encoding="utf-8")
    return taken


def stills_of(
    film: Film, predictor: Predictor, saturation: float, per_shot: int
) -> Iterator[tuple[Shot, list[tuple[Taken, NDArray[np.uint8]]]]]:
    """Each shot with its stills: RGB uint8 (height, width, 3), upright, at full size.

    Arguments and errors as of `take_stills`.
    """
    with closing(ahead(film.small_luma(film.first), FRAMES_AHEAD)) as frames:
        for number, shot in enumerate(shots_of(film, frames), 1):
            found = []
            for chosen in _standing_for(shot, per_shot, predictor):
                luma = next(read_frames(film.clip, chosen.frame, 1, film.threads)).luma
                still = Taken(
                    name=f"ref_{chosen.frame:06d}.png",
                    frame=chosen.frame,
                    time_s=round(film.clip.seconds_at(chosen.frame), 6),
                    shot=number,
                )
                found.append((still, film.picture(luma, chosen.chroma, saturation)))
            yield shot, found


def _shown(clip: ClipInfo, still: Taken, shot: Shot, rgb: NDArray[np.uint8]) -> Shown:
    return Shown(
        name=still.name,
        frame=still.frame,
        time_s=still.time_s,
        shot=still.shot,
        begins_s=clip.seconds_at(shot.first),
        frames=shot.count,
        jpeg=thumbnail(rgb),
    )


def check_folder(folder: Path, overwrite: bool) -> None:
    """Refuse a folder whose stills somebody may have coloured.

    Raises:
        OutputError: it is a file, lies nowhere, or holds stills or a sheet already.
    """
    check_length(folder)
    try:
        exists = folder.exists()
    except OSError as error:
        raise write_error(folder, error) from error
    if exists and not folder.is_dir():
        raise OutputError(f"{folder} is a file.", "Give the name of a folder.")
    if not folder.absolute().parent.is_dir():
        raise OutputError(
            f"The folder {folder.parent} does not exist.", f"Make it: mkdir -p {folder.parent}"
        )
    there = sorted(folder.glob("ref_*.png")) + sorted(folder.glob(INDEX))
    if there and not overwrite:
        more = f" and {len(there) - 1} more" * (len(there) > 1)
        raise OutputError(
            f"{folder} holds {there[0].name}{more} already.",
            "Give another folder, or `overwrite` to take them anew.",
        )
