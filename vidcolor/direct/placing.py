"""Which frame a still shows: by its name, else found in the film by luma; then laid over it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from vidcolor.direct.direction import PlacedHint, SmallLuma
from vidcolor.direct.film import FilmLike
from vidcolor.direct.reference import Still
from vidcolor.direct.register import Registered, register
from vidcolor.errors import UsageError

FloatArray = NDArray[np.float32]

THUMB = (32, 18)
# So many of the frames that resemble a still most are looked at closely, no two closer than this.
CANDIDATES, APART = 6, 12
# Around the best of them, frames at these distances are tried.
AROUND = (8, 4, 2, 1)


def place_stills(stills: Sequence[Still], film: FilmLike) -> tuple[list[PlacedHint], list[str]]:
    """Hints of all stills that fit, and sentences on those that do not or that say grey.

    Raises:
        UsageError: two stills show one frame, a name gives a frame that is not in the film, or no
            still fits.
    """
    named = {still.path: _named_frame(still, film) for still in stills}
    places = dict(named)
    unnamed = [still for still in stills if named[still.path] is None]
    places.update(_found(unnamed, film))
    hints: list[PlacedHint] = []
    notes: list[str] = []
    taken: dict[int, Still] = {}
    for still in stills:
        frame = places[still.path]
        laid = None if frame is None else register(still, film.look(frame))
        if frame is None or laid is None or not laid.fits:
            where = "any frame of the film" if named[still.path] is None else f"frame {frame}"
            notes.append(f"{still.path.name} does not show {where} and is left out")
            continue
        if frame in taken:
            raise UsageError(
                f"{taken[frame].path} and {still.path} are both of frame {frame}.",
                "Leave one of them out.",
            )
        taken[frame] = still
        if still.says_grey:
            notes.append(f"{still.path.name} has no colour: what it shows stays grey")
        hints.append(_placed(still, frame, laid, film.look(frame)))
    if not hints:
        raise UsageError(
            f"No still fits the film: {'; '.join(notes)}.",
            "Give stills of this film, named by frame (ref_000040.png) or by time (00-01-23.png).",
        )
    return hints, notes


def _named_frame(still: Still, film: FilmLike) -> int | None:
    count = film.frame_count
    if still.frame is not None and still.frame >= count:
        raise UsageError(
            f"{still.path.name} names frame {still.frame}; the film has {count}, from 0 on.",
            "Rename it, or take the number off to have its frame looked for.",
        )
    if still.time_s is None:
        return still.frame
    frame = film.frame_at(still.time_s)
    if frame < 0:
        raise UsageError(
            f"{still.path.name} names {still.time_s:g} s; the film has {film.duration_s:.2f} s.",
            "Rename it, or take the time off to have its frame looked for.",
        )
    return frame


def _found(stills: Sequence[Still], film: FilmLike) -> dict[Path, int | None]:
    """The frames that stills without a number show, by path; None where none resembles them."""
    if not stills:
        return {}
    thumbs = np.stack([thumb(luma) for luma in film.small_luma(film.first)])
    return {still.path: _best(still, thumbs, film) for still in stills}


def _best(still: Still, thumbs: FloatArray, film: FilmLike) -> int | None:
    scores = thumbs @ thumb(still.luma)
    tried: dict[int, Registered] = {}
    for place in _peaks(scores):
        tried[film.first + place] = register(still, film.look(film.first + place))
    best = max(tried, key=lambda frame: tried[frame].agreement)
    for step in AROUND:
        for frame in (best - step, best + step):
            if 0 <= frame - film.first < len(thumbs) and frame not in tried:
                tried[frame] = register(still, film.look(frame))
        best = max(tried, key=lambda frame: tried[frame].agreement)
    return best if tried[best].fits else None


def _peaks(scores: FloatArray) -> list[int]:
    left = scores.copy()
    found: list[int] = []
    while len(found) < CANDIDATES and left.max() > -np.inf:
        frame = int(left.argmax())
        found.append(frame)
        left[max(0, frame - APART) : frame + APART + 1] = -np.inf
    return found


def thumb(luma: SmallLuma) -> FloatArray:
    """A frame as a vector of mean 0 and length 1: brightness and contrast are gone."""
    small = cv2.resize(luma, THUMB, interpolation=cv2.INTER_AREA).astype(np.float32).ravel()
    small -= small.mean()
    return np.asarray(small / max(float(np.linalg.norm(small)), 1.0), np.float32)


def _placed(still: Still, frame: int, laid: Registered, luma: SmallLuma) -> PlacedHint:
    return PlacedHint(
        frame=frame,
        luma=luma,
        chroma=laid.chroma,
        confidence=laid.confidence,
        spreads=False,
        digest=still.digest,
        name=still.path.name,
    )
