"""One frame of a film in colour, quickly: seek, decode, ask the network, write a picture."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vidcolor.direct.looks import ShotLook, read_looks
from vidcolor.files import check_output, with_ending
from vidcolor.infer.predictor import Predictor
from vidcolor.media.clip import ClipInfo, Plane
from vidcolor.media.decode import read_frames
from vidcolor.media.picture import check_picture_output, write_rgb
from vidcolor.media.sequence import named_after
from vidcolor.network import registry
from vidcolor.run.film import Film
from vidcolor.run.place import Place, film_at
from vidcolor.run.settings import ColorizeSettings

if TYPE_CHECKING:
    from vidcolor.direct.prepare import Request

FloatArray = NDArray[np.float32]


@dataclass(frozen=True)
class Preview:
    """What was written.

    Attributes:
        output: the picture.
        frame: index in the film.
        time_s: seconds from the first frame's start.
        device: device, backend and precision.
        directed: whether stills or hints reached it.
        notes: sentences on stills that do not fit or say grey.
    """

    output: Path
    frame: int
    time_s: float
    device: str
    directed: bool = False
    notes: tuple[str, ...] = ()


def default_output(source: Path, frame: int) -> Path:
    """Where a preview goes that was given no name: beside the film."""
    named = named_after(source)
    return with_ending(named, f"-{frame:06d}.png", named.stem)


def preview(
    source: Path,
    place: Place,
    output: Path | None,
    settings: ColorizeSettings,
    load: Callable[[], Predictor],
    overwrite: bool = False,
    request: Request | None = None,
) -> Preview:
    """Colour one frame and write it at full size, upright, with square pixels.

    The network sees this frame alone: what a shot agrees on may differ a little. Where people said
    something of its shot, that is carried to it.

    Args:
        source: a film.
        place: which frame.
        output: a picture's name; None gives `default_output`.
        settings: of colour; those of segments and encoders have no meaning here.
        load: gives the predictor.
        overwrite: whether a file at `output` is replaced.
        request: stills and hints.

    Raises:
        UsageError: the film has no such frame, or what people said cannot be used.
        VidcolorError: the film, the model or the output cannot be used.
    """
    info = registry.load_info(registry.find_model(settings.model))
    chosen = settings.for_model(info)
    if output is not None:
        check_picture_output(output)
        check_output(source, output, overwrite)
    with ThreadPoolExecutor(1) as pool:
        loading = pool.submit(load)
        film, frame, luma = film_at(source, place, chosen)
        target = output or default_output(source, frame)
        check_output(source, target, overwrite)
        predictor = loading.result()
    seen = colored_frame(film, frame, luma, predictor, chosen.saturation, request)
    write_rgb(target, seen.rgb, text_of(film.clip, frame))
    time_s = round(film.clip.seconds_at(frame), 6)
    return Preview(target, frame, time_s, predictor.description, seen.directed, seen.notes)


@dataclass(frozen=True, eq=False)
class ColoredFrame:
    """A frame as a player shows it.

    Attributes:
        rgb: uint8 (height, width, 3), upright, square pixels.
        directed: whether stills or hints reached it.
        notes: sentences on stills that do not fit or say grey.
    """

    rgb: NDArray[np.uint8]
    directed: bool = False
    notes: tuple[str, ...] = ()


def colored_frame(
    film: Film,
    frame: int,
    luma: Plane,
    predictor: Predictor,
    saturation: float,
    request: Request | None = None,
) -> ColoredFrame:
    """Colour one frame by itself, or as people say of its shot.

    Args:
        film: all of it.
        frame: which one.
        luma: its plane.
        predictor: what colours.
        saturation: factor on its chroma.
        request: stills and hints.

    Raises:
        UsageError: what people said cannot be used.
    """
    notes: tuple[str, ...] = ()
    if request and request.per_shot:
        look = read_looks(request.per_shot, film.frame_count).at(frame) or ShotLook(frame, 1)
        if look.leave:
            own = film.own_chroma(next(read_frames(film.clip, frame, 1, film.threads)))
            return ColoredFrame(film.picture(luma, own, 1.0), True)
        saturation = saturation if look.saturation is None else look.saturation
        predictor = predictor.vivid(look.vividness) if look.vividness else predictor
        seen = colored_frame(
            film, frame, luma, predictor, saturation, replace(request, per_shot=None)
        )
        return replace(seen, directed=seen.directed or look.says)
    if request:
        from vidcolor.run.directed_frame import directed_frame

        said = directed_frame(film, frame, request, predictor, saturation)
        notes = said.notes
        if said.chroma is not None:
            return ColoredFrame(film.picture(luma, said.chroma, 1.0), True, notes)
    alone = predictor.predict(film.small(luma)[None]).chroma[0]
    return ColoredFrame(film.picture(luma, alone, saturation), False, notes)


def text_of(clip: ClipInfo, frame: int, shot: int | None = None) -> dict[str, str]:
    """What a picture of a frame says of itself in its text fields."""
    words = {
        "Source": os.fsencode(clip.path.name).decode(errors="replace"),
        "Frame": str(frame),
        "PTS": f"{int(clip.pts[frame])} (time base {clip.time_base})",
        "Time": f"{clip.seconds_at(frame):.6f}",
    }
    return words if shot is None else words | {"Shot": str(shot)}
