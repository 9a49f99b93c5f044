"""Which frame a still shows: by its name, else found in the film by luma; then laid over it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from vidcolor.direct.direction import PlacedHint, SmallLuma
from vidcolor.direct.film import FilmLike
from vidcolor.direct.layer import layer_of
from vidcolor.direct.names import named
from vidcolor.direct.paint import laid_over
from vidcolor.direct.reference import Still
from vidcolor.direct.register import Registered, register
from vidcolor.errors import UsageError

FloatArray = NDArray[np.float32]

# A still guides the network beyond what it shows if more than the first share of it is opaque, from
# the second on fully.
PARTIAL, WHOLE = 0.5, 0.95
THUMB = (32, 18)
# So many of the frames that resemble a still most are looked at closely, no two closer than this.
CANDIDATES, APART = 6, 12
# Around the best of them, frames at these distances are tried.
AROUND = (8, 4, 2, 1)


def place_stills(stills: Sequence[Still], film: FilmLike) -> tuple[list[PlacedHint], list[str]]:
    """Hints of all stills that fit, and sentences on those that do not or that say grey.

    A number or a time that may mean something else is tried first, then the picture is looked for.

    Raises:
        UsageError: two stills show one frame, a name gives a frame that is not in the film, or no
            still fits.
    """
    by_name = {still.path: _named_frame(still, film) for still in stills}
    laid = {still.path: _laid(still, by_name[still.path], film) for still in stills}
    missed = [still for still in stills if laid[still.path] is None]
    layers = {still.path: layer_of(still) for still in missed}
    pictures = [still for still in missed if layers[still.path] is None]
    found = _found([still for still in pictures if named(still.path).frame is None], film)
    hints: list[PlacedHint] = []
    notes: list[str] = []
    taken: dict[int, Still] = {}
    for still in stills:
        frame, layer = by_name[still.path], layers.get(still.path)
        if layer is not None and frame is not None:
            notes.append(f"{still.path.name} is flat paint, and is laid over frame {frame}")
            hints.append(laid_over(layer, frame, film))
            continue
        place = laid[still.path] or found.get(still.path)
        if place is None:
            notes.append(_left_out(still, layer, frame))
            continue
        if place.frame in taken:
            raise UsageError(
                f"{taken[place.frame].path} and {still.path} are both of frame {place.frame}.",
                "Leave one of them out.",
            )
        taken[place.frame] = still
        if still.says_grey:
            notes.append(f"{still.path.name} has no colour: what it shows stays grey")
        hints.append(place)
    if not hints:
        raise UsageError(
            f"No still fits the film: {'; '.join(notes)}.",
            "Give stills of this film, named by frame (ref_000040.png) or by time (00-01-23.png).",
        )
    return hints, notes


def _left_out(still: Still, layer: Still | None, frame: int | None) -> str:
    if layer is not None:
        return (
            f"{still.path.name} is flat paint, and is left out: its name has to say on which"
            " frame, such as hint_000040.png"
        )
    where = "any frame of the film" if frame is None else f"frame {frame}"
    return f"{still.path.name} does not show {where} and is left out"


def _named_frame(still: Still, film: FilmLike) -> int | None:
    frame = named(still.path).frame_of(film)
    if frame is not None and frame >= film.frame_count:
        raise UsageError(
            f"{still.path.name} names frame {frame}; the film has {film.frame_count}, from 0 on.",
            "Rename it, or take the number off to have its frame looked for.",
        )
    return frame


def _laid(still: Still, frame: int | None, film: FilmLike) -> PlacedHint | None:
    """The still over a frame, None where it does not show it."""
    if frame is None:
        return None
    luma = film.look(frame)
    laid = register(still, luma)
    return _placed(still, frame, laid, luma) if laid.fits else None


def _found(stills: Sequence[Still], film: FilmLike) -> dict[Path, PlacedHint | None]:
    """Stills over the frames that they show, by path; None where none resembles them."""
    if not stills:
        return {}
    thumbs = np.stack([thumb(luma) for luma in film.small_luma(film.first)])
    return {still.path: _best(still, thumbs, film) for still in stills}


def _best(still: Still, thumbs: FloatArray, film: FilmLike) -> PlacedHint | None:
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
    fits = tried[best].fits
    return _placed(still, best, tried[best], film.look(best)) if fits else None


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
        guides=_wholeness(still),
        digest=still.digest,
        name=still.path.name,
    )


def _wholeness(still: Still) -> float:
    return float(np.clip((still.alpha.mean() - PARTIAL) / (WHOLE - PARTIAL), 0, 1))
