"""Strokes and overlays as people wrote them come in, hints placed on their frames go out."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from vidcolor.color.convert import NEUTRAL
from vidcolor.color.hint import HALF
from vidcolor.color.shade import in_light
from vidcolor.color.srgb import luma_and_chroma
from vidcolor.direct.direction import PlacedHint, SmallLuma
from vidcolor.direct.film import FilmLike
from vidcolor.direct.hints import RADIUS_SHARE, Stroke
from vidcolor.direct.layer import layer_of
from vidcolor.direct.names import named
from vidcolor.direct.reference import Still, read_still
from vidcolor.errors import UsageError
from vidcolor.media.suffixes import may_be_picture

FloatArray = NDArray[np.float32]

# A dot is at least so many pixels of the half-size plane wide: less the network does not see.
LEAST_RADIUS = 1.5
ASPECT_TOLERANCE = 0.02


def overlays_in(path: Path, film: FilmLike) -> tuple[Path, ...]:
    """The overlays that a path names: itself, or a folder's `hint_NNNNNN.png`.

    A photograph has one frame: any picture is an overlay of it.

    Raises:
        UsageError: a folder holds none.
    """
    if path.is_dir():
        fits = may_be_picture if film.frame_count == 1 else is_overlay
        found = sorted(p for p in path.iterdir() if fits(p))
        if not found:
            raise UsageError(f"The folder {path} holds no hint_NNNNNN.png.", "Put overlays there.")
        return tuple(found)
    return (path,) if may_be_picture(path) else ()


def is_overlay(path: Path) -> bool:
    """Whether a file is a picture `hint_NNNNNN`."""
    numbered = path.name.startswith("hint_") and named(path).frame is not None
    return numbered and may_be_picture(path)


def overlay_hint(path: Path, film: FilmLike) -> PlacedHint:
    """A picture of paint over its frame as hints: what is opaque is said, on grey what is not grey.

    Raises:
        UsageError: it is no picture or no paint, of another aspect, or its name gives no frame of
            the film.
    """
    frame = named(path).frame_of(film)
    if frame is None:
        raise UsageError(f"The overlay {path} names no frame.", "Call it hint_000040.png or so.")
    if frame >= film.frame_count:
        raise UsageError(
            f"{path.name} names frame {frame}; the film has {film.frame_count}, from 0 on.",
            "Rename it.",
        )
    still = read_still(path)
    meant = still if still.alpha.min() < 1 else layer_of(still)
    if meant is None:
        raise UsageError(
            f"{path} is opaque everywhere: that is a still, no overlay.",
            "Give it by `references`, or paint on a transparent layer.",
        )
    return laid_over(meant, frame, film)


def laid_over(still: Still, frame: int, film: FilmLike) -> PlacedHint:
    """Paint on a whole frame as a hint.

    Raises:
        UsageError: it is of another aspect.
    """
    luma = film.look(frame)
    _check_aspect(still, luma)
    size = luma.shape[1] // HALF, luma.shape[0] // HALF
    opaque = cv2.resize(still.alpha, size, interpolation=cv2.INTER_AREA)
    strong = cv2.resize(still.rgb * still.alpha[..., None], size, interpolation=cv2.INTER_AREA)
    own, chroma = luma_and_chroma(strong / np.maximum(opaque, 1e-3)[..., None])
    sure = np.where(opaque > 0.2, opaque, 0.0).astype(np.float32)
    return PlacedHint(
        frame,
        in_light(chroma, own, _light(luma)),
        sure,
        spreads=True,
        luma=luma,
        digest=still.digest,
        name=still.path.name,
    )


def _light(luma: SmallLuma) -> FloatArray:
    """Luma at half the working size, float32."""
    size = luma.shape[1] // HALF, luma.shape[0] // HALF
    return np.asarray(cv2.resize(luma, size, interpolation=cv2.INTER_AREA), np.float32)


def _check_aspect(still: Still, luma: SmallLuma) -> None:
    tall, wide = still.luma.shape
    height, width = luma.shape
    if abs((wide / tall) / (width / height) - 1) > ASPECT_TOLERANCE:
        raise UsageError(
            f"{still.path.name} is {wide}x{tall}, which is not the film's shape.",
            "Make the overlay on a whole frame.",
        )


def stroke_hints(strokes: Sequence[Stroke], film: FilmLike) -> list[PlacedHint]:
    """Strokes as hints, one a frame.

    Raises:
        UsageError: a stroke lies outside the film or the picture.
    """
    by_frame: dict[int, list[Stroke]] = {}
    for stroke in strokes:
        by_frame.setdefault(_frame(stroke, film), []).append(stroke)
    return [_drawn(frame, here, film) for frame, here in by_frame.items()]


def _frame(stroke: Stroke, film: FilmLike) -> int:
    count, seconds = film.frame_count, film.duration_s
    if stroke.frame is not None:
        if stroke.frame >= count:
            raise UsageError(
                f"The {stroke.where} is on frame {stroke.frame}; the film has {count}, from 0 on.",
                "Correct the frame.",
            )
        return stroke.frame
    if stroke.time_s is None:
        if count == 1:
            return 0
        raise UsageError(f"The {stroke.where} needs a frame or a time.", "Give one of the two.")
    frame = film.frame_at(stroke.time_s)
    if frame < 0:
        raise UsageError(
            f"The {stroke.where} is at {stroke.time_s:g} s; the film has {seconds:.2f} s.",
            "Correct the time.",
        )
    return frame


def _drawn(frame: int, strokes: Sequence[Stroke], film: FilmLike) -> PlacedHint:
    luma = film.look(frame)
    light = _light(luma)
    chroma = np.full((2, *light.shape), NEUTRAL, np.float32)
    sure = np.zeros(light.shape, np.float32)
    for stroke in strokes:
        mask = _mask(stroke, light.shape, film.upright_size)
        own, *picked = stroke.color
        lit = in_light(np.array(picked, np.float32)[:, None, None], own, light)
        chroma[:, mask] = lit[:, mask]
        sure[mask] = stroke.strength
    words = hashlib.sha256(chroma.tobytes() + sure.tobytes()).hexdigest()[:16]
    return PlacedHint(
        frame, chroma, sure, spreads=True, luma=luma, digest=words, name=strokes[0].where
    )


def _mask(stroke: Stroke, shape: tuple[int, int], film: tuple[int, int]) -> NDArray[np.bool_]:
    """Pixels of the half-size plane that a stroke covers."""
    wide, tall = stroke.size or (film[1], film[0])
    for x, y in stroke.points:
        if not (0 <= x < wide and 0 <= y < tall):
            raise UsageError(
                f"The {stroke.where} is at ({x:g}, {y:g}), outside the picture of"
                f" {wide:g}x{tall:g}.",
                "Correct the point, or give the size that the points were made on.",
            )
    across, down = shape[1] / wide, shape[0] / tall
    radius = stroke.radius if stroke.radius is not None else RADIUS_SHARE * min(wide, tall)
    broad = max(LEAST_RADIUS, radius * (across + down) / 2)
    points = [((x + 0.5) * across - 0.5, (y + 0.5) * down - 0.5) for x, y in stroke.points]
    rows, columns = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    near = np.full(shape, np.inf, np.float32)
    for (x0, y0), (x1, y1) in zip(points, points[1:] or points, strict=False):
        along = (columns - x0) * (x1 - x0) + (rows - y0) * (y1 - y0)
        length = (x1 - x0) ** 2 + (y1 - y0) ** 2
        share = np.clip(along / length, 0, 1) if length else np.zeros_like(along)
        away = np.hypot(columns - x0 - share * (x1 - x0), rows - y0 - share * (y1 - y0))
        near = np.minimum(near, away)
    return np.asarray(near <= broad)
